import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { rowCondition, rowsOf } from "./conditions";
import { housed } from "./faults";
import { begin, commit, type History, redo, seal, undo } from "./history";
import { type Bag, put, readPath, same } from "./json";
import { elapsed, inName, KINDS, kindOf, minutesOf, newStep } from "./kinds";
import { END, picture, placeWords, places, START } from "./layout";
import {
  change, connect, connects, type Draft, duplicate, everyStep, find, fits, freshId, insert, move, openEnds, remove, rename, shift, stepsOf,
  TRUNK, undrawable,
} from "./steps";
import { wordsOf } from "./words";

const FOLDER = new URL("../../../../../../journeys/", import.meta.url);
const READY = readdirSync(FOLDER)
  .filter((file) => file !== "schema.json")
  .map((file): [string, Draft] => [file, JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Draft]);

const ids = (draft: Draft): string[] => everyStep(draft).map(({ step }) => step.id);
const draft = (steps: Bag[]): Draft => ({ id: "j", name: "J", trigger: { event: "e" }, steps });
const forked = (): Draft =>
  draft([
    { id: "first", delay: "1h" },
    { id: "fork", branch: { if: { attribute: "plan", is: "gold" }, then: [{ id: "gift", delay: "2h" }], else: [] } },
    { id: "last", delay: "1d" },
  ]);

/** Numbers between 0 and 1, the same for the same seed (mulberry32). */
function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** One edit at random, as somebody at the picture makes it. */
function edited(of: Draft, roll: () => number): Draft {
  const all = ids(of);
  const id = all[Math.floor(roll() * all.length)] ?? "";
  const spots = places(of);
  const spot = spots[Math.floor(roll() * spots.length)]?.spot ?? { way: TRUNK, at: 0 };
  const kind = KINDS[Math.floor(roll() * KINDS.length)]?.name ?? "delay";
  switch (Math.floor(roll() * 8)) {
    case 0: return remove(of, id);
    case 1: return move(of, id, spot);
    case 2: return duplicate(of, id).draft;
    case 3: return shift(of, id, roll() < 0.5 ? -1 : 1);
    case 4: return all.length > 0 ? rename(of, id, freshId(of, "renamed")) : of;
    case 5: return connect(of, id, all[Math.floor(roll() * all.length)] ?? "");
    default: return insert(of, spot, newStep(of, spot, kind));
  }
}

describe("edits at random", () => {
  it.each(READY)("%s: ids stay unique, moving keeps every step, undo restores each state exactly", (_, ready) => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const roll = dice(seed);
      let history: History<Draft> = begin(ready);
      const states = [JSON.stringify(ready)];
      for (let nth = 0; nth < 25; nth += 1) {
        const next = edited(history.now.state, roll);
        if (next !== history.now.state) states.push(JSON.stringify(next));
        history = commit(history, next, "edit");
        expect(undrawable(next), `seed ${seed}, edit ${nth}`).toBeNull();
      }
      for (let nth = states.length - 1; nth > 0; nth -= 1) {
        expect(JSON.stringify(history.now.state)).toBe(states[nth]);
        history = undo(history);
      }
      expect(history.now.state).toBe(ready);
      for (let nth = 1; nth < states.length; nth += 1) history = redo(history);
      expect(JSON.stringify(history.now.state)).toBe(states.at(-1));
    }
  });

  it.each(READY)("%s: whatever is not edited stays as it is, unknown fields too", (_, ready) => {
    const strange: Draft = { ...ready, future: { a: [1, { b: null }] } };
    for (let seed = 1; seed <= 40; seed += 1) {
      const roll = dice(seed);
      let now = strange;
      for (let nth = 0; nth < 12; nth += 1) now = edited(now, roll);
      for (const key of Object.keys(strange).filter((key) => key !== "steps" && key !== "qa")) {
        expect(now[key]).toBe(strange[key]);
      }
      expect(Object.keys(now)).toEqual(Object.keys(strange));
    }
  });

  it.each(READY)("%s: a move takes nothing away and adds nothing", (_, ready) => {
    for (const id of ids(ready)) {
      for (const { spot } of places(ready)) {
        const moved = move(ready, id, spot);
        expect(ids(moved).sort()).toEqual(ids(ready).sort());
        expect(same(find(moved, id)?.step, find(ready, id)?.step)).toBe(true);
      }
    }
  });
});

describe("steps", () => {
  it("move into a way, and never into themselves", () => {
    const into = { way: { parent: "fork", key: ["branch", "else"] }, at: 0 };
    const moved = move(forked(), "first", into);
    expect(stepsOf(moved, into.way).map((step) => step.id)).toEqual(["first"]);
    expect(ids(moved)).toEqual(["fork", "gift", "first", "last"]);
    expect(fits(forked(), "fork", into)).toBe(false);
    const same = forked();
    expect(move(same, "fork", into)).toBe(same);
  });

  it("go up and down among their neighbours", () => {
    expect(ids(shift(forked(), "last", -1))).toEqual(["first", "last", "fork", "gift"]);
    expect(ids(shift(forked(), "first", 1))).toEqual(["fork", "gift", "first", "last"]);
    const top = forked();
    expect(shift(top, "first", -1)).toBe(top);
  });

  it("are copied with all that is in them, under other ids, and jumps within the copy stay within it", () => {
    const of = draft([
      { id: "fork", branch: { if: {}, then: [{ id: "jump", go_to: "inner" }], else: [{ id: "inner", delay: "1h" }] } },
      { id: "away", go_to: "end" },
      { id: "end", delay: "1h" },
    ]);
    const { draft: copied, id } = duplicate(of, "fork");
    expect(ids(copied)).toEqual(["fork", "jump", "inner", id, "jump-2", "inner-2", "away", "end"]);
    expect(find(copied, "jump-2")?.step["go_to"]).toBe("inner-2");
    expect(find(copied, "jump")?.step["go_to"]).toBe("inner");
  });

  it("are renamed wherever somebody names them", () => {
    const of = {
      ...draft([{ id: "jump", go_to: "push" }, { id: "push", push: { title: "T" } }]),
      qa: [{ name: "q", expect: [{ step: "push", is: "sent" }, { step: "push/sms", is: "sent" }, { step: "other", is: "sent" }] }],
    };
    const renamed = rename(of, "push", "hello");
    expect(ids(renamed)).toEqual(["jump", "hello"]);
    expect(find(renamed, "jump")?.step["go_to"]).toBe("hello");
    expect(JSON.stringify(renamed["qa"])).toBe(
      '[{"name":"q","expect":[{"step":"hello","is":"sent"},{"step":"hello/sms","is":"sent"},{"step":"other","is":"sent"}]}]',
    );
  });

  it("are connected from the end of a way to a later step only", () => {
    expect(connects(forked(), "gift", "last")).toBe(true);
    expect(connects(forked(), "last", "first")).toBe(false);
    expect(connects(forked(), "first", "last")).toBe(false);
    expect(connects(forked(), "fork", "gift")).toBe(false);
    const joined = connect(forked(), "gift", "last");
    expect(find(joined, "to-last")?.step["go_to"]).toBe("last");
    expect(picture(joined).lines.filter((line) => line.jump)).toEqual([{ id: "to-last»last", from: "to-last", to: "last", jump: true }]);
  });

  it("are open ends exactly where something can be connected", () => {
    for (const of of [forked(), ...READY.map(([, ready]) => ready)]) {
      const found = ids(of).filter((from) => ids(of).some((to) => connects(of, from, to)));
      expect([...openEnds(of)]).toEqual(found);
    }
  });

  it("begin complete, each type under its own key, and are told apart", () => {
    for (const kind of KINDS) {
      const spot = { way: TRUNK, at: 1 };
      const step = newStep(forked(), spot, kind.name);
      expect(kindOf(step)?.name).toBe(kind.name);
      expect(wordsOf(step).lines.length).toBeGreaterThan(0);
      expect(undrawable(insert(forked(), spot, step))).toBeNull();
    }
  });

  it("take the delay of their name from what was waited before", () => {
    const spot = { way: { parent: "fork", key: ["branch", "then"] }, at: 1 };
    expect(elapsed(forked(), spot)).toBe(180);
    expect(newStep(forked(), spot, "push")["name"]).toEqual({ step: "Push 1", delay: "3h", intent: "Remind" });
    expect([0, 90, 1_440, 20_160].map(inName)).toEqual(["now", "90m", "1d", "2w"]);
    expect(["0", "1h30m", "soon", 5].map(minutesOf)).toEqual([0, 90, null, null]);
  });

  it("that have no id, or one that another has, cannot be drawn", () => {
    expect(undrawable({})).toMatch(/no list of steps/);
    expect(undrawable(draft([{ delay: "1h" }]))).toMatch(/has no id/);
    expect(undrawable(draft([{ id: "a", exit: {} }, { id: "a", exit: {} }]))).toMatch(/Two steps are called a/);
    expect(undrawable({ steps: [3] })).toMatch(/has no id/);
  });
});

describe("the picture", () => {
  it.each(READY)("%s: no two boxes cover each other, and every line joins two that are there", (_, ready) => {
    const { boxes, lines } = picture(ready);
    for (const [place, one] of boxes.entries()) {
      for (const other of boxes.slice(place + 1)) {
        const apart =
          one.x + one.width <= other.x || other.x + other.width <= one.x || one.y + one.height <= other.y || other.y + other.height <= one.y;
        expect(apart, `${one.id} and ${other.id}`).toBe(true);
      }
    }
    const known = new Set(boxes.map((box) => box.id));
    for (const line of lines) expect(known.has(line.from) && known.has(line.to)).toBe(true);
    for (const box of boxes.slice(1)) expect(lines.some((line) => line.to === box.id), box.id).toBe(true);
  });

  it("joins the ways of a branch, and offers nothing behind an exit", () => {
    const of = change(forked(), "fork", ["branch", "else"], [{ id: "bye", exit: {} }]);
    const { boxes, lines } = picture(of);
    const into = (id: string) => lines.filter((line) => line.to === id).map((line) => line.from);
    expect(into("+/steps/2")).toEqual(["+fork/branch.then/1"]);
    expect(boxes.some((box) => box.id === "+fork/branch.else/1")).toBe(false);
    expect(boxes.find((box) => box.id === "+fork/branch.then/0")?.label).toBe("yes");
    expect(boxes[0]?.id).toBe(START);
    expect(into(END)).toEqual(["+/steps/3"]);
  });

  it("says in words where a step can go", () => {
    expect(places(forked()).map(({ says }) => says)).toEqual([
      "at the beginning", "after first", "at the beginning of fork: yes", "after gift", "at the beginning of fork: no", "after fork", "after last",
    ]);
    expect(placeWords(forked(), { way: TRUNK, at: 3 })).toBe("after last");
  });
});

describe("the history", () => {
  it("takes letters that are typed into one field as one edit, until it is sealed", () => {
    let history = begin("");
    for (const text of ["H", "He", "Hel"]) history = commit(history, text, "type", "title");
    history = commit(seal(history), "Hell", "type", "title");
    expect(undo(history).now.state).toBe("Hel");
    expect(undo(undo(history)).now.state).toBe("");
    expect(undo(undo(undo(history))).now.state).toBe("");
    expect(redo(undo(history)).now.state).toBe("Hell");
  });

  it("forgets what was undone when something else is done", () => {
    const history = commit(undo(commit(begin(1), 2, "two")), 3, "three");
    expect(redo(history)).toBe(history);
    expect(undo(history).now.state).toBe(1);
  });
});

describe("faults", () => {
  it("stand at the innermost step that their path names", () => {
    const fault = (path: string) => ({ path, wrong: "w", fix: "f" });
    const of = (path: string) => {
      const { step, path: rest } = housed(forked(), fault(path));
      return [step, rest];
    };
    expect(of("steps[1].branch.then[0].delay")).toEqual(["gift", ["delay"]]);
    expect(of("steps[1].branch.if.attribute")).toEqual(["fork", ["branch", "if", "attribute"]]);
    expect(of("goal.basis")).toEqual([null, ["goal", "basis"]]);
    expect(of("steps[9]")).toEqual([null, ["steps", 9]]);
    expect(readPath('a["b.c"].d[2]')).toEqual(["a", "b.c", "d", 2]);
  });
});

describe("conditions", () => {
  it("that rows can say are written again as they were", () => {
    for (const condition of [
      { attribute: "plan", is: "gold" },
      { attribute: "age", less_than: 18 },
      { not: { event: "order_completed", within: "1h" } },
      { all: [{ event: "purchase", count: { at_least: 2 } }, { token: "has" }] },
      { any: [{ segment: 3 }, { this_event: "total", at_least: 50 }] },
      { reachable: "sms" },
      { message: "opened", within: "7d" },
    ]) {
      const rows = rowsOf(condition);
      expect(rows, JSON.stringify(condition)).not.toBeNull();
      expect(rows && rowCondition(rows)).toEqual(condition);
    }
  });

  it("that rows cannot say are left alone", () => {
    for (const condition of [
      { attribute: "age", at_least: 18, less_than: 65 },
      { event: "e", where: [{ data: "total", at_least: 50 }] },
      { all: [{ any: [{ token: "has" }, { token: "none" }] }, { token: "has" }] },
      { attribute: "vip", is: true },
      { all: [{ token: "has" }] },
      { device: { platform: "ios" } },
    ]) {
      expect(rowsOf(condition), JSON.stringify(condition)).toBeNull();
    }
  });
});

it("puts and takes away without touching what stands beside it", () => {
  const value = { a: { b: 1, c: [1, 2, 3] }, d: {} };
  const next = put(value, ["a", "c", 1], undefined) as typeof value;
  expect(next).toEqual({ a: { b: 1, c: [1, 3] }, d: {} });
  expect(next.d).toBe(value.d);
  expect(put({}, ["goal", "refund", "same"], "id")).toEqual({ goal: { refund: { same: "id" } } });
  expect(value.a.c).toEqual([1, 2, 3]);
  expect(find(draft([{ id: "x", delay: "1h" }]), "x")?.step["delay"]).toBe("1h");
});
