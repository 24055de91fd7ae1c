import { expect, it } from "vitest";
import { afterWords } from "../QaTable";
import { sortOf, valueOf } from "./ChangesField";
import { inside, type Part } from "./editing";
import { daysOf, freshKey, writeDays } from "./fields";
import { evenShares } from "./forms/decide";
import { triggerKind } from "./forms/trigger";
import { FILTERS } from "./LiquidHelp";
import { readFileSync } from "node:fs";

it("reads days however they are written, and writes them as short as can be", () => {
  const all = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
  expect(daysOf(undefined)).toEqual(all);
  expect(daysOf("weekdays")).toEqual(all.slice(0, 5));
  expect(daysOf(["weekend", "Monday"])).toEqual(["mon", "sat", "sun"]);
  expect(writeDays(all)).toBeUndefined();
  expect(writeDays(all.slice(5))).toBe("weekend");
  expect(writeDays(["tue"])).toEqual(["tue"]);
});

it("keeps the sort of a value that is set", () => {
  for (const value of ["gold", "5", 5, 49.9, true, false, { from: "event.sku" }, [1, { a: null }], null]) {
    const { sort, text } = sortOf(value);
    expect(valueOf(sort, text)).toEqual(value);
  }
  expect(valueOf("number", "many")).toBe("many");
});

it("shares a hundred evenly to the hundredth", () => {
  for (const count of [1, 2, 3, 6, 7, 26]) {
    const shares = evenShares(count);
    expect(shares).toHaveLength(count);
    expect(Math.round(shares.reduce((sum, share) => sum + share * 100, 0))).toBe(10_000);
    expect(Math.max(...shares) - Math.min(...shares)).toBeLessThan(0.011);
  }
});

it("tells what starts a journey by its key", () => {
  expect(["api", { webhook: {} }, { event: "e" }, { date: {} }].map(triggerKind)).toEqual(["api", "webhook", "event", "date"]);
});

it("says times after the start in two units", () => {
  expect([0, 90_000, 3_600_000, 90_061_000].map(afterWords)).toEqual(["at once", "1m 30s", "1h", "1d 1h"]);
});

it("finds a name that no row has", () => {
  expect(freshKey([["name_2", ""]])).toBe("name_3");
  expect(freshKey([])).toBe("name_1");
});

it("gives a part within a part its own faults and edits", () => {
  const edits: unknown[] = [];
  const fault = { path: "", wrong: "w", fix: "f" };
  const part: Part = {
    value: { reach: { channels: [{ push: { title: "T" } }] } },
    name: "step",
    faults: [
      { fault, step: "step", path: ["reach", "channels", 0, "push", "title"] },
      { fault, step: "step", path: ["reach", "channels", 1, "sms"] },
    ],
    set: (path, value) => edits.push([path, value]),
  };
  const channel = inside(part, ["reach", "channels", 0]);
  expect(channel.value).toEqual({ push: { title: "T" } });
  expect(channel.faults.map((one) => one.path)).toEqual([["push", "title"]]);
  channel.set(["push", "title"], "U");
  expect(edits).toEqual([[["reach", "channels", 0, "push", "title"], "U"]]);
});

it("names no filter that the documents do not know", () => {
  const known = readFileSync(new URL("../../../../../docs/concepts/liquid.md", import.meta.url), "utf8");
  const filters = FILTERS.flatMap(([, names]) => names.split(" "));
  expect(filters.filter((name) => !known.includes(`\`${name}\``))).toEqual([]);
});
