import { expect, test } from "vitest";
import { read, type Trip, USUAL, written } from "./trip";

const trip: Trip = {
  from: { text: "Quay Street 4, Harbour", lat: 46.9, lon: 4.35 },
  to: { text: "Market Square 1", lat: 46.91, lon: 4.36 },
  when: "arrive",
  at: "2026-11-23T08:00",
  modes: ["bus", "foot"],
};

test("a trip in the address reads as it was written, commas and all", () => {
  expect(read(written(trip))).toEqual(trip);
});

test("an empty address is the usual trip from nowhere, and stays short", () => {
  const usual = read(new URLSearchParams());
  expect(usual).toEqual({ from: undefined, to: undefined, when: "now", at: "", modes: USUAL });
  expect(written(usual).toString()).toBe("");
});

test("nonsense in the address is left out", () => {
  const params = new URLSearchParams({
    from: "x,y,z",
    to: "1",
    when: "arrive",
    at: "tomorrow",
    modes: "rocket",
  });
  expect(read(params)).toEqual({ from: undefined, to: undefined, when: "now", at: "", modes: USUAL });
});
