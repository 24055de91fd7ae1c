import { expect, it } from "vitest";
import { readSearch } from "../../search";
import { queryOf } from "./Views";

it("keeps the whole state of the log but what is live, and reads it back", () => {
  const search = { range: "2026-11-01..2026-11-08", app_version: "5.20", q: "cart & more", columns: "time,person" };
  const query = queryOf({ ...search, tail: "1" });
  expect(query).not.toContain(" ");
  expect(readSearch(query)).toEqual(search);
  expect(queryOf({})).toBe("");
});
