import { expect, test } from "vitest";
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

test("buses move on the map, and stand where they are for who wants less motion", async () => {
  const page = await w.visit();
  await page.goto("/journey");
  await page.getByText(/bus(es)? under way/).waitFor();
  const still = await w.visit({ reducedMotion: "reduce" });
  await still.goto("/journey");
  await still.getByText(/bus(es)? under way/).waitFor();
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
