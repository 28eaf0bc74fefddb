import { beforeEach, expect, test } from "vitest";
import { forgetKey, keyFor } from "./orderKey";

beforeEach(() => sessionStorage.clear());

test("the same order keeps its key until its answer has come", () => {
  const key = keyFor({ shop_id: 1 });
  expect(keyFor({ shop_id: 1 })).toBe(key);
  forgetKey();
  expect(keyFor({ shop_id: 1 })).not.toBe(key);
});

test("another order has another key", () => {
  expect(keyFor({ shop_id: 1 })).not.toBe(keyFor({ shop_id: 2 }));
});

test("a key has the form that the service asks for", () => {
  expect(keyFor({})).toMatch(/^[A-Za-z0-9_-]{8,64}$/);
});
