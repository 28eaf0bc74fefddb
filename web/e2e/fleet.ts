/** A fleet that the tests make up: more buses than the demo city has, and news of them twice. */
import type { Page } from "playwright-core";

const bus = (n: number, step: number) => ({
  id: `b${n}`,
  line: String(n % 12),
  colour: "#d7263d",
  headsign: "",
  lat: 46.9 + Math.sin(n) * 0.012 + step * 0.0004,
  lon: 4.35 + Math.cos(n * 1.7) * 0.025,
  bearing: (n * 37) % 360,
});

function news(step: number, kind: string): string {
  const buses = Array.from({ length: 500 }, (_, n) => bus(n, step));
  return `event: ${kind}\nid: ${step}\ndata: ${JSON.stringify({ at: "2026-11-23T08:00:00Z", buses, gone: [] })}\n\n`;
}

/** Five hundred buses, of which news has just come: they move to where they were told to be. */
export async function fiveHundredBuses(page: Page) {
  const body = news(0, "picture") + news(1, "changes");
  await page.route("**/api/buses/stream", route => route.fulfill({ contentType: "text/event-stream", body }));
}
