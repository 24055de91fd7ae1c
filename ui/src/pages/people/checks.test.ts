import { expect, it } from "vitest";
import { checks } from "./checks";

it("tells each check with its step, its verdict and what it saw", () => {
  const told = checks([
    { at: 1, check: "trigger", input: "cart_updated", verdict: "holds" },
    { at: 2, check: "time", step: "hour", input: { until: 9 }, verdict: "waits until then" },
  ]);
  expect(told[0]).toEqual({ at: 1, title: "trigger", verdict: "cart_updated – holds", saw: "" });
  expect(told[1]?.title).toBe("hour: time");
  expect(told[1]?.saw).toContain('"until": 9');
  expect(checks(undefined)).toEqual([]);
});
