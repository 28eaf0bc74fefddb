import { expect, test } from "vitest";
import { type Bus, Fleet } from "./fleet";

const bus = (id: string, lat: number, lon = 0): Bus => ({
  id,
  lat,
  lon,
  line: "4",
  colour: "#d7263d",
  headsign: "",
  bearing: 0,
});
const shown = (fleet: Fleet, now: number, still = false) =>
  [...fleet.at(now, still)].map(({ bus, lat }) => [bus.id, lat]);

test("a bus that is new stands where it was told to be", () => {
  const fleet = new Fleet();
  fleet.hear({ buses: [bus("a", 1)] }, true, 0);
  expect(shown(fleet, 0)).toEqual([["a", 1]]);
});

test("between two pieces of news it moves, and never past the last", () => {
  const fleet = new Fleet();
  fleet.hear({ buses: [bus("a", 1)] }, true, 0);
  fleet.hear({ buses: [bus("a", 2)] }, false, 10_000);
  expect(shown(fleet, 10_000)).toEqual([["a", 1]]);
  expect(shown(fleet, 11_100)[0]?.[1]).toBeCloseTo(1.5);
  expect(shown(fleet, 99_000)).toEqual([["a", 2]]);
});

test("news that comes early goes on from where the bus is shown", () => {
  const fleet = new Fleet();
  fleet.hear({ buses: [bus("a", 1)] }, true, 0);
  fleet.hear({ buses: [bus("a", 2)] }, false, 10_000);
  fleet.hear({ buses: [bus("a", 3)] }, false, 11_100);
  expect(shown(fleet, 11_100)[0]?.[1]).toBeCloseTo(1.5);
});

test("who wants less motion sees each bus where it was told to be", () => {
  const fleet = new Fleet();
  fleet.hear({ buses: [bus("a", 1)] }, true, 0);
  fleet.hear({ buses: [bus("a", 2)] }, false, 10_000);
  expect(shown(fleet, 10_000, true)).toEqual([["a", 2]]);
});

test("what is gone is gone, and a whole picture forgets the others", () => {
  const fleet = new Fleet();
  fleet.hear({ buses: [bus("a", 1), bus("b", 1), bus("c", 1)] }, true, 0);
  fleet.hear({ buses: [], gone: ["a"] }, false, 0);
  expect(fleet.size).toBe(2);
  fleet.hear({ buses: [bus("c", 1)] }, true, 0);
  expect(shown(fleet, 0)).toEqual([["c", 1]]);
});
