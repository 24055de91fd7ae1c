import { expect, it } from "vitest";
import { cell, lineOf } from "./csv";

it("quotes what needs quotes", () => {
  expect(cell('a "b", c')).toBe('"a ""b"", c"');
  expect(cell("two\nlines")).toBe('"two\nlines"');
  expect(cell(null)).toBe("");
});

it("lets no text become a formula, and leaves numbers alone", () => {
  expect(cell("=HYPERLINK(1)")).toBe("'=HYPERLINK(1)");
  expect(cell("+cmd")).toBe("'+cmd");
  expect(cell("+12025550143")).toBe("+12025550143");
  expect(cell(-3)).toBe("-3");
});

it("writes a delivery as one line", () => {
  const line = lineOf({
    id: "d1", created_ms: 0, journey: "campaign:1", journey_name: "Cart, Recovery", step: 7, step_name: null,
    channel: "push", person: "ann", subject: null, status: "sent", outcome: "accepted", reason: null, targets: 1,
  });
  expect(line).toBe('1970-01-01T00:00:00.000Z,d1,campaign:1,"Cart, Recovery",7,,push,ann,,sent,accepted,,1');
});
