/** The definition that is being edited, for everything that shows or changes a part of it. */
import { createContext, useContext } from "react";
import { type Housed, faultsAt } from "./model/faults";
import { at, type Path, put, readPath } from "./model/json";
import { change, type Draft } from "./model/steps";

export interface Editing {
  draft: Draft;
  /** What is chosen: the id of a step, or the start; null: nothing. */
  chosen: string | null;
  faults: readonly Housed[];
  /** A new state of the definition; `key` joins edits that follow each other, such as letters. */
  edit: (next: Draft, did: string, options?: { key?: string; choose?: string | null }) => void;
  choose: (id: string | null, moveFocus?: boolean) => void;
  /** Ends a row of edits that count as one. */
  pause: () => void;
}

export const EditingContext = createContext<Editing | null>(null);

export function useEditing(): Editing {
  const editing = useContext(EditingContext);
  if (!editing) throw new Error("a part of the editor stands outside of it");
  return editing;
}

/** The part of the definition that a form edits: a step, one channel of it, or the journey itself. */
export interface Part {
  value: unknown;
  /** What its fields are joined under in the history. */
  name: string;
  faults: readonly Housed[];
  set: (path: Path, value: unknown) => void;
}

export const PartContext = createContext<Part | null>(null);

/** The journey itself, or one of its steps. */
export function partOf(editing: Editing, step: string | null, value: unknown): Part {
  const name = step ?? "the journey";
  return {
    value,
    name,
    faults: editing.faults.filter((one) => one.step === step),
    set: (path, next) => {
      const did = `change ${path.filter((key) => typeof key === "string").at(-1) ?? "it"} of ${name}`;
      const made = step === null ? (put(editing.draft, path, next) as Draft) : change(editing.draft, step, path, next);
      editing.edit(made, did, { key: `${name}/${path.join(".")}` });
    },
  };
}

/** A part within a part. */
export function inside(part: Part, path: Path): Part {
  return {
    value: at(part.value, path),
    name: `${part.name}/${path.join(".")}`,
    faults: faultsAt(part.faults, path, true).map((one) => ({ ...one, path: one.path.slice(path.length) })),
    set: (below, next) => part.set([...path, ...below], next),
  };
}

export interface Slot {
  value: unknown;
  set: (value: unknown) => void;
  /** What the server finds wrong here. */
  error: string | undefined;
}

/** What stands at a path of the part that a form edits. `deep`: faults below it are shown here too. */
export function useSlot(path: string | Path, deep = false): Slot {
  const part = useContext(PartContext);
  if (!part) throw new Error("a field stands outside of a form");
  const keys = typeof path === "string" ? readPath(path) : path;
  const wrong = faultsAt(part.faults, keys, deep).map(({ fault }) => `${fault.wrong}; ${fault.fix}`);
  return {
    value: at(part.value, keys),
    set: (value) => part.set(keys, value),
    error: wrong.length > 0 ? wrong.join(" · ") : undefined,
  };
}
