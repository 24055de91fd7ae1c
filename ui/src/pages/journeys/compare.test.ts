import { expect, it } from "vitest";
import { compare, differences, isSame } from "./compare";

const before = {
  id: "j", goal: { event: "e", within: "3d" },
  steps: [
    { id: "wait", delay: "1h" },
    { id: "fork", branch: { if: { attribute: "plan", is: "gold" }, then: [{ id: "gift", push: { title: "A" } }], else: [] } },
    { id: "bye", exit: {} },
  ],
};

it("tells steps that came, went, moved and changed apart", () => {
  const after = {
    id: "j", goal: { event: "e", within: "5d" },
    steps: [
      { id: "fork", branch: { if: { attribute: "plan", is: "silver" }, then: [], else: [{ id: "gift", push: { title: "B" } }] } },
      { id: "wait", delay: "1h" },
      { id: "more", delay: "1d" },
    ],
  };
  const changes = compare(before, after);
  expect(changes.added).toEqual(["more"]);
  expect(changes.removed).toEqual(["bye"]);
  expect(changes.moved).toEqual(["wait", "fork", "gift"]);
  expect(changes.changed).toEqual([
    { id: "fork", fields: [{ field: "branch.if.is", before: "gold", after: "silver" }] },
    { id: "gift", fields: [{ field: "push.title", before: "A", after: "B" }] },
  ]);
  expect(changes.journey).toEqual([{ field: "goal.within", before: "3d", after: "5d" }]);
  expect(isSame(changes)).toBe(false);
});

it("says that a step before which another was put did not move", () => {
  const after = { ...before, steps: [{ id: "first", delay: "1m" }, ...before.steps] };
  expect(compare(before, after)).toEqual({ added: ["first"], removed: [], moved: [], changed: [], journey: [] });
});

it("finds nothing between equal versions, whatever the order of keys", () => {
  expect(isSame(compare(before, structuredClone(before)))).toBe(true);
  expect(differences({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toEqual([]);
  expect(differences({ a: [1] }, { a: [1, 2], c: 1 })).toEqual([
    { field: "a", before: [1], after: [1, 2] }, { field: "c", before: undefined, after: 1 },
  ]);
});
