import { expect, test } from "vitest";
import { decode } from "./polyline";

test("the example of the format's own description reads as it says", () => {
  expect(decode("_p~iF~ps|U_ulLnnqC_mqNvxq`@")).toEqual([
    [38.5, -120.2],
    [40.7, -120.95],
    [43.252, -126.453],
  ]);
});

test("nothing is nothing, and a line that breaks off ends", () => {
  expect(decode("")).toEqual([]);
  expect(decode("_p~iF~ps|U_").length).toBeLessThanOrEqual(2);
});
