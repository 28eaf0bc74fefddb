import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { enter, PASSWORD, PHONE } from "./browser.ts";
import { Api, livesIn, world } from "./world.ts";

const w = world();
const FAR = 120;

/** Tabs on until something of this name has the focus, and it is seen where that is. */
async function reach(page: Page, name: string | RegExp, key = "Tab") {
  for (let step = 0; step < FAR; step++) {
    const focused = page.locator(":focus");
    if ((await focused.count()) === 1) {
      const label = await focused.evaluate(element => {
        const input = element as HTMLInputElement;
        const text =
          element.getAttribute("aria-label") ?? input.labels?.[0]?.textContent ?? element.textContent ?? "";
        return text.trim();
      });
      if (typeof name === "string" ? label === name : name.test(label)) return;
    }
    await page.keyboard.press(key);
  }
  throw new Error(`the focus never came to ${name}`);
}

const isOutlined = (page: Page) =>
  page.locator(":focus").evaluate(element => {
    const styles = [getComputedStyle(element), getComputedStyle(element, "::after")];
    return styles.some(style => style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2);
  });

test("a whole order with the keyboard alone, on a phone's screen", async () => {
  const { name } = await new Api(w.url).product();
  const { email } = await new Api(w.url).newcomer();
  const page = await w.visit({ viewport: PHONE });
  await livesIn(page);
  await page.goto("/");
  await page.getByRole("link", { name: "Harbour Bakery" }).waitFor();

  await reach(page, "Skip to content");
  expect(await isOutlined(page)).toBe(true);
  await page.keyboard.press("Enter");
  await reach(page, "What?");
  await page.keyboard.type(name);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Everything the city sells" }).waitFor();
  expect(await page.locator(":focus").textContent()).toBe("Everything the city sells");
  await page.getByRole("article").filter({ hasText: name }).waitFor();

  await reach(page, `Add ${name} to the cart`);
  expect(await isOutlined(page)).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: `One more: ${name}` }).waitFor();
  await expect.poll(() => page.locator(":focus").getAttribute("aria-label")).toBe(`One more: ${name}`);
  await page.locator("[role=status]", { hasText: `${name} is in your cart` }).waitFor({ state: "attached" });

  await reach(page, "Cart, 1 item", "Shift+Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Your cart" }).waitFor();
  await reach(page, /^Check out at/);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Check out" }).waitFor();

  await reach(page, "Where to?");
  await page.keyboard.press("Control+A");
  await page.keyboard.type("Station Avenue");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.getByRole("listbox").waitFor({ state: "detached" });
  await reach(page, "Take the middle of the map");
  await page.keyboard.press("Enter");
  await reach(page, "Sign in to order");
  await page.keyboard.press("Enter");

  await reach(page, "E-mail address");
  await page.keyboard.type(email);
  await reach(page, "Password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Check out" }).waitFor();
  await page.getByRole("button", { name: /^Order for/ }).waitFor();
  await reach(page, /^By bike|^$/);
  await page.keyboard.press("ArrowDown");
  await reach(page, /^Order for/);
  expect(await isOutlined(page)).toBe(true);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: /Your order at/ }).waitFor();
  await reach(page, "Cancel the order");
  await page.keyboard.press("Enter");
  await page.getByRole("alertdialog").waitFor();
  await reach(page, "Yes, cancel it");
  await page.keyboard.press("Enter");
  await page.getByText("This order was cancelled.").first().waitFor();
});

test("who opens the cart begins where every page begins", async () => {
  const { id, name } = await new Api(w.url).product();
  const { email, api } = await new Api(w.url).newcomer();
  await api.send("PUT", `/api/cart/items/${id}`, { quantity: 1 });
  const page = await w.visit();
  await enter(page, email);
  await page.goto("/cart");
  await page.getByRole("button", { name: `One more: ${name}` }).waitFor();
  expect(await page.evaluate(() => document.activeElement === document.body)).toBe(true);
});

test("language and colours change by keyboard and stay", async () => {
  const page = await w.visit();
  await page.goto("/");
  await reach(page, "Language and colours");
  await page.keyboard.press("Enter");
  await page.getByRole("menuitemradio", { name: "Deutsch" }).waitFor();
  await page.keyboard.type("Deutsch");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Worauf hast du Lust?" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe("de");
  await page.reload();
  await page.getByRole("heading", { name: "Worauf hast du Lust?" }).waitFor();
});
