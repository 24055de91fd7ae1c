/** Values to set, each written or copied from event, person or run. */
import { NativeSelect, TextInput } from "@mantine/core";
import type { ReactNode } from "react";
import { useSlot } from "./editing";
import { type FieldProps, freshKey, Rows } from "./fields";
import { isBag } from "./model/json";

const SORTS = ["text", "number", "yes or no", "copy of", "JSON"] as const;
type Sort = (typeof SORTS)[number];

/** Which sort of value it is, and its text. */
export function sortOf(value: unknown): { sort: Sort; text: string } {
  if (typeof value === "string") return { sort: "text", text: value };
  if (typeof value === "number") return { sort: "number", text: String(value) };
  if (typeof value === "boolean") return { sort: "yes or no", text: String(value) };
  if (isBag(value) && Object.keys(value).length === 1 && typeof value["from"] === "string") return { sort: "copy of", text: value["from"] };
  return { sort: "JSON", text: JSON.stringify(value ?? null) };
}

/** The value of a sort that a text stands for; a text that is none stays a text. */
export function valueOf(sort: Sort, text: string): unknown {
  switch (sort) {
    case "number": return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    case "yes or no": return text === "true" || text === "false" ? text === "true" : text;
    case "copy of": return { from: text };
    case "JSON":
      try {
        return JSON.parse(text) as unknown;
      } catch {
        return text;
      }
    default: return text;
  }
}

const FIRST: Record<Sort, string> = { text: "", number: "0", "yes or no": "true", "copy of": "event.", JSON: "null" };

export function ChangesField({ path, label, hint }: FieldProps): ReactNode {
  const { value, set, error } = useSlot(path, true);
  const pairs = isBag(value) ? Object.entries(value) : [];
  const write = (next: [string, unknown][]) => set(Object.fromEntries(next));
  const change = (place: number, pair: [string, unknown]) => write(pairs.map((known, here) => (here === place ? pair : known)));
  return (
    <Rows
      label={label}
      hint={hint}
      error={error}
      count={pairs.length}
      add={() => write([...pairs, [freshKey(pairs), ""]])}
      remove={(place) => write(pairs.filter((_, here) => here !== place))}
      row={(place) => {
        const [name = "", known] = pairs[place] ?? [];
        const { sort, text } = sortOf(known);
        return (
          <>
            <TextInput size="xs" flex={2} aria-label={`Name ${place + 1} of ${label}`} value={name} onChange={(event) => change(place, [event.currentTarget.value, known])} />
            <NativeSelect size="xs" flex="none" w={92} aria-label={`Sort of value ${place + 1} of ${label}`} data={[...SORTS]} value={sort} onChange={(event) => {
              const next = event.currentTarget.value as Sort;
              change(place, [name, valueOf(next, next === "text" ? text : FIRST[next])]);
            }} />
            <TextInput size="xs" flex={2} aria-label={`Value ${place + 1} of ${label}`} value={text} onChange={(event) => change(place, [name, valueOf(sort, event.currentTarget.value)])} />
          </>
        );
      }}
    />
  );
}
