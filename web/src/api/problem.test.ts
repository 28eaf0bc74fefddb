import { expect, test } from "vitest";
import { sentence } from "../parts/Problem";
import { de } from "../texts/de";
import { Refusal, refusal } from "./problem";

const problem = (status: number, code: string) =>
  new Response(
    JSON.stringify({ status, code, detail: "In English.", request_id: "r", title: "", type: "" }),
    {
      status,
      headers: { "Content-Type": "application/problem+json", "Retry-After": "7" },
    },
  );

test("a refusal carries the code, the status and when to ask again", async () => {
  const error = await refusal(problem(429, "rate_limited"));
  expect([error.code, error.status, error.retryAfter, error.isPassing, error.isAway]).toEqual([
    "rate_limited",
    429,
    7,
    true,
    false,
  ]);
});

test("an answer that is no problem, such as a proxy's page, is one all the same", async () => {
  const error = await refusal(new Response("<html>Bad gateway</html>", { status: 502 }));
  expect([error.code, error.isAway]).toEqual(["status_502", true]);
  expect(sentence(de, error)).toBe(de.problems.away);
});

test("people read their own language where there is a text, and the service's sentence where there is none", async () => {
  expect(sentence(de, await refusal(problem(409, "out_of_stock")))).toBe(de.problems.out_of_stock);
  expect(sentence(de, await refusal(problem(409, "quite_new")))).toBe("In English.");
  expect(sentence(de, await refusal(problem(500, "quite_new")))).toBe(de.problems.internal);
  expect(sentence(de, new TypeError("x is not a function"))).toBe(de.problems.internal);
});

test("nobody answering may pass, a refusal may not", () => {
  expect([new Refusal(0, "away").isPassing, new Refusal(403, "wrong_role").isPassing]).toEqual([true, false]);
});
