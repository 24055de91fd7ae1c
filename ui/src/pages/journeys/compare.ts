/** What changed between two versions of a definition: step by step, field by field. */
import { at, isBag, type Path, same } from "./edit/model/json";
import { everyStep, forksOf, type Step } from "./edit/model/steps";

export interface Difference {
  /** Which field, such as `push.title`. */
  field: string;
  before: unknown;
  after: unknown;
}

export interface Changes {
  added: string[];
  removed: string[];
  /** Steps that stand elsewhere than before. */
  moved: string[];
  changed: { id: string; fields: Difference[] }[];
  /** What belongs to the whole journey. */
  journey: Difference[];
}

type Definition = Record<string, unknown>;

const named = (path: Path): string => path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`)).join("").replace(/^\./, "");

/** Every field in which two values differ; lists that differ in length are one field. */
export function differences(before: unknown, after: unknown, path: Path = []): Difference[] {
  if (same(before, after)) return [];
  if (isBag(before) && isBag(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return keys.flatMap((key) => differences(before[key], after[key], [...path, key]));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((one, place) => differences(one, after[place], [...path, place]));
  }
  return [{ field: named(path), before, after }];
}

/** A step without the steps in its ways: those are compared on their own. */
function alone(step: Step): unknown {
  const forks = forksOf(step).map((fork) => fork.key);
  if (forks.length === 0) return step;
  const copy = structuredClone(step);
  for (const key of forks) {
    const holder = at(copy, key.slice(0, -1));
    const last = key.at(-1);
    if (isBag(holder) && last !== undefined) delete holder[last];
  }
  return copy;
}

/** Where each step stands: in which way, and behind which of the steps that both versions have there. */
function places(definition: Definition, shared: ReadonlySet<string>): Map<string, string> {
  const before = new Map<string, string>();
  const found = new Map<string, string>();
  for (const { step, spot } of everyStep(definition)) {
    if (!shared.has(step.id)) continue;
    const way = `${spot.way.parent ?? ""}/${spot.way.key.join(".")}`;
    found.set(step.id, `${way} after ${before.get(way) ?? ""}`);
    before.set(way, step.id);
  }
  return found;
}

export function compare(before: Definition, after: Definition): Changes {
  const [old, fresh] = [before, after].map((one) => new Map(everyStep(one).map(({ step }) => [step.id, step])));
  if (!old || !fresh) throw new Error("there are two versions");
  const shared = new Set([...old.keys()].filter((id) => fresh.has(id)));
  const [stood, stands] = [places(before, shared), places(after, shared)];
  const changed = [...shared]
    .map((id) => ({ id, fields: differences(alone(old.get(id) as Step), alone(fresh.get(id) as Step)) }))
    .filter(({ fields }) => fields.length > 0);
  const { steps: _old, ...restBefore } = before;
  const { steps: _new, ...restAfter } = after;
  return {
    added: [...fresh.keys()].filter((id) => !old.has(id)),
    removed: [...old.keys()].filter((id) => !fresh.has(id)),
    moved: [...shared].filter((id) => stood.get(id) !== stands.get(id)),
    changed,
    journey: differences(restBefore, restAfter),
  };
}

/** Whether two versions say the same. */
export const isSame = (changes: Changes): boolean => Object.values(changes).every((list: unknown[]) => list.length === 0);
