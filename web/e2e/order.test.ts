import { expect, test } from "vitest";
import { enter, PASSWORD } from "./browser.ts";
import { Api, livesIn, unique, world } from "./world.ts";

const w = world();

test("a guest finds something, signs up at the checkout, orders, and sees it come without a reload", async () => {
  const { name } = await new Api(w.behind).product();
  const page = await w.visit();
  await page.goto("/");
  await page.getByLabel("What?").fill(name);
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByRole("button", { name: `Add ${name} to the cart` }).click();
  await page.getByRole("link", { name: "Cart, 1 item" }).click();
  await page.reload();
  await page.getByRole("button", { name: `One more: ${name}` }).click();
  await page.getByText("€7.00").first().waitFor();
  await page.getByRole("link", { name: /^Check out at/ }).click();

  await page.getByLabel("Where to?").fill("Central Avenue");
  await page.getByRole("option").first().click();
  await page.getByRole("radio", { name: "By bike" }).waitFor();
  await page.getByText(/min/).first().waitFor();
  await page.getByLabel("Details for the courier").fill("third floor");
  await page.getByRole("link", { name: "Sign in to order" }).click();
  await page.getByRole("link", { name: "Make an account" }).click();
  await page.getByLabel("Your name").fill("Gus Guest");
  await page.getByLabel("E-mail address").fill(`${unique("gus")}@example.org`);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.getByRole("button", { name: "Make the account" }).click();

  await page.getByRole("heading", { name: "Check out" }).waitFor();
  expect(await page.getByLabel("Details for the courier").inputValue()).toBe("third floor");
  await page.getByRole("button", { name: "Order for €7.00" }).click();
  await page.getByRole("heading", { name: /Your order at/ }).waitFor();
  const step = page.locator("[aria-current=step]");
  expect(await step.textContent()).toContain("Placed");
  expect(await page.locator("main").textContent()).toContain("third floor");
  await page.getByRole("link", { name: "Cart, 0 items" }).waitFor();

  const manager = await w.visit({ as: "manager" });
  const ticket = manager.getByRole("article").filter({ hasText: name });
  await ticket.getByRole("button", { name: /^Accept/ }).click();
  await page.locator("[aria-current=step]", { hasText: "Accepted" }).waitFor();
  await ticket.getByRole("button", { name: /^Start preparing/ }).click();
  await page.locator("[aria-current=step]", { hasText: "Being prepared" }).waitFor();

  const courier = await w.visit({ as: "courier" });
  const parcel = courier.getByRole("article").filter({ hasText: name });
  await parcel.getByRole("button", { name: /^Take it along/ }).click();
  await page.locator("[aria-current=step]", { hasText: "On the way" }).waitFor();
  await parcel.getByRole("button", { name: /^Handed over/ }).click();
  await page.getByText("Enjoy it!").first().waitFor();
});

test("an order that comes in stands on the shop's board by itself", async () => {
  const { id, shop, name } = await new Api(w.behind).product();
  const manager = await w.visit({ as: "manager" });
  await manager.getByRole("heading", { name: "Incoming orders" }).waitFor();
  await manager.getByRole("heading", { name: /^New/ }).waitFor();
  const { api } = await new Api(w.behind).newcomer();
  await order(api, shop, id);
  await manager.getByRole("article").filter({ hasText: name }).waitFor();
  await manager
    .locator("[role=alert]", { hasText: "a new order has come in" })
    .waitFor({ state: "attached" });
});

test("a double press orders once", async () => {
  const { id, shop } = await new Api(w.behind).product();
  const { email, api } = await new Api(w.behind).newcomer();
  const page = await w.visit();
  await livesIn(page);
  await enter(page, email);
  await api.send("PUT", `/api/cart/items/${id}`, { quantity: 1 });
  await page.goto(`/checkout/${shop}`);
  await page.getByRole("button", { name: /^Order for/ }).dblclick();
  await page.getByRole("heading", { name: /Your order at/ }).waitFor();
  const placed = await api.send<{ items: unknown[] }>("GET", "/api/orders");
  expect(placed.items).toHaveLength(1);
});

test("an order whose answer got lost is the same order at the second press", async () => {
  const { id, shop } = await new Api(w.behind).product();
  const { email, api } = await new Api(w.behind).newcomer();
  const page = await w.visit();
  await livesIn(page);
  await enter(page, email);
  await api.send("PUT", `/api/cart/items/${id}`, { quantity: 1 });
  await page.goto(`/checkout/${shop}`);
  let lost = 0;
  await page.route("**/api/orders", async route => {
    if (route.request().method() === "POST" && lost++ === 0) {
      await route.fetch();
      return route.abort("connectionreset");
    }
    return route.continue();
  });
  await page.getByRole("button", { name: /^Order for/ }).click();
  await page.getByRole("alert").filter({ hasText: "can't be reached" }).first().waitFor();
  await page.getByRole("button", { name: /^Order for/ }).click();
  await page.getByRole("heading", { name: /Your order at/ }).waitFor();
  const placed = await api.send<{ items: unknown[] }>("GET", "/api/orders");
  expect([placed.items.length, lost]).toEqual([1, 2]);
});

test("when the last piece is gone at the checkout, its line says so and the cart stays", async () => {
  const { id, shop, name } = await new Api(w.behind).product({ stock: 2 });
  const { email, api } = await new Api(w.behind).newcomer();
  const page = await w.visit();
  await livesIn(page);
  await enter(page, email);
  await api.send("PUT", `/api/cart/items/${id}`, { quantity: 2 });
  await page.goto(`/checkout/${shop}`);
  await page.getByRole("button", { name: /^Order for/ }).waitFor();
  const manager = await new Api(w.behind).as("manager@wayfare.example");
  await manager.send("PATCH", `/api/menu-items/${id}`, { stock: 0 });
  await page.getByRole("button", { name: /^Order for/ }).click();
  await page.getByText("There isn't enough of everything any more").waitFor();
  await page.getByText("Sold out: take it out to order the rest").waitFor();
  await page.goto("/cart");
  await page.getByText(name).waitFor();
});

test("stock changes where it is shown, live", async () => {
  const { id, name } = await new Api(w.behind).product({ stock: 9 });
  const page = await w.visit();
  const streamed = page.waitForResponse(/stock\/events/);
  await page.goto(`/menu?q=${encodeURIComponent(name)}`);
  const item = page.getByRole("article").filter({ hasText: name });
  await item.waitFor();
  await streamed;
  const manager = await new Api(w.behind).as("manager@wayfare.example");
  await manager.send("PATCH", `/api/menu-items/${id}`, { stock: 3 });
  await item.getByText("Only 3 left").waitFor();
  await manager.send("PATCH", `/api/menu-items/${id}`, { stock: 0 });
  await item.getByText("Sold out").waitFor();
});

test("what a shop calls its things is text and nothing else", async () => {
  const name = `<img src=x onerror="document.title='taken'">`;
  const { id } = await new Api(w.behind).product({
    name,
    description: "<script>document.title='taken'</script>",
  });
  const page = await w.visit();
  await page.goto(`/menu?q=${encodeURIComponent("onerror")}`);
  await page.getByRole("heading", { name }).first().waitFor();
  expect(await page.title()).not.toBe("taken");
  const manager = await new Api(w.behind).as("manager@wayfare.example");
  await manager.send("DELETE", `/api/menu-items/${id}`);
});

async function order(api: Api, shop: number, product: number) {
  const body = {
    shop_id: shop,
    address: { text: "Central Avenue 1", lat: 46.9, lon: 4.35 },
    mode: "bike",
    lines: [{ product_id: product, quantity: 1 }],
  };
  const answer = await fetch(`${w.behind}/api/orders`, {
    method: "POST",
    headers: { ...api.headers(), "Idempotency-Key": unique("order") },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(201);
}
