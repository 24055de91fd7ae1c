import { expect, it } from "vitest";
import type { Schemas } from "../../api/client";
import { steps } from "./story";

const fact = (mark: string, occurred: number, received: number, more: object = {}): Schemas["FactAnswer"] => ({
  mark, occurred_ms: occurred, received_ms: received, source: "receipt", late: false, clamped: false, ...more,
});

it("tells facts in the order in which they happened, and says when we heard late", () => {
  const trail = {
    facts: [fact("opened", 3000, 3000), fact("delivered", 2000, 602_000), fact("bounced", 1000, 1000, { reason: "token_expired" })],
  } as unknown as Schemas["Trail"];
  const told = steps(trail);
  expect(told.map((step) => step.title)).toEqual(["bounced", "delivered", "opened"]);
  expect(told[1]?.lag).toBe("we heard of it 10 min later");
  expect(told[0]?.words).toBe("receipt of the device, because of token expired");
});
