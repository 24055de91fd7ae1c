import { describe, expect, it } from "vitest";
import type { Schemas } from "../api/client";
import { fallOf, headline, judge, sentence } from "./verdict";

/** Wilson's interval at 95 %, as the server computes it. */
function rate(hits: number, of: number): Schemas["RateAnswer"] {
  const z = 1.96;
  const p = of === 0 ? 0 : hits / of;
  const middle = (p + (z * z) / (2 * of)) / (1 + (z * z) / of);
  const half = (z / (1 + (z * z) / of)) * Math.sqrt((p * (1 - p)) / of + (z * z) / (4 * of * of));
  return { numerator: "", denominator: "", hits, of, value: p, low: middle - half, high: middle + half };
}

function line(group: Record<string, string>, sent: number, delivered: number): Schemas["Line"] {
  return {
    group: Object.entries(group).map(([dimension, value]) => ({
      dimension,
      value,
      ...(dimension === "journey" ? { label: "Cart Recovery" } : {}),
    })),
    counts: { sent, delivered, reached: sent },
    rates: { "sent/reached": rate(sent, sent), "delivered/sent": rate(delivered, sent) },
    delays: {},
    revenue: {},
    settling: false,
  };
}

const cart = { journey: "campaign:1" };
const ios = { ...cart, platform: "ios" };

describe("the verdict", () => {
  it("names the one app version that does not deliver, even when it is new", () => {
    const [verdict] = judge(
      { now: [line(cart, 2000, 1000)], before: [line(cart, 2000, 1500)] },
      { now: [], before: [line(ios, 1000, 750)] },
      {
        now: [line({ ...ios, app_version: "5.2" }, 800, 40), line({ ...ios, app_version: "5.1" }, 200, 150)],
        before: [line({ ...ios, app_version: "5.1" }, 1000, 750)],
      },
      7,
    );
    expect(verdict?.state).toBe("losing");
    expect(verdict?.slice).toMatchObject({ platform: "ios", version: "5.2" });
    expect(sentence(verdict!)).toBe("is losing 71 a day: iOS 5.2 does not deliver (5.0 %, before 75 %)");
  });

  it("says healthy when the intervals meet", () => {
    const [verdict] = judge(
      { now: [line(cart, 500, 360)], before: [line(cart, 500, 375)] },
      { now: [], before: [] },
      { now: [], before: [] },
      7,
    );
    expect(verdict?.state).toBe("healthy");
  });

  it("does not judge on little data", () => {
    const [verdict] = judge(
      { now: [line(cart, 30, 0)], before: [line(cart, 900, 700)] },
      { now: [], before: [] },
      { now: [], before: [] },
      7,
    );
    expect(verdict?.state).toBe("unsure");
    expect(sentence(verdict!)).toBe("has sent too little to judge");
  });

  it("blames nobody when no part explains half of the fall", () => {
    const now = ["5.0", "5.1", "5.2"].map((version) => line({ ...ios, app_version: version }, 600, 300));
    const before = ["5.0", "5.1", "5.2"].map((version) => line({ ...ios, app_version: version }, 600, 450));
    const [verdict] = judge(
      { now: [line(cart, 1800, 900)], before: [line(cart, 1800, 1350)] },
      { now: [], before: [] },
      { now, before },
      7,
    );
    expect(verdict?.slice).toBeUndefined();
    expect(sentence(verdict!)).toContain("less is delivered");
  });

  it("needs a fall that matters, however certain it is", () => {
    expect(fallOf("delivered", rate(700_000, 1_000_000), rate(690_000, 1_000_000), 7)).toBeUndefined();
  });

  it("begins with the sum of it all", () => {
    const of = (state: "healthy" | "losing" | "unsure") => ({ journey: "", name: "", state });
    expect(headline([of("losing"), of("healthy"), of("healthy"), of("unsure")])).toBe(
      "1 journey is losing messages, 2 journeys healthy, 1 journey with too little to judge.",
    );
    expect(headline([])).toBe("Nothing was sent in the last two weeks.");
  });
});
