import { expect, it } from "vitest";
import { backtestInWords, draftOf, EMPTY, idOf, inner, lasted, rolling, ruleInWords, ruleOf, whole } from "./alerts";

it("makes a rule of a form and the same form of the rule again", () => {
  const draft = { ...EMPTY, platform: "ios", when: "fell_by" as const, percent: 25.5, notify: "slack:push, email:a@shop.example" };
  const rule = ruleOf(draft);
  expect(rule).toEqual({
    id: "delivered-ios", metric: "delivered", where: { platform: "ios" }, fell_by: 0.255, against: "week_before",
    over_minutes: 60, at_least: 100, notify: ["slack:push", "email:a@shop.example"],
  });
  expect(draftOf(rule)).toEqual({ ...draft, id: "delivered-ios" });
});

it("reads a rule that leaves out what nobody said", () => {
  const rule = whole({ id: "a", metric: "delivered", below: 0.6 });
  expect(draftOf(rule)).toEqual({ ...EMPTY, id: "a" });
  expect(ruleInWords(rule)).toContain("over 60 min, from 100 cases on");
});

it("asks for nothing else where a metric stops altogether", () => {
  const rule = ruleOf({ ...EMPTY, metric: "heartbeat", when: "absent" });
  expect(rule).toMatchObject({ absent: true });
  expect(rule.below).toBeUndefined();
  expect(ruleInWords(rule)).toBe("messages at all stops, over 60 min, from 100 cases on");
});

it("says rules in words", () => {
  expect(ruleInWords(ruleOf({ ...EMPTY, platform: "android", percent: 62.5 }))).toBe(
    "delivered of accepted on Android is below 62.5 %, over 60 min, from 100 cases on",
  );
  expect(ruleInWords(ruleOf({ ...EMPTY, when: "rose_by", metric: "bounced", percent: 50 }))).toContain("is 50 % more than the week before");
});

it("says what a rule would have done, and that it cannot tell", () => {
  const test = { days: 28, episodes: [], hits: [], misses: [], without_incident: 0, messages_a_month: 0, too_little: 3, moments: 2_688 };
  expect(backtestInWords(test)).toBe("It would have stayed silent for all of 28 days, which is 0 messages a month.");
  const episode = { from_ms: 0, to_ms: 1, words: "", incidents: [] };
  const loud = { ...test, episodes: [episode, episode], hits: [{ id: "inc-1", after_ms: 0 }], misses: ["inc-2"], messages_a_month: 6.44 };
  expect(backtestInWords(loud)).toBe("It would have sounded 2 times in 28 days, which is 6.4 messages a month. Of 2 known incidents it would have caught 1.");
  expect(backtestInWords({ ...test, too_little: 2_688 })).toContain("Every moment had too few cases");
  expect(backtestInWords({ ...test, moments: 0 })).toContain("nothing to look back on");
});

it("writes names, links and lengths", () => {
  expect(idOf("Delivered, iOS 5.2!")).toBe("delivered-ios-5-2");
  expect(inner("/deliveries?platform=ios&range=1..2")).toBe("platform=ios&range=1..2");
  expect(inner("/deliveries")).toBe("");
  expect([lasted(0, 1_800_000), lasted(0, 7_200_000), lasted(0, 259_200_000)]).toEqual(["30 min", "2 h", "3 days"]);
});

it("measures over the whole window of a rule, and nothing where nothing was sent", () => {
  const quarter = 900_000;
  const points = [[4, 4], [4, 0], [0, 0], [0, 0], [0, 0]].map(([cases = 0, hits = 0], at) => ({ at_ms: at * quarter, cases, hits }));
  expect(rolling(points, 30)).toEqual([1, 0.5, 0, null, null]);
});
