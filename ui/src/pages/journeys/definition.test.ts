import { expect, it } from "vitest";
import { triggerWords, written } from "./definition";

it("writes what one looks for first, and changes nothing else", () => {
  const definition = { alert: {}, id: "j", steps: [{ delay: "1h", id: "s" }], name: "J" };
  const text = written(definition);
  expect(JSON.parse(text)).toEqual(definition);
  expect(Object.keys(JSON.parse(text) as object)).toEqual(["id", "name", "steps", "alert"]);
});

it("says what starts runs", () => {
  expect(triggerWords({ event: "cart_updated" })).toBe("“cart_updated” happens");
  expect(triggerWords("api")).toBe("a call (api)");
  expect(triggerWords({ segment_entered: 3 })).toBe("enters segment 3");
});
