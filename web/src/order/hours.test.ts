import { expect, test } from "vitest";
import { standing, week } from "./hours";

const daily = (from: string, to: string) => [1, 2, 3, 4, 5, 6, 7].map(day => ({ day, from, to }));
const sunday = (time: string) => new Date(`2026-11-22T${time}:00`);

test("a shop is open from the first minute and closed at the last", () => {
  const hours = daily("08:00", "20:00");
  expect(standing(hours, sunday("08:00"))).toEqual({ open: true, until: "20:00" });
  expect(standing(hours, sunday("19:59"))).toEqual({ open: true, until: "20:00" });
  expect(standing(hours, sunday("20:00"))).toEqual({ open: false, next: undefined });
});

test("before the next opening of the day it says when", () => {
  const hours = [
    { day: 7, from: "17:00", to: "22:00" },
    { day: 7, from: "11:00", to: "14:00" },
  ];
  expect(standing(hours, sunday("15:00"))).toEqual({ open: false, next: "17:00" });
  expect(standing(hours, sunday("07:00"))).toEqual({ open: false, next: "11:00" });
});

test("Sunday is the seventh day and not the day before Monday", () => {
  expect(standing([{ day: 7, from: "10:00", to: "12:00" }], sunday("11:00")).open).toBe(true);
  expect(standing([{ day: 1, from: "10:00", to: "12:00" }], sunday("11:00")).open).toBe(false);
});

test("open until 24:00 is open until the end", () => {
  expect(standing([{ day: 7, from: "10:00", to: "24:00" }], sunday("23:59")).open).toBe(true);
});

test("days with the same openings stand in one row, closed ones too", () => {
  const hours = daily("09:00", "18:00").filter(h => h.day < 6);
  expect(week(hours)).toEqual([
    { days: [1, 2, 3, 4, 5], spans: ["09:00–18:00"] },
    { days: [6, 7], spans: [] },
  ]);
});
