import { expect, it } from "vitest";
import { Cutter } from "./stream";

it("joins events that arrive in pieces, and passes over comments", () => {
  const cutter = new Cutter();
  expect(cutter.push(": keep\n\nevent: delivery\nda")).toEqual([]);
  expect(cutter.push('ta: {"id":1}\n')).toEqual([]);
  expect(cutter.push("\nevent: delivery\r\ndata: a\r\ndata: b\r\n\r\n")).toEqual([
    { name: "delivery", data: '{"id":1}' },
    { name: "delivery", data: "a\nb" },
  ]);
});
