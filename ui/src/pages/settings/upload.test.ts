import { expect, it } from "vitest";
import { cells, cut } from "./upload";

const bytes = (text: string) => new TextEncoder().encode(text);

it("cuts at the end of a line", () => {
  expect(cut(bytes("ab\ncd\nef\n"), 100)).toBe(9);
  expect(cut(bytes("ab\ncd\nef\n"), 7)).toBe(6);
  expect(cut(bytes("ab\ncd\n"), 3)).toBe(3);
});

it("sends a line that is longer than a piece as it is", () => {
  expect(cut(bytes("abcdefgh"), 4)).toBe(8);
});

it("reads the header of a CSV file", () => {
  expect(cells('id,"first, name",e-mail')).toEqual(["id", "first, name", "e-mail"]);
  expect(cells('a,"b ""c""",')).toEqual(["a", 'b "c"', ""]);
});
