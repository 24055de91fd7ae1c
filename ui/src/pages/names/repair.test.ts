import { expect, it } from "vitest";
import { type Departure, given, isChosen, lacks, textOf } from "./repair";

const sure: Departure = {
  source: "campaign", source_id: 3, step_id: 2, name: "Cart - Push 2 - 1d - Help", breaches: [], repair: "Cart | Push 2 | 1d | Help", unknown: [],
};
const unsure: Departure = { ...sure, step_id: 3, name: "Push 3", repair: "Cart | Push 3 | - | -", unknown: ["delay", "intent"] };
const none = { texts: {}, chosen: {} };

it("chooses what is sure by itself, and gives nothing with an open part", () => {
  expect(isChosen(sure, none)).toBe(true);
  expect(isChosen(unsure, none)).toBe(false);
  expect(lacks(unsure.repair)).toContain("2 parts are open");
  expect(given([sure, unsure], none)).toEqual([{ source: "campaign", source_id: 3, step_id: 2, name: "Cart | Push 2 | 1d | Help" }]);
  expect(given([unsure], { texts: {}, chosen: { "campaign:3:3:": true } })).toEqual([]);
});

it("takes what was written in the place of a dash, and leaves out what was unchosen", () => {
  const choice = { texts: { "campaign:3:3:": "Cart | Push 3 | 2d | Urge" }, chosen: { "campaign:3:2:": false } };
  expect(textOf(unsure, choice)).toBe("Cart | Push 3 | 2d | Urge");
  expect(given([sure, unsure], choice).map((one) => one.name)).toEqual(["Cart | Push 3 | 2d | Urge"]);
});
