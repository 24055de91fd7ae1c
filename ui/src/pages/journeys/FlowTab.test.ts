import { expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { flowGrid, numbersOf, waitingAt } from "./FlowTab";

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

it("counts who stands in a step in all versions, or in one", () => {
  const steps = [{ version: 1, step: "a", people: 2 }, { version: 2, step: "a", people: 3 }, { version: 2, step: "b", people: 1 }];
  expect(waitingAt(steps)).toEqual({ a: 5, b: 1 });
  expect(waitingAt(steps, 1)).toEqual({ a: 2 });
});

it("says in a table what the picture shows, every reason with its count", () => {
  const nodes = [
    { id: "·start", kind: "trigger", title: "e", messages: [] },
    { id: "w", kind: "wait", title: "wait 1h", messages: [] },
    { id: "r", kind: "reach", title: "reach", messages: [{ channel: "push", name: "P", text: "T" }, { channel: "sms", name: "S", text: "U" }] },
  ];
  const numbers = { P: { reached: 9, sent: 5, delivered: 4, reasons: [{ reason: "no_device", count: 3 }, { reason: "expired", count: 1 }] } };
  expect(flowGrid(nodes, numbers, { w: 7 }).rows).toEqual([
    ["w", "wait 1h", 7, null, null, null, null],
    ["r", "push: T", 0, 9, 5, 4, "3 no device, 1 expired"],
    ["r", "sms: U", null, 0, 0, 0, null],
  ]);
});
