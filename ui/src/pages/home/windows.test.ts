import { expect, it } from "vitest";
import { compared, dayBefore, windows } from "./windows";

it("compares seven whole days with the seven before, across the turn of a month", () => {
  const now = new Date(2026, 11, 3, 15, 30);
  expect(windows(now)).toEqual({
    now: "2026-11-26..2026-12-03",
    before: "2026-11-19..2026-11-26",
    both: "2026-11-19..2026-12-03",
  });
  expect(compared(now, 14)).toEqual({ from: "2026-11-19", to: "2026-12-03", against: "2026-11-05..2026-11-19" });
  expect(dayBefore(new Date(2027, 0, 1), 1)).toBe("2026-12-31");
});
