import { expect, it } from "vitest";
import { partsOf, wrongWith } from "./naming";

it("takes names of four parts with a delay", () => {
  expect(partsOf("Cart | Push 1 | 1h | Remind")).toEqual({ journey: "Cart", step: "Push 1", delay: "1h", intent: "Remind" });
  expect(wrongWith("Cart | Push 1 | 1h | Remind")).toBeNull();
  expect(wrongWith("Cart | Mail 1 | now | Tell")).toBeNull();
});

it("says what is wrong with the others", () => {
  expect(wrongWith("Cart - Push #1")).toBe("has 1 part, not four");
  expect(wrongWith("Cart | Push 1 |  | Remind")).toBe("has an empty part");
  expect(wrongWith("Cart | Push 1 | 1 hour | Remind")).toBe("its delay “1 hour” is not written like 30m, 1h or 2d");
});
