/** The steps of a definition as a tree, and the edits of it: functions from a definition to a definition. */
import { at, type Bag, isBag, type Path, put } from "./json";

/** A definition that is being edited: whatever JSON stands in it, with steps that can be drawn. */
export type Draft = Bag;

export interface Step extends Bag {
  id: string;
}

/** A list of steps: that of the journey, or one way of the step that is its parent. */
export interface Way {
  parent: string | null;
  /** Where the list stands within the parent, such as `["branch", "then"]`. */
  key: Path;
}

/** A place for a step: before the one that stands there now. */
export interface Spot {
  way: Way;
  at: number;
}

export interface Placed {
  step: Step;
  spot: Spot;
  /** Where it stands in the file. */
  path: Path;
}

/** A way on from a step, with what is written on it. */
export interface Fork {
  key: Path;
  label: string;
}

export const TRUNK: Way = { parent: null, key: ["steps"] };

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const share = (way: unknown): string => {
  const { id, percent } = isBag(way) ? way : {};
  return `${String(id ?? "?")}, ${String(percent ?? "?").replace(/\s*%$/, "")} %`;
};

/** The ways on from a step that has several. */
export function forksOf(step: Bag): Fork[] {
  if (isBag(step["branch"])) {
    return [
      { key: ["branch", "then"], label: "yes" },
      { key: ["branch", "else"], label: "no" },
    ];
  }
  if (isBag(step["multi_branch"])) {
    const paths = list(step["multi_branch"]["paths"]).map((_, place) => ({
      key: ["multi_branch", "paths", place, "steps"],
      label: `way ${place + 1}`,
    }));
    return [...paths, { key: ["multi_branch", "else"], label: "otherwise" }];
  }
  for (const [kind, ways] of [["split", "paths"], ["ab_test", "variants"]] as const) {
    if (isBag(step[kind])) {
      return list(step[kind][ways]).map((way, place) => ({ key: [kind, ways, place, "steps"], label: share(way) }));
    }
  }
  return [];
}

function walk(steps: unknown, way: Way, path: Path, visit: (placed: Placed) => void): void {
  list(steps).forEach((step, place) => {
    const here = { step: step as Step, spot: { way, at: place }, path: [...path, place] };
    visit(here);
    for (const fork of forksOf(here.step)) {
      walk(at(here.step, fork.key), { parent: here.step.id, key: fork.key }, [...here.path, ...fork.key], visit);
    }
  });
}

/** Every step with its place, in the order of the file. */
export function everyStep(draft: Draft): Placed[] {
  const found: Placed[] = [];
  walk(draft["steps"], TRUNK, ["steps"], (placed) => found.push(placed));
  return found;
}

export function find(draft: Draft, id: string): Placed | undefined {
  return everyStep(draft).find((placed) => placed.step.id === id);
}

/** Why a definition cannot be drawn; null: it can. */
export function undrawable(draft: Draft): string | null {
  if (!Array.isArray(draft["steps"])) return "It has no list of steps: write \"steps\": [].";
  const seen = new Set<string>();
  let wrong: string | null = null;
  walk(draft["steps"], TRUNK, ["steps"], ({ step, path }) => {
    const id = isBag(step) ? step["id"] : undefined;
    if (typeof id !== "string" || id === "") wrong ??= `A step at ${path.join(".")} has no id: give it one.`;
    else if (seen.has(id)) wrong ??= `Two steps are called ${id}: rename one.`;
    else seen.add(id);
  });
  return wrong;
}

export const sameWay = (one: Way, other: Way): boolean =>
  one.parent === other.parent && one.key.join("/") === other.key.join("/");

function pathOf(draft: Draft, way: Way): Path | undefined {
  if (way.parent === null) return way.key;
  const parent = find(draft, way.parent);
  return parent && [...parent.path, ...way.key];
}

/** The steps of a way; none where the list is not written. */
export function stepsOf(draft: Draft, way: Way): Step[] {
  const path = pathOf(draft, way);
  return path ? (list(at(draft, path)) as Step[]) : [];
}

/** An id like the one that is wished for which no step has: `push`, `push-2`, … */
export function freshId(draft: Draft, wish: string, also: ReadonlySet<string> = new Set()): string {
  const taken = new Set([...everyStep(draft).map(({ step }) => step.id), ...also]);
  const stem = wish.toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+|-+$/g, "").slice(0, 56) || "step";
  if (!taken.has(stem)) return stem;
  const base = stem.replace(/-\d+$/, "");
  let nth = 2;
  while (taken.has(`${base}-${nth}`)) nth += 1;
  return `${base}-${nth}`;
}

export function insert(draft: Draft, spot: Spot, step: Step): Draft {
  const path = pathOf(draft, spot.way);
  if (!path) return draft;
  const steps = stepsOf(draft, spot.way);
  return put(draft, path, [...steps.slice(0, spot.at), step, ...steps.slice(spot.at)]) as Draft;
}

export function remove(draft: Draft, id: string): Draft {
  const placed = find(draft, id);
  return placed ? (put(draft, placed.path, undefined) as Draft) : draft;
}

/** Whether a step may be put there: a step cannot stand within itself. */
export function fits(draft: Draft, id: string, spot: Spot): boolean {
  const placed = find(draft, id);
  if (!placed) return false;
  const inside = everyStep({ steps: [placed.step] }).some(({ step }) => step.id === spot.way.parent);
  return !inside;
}

/** Whether a step stands there already, before or behind the spot. */
export function staysAt(placed: Placed, spot: Spot): boolean {
  const { way, at: place } = placed.spot;
  return sameWay(way, spot.way) && (spot.at === place || spot.at === place + 1);
}

/** The step, with all that is in it, at another spot; spots count as they did before. */
export function move(draft: Draft, id: string, spot: Spot): Draft {
  const placed = find(draft, id);
  if (!placed || !fits(draft, id, spot) || staysAt(placed, spot)) return draft;
  const behind = sameWay(placed.spot.way, spot.way) && spot.at > placed.spot.at;
  return insert(remove(draft, id), { way: spot.way, at: behind ? spot.at - 1 : spot.at }, placed.step);
}

/** One place up or down within its way. */
export function shift(draft: Draft, id: string, by: -1 | 1): Draft {
  const placed = find(draft, id);
  if (!placed) return draft;
  const target = by < 0 ? placed.spot.at - 1 : placed.spot.at + 2;
  if (target < 0 || target > stepsOf(draft, placed.spot.way).length) return draft;
  return move(draft, id, { way: placed.spot.way, at: target });
}

export function change(draft: Draft, id: string, path: Path, value: unknown): Draft {
  const placed = find(draft, id);
  return placed ? (put(draft, [...placed.path, ...path], value) as Draft) : draft;
}

/** Ids of a step and of all that is in it, exchanged. */
function renamed(step: Step, ids: ReadonlyMap<string, string>): Step {
  let copy: Step = { ...step, id: ids.get(step.id) ?? step.id };
  const target = copy["go_to"];
  if (typeof target === "string") copy["go_to"] = ids.get(target) ?? target;
  for (const fork of forksOf(step)) {
    const inner = at(step, fork.key);
    if (Array.isArray(inner)) copy = put(copy, fork.key, (inner as Step[]).map((one) => renamed(one, ids))) as Step;
  }
  return copy;
}

/** A copy behind the original, with ids of its own. */
export function duplicate(draft: Draft, id: string): { draft: Draft; id: string } {
  const placed = find(draft, id);
  if (!placed) return { draft, id };
  const ids = new Map<string, string>();
  for (const { step } of everyStep({ steps: [placed.step] })) {
    ids.set(step.id, freshId(draft, step.id, new Set(ids.values())));
  }
  const copy = renamed(placed.step, ids);
  const spot = { way: placed.spot.way, at: placed.spot.at + 1 };
  return { draft: insert(draft, spot, copy), id: copy.id };
}

/** Test profiles name steps, and channels of reach steps as `step/channel`. */
function renamedInTests(value: unknown, from: string, to: string): unknown {
  if (Array.isArray(value)) return value.map((item) => renamedInTests(item, from, to));
  if (!isBag(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== "step" || typeof inner !== "string") return [key, renamedInTests(inner, from, to)];
      const [step, ...channel] = inner.split("/");
      return [key, step === from ? [to, ...channel].join("/") : inner];
    }),
  );
}

/** Another id for a step, also where others go to it and where test profiles expect it. */
export function rename(draft: Draft, from: string, to: string): Draft {
  const ids = new Map([[from, to]]);
  const steps = (list(draft["steps"]) as Step[]).map((step) => renamed(step, ids));
  const next: Draft = { ...draft, steps };
  return "qa" in draft ? { ...next, qa: renamedInTests(draft["qa"], from, to) } : next;
}

/** Whether people can be sent on from one step to another: to one that stands later, from the end of a way. */
export function connects(draft: Draft, from: string, to: string): boolean {
  const all = everyStep(draft);
  const [source, target] = [from, to].map((id) => all.findIndex(({ step }) => step.id === id));
  const placed = all[source ?? -1];
  if (!placed || target === undefined || target <= (source ?? 0)) return false;
  // A step that is within the source comes after it by itself.
  if (all.slice(source, target + 1).some(({ step }) => step.id === to) && !fits(draft, from, all[target]!.spot)) return false;
  const last = placed.spot.at === stepsOf(draft, placed.spot.way).length - 1;
  return typeof placed.step["go_to"] === "string" || (last && placed.step["exit"] === undefined);
}

/** Sends people on from the end of a way to a later step. */
export function connect(draft: Draft, from: string, to: string): Draft {
  const placed = find(draft, from);
  if (!placed || !connects(draft, from, to)) return draft;
  if (typeof placed.step["go_to"] === "string") return change(draft, from, ["go_to"], to);
  const step = { id: freshId(draft, `to-${to}`), go_to: to };
  return insert(draft, { way: placed.spot.way, at: placed.spot.at + 1 }, step);
}

/** The steps from which people can be sent on: the ends of ways behind which others stand. */
export function openEnds(draft: Draft): Set<string> {
  const all = everyStep(draft);
  const ends = all.filter(({ step, path, spot }, nth) => {
    if (typeof step["go_to"] === "string") return nth < all.length - 1;
    const last = spot.at === list(at(draft, path.slice(0, -1))).length - 1;
    return last && step["exit"] === undefined && nth + everyStep({ steps: [step] }).length < all.length;
  });
  return new Set(ends.map(({ step }) => step.id));
}
