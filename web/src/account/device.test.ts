import { expect, test } from "vitest";
import { deviceName } from "./device";

test("browsers are called as people call them", () => {
  const chrome =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
  const iphone =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
  expect(deviceName(chrome)).toBe("Chrome, Linux");
  expect(deviceName(`${chrome} Edg/140.0`)).toBe("Edge, Linux");
  expect(deviceName(iphone)).toBe("Safari, iPhone");
});

test("what isn't known is shown as it calls itself, and nothing is nothing", () => {
  expect(deviceName("my-script/2")).toBe("my-script/2");
  expect(deviceName("")).toBeUndefined();
});
