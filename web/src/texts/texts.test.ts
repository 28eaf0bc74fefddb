import { expect, test } from "vitest";
import { de } from "./de";
import { en } from "./en";
import { formats } from "./formats";

type Tree = { [key: string]: unknown };

function leaves(tree: Tree, path = ""): [string, unknown][] {
  return Object.entries(tree).flatMap(([key, value]): [string, unknown][] =>
    typeof value === "object" && value !== null
      ? leaves(value as Tree, `${path}${key}.`)
      : [[path + key, value]],
  );
}

test("every text of one language is in the other, too", () => {
  expect(leaves(de).map(([path]) => path)).toEqual(leaves(en).map(([path]) => path));
});

test("no text is empty, and texts that take something take it in both languages", () => {
  const german = new Map(leaves(de));
  for (const [path, text] of leaves(en)) {
    const other = german.get(path);
    expect(typeof other, path).toBe(typeof text);
    if (typeof text === "string") expect([text.trim(), (other as string).trim()], path).not.toContain("");
  }
});

test("one and many are told apart", () => {
  expect([en.cart.items(1), en.cart.items(2), en.cart.items(1234)]).toEqual([
    "1 item",
    "2 items",
    "1,234 items",
  ]);
  expect([de.order.shopsFound(1), de.order.shopsFound(3)]).toEqual(["1 Laden", "3 Läden"]);
});

test("money has its currency's digits, and each language its way of writing", () => {
  const space = /\s/g;
  expect(formats("en").money({ amount: 450, currency: "EUR" })).toBe("€4.50");
  expect(formats("de").money({ amount: 450, currency: "EUR" }).replace(space, " ")).toBe("4,50 €");
  expect(formats("en").money({ amount: 450, currency: "JPY" })).toBe("¥450");
});

test("lengths, times and weights are rounded to what people say", () => {
  const f = formats("en");
  expect([f.distance(23), f.distance(430), f.distance(960), f.distance(12_340)]).toEqual([
    "0 m",
    "450 m",
    "1 km",
    "12.3 km",
  ]);
  expect([f.duration(20), f.duration(600), f.duration(3600), f.duration(5400)]).toEqual([
    "1 min",
    "10 min",
    "1 hr",
    "1 hr 30 min",
  ]);
  expect([f.weight(12.4), f.weight(1500)]).toEqual(["12 g", "1.5 kg"]);
});

test("a time is shown in the city's zone where one is given", () => {
  expect(formats("de").time("2026-11-23T08:00:00Z", "Europe/Madrid")).toBe("09:00");
});

test("how long ago is told in words", () => {
  const now = Date.parse("2026-11-23T12:00:00Z");
  const f = formats("en");
  expect(f.ago("2026-11-23T11:59:40Z", now)).toBe("now");
  expect(f.ago("2026-11-23T11:57:00Z", now)).toBe("3 minutes ago");
  expect(f.ago("2026-11-22T12:00:00Z", now)).toBe("yesterday");
});
