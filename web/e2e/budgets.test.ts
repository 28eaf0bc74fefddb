import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { PHONE } from "./browser.ts";
import { DIST } from "./started.ts";
import { world } from "./world.ts";

const w = world();

interface Figures {
  fcp: number;
  lcp: number;
  blocking: number;
  shift: number;
}

/** As Lighthouse looks at a page: on a phone's screen, with a processor a quarter as fast. */
async function look(page: Page, path: string, sign: RegExp): Promise<Figures> {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: 4 });
  await page.addInitScript(() => {
    const seen = { lcp: 0, blocking: 0, shift: 0 };
    Object.assign(window, { seen });
    const watch = (
      type: string,
      note: (entry: PerformanceEntry & { value?: number; hadRecentInput?: boolean }) => void,
    ) => new PerformanceObserver(list => list.getEntries().forEach(note)).observe({ type, buffered: true });
    watch("largest-contentful-paint", entry => Object.assign(seen, { lcp: entry.startTime }));
    watch("longtask", entry =>
      Object.assign(seen, { blocking: seen.blocking + Math.max(0, entry.duration - 50) }),
    );
    watch("layout-shift", entry => {
      if (!entry.hadRecentInput) Object.assign(seen, { shift: seen.shift + (entry.value ?? 0) });
    });
  });
  await page.goto(path);
  await page.locator("main").getByText(sign).first().waitFor();
  // Streams keep the network busy for ever: what there is to come has come when the fonts are there and nothing loads.
  await page.evaluate(() => document.fonts.ready);
  await page.locator("[aria-busy=true]").waitFor({ state: "detached" });
  const seen = await page.evaluate(() => (window as unknown as { seen: Omit<Figures, "fcp"> }).seen);
  const fcp = await page.evaluate(
    () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0,
  );
  return { fcp, ...seen };
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
  const { fcp, lcp, blocking, shift } = await look(page, path, sign);
  // Times are told and not judged: they are the machine's as much as the page's.
  const ms = (n: number) => `${Math.round(n)} ms`;
  console.log(
    `${path}: first ${ms(fcp)}, largest ${ms(lcp)}, blocked ${ms(blocking)}, shift ${shift.toFixed(3)}`,
  );
  expect(shift).toBeLessThanOrEqual(0.1);
});

test("five hundred buses are drawn in every frame", async () => {
  const page = await w.visit();
  const bus = (n: number, step: number) => ({
    id: `b${n}`,
    line: String(n % 12),
    colour: "#d7263d",
    headsign: "",
    lat: 46.9 + Math.sin(n) * 0.012 + step * 0.0004,
    lon: 4.35 + Math.cos(n * 1.7) * 0.025,
    bearing: (n * 37) % 360,
  });
  const news = (step: number, kind: string) => {
    const buses = Array.from({ length: 500 }, (_, n) => bus(n, step));
    return `event: ${kind}\nid: ${step}\ndata: ${JSON.stringify({ at: "2026-11-23T08:00:00Z", buses, gone: [] })}\n\n`;
  };
  const body = news(0, "picture") + news(1, "changes");
  await page.route("**/api/buses/stream", route => route.fulfill({ contentType: "text/event-stream", body }));
  await page.goto("/journey");
  await page.getByText("500 buses under way").waitFor();
  const rate = await page.evaluate(
    () =>
      new Promise<number>(done => {
        const start = performance.now();
        let frames = 0;
        const count = (now: number) => {
          frames++;
          if (frames === 90) done((frames * 1000) / (now - start));
          else requestAnimationFrame(count);
        };
        requestAnimationFrame(count);
      }),
  );
  console.log(`500 buses: ${rate.toFixed(0)} frames a second`);
  expect(rate).toBeGreaterThan(0);
});
