import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { fiveHundredBuses } from "./fleet.ts";
import { world } from "./world.ts";

const w = world();
const TRIP =
  "/journey?from=46.8991,4.3370,Millbank&to=46.9040,4.3722,Harbour&when=depart&at=2026-11-23T08:00";

test("a journey by bus: asked for by name, compared, told step by step and drawn", async () => {
  const page = await w.visit();
  await page.goto("/journey");
  for (const [label, words] of [
    ["From", "Millbank"],
    ["To", "Observatory Avenue"],
  ] as const) {
    await page.getByLabel(label, { exact: true }).fill(words);
    await page.getByRole("option").first().click();
  }
  await page.getByLabel("When").selectOption("arrive");
  await page.getByLabel("Day and time").fill("2026-11-23T08:30");
  await page
    .getByRole("button", { name: /^Bus.*min/ })
    .first()
    .click();
  const steps = page.getByRole("list", { name: "Step by step" });
  await steps
    .getByText(/towards/)
    .first()
    .waitFor();
  await steps
    .getByText(/get off at/)
    .first()
    .waitFor();
  expect(new URL(page.url()).searchParams.get("when")).toBe("arrive");
  await page.reload();
  await page.getByRole("list", { name: "Step by step" }).waitFor();
});

test("every way says how long, how far, what it emits, and the bus what it costs and saves", async () => {
  const page = await w.visit();
  await page.goto(TRIP);
  const way = (name: RegExp) => page.locator(".alternative").filter({ hasText: name }).first();
  await way(/Car/).waitFor();
  for (const name of [/Bus/, /Bike/, /On foot/, /Car/]) {
    expect(await way(name).textContent()).toMatch(/min.*(km|m).*CO₂e/s);
  }
  expect(await way(/Bus/).textContent()).toMatch(/fare/);
  expect(await way(/Bike/).textContent()).toMatch(/less than by car/);
});

test("a place outside the city is told as what it is", async () => {
  const page = await w.visit();
  await page.goto("/journey?from=10,10,Elsewhere&to=46.9040,4.3722,Harbour");
  await page.getByRole("alert").filter({ hasText: "That didn't work" }).waitFor();
});

/** How many different pictures of the buses thirty frames show. */
const pictures = (page: Page) =>
  page.evaluate(async () => {
    const canvas = document.querySelector<HTMLCanvasElement>("canvas.buses");
    const seen = new Set<string | undefined>();
    for (let frame = 0; frame < 30; frame++) {
      await new Promise(requestAnimationFrame);
      seen.add(canvas?.toDataURL());
    }
    return seen.size;
  });

test("buses move between two pieces of news, and stand where they are for who wants less motion", async () => {
  for (const reducedMotion of ["no-preference", "reduce"] as const) {
    const page = await w.visit({ reducedMotion });
    await fiveHundredBuses(page);
    await page.goto("/journey");
    await page.getByText("500 buses under way").waitFor();
    const shown = await pictures(page);
    // Here, there, and before anything came.
    if (reducedMotion === "reduce") expect(shown).toBeLessThanOrEqual(3);
    else expect(shown).toBeGreaterThan(10);
  }
});

test("water and parks lie under the streets", async () => {
  const page = await w.visit({ colorScheme: "light" });
  await page.goto("/journey");
  await page.getByText(/under way/).waitFor();
  for (const [what, colour] of [
    ["water", [185, 214, 228]],
    ["a park", [211, 227, 203]],
  ] as const) {
    const isDrawn = () =>
      page.evaluate(([red, green, blue]) => {
        const canvas = document.querySelector<HTMLCanvasElement>(".leaflet-streets-pane canvas");
        const pen = canvas?.getContext("2d");
        const pixels = pen?.getImageData(0, 0, canvas?.width ?? 0, canvas?.height ?? 0).data ?? [];
        for (let at = 0; at < pixels.length; at += 4)
          if (pixels[at] === red && pixels[at + 1] === green && pixels[at + 2] === blue) return true;
        return false;
      }, colour);
    await expect.poll(isDrawn, { message: what }).toBe(true);
  }
});

test("where people live has a legend, and the suggested stops are a list, too", async () => {
  const page = await w.visit();
  await page.goto("/journey");
  await page.getByRole("switch", { name: /Where people live/ }).click();
  await page.getByText("People on a square kilometre").waitFor();
  await page.getByRole("switch", { name: /New stops/ }).click();
  await page.getByRole("heading", { name: "Stops worth having" }).waitFor();
  await page.locator(".new-stops li").first().waitFor();
});

test("a press on the map says where the journey begins", async () => {
  const page = await w.visit();
  await page.goto("/journey");
  await page.getByRole("region", { name: "Map of the city" }).click({ position: { x: 300, y: 260 } });
  await page.waitForURL(/from=46/);
  await expect.poll(() => page.getByLabel("From", { exact: true }).inputValue()).not.toBe("");
});

test("the map asks nobody but the service for anything", async () => {
  const page = await w.visit();
  const asked = new Set<string>();
  page.on("request", request => asked.add(new URL(request.url()).origin));
  await page.goto(TRIP);
  await page.getByRole("button", { name: "Closer" }).waitFor();
  expect([...asked]).toEqual([w.url]);
});
