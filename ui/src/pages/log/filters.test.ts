import { expect, it } from "vitest";
import { bucketOf, filtersOf, toggled } from "./filters";

it("puts values into a filter and takes them out again", () => {
  expect(toggled(undefined, "ios")).toBe("ios");
  expect(toggled("ios", "android")).toBe("ios,android");
  expect(toggled("ios,android", "ios")).toBe("android");
  expect(toggled("ios", "ios")).toBeUndefined();
});

it("looks at seven days unless the address says otherwise, and passes on no state of the page", () => {
  expect(filtersOf({ tail: "1", platform: "ios", columns: "id" })).toEqual({ platform: "ios", range: "7d" });
});

it("counts by hour in short ranges", () => {
  expect(["24h", "today", "2026-11-03", "2d"].map(bucketOf)).toEqual(["hour", "hour", "hour", "hour"]);
  expect(["7d", "2026-11-01..2026-11-08", "4w"].map(bucketOf)).toEqual(["day", "day", "day"]);
});
