import { expect, it } from "vitest";
import type { Diagnosis } from "../../../verdict/diagnosis";
import { figure, partsOf, stepsOf } from "./steps";

const span = (low: number, high: number) => ({ low, high });
const quiet = span(-1, 1);

const diagnosis = {
  unit: "EUR",
  decomposition: {
    revenue: { before: 1000, after: 800 },
    factors: [10, 0, 0, 0, -5, 0, -205, 0, 0, 0],
    platforms: [
      {
        platform: "ios",
        mix: -5,
        factors: [0, -205, 3, 0, 0],
        versions: [
          { version: "5.1", factors: [0, -5, 3, 0, 0].map((within) => ({ within, mix: 0 })) },
          { version: "5.2", factors: [0, -150, 0, 0, 0].map((within) => ({ within, mix: -10 })) },
        ],
      },
      { platform: "android", mix: 0, factors: [0, 0, 7, 0, 0], versions: [{ version: "8.4", factors: [] }] },
    ],
  },
  uncertainty: {
    change: quiet,
    factors: [span(-20, 40), quiet, quiet, quiet, span(-9, -1), quiet, span(-230, -180), quiet, quiet, quiet],
    platforms: [[quiet, span(-220, -190), quiet, quiet, quiet], [quiet, quiet, quiet, quiet, quiet]],
    versions: [[[quiet, quiet], [quiet, span(-180, -120)]], [[quiet]]],
  },
  stages: [
    { factor: "delivered", distinguishable: true },
    { factor: "qualified", distinguishable: false },
  ],
} as unknown as Diagnosis;

it("goes from the total before to the total now, and every step begins where the last one ended", () => {
  const steps = stepsOf(diagnosis);
  expect(steps[0]).toMatchObject({ name: "before", total: true, to: 1000 });
  expect(steps.at(-1)).toMatchObject({ name: "now", total: true, to: 800 });
  for (let at = 2; at < steps.length - 1; at += 1) expect(steps[at]?.from).toBe(steps[at - 1]?.to);
  expect(steps.at(-2)?.to).toBe(800);
});

it("says of each step what it took, within which bounds, and whether that is clear", () => {
  const delivered = stepsOf(diagnosis).find((step) => step.name === "delivered");
  expect(delivered).toMatchObject({ from: 1005, to: 800, interval: [775, 825], clear: true, says: "-€205" });
  expect(stepsOf(diagnosis).find((step) => step.name === "people who reached it")?.clear).toBe(false);
  expect(stepsOf(diagnosis).find((step) => step.name === "mix of platforms")?.clear).toBe(true);
});

it("lists platforms with the stage at which they lost most, and versions only beside others", () => {
  const parts = partsOf(diagnosis);
  expect(parts.map((part) => part.name)).toEqual(["iOS", "iOS 5.2", "iOS 5.1", "Android"]);
  expect(parts[0]?.worst).toEqual({ factor: "delivered", money: -205, span: span(-220, -190) });
  expect(parts[1]?.worst).toEqual({ factor: "delivered", money: -160, span: span(-180, -120) });
});

it("writes figures of stages with what they are a share of", () => {
  expect(figure("delivered", 450, 1000)).toBe("45.0 % of 1,000");
  expect(figure("qualified", 1234.4, 1)).toBe("1,234");
  expect(figure("value", 300, 4)).toBe("75.00");
  expect(figure("opened", 0, 0)).toBe("nobody");
});
