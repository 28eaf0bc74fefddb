import { expect, test } from "vitest";
import { minorUnits, typed, wholeNumber } from "./money";

test("a price is read with a point and with a comma", () => {
  expect(minorUnits("4.50", 2)).toBe(450);
  expect(minorUnits(" 4,5 ", 2)).toBe(450);
  expect(minorUnits("12", 2)).toBe(1200);
  expect(minorUnits("0.07", 2)).toBe(7);
  expect(minorUnits("900", 0)).toBe(900);
});

test("what is no price is none", () => {
  for (const text of ["", "-1", "1.234", "1e3", "4.5.0", "abc", "1 000", "9.5"]) {
    expect(minorUnits(text, text === "9.5" ? 0 : 2), text).toBeUndefined();
  }
  expect(minorUnits("1000000.01", 2)).toBeUndefined();
});

test("what is shown in the input reads as what it was", () => {
  for (const language of ["en", "de"]) {
    for (const amount of [0, 5, 450, 123456]) expect(minorUnits(typed(amount, 2, language), 2)).toBe(amount);
  }
});

test("stock is a whole number within bounds", () => {
  expect(wholeNumber("0")).toBe(0);
  expect(wholeNumber(" 40 ")).toBe(40);
  for (const text of ["", "-1", "1.5", "1000001", "x"]) expect(wholeNumber(text), text).toBeUndefined();
});
