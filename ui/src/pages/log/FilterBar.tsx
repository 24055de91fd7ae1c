/** What is typed: when, words, a person, marks. */
import { Group, NativeSelect, TextInput } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import type { Filters } from "./filters";

const RANGES = [
  ["1h", "the last hour"], ["24h", "24 hours"], ["7d", "7 days"], ["4w", "4 weeks"], ["today", "today"],
  ["yesterday", "yesterday"], ["26w", "half a year"],
] as const;
const MARKS = ["sent", "delivered", "opened", "clicked", "converted", "bounced", "failed", "unsubscribed"];

interface Props {
  search: Filters;
  set: (change: Filters) => void;
}

/** A text field that tells what was typed when one stops for a moment, or at once with Enter. */
function Typed({ label, value, tell, hint, search }: { label: string; value: string; tell: (text: string) => void; hint: string; search?: boolean }): ReactNode {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return undefined;
    const timer = setTimeout(() => tell(text), 350);
    return () => clearTimeout(timer);
  }, [text, value, tell]);
  return (
    <TextInput
      label={label}
      size="xs"
      placeholder={hint}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => (event.key === "Enter" ? tell(text) : undefined)}
      {...(search ? { "data-search": true } : {})}
    />
  );
}

export function FilterBar({ search, set }: Props): ReactNode {
  const range = search.range ?? "7d";
  const known = RANGES.some(([value]) => value === range);
  const mark = (name: "has" | "lacks", label: string) => (
    <NativeSelect
      label={label}
      size="xs"
      value={search[name] ?? ""}
      onChange={(event) => set({ [name]: event.currentTarget.value || undefined })}
      data={[{ value: "", label: "anything" }, ...MARKS.map((value) => ({ value, label: value }))]}
    />
  );
  return (
    <Group gap="xs" align="flex-end" role="search">
      <NativeSelect
        label="When"
        size="xs"
        value={range}
        onChange={(event) => set({ range: event.currentTarget.value })}
        data={[
          ...RANGES.map(([value, label]) => ({ value, label })),
          ...(known ? [] : [{ value: range, label: range.replace("..", " up to ") }]),
        ]}
      />
      <Typed label="Text in names" hint="cart remind" value={search.q ?? ""} tell={(q) => set({ q: q || undefined })} search />
      <Typed label="Person" hint="id" value={search.person ?? ""} tell={(person) => set({ person: person || undefined })} />
      {mark("has", "Was")}
      {mark("lacks", "Was not")}
    </Group>
  );
}
