import { expect, test } from "vitest";
import { enter } from "./browser.ts";
import { Api, livesIn, world } from "./world.ts";

const w = world();

test("while the service is away a banner says so, nothing typed is lost, and all goes on when it is back", async () => {
  const { id, shop } = await new Api(w.url).product();
  const { email, api } = await new Api(w.url).newcomer();
  const page = await w.visit();
  await livesIn(page);
  await enter(page, email);
  await api.send("PUT", `/api/cart/items/${id}`, { quantity: 1 });
  await page.goto(`/checkout/${shop}`);
  await page.getByLabel("A note for the shop").fill("ring twice");
  await page.getByRole("radio", { name: "By bike" }).waitFor();
  await page.context().setOffline(true);
  await page.getByRole("button", { name: /^Order for/ }).click();
  await page.getByRole("region", { name: "That didn't work" }).getByText("can't be reached").waitFor();
  expect(await page.getByLabel("A note for the shop").inputValue()).toBe("ring twice");
  await page.context().setOffline(false);
  await page.getByRole("region", { name: "That didn't work" }).waitFor({ state: "detached" });
  await page.getByRole("button", { name: /^Order for/ }).click();
  await page.getByRole("heading", { name: /Your order at/ }).waitFor();
  await page.getByText("ring twice").waitFor();
});

test("a mistake of the service's is told with a way on and a reference, and the second try works", async () => {
  const page = await w.visit();
  let broken = true;
  const problem = { status: 500, code: "internal", title: "", type: "", detail: "", request_id: "r-77" };
  await page.route("**/api/shops", route =>
    broken
      ? route.fulfill({ status: 500, contentType: "application/problem+json", body: JSON.stringify(problem) })
      : route.continue(),
  );
  await page.goto("/");
  await page.getByText("Something went wrong on our side.").waitFor();
  await page.getByText("r-77").waitFor();
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("link", { name: "Harbour Bakery" }).waitFor();
});

test("a proxy that can't reach the service is the same as nobody there", async () => {
  const page = await w.visit();
  await page.goto("/");
  await page.getByRole("link", { name: "Harbour Bakery" }).waitFor();
  await page.route("**/api/**", route =>
    route.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" }),
  );
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await page.getByRole("button", { name: "Try now" }).waitFor();
  await page.unroute("**/api/**");
  await page.getByRole("button", { name: "Try now" }).click();
  await page.getByRole("button", { name: "Try now" }).waitFor({ state: "detached" });
});

test("a token that has ended is renewed without a word", async () => {
  const { email } = await new Api(w.url).newcomer();
  const page = await w.visit();
  await enter(page, email);
  let refused = 0;
  await page.route("**/api/orders?*", route => {
    if (refused++ > 0) return route.continue();
    const body = JSON.stringify({
      status: 401,
      code: "token_invalid",
      detail: "",
      title: "",
      type: "",
      request_id: "",
    });
    return route.fulfill({ status: 401, contentType: "application/problem+json", body });
  });
  const renewed = page.waitForResponse(answer => answer.url().endsWith("/api/auth/refresh") && answer.ok());
  await page.getByRole("link", { name: "Orders" }).click();
  await renewed;
  await page.getByRole("heading", { name: "No orders yet" }).waitFor();
});

test("a reload keeps somebody signed in, and no script can read what does it", async () => {
  const { email } = await new Api(w.url).newcomer();
  const page = await w.visit();
  await enter(page, email);
  await page.reload();
  await page.getByRole("button", { name: "Nora Newcomer, menu" }).waitFor();
  const seen = await page.evaluate(
    () => document.cookie + JSON.stringify({ ...localStorage }) + JSON.stringify({ ...sessionStorage }),
  );
  const cookies = await page.context().cookies(`${w.url}/api/auth`);
  const kept = cookies.find(cookie => cookie.name === "wayfare_refresh");
  expect([kept?.httpOnly, kept?.sameSite]).toEqual([true, "Strict"]);
  expect(seen).not.toContain(kept?.value ?? "nothing");
  expect(seen).not.toContain("eyJ");
});

test("who was signed out elsewhere signs in and comes back to the same place", async () => {
  const { email, api } = await new Api(w.url).newcomer();
  const page = await w.visit();
  await enter(page, email);
  for (const session of await api.send<{ id: string }[]>("GET", "/api/me/sessions")) {
    await api.send("DELETE", `/api/me/sessions/${session.id}`).catch(() => undefined);
  }
  await page.goto("/orders");
  await page.getByRole("heading", { name: "Sign in to go on" }).waitFor();
  await page.locator("main").getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill("wayfare-demo-1");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByRole("heading", { name: "Your orders" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/orders");
});

test("two tabs agree about the cart and about who is signed in", async () => {
  const { name } = await new Api(w.url).product();
  const { email } = await new Api(w.url).newcomer();
  const one = await w.visit();
  await enter(one, email);
  const two = await one.context().newPage();
  await two.goto("/cart");
  await two.getByRole("heading", { name: "Your cart is empty" }).waitFor();
  await one.goto(`/menu?q=${encodeURIComponent(name)}`);
  await one.getByRole("button", { name: `Add ${name} to the cart` }).click();
  await two.getByText(name).waitFor();
  await one.getByRole("button", { name: /menu$/ }).click();
  await one.getByRole("menuitem", { name: "Sign out" }).click();
  await two.getByRole("link", { name: "Sign in" }).waitFor();
});

test("tabs that open at once don't use each other's session up", async () => {
  const { email } = await new Api(w.url).newcomer();
  const page = await w.visit();
  await enter(page, email);
  const tabs = await Promise.all([1, 2, 3, 4].map(() => page.context().newPage()));
  await Promise.all(tabs.map(tab => tab.goto("/account")));
  for (const tab of tabs) await tab.getByRole("heading", { name: "Your account" }).waitFor();
});

test("a link can't send people to another site after signing in", async () => {
  const { email } = await new Api(w.url).newcomer();
  for (const back of ["//evil.example", "https://evil.example", "/\\evil.example"]) {
    const page = await w.visit();
    await page.goto(`/sign-in?back=${encodeURIComponent(back)}`);
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill("wayfare-demo-1");
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("button", { name: /menu$/ }).waitFor();
    expect(page.url()).toBe(`${w.url}/`);
  }
});

test("an address that there isn't says so and leads on", async () => {
  const page = await w.visit();
  for (const path of ["/nowhere", "/shops/abc", "/shops/999999", "/checkout/x"]) {
    await page.goto(path);
    await page.locator("main").getByRole("heading").first().waitFor();
    expect(await page.locator("main").textContent()).toMatch(/nothing here|didn't work/);
  }
});
