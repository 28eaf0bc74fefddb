/** Pictures of every page, as the README shows them: phone and desktop, light and dark. Made by `cargo xtask screenshots`. */
import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { test } from "vitest";
import { DESKTOP, PHONE } from "./browser.ts";
import { Api, livesIn, unique, world } from "./world.ts";

const w = world();
const OUT = resolve(import.meta.dirname, "../../docs/images");
const TRIP =
  "/journey?from=46.8991,4.3370,Millbank&to=46.9040,4.3722,Harbour&when=depart&at=2026-11-23T08:00";

const PAGES: readonly (readonly [
  string,
  string,
  "customer" | "courier" | "manager" | "admin" | undefined,
  RegExp,
])[] = [
  ["home", "/", undefined, /Harbour Bakery/],
  ["shop", "/shops/1", undefined, /Apple turnover/],
  ["sign-in", "/sign-in", undefined, /Just looking/],
  ["journey", TRIP, undefined, /under way/],
  ["cart", "/cart", "customer", /Check out/],
  ["checkout", "/checkout/1", "customer", /Least CO₂/],
  ["tracking", "", "customer", /On the way/],
  ["orders", "/orders", "customer", /Harbour Bakery/],
  ["account", "/account", "customer", /Where you are signed in/],
  ["board", "/shop", "manager", /Start preparing/],
  ["stock", "/shop/stock", "manager", /In stock/],
  ["deliveries", "/deliveries", "courier", /Handed over/],
  ["admin", "/admin", "admin", /New accounts/],
  ["people", "/admin/people", "admin", /Cleo Customer/],
  ["audit", "/admin/audit", "admin", /place_order/],
];

test("pictures of every page", async () => {
  mkdirSync(OUT, { recursive: true });
  const order = await prepare();
  for (const [size, viewport, scale] of [["phone", PHONE, 2] as const, ["desktop", DESKTOP, 1] as const]) {
    for (const colorScheme of ["light", "dark"] as const) {
      for (const as of [undefined, "customer", "courier", "manager", "admin"] as const) {
        const look = { viewport, colorScheme, deviceScaleFactor: scale, reducedMotion: "reduce" } as const;
        const page = await w.visit({ ...look, ...(as ? { as } : {}) });
        await livesIn(page);
        for (const [name, path, who, sign] of PAGES.filter(([, , role]) => role === as)) {
          await page.goto(path || `/orders/${order}`);
          await page.locator("main").getByText(sign).first().waitFor();
          await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
          await page.evaluate(() => document.fonts.ready);
          if (who === undefined && name === "journey")
            await page.getByRole("list", { name: "Step by step" }).waitFor();
          if (await page.locator(".map").count()) {
            await page.waitForFunction(() => document.querySelector(".map canvas"));
            await page.waitForLoadState("networkidle").catch(() => undefined);
          }
          await page.screenshot({ path: `${OUT}/${name}-${size}-${colorScheme}.png` });
        }
        await page.context().close();
      }
    }
  }
});

/** A cart, an order on its way, and some for the board. */
async function prepare(): Promise<string> {
  const api = new Api(w.url);
  const customer = await api.as("customer@wayfare.example");
  const items = await api.send<{ items: { id: number }[] }>("GET", "/api/menu-items?shop=1&limit=6");
  const [a, b, c] = items.items.map(item => item.id);
  await customer.send("PUT", `/api/cart/items/${a}`, { quantity: 2 });
  await customer.send("PUT", `/api/cart/items/${b}`, { quantity: 1 });
  const place = async (who: Api, product: number | undefined, note: string, text: string) => {
    const headers = { ...who.headers(), "Idempotency-Key": unique("order") };
    const address = { text, lat: 46.9035, lon: 4.362 };
    const lines = [
      { product_id: product, quantity: 2 },
      { product_id: c, quantity: 1 },
    ];
    const body = JSON.stringify({ shop_id: 1, address, mode: "bike", lines, note });
    return (await (await fetch(`${w.url}/api/orders`, { method: "POST", headers, body })).json()) as {
      id: string;
    };
  };
  const [manager, courier] = [
    await api.as("manager@wayfare.example"),
    await api.as("courier@wayfare.example"),
  ];
  const move = (who: Api, id: string, ...states: string[]) =>
    states.reduce<Promise<unknown>>(
      (before, to) => before.then(() => who.send("POST", `/api/orders/${id}/moves`, { to })),
      Promise.resolve(),
    );
  const { api: nora } = await api.newcomer();
  await place(nora, b, "", "Station Avenue 12");
  const accepted = await place(nora, a, "Ring twice, please", "Castle Avenue 3, 2nd floor");
  await move(manager, accepted.id, "accepted");
  const kitchen = await place(nora, c === undefined ? b : a, "", "Garden Avenue 7");
  await move(manager, kitchen.id, "accepted", "preparing");
  const coming = await place(customer, a, "", "Central Avenue 5, third floor");
  await move(manager, coming.id, "accepted", "preparing");
  await move(courier, coming.id, "on_the_way");
  return coming.id;
}
