import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { DESKTOP, PHONE } from "./browser.ts";
import { Api, livesIn, unique, world } from "./world.ts";

const w = world();
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
const ALL = [...WCAG, "best-practice"];

interface Found {
  violations: { id: string; nodes: { target: string[]; failureSummary?: string }[] }[];
}

async function violations(page: Page, tags = ALL): Promise<string[]> {
  // Evaluated and not added as a tag: the page's own policy refuses scripts that aren't its own.
  await page.evaluate(AXE);
  const found = await page.evaluate(
    tags => (window as unknown as { axe: { run: (o: object) => Promise<Found> } }).axe.run({ runOnly: tags }),
    tags,
  );
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(node => `${id}: ${node.target.join(" ")} ${node.failureSummary}`),
  );
}

const overflow = (page: Page) =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/** Each page with what there has to be before it is looked at. */
const PAGES: readonly (readonly ["guest" | "customer" | "courier" | "manager" | "admin", string, string])[] =
  [
    ["guest", "/", "Harbour Bakery"],
    ["guest", "/menu", "Apple turnover"],
    ["guest", "/shops/1", "Opening hours"],
    ["guest", "/cart", "Your cart is empty"],
    ["guest", "/journey", "Live buses"],
    ["guest", "/journey?from=46.8991,4.3370,Millbank&to=46.9040,4.3722,Harbour", "On foot"],
    ["guest", "/sign-in", "Just looking?"],
    ["guest", "/sign-up", "Make an account"],
    ["guest", "/orders", "Sign in to go on"],
    ["guest", "/nowhere", "There is nothing here"],
    ["customer", "/cart", "Check out"],
    ["customer", "/checkout/1", "How shall it come?"],
    ["customer", "/orders", "Your orders"],
    ["customer", "/account", "Where you are signed in"],
    ["customer", "/admin", "This page is for other people"],
    ["courier", "/deliveries", "Deliveries"],
    ["manager", "/shop", "Incoming orders"],
    ["manager", "/shop/stock", "Sell something new"],
    ["admin", "/admin", "All parts answer|answers"],
    ["admin", "/admin/people", "Cleo Customer"],
    ["admin", "/admin/audit", "sign_in"],
  ];

describe.each([
  ["light", PHONE],
  ["dark", PHONE],
  ["light", DESKTOP],
  ["dark", DESKTOP],
] as const)("in %s at %o", (colorScheme, viewport) => {
  test.each(["guest", "customer", "courier", "manager", "admin"] as const)(
    "no page of a %s keeps anybody out",
    async who => {
      if (who === "customer") await prepare();
      const page = await w.visit({
        colorScheme,
        viewport,
        reducedMotion: "reduce",
        ...(who === "guest" ? {} : { as: who }),
      });
      await livesIn(page);
      const wrong: string[] = [];
      for (const [, path, sign] of PAGES.filter(([role]) => role === who)) {
        await page.goto(path);
        await page
          .locator("main")
          .getByText(new RegExp(sign.replace("?", "\\?")))
          .first()
          .waitFor();
        await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
        wrong.push(...(await violations(page)).map(found => `${path}: ${found}`));
        const over = await overflow(page);
        if (over > 0) wrong.push(`${path}: ${over} px wider than the screen`);
      }
      expect(wrong).toEqual([]);
    },
  );
});

test("an order under way keeps nobody out either", async () => {
  const order = await prepare();
  for (const colorScheme of ["light", "dark"] as const) {
    const page = await w.visit({ as: "customer", colorScheme, viewport: PHONE, reducedMotion: "reduce" });
    await page.goto(`/orders/${order}`);
    await page.getByRole("heading", { name: /Your order at/ }).waitFor();
    await page.getByRole("button", { name: "Closer" }).waitFor();
    expect(await violations(page)).toEqual([]);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
  }
});

test("dialogs and menus keep nobody out either", async () => {
  const page = await w.visit({ as: "manager", reducedMotion: "reduce" });
  await page.goto("/shop/stock");
  await page.getByRole("button", { name: "Sell something new" }).click();
  await page.getByRole("dialog").waitFor();
  expect(await violations(page, WCAG)).toEqual([]);
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.getByText("Please fill this in").first().waitFor();
  expect(await violations(page, WCAG)).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Language and colours" }).click();
  await page.getByRole("menu").waitFor();
  expect(await violations(page, WCAG)).toEqual([]);
});

/** Something in the customer's cart, and an order under way. */
async function prepare(): Promise<string> {
  const { id, shop } = await new Api(w.url).product();
  const customer = await new Api(w.url).as("customer@wayfare.example");
  const body = {
    shop_id: shop,
    address: { text: "Central Avenue 1", lat: 46.9, lon: 4.35 },
    mode: "bike",
    lines: [{ product_id: id, quantity: 1 }],
  };
  const headers = { ...customer.headers(), "Idempotency-Key": unique("order") };
  const answer = await fetch(`${w.url}/api/orders`, { method: "POST", headers, body: JSON.stringify(body) });
  await customer.send("PUT", `/api/cart/items/${id}`, { quantity: 2 });
  return ((await answer.json()) as { id: string }).id;
}
