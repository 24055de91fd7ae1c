import { expect, it } from "vitest";
import { only, readSearch, writeSearch } from "./search";

it("keeps versions as they are written", () => {
  expect(readSearch("?app_version=5.20&q=a+b")).toEqual({ app_version: "5.20", q: "a b" });
  expect(readSearch(writeSearch({ app_version: "5.20", q: "a & b", gone: undefined }))).toEqual({
    app_version: "5.20",
    q: "a & b",
  });
  expect(writeSearch({})).toBe("");
});

it("drops what a page does not know", () => {
  expect(only(["a"] as const)({ a: "1", b: "2" })).toEqual({ a: "1" });
});
