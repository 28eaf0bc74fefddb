import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { PHONE } from "./browser.ts";
import { DIST } from "./started.ts";
import { world } from "./world.ts";

/** What is the same on every machine; how fast it is on this one, `cargo xtask bench web` measures. */
const w = world();

/** How far things jump while the page comes, as Lighthouse adds it up. */
async function shift(page: Page, path: string, sign: RegExp): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.addInitScript(() => {
    const seen = { shift: 0 };
    Object.assign(window, { seen });
    new PerformanceObserver(list => {
      for (const entry of list.getEntries() as (PerformanceEntry & {
        value: number;
        hadRecentInput: boolean;
      })[])
        if (!entry.hadRecentInput) seen.shift += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.goto(path);
  await page.locator("main").getByText(sign).first().waitFor();
  // Streams keep the network busy for ever: what there is to come has come when the fonts are there and nothing loads.
  await page.evaluate(() => document.fonts.ready);
  await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
  return page.evaluate(() => (window as unknown as { seen: { shift: number } }).seen.shift);
}

test("the first page's scripts are 180 kB packed at the most, and the map isn't among them", async () => {
  const page = await w.visit();
  const scripts = new Set<string>();
  page.on("response", answer => {
    const { pathname } = new URL(answer.url());
    if (pathname.endsWith(".js")) scripts.add(pathname);
  });
  await page.goto("/");
  await page.getByRole("link", { name: "Harbour Bakery" }).waitFor();
  const texts = [...scripts].map(name => readFileSync(join(DIST, name)));
  const bytes = texts.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
  console.log(`first page: ${scripts.size} scripts, ${(bytes / 1000).toFixed(1)} kB packed`);
  expect(bytes).toBeLessThanOrEqual(180_000);
  expect(texts.some(text => text.includes("leaflet-container"))).toBe(false);
});

test.each([
  ["/", /Harbour Bakery/],
  ["/shops/1", /Apple turnover/],
  ["/journey", /under way/],
] as const)("nothing jumps while %s comes", async (path, sign) => {
  const page = await w.visit({ viewport: PHONE });
  expect(await shift(page, path, sign)).toBeLessThanOrEqual(0.1);
});
