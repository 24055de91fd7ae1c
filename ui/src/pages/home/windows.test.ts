import { expect, it } from "vitest";
import { dayBefore, windows } from "./windows";

it("compares seven whole days with the seven before, across the turn of a month", () => {
  const now = new Date(2026, 11, 3, 15, 30);
  expect(windows(now)).toEqual({
    now: "2026-11-26..2026-12-03",
    before: "2026-11-19..2026-11-26",
    both: "2026-11-19..2026-12-03",
  });
  expect(dayBefore(new Date(2027, 0, 1), 1)).toBe("2026-12-31");
});
