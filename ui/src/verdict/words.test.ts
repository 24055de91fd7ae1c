import { expect, it } from "vitest";
import type { Judged, Verdict } from "./diagnosis";
import { amount, evidence, headline, sentence, where } from "./words";

const WEEK = { from_ms: 1_795_000_000_000, to_ms: 1_795_000_000_000 + 7 * 86_400_000 };

const verdict = (change: Partial<Verdict> = {}): Verdict => ({
  problem: "delivery",
  cause: "not_received",
  reason: null,
  factor: "delivered",
  place: { slice: { platform: "ios", app_version: "5.2" }, also: [], p_value: 0.001, share: 0.97 },
  rates: { before: 0.9, after: 0.02 },
  since: { at_ms: 1, earliest_ms: 1, latest_ms: 1, before: 0.9, after: 0.6 },
  money: { lost: 14_980, interval: { low: 12_000, high: 16_000 }, gross: 14_980, share: 0.2 },
  confidence: "high",
  facts: [],
  release: null,
  coincides: [],
  says: "",
  ...change,
});

const judged = (standing: Judged["standing"], change: Partial<Verdict> = {}): Judged => ({
  journey: "campaign:31", name: "Cart Recovery", standing, verdict: verdict(change), unit: "EUR", people_before: 900, people: 910,
});

it("says who loses how much a day, where, in one sentence", () => {
  const one = judged("losing");
  expect(sentence(one, WEEK)).toBe("is losing €2,140 a day: iOS 5.2 does not deliver");
  const others = ["a", "b", "c"].map((journey) => ({ ...judged("healthy"), journey, name: journey }));
  expect(headline({ verdicts: [one, ...others], pending: [] }, WEEK)).toBe(
    "Cart Recovery is losing €2,140 a day: iOS 5.2 does not deliver. 3 journeys are healthy.",
  );
});

it("begins with the journey that loses most, and counts the others", () => {
  const one = { ...judged("losing", { money: { ...verdict().money, lost: 70 } }), journey: "campaign:5", name: "Win-back" };
  const without = { ...verdict().money, lost: 0, gross: 0 };
  const silent = { ...judged("losing", { money: without }), journey: "campaign:6", name: "Release Check" };
  expect(headline({ verdicts: [one, silent, judged("losing"), judged("healthy")], pending: [] }, WEEK)).toBe(
    "Cart Recovery is losing €2,140 a day: iOS 5.2 does not deliver. 2 journeys more are ill, 1 journey is healthy.",
  );
  expect(sentence(silent, WEEK)).toBe("has a problem: iOS 5.2 does not deliver");
});

it("counts what is lost in opens where nothing is sold, and says less where less fell", () => {
  const little = { money: { ...verdict().money, lost: 210 }, rates: { before: 0.9, after: 0.6 } };
  expect(sentence({ ...judged("losing", little), unit: "opens" }, WEEK)).toBe("is losing 30 opens a day: iOS 5.2 delivers less");
});

it("does not call a loss what other channels caught, what is not reported, or the season", () => {
  const caught = { money: { ...verdict().money, lost: -3, gross: 40 } };
  expect(sentence(judged("losing", caught), WEEK)).toBe("has a problem that other channels catch: iOS 5.2 does not deliver");
  expect(sentence(judged("unreported", { problem: "measurement", cause: "receipts_lost" }), WEEK)).toBe(
    "arrives, but receipts are missing on iOS 5.2: messages are opened as before",
  );
  expect(sentence(judged("quieter", { problem: "seasonality", cause: "season" }), WEEK)).toContain("the season, not the journey");
});

it("names causes in words, with the place behind them", () => {
  const place = { ...verdict().place, slice: { platform: "ios,android", os_version: "19.1" } };
  expect(sentence(judged("losing", { cause: "token_churn", place }), WEEK)).toContain("tokens became invalid on iOS or Android, system 19.1");
  expect(where({})).toBe("");
  expect(where({ app_version: "none" })).toBe("app version unknown");
});

it("tells of journeys that are still being judged, and that nothing was sent", () => {
  expect(headline({ verdicts: [], pending: [{}] }, WEEK)).toBe("1 journey is being judged.");
  expect(headline({ verdicts: [], pending: [] }, WEEK)).toContain("No push was sent");
});

it("opens the rows that lack what fell", () => {
  expect(evidence(judged("losing"), WEEK)).toEqual({
    journey: "campaign:31", channel: "push", range: "1795000000..1795604800", platform: "ios", app_version: "5.2", lacks: "delivered",
  });
});

it("writes amounts with their unit and, where asked, their sign", () => {
  expect(amount(2140.4, "EUR")).toBe("€2,140");
  expect(amount(1.5, "EUR", true)).toBe("+€1.50");
  expect(amount(-250.7, "EUR", true)).toBe("-€251");
  expect(amount(12.4, "orders")).toBe("12 orders");
  expect(amount(1.62, "orders")).toBe("1.6 orders");
  expect(amount(1.02, "opens", true)).toBe("+1 open");
});
