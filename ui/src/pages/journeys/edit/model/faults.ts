/** What the server finds wrong, put where it belongs: to a step and a field of it, or to a part of the journey. */
import type { Fault } from "../../../../api/problem";
import { at, isBag, type Path, readPath } from "./json";
import { type Draft, everyStep } from "./steps";

export interface Housed {
  fault: Fault;
  /** The step that it is about; null: the journey itself. */
  step: string | null;
  /** Where in the step, or in the journey. */
  path: Path;
}

/** The innermost step on the way of a fault's path. */
export function housed(draft: Draft, fault: Fault): Housed {
  const path = readPath(fault.path);
  let found: Housed = { fault, step: null, path };
  for (const placed of everyStep(draft)) {
    const within = placed.path.every((key, place) => path[place] === key);
    if (within && isBag(at(draft, placed.path))) found = { fault, step: placed.step.id, path: path.slice(placed.path.length) };
  }
  return found;
}

/** Faults of a field: those at it, and those below it that no field of their own shows. */
export function faultsAt(faults: readonly Housed[], path: Path, deep: boolean): Housed[] {
  return faults.filter(
    (one) => path.every((key, place) => one.path[place] === key) && (deep || one.path.length === path.length),
  );
}
