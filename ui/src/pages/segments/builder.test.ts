import { expect, it } from "vitest";
import { conditionOf } from "./builder";

const row = (kind: string, values: Record<string, string>, not = false) => ({ kind, values, not });

it("writes one row as itself and several joined", () => {
  expect(conditionOf("all", [row("attribute", { attribute: "plan", how: "is", value: "gold" })])).toEqual({
    attribute: "plan",
    is: "gold",
  });
  expect(
    conditionOf("any", [row("token", { token: "none" }), row("event", { event: "purchase", within: "30d", times: "2" }, true)]),
  ).toEqual({ any: [{ token: "none" }, { not: { event: "purchase", count: { at_least: 2 }, within: "30d" } }] });
});

it("compares numbers as numbers", () => {
  expect(conditionOf("all", [row("attribute", { attribute: "age", how: "less_than", value: "65" })])).toEqual({
    attribute: "age",
    less_than: 65,
  });
});
