import { expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { numbersOf } from "./FlowTab";

const line = (step: string, reason: string | null, counts: Record<string, number>): Schemas["Line"] => ({
  group: [
    { dimension: "journey", value: "campaign:1" },
    { dimension: "step", value: step, label: `J | ${step}` },
    ...(reason ? [{ dimension: "reason", value: reason }] : []),
  ],
  counts, rates: {}, delays: {}, revenue: {}, settling: false,
});

it("puts counts and causes of failures to each message, most frequent first", () => {
  const numbers = numbersOf(
    [line("1", null, { reached: 10, sent: 6, delivered: 4 })],
    [
      line("1", "none", { reached: 6 }),
      line("1", "holdout", { reached: 1 }),
      line("1", "token_invalid", { reached: 1 }),
      line("1", "no_device", { reached: 2 }),
      line("2", "no_device", { reached: 9 }),
    ],
  );
  expect(numbers["J | 1"]).toEqual({
    reached: 10, sent: 6, delivered: 4,
    reasons: [{ reason: "no_device", count: 2 }, { reason: "token_invalid", count: 1 }],
  });
});
