import { expect, it } from "vitest";
import { type Effect, isClear, type Ratio, ratioInWords, results, size, type Variant } from "./report";

const effect = (estimate: number, low: number, high: number): Effect => ({ scale: "relative", estimate, low, high, p_value: 0.01 });

const variant: Variant = {
  name: "Short", per_assigned: effect(0.12, 0.02, 0.23), per_assigned_absolute: null,
  per_delivered: {
    effect: null, post_stratified: effect(0.1, -0.01, 0.2), bounds: null,
    withheld: { stage: "receipt", reason: "the arms were not delivered alike", leak: { dimension: "app_version", value: "5.2", stage: "receipt", difference: -0.1, p_value: 0 } },
  },
  complier: null,
  revenue: { per_person: { ...effect(0.4, 0.1, 0.7), scale: "absolute" }, relative: null, uncapped_difference: null, above_cap: null },
  incremental_revenue: null,
};

it("says of each effect what it answers, and why it is withheld", () => {
  const list = results(variant, "EUR");
  expect(list.map((one) => one.name)).toEqual([
    "Per person assigned", "Per delivered message", "Per delivered, weighted", "On those who were reached", "Revenue per person",
  ]);
  expect(list[1]).toMatchObject({ effect: null, instead: "withheld: the arms were not delivered alike (app version 5.2)" });
  expect(results({ ...variant, per_delivered: null }, "EUR")[1]?.instead).toBe("the control sends nothing");
});

it("writes effects in their scale, and ends that are not known in words", () => {
  expect(size(0.123, "relative")).toBe("+12.3 %");
  expect(size(-0.0123, "absolute")).toBe("-1.23 points");
  expect(size(0.4, "absolute", "EUR")).toBe("+0.40 EUR");
  expect(size(null, "relative")).toBe("any gain");
  expect(size(-Infinity, "relative")).toBe("any loss");
});

it("calls an effect clear only when its interval leaves out none", () => {
  expect(isClear(effect(0.1, 0.01, 0.2))).toBe(true);
  expect(isClear(effect(0.1, -0.01, 0.2))).toBe(false);
  expect(isClear(effect(0.1, 0.01, Infinity))).toBe(false);
});

it("tells numbers of people that chance explains from those that it does not", () => {
  const ratio: Ratio = { stage: "assigned", people: [500, 510], against_design: 0.42, equal_shares: null, largest_difference: 0.01, mismatch: false };
  expect(ratioInWords(ratio)).toBe("alike (p 42.0 %)");
  expect(ratioInWords({ ...ratio, stage: "receipt", equal_shares: 0.0001, mismatch: true })).toBe("not alike: chance would do this in less than 0.1 % of tests");
  expect(ratioInWords({ ...ratio, against_design: null })).toBe("too few to test");
});
