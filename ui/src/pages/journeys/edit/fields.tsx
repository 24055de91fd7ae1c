/** Fields of forms, each bound to a place in the definition. */
import { Button, Checkbox, Group, NativeSelect, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useEffect, useId, useRef, useState, type ReactNode } from "react";
import { useSlot } from "./editing";
import { isBag, type Path, same } from "./model/json";

export interface FieldProps {
  path: string | Path;
  label: string;
  hint?: string;
  placeholder?: string;
  /** Taken away by an empty text unless the definition needs it. */
  needed?: boolean;
}

const shown = (value: unknown): string => (value === undefined || value === null ? "" : typeof value === "string" ? value : JSON.stringify(value));

/** A line of text. */
export function TextField({ path, label, hint, placeholder, needed, code }: FieldProps & { code?: boolean }): ReactNode {
  const { value, set, error } = useSlot(path, true);
  return (
    <TextInput
      label={label}
      description={hint}
      placeholder={placeholder}
      value={shown(value)}
      error={error}
      withAsterisk={needed}
      spellCheck={!code}
      onChange={(event) => set(event.currentTarget.value === "" && !needed ? undefined : event.currentTarget.value)}
    />
  );
}

/** Several lines of text. */
export function LongField({ path, label, hint, placeholder, needed, rows = 3 }: FieldProps & { rows?: number }): ReactNode {
  const { value, set, error } = useSlot(path);
  return (
    <Textarea
      label={label}
      description={hint}
      placeholder={placeholder}
      value={shown(value)}
      error={error}
      withAsterisk={needed}
      autosize
      minRows={rows}
      maxRows={14}
      onChange={(event) => set(event.currentTarget.value === "" && !needed ? undefined : event.currentTarget.value)}
    />
  );
}

/** A duration such as `1h30m`. */
export function DurationField(props: FieldProps): ReactNode {
  return <TextField placeholder="30m, 2h, 7d, 1h30m" code {...props} />;
}

/** A number; what is none is kept as it was typed, for the server to say so. */
export function NumberField({ path, label, hint, placeholder, needed }: FieldProps): ReactNode {
  const { value, set, error } = useSlot(path);
  return (
    <TextInput
      label={label}
      description={hint}
      placeholder={placeholder}
      inputMode="decimal"
      value={shown(value)}
      error={error}
      withAsterisk={needed}
      onChange={(event) => {
        const text = event.currentTarget.value;
        if (text === "" && !needed) set(undefined);
        else set(/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
      }}
    />
  );
}

/** One of a few. The first without a value stands for nothing being written. */
export function ChoiceField({ path, label, hint, choices }: FieldProps & { choices: { value: string; label: string }[] }): ReactNode {
  const { value, set, error } = useSlot(path);
  const text = shown(value);
  const known = choices.some((choice) => choice.value === text) ? choices : [...choices, { value: text, label: text }];
  return (
    <NativeSelect
      label={label}
      description={hint}
      data={known}
      value={text}
      error={error}
      onChange={(event) => set(event.currentTarget.value || undefined)}
    />
  );
}

/** Yes or nothing. */
export function FlagField({ path, label, hint }: FieldProps): ReactNode {
  const { value, set, error } = useSlot(path);
  return (
    <Checkbox label={label} description={hint} error={error} checked={value === true} onChange={(event) => set(event.currentTarget.checked || undefined)} />
  );
}

const written = (value: unknown): string => (value === undefined ? "" : JSON.stringify(value, null, 2));

/** What a text says; null where it is no JSON. */
function readable(text: string): unknown {
  try {
    return text.trim() === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}

/** What has no form of its own, as JSON; it counts once it can be read. */
export function JsonField({ path, label, hint, placeholder, rows = 3 }: FieldProps & { rows?: number }): ReactNode {
  const { value, set, error } = useSlot(path, true);
  const [text, setText] = useState(() => written(value));
  const [wrong, setWrong] = useState<string>();
  const typed = useRef(text);
  useEffect(() => {
    // Unless it was typed here, somebody else changed it: an undo, or the whole as JSON.
    if (same(readable(typed.current), value)) return;
    typed.current = written(value);
    setText(typed.current);
    setWrong(undefined);
  }, [value]);
  const type = (next: string) => {
    setText(next);
    typed.current = next;
    try {
      set(next.trim() === "" ? undefined : JSON.parse(next));
      setWrong(undefined);
    } catch (reason) {
      setWrong(`Not JSON yet: ${(reason as Error).message}`);
    }
  };
  return (
    <Textarea
      label={label}
      description={hint}
      placeholder={placeholder}
      value={text}
      error={wrong ?? error}
      autosize
      minRows={rows}
      maxRows={16}
      spellCheck={false}
      classNames={{ input: "code" }}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}

const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const NAMED: Record<string, string[]> = { weekdays: DAYS.slice(0, 5), weekend: DAYS.slice(5) };

/** Which days are meant; nothing written means every day. */
export function daysOf(value: unknown): string[] {
  if (value === undefined) return DAYS;
  const words = (Array.isArray(value) ? value : [value]).map((word) => String(word).toLowerCase());
  const days = new Set(words.flatMap((word) => NAMED[word] ?? [word.slice(0, 3)]));
  return DAYS.filter((day) => days.has(day));
}

/** The shortest way to write these days; undefined: every day. */
export function writeDays(days: string[]): unknown {
  if (days.length === DAYS.length) return undefined;
  const name = Object.keys(NAMED).find((known) => same(NAMED[known], days));
  return name ?? days;
}

export function DaysField({ path, label }: FieldProps): ReactNode {
  const { value, set, error } = useSlot(path, true);
  const on = daysOf(value);
  return (
    <Checkbox.Group label={label} error={error} value={on} onChange={(days) => set(writeDays(DAYS.filter((day) => days.includes(day))))}>
      <Group gap="xs" mt={4}>
        {DAYS.map((day) => (
          <Checkbox key={day} value={day} label={day} size="xs" />
        ))}
      </Group>
    </Checkbox.Group>
  );
}

/** Names and texts, such as headers. */
export function PairsField({ path, label, hint, name = "Name", text = "Value" }: FieldProps & { name?: string; text?: string }): ReactNode {
  const { value, set, error } = useSlot(path, true);
  const pairs = isBag(value) ? Object.entries(value) : [];
  const write = (next: [string, unknown][]) => set(next.length > 0 ? Object.fromEntries(next) : undefined);
  const change = (place: number, pair: [string, unknown]) => write(pairs.map((known, here) => (here === place ? pair : known)));
  return (
    <Rows
      label={label}
      hint={hint}
      error={error}
      count={pairs.length}
      add={() => write([...pairs, [freshKey(pairs), ""]])}
      remove={(place) => write(pairs.filter((_, here) => here !== place))}
      row={(place) => (
        <>
          <TextInput size="xs" flex={1} aria-label={`${name} ${place + 1} of ${label}`} value={pairs[place]?.[0] ?? ""} onChange={(event) => change(place, [event.currentTarget.value, pairs[place]?.[1]])} />
          <TextInput size="xs" flex={2} aria-label={`${text} ${place + 1} of ${label}`} value={shown(pairs[place]?.[1])} onChange={(event) => change(place, [pairs[place]?.[0] ?? "", event.currentTarget.value])} />
        </>
      )}
    />
  );
}

/** A name that no pair has yet. */
export function freshKey(pairs: [string, unknown][]): string {
  let nth = pairs.length + 1;
  while (pairs.some(([key]) => key === `name_${nth}`)) nth += 1;
  return `name_${nth}`;
}

interface RowsProps {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  count: number;
  add: () => void;
  remove: (place: number) => void;
  row: (place: number) => ReactNode;
  more?: string;
}

/** Rows that one adds and takes away. */
export function Rows({ label, hint, error, count, add, remove, row, more = "Add" }: RowsProps): ReactNode {
  const id = useId();
  return (
    <Stack gap={6} role="group" aria-labelledby={id}>
      <div>
        <Text size="sm" fw={500} id={id}>
          {label}
        </Text>
        {hint ? (
          <Text size="xs" c="dimmed">
            {hint}
          </Text>
        ) : null}
      </div>
      {Array.from({ length: count }, (_, place) => (
        // Rows have no identity but their place.
        <Group key={place} gap={6} wrap="nowrap" align="flex-start">
          {row(place)}
          <Button size="compact-xs" variant="default" flex="none" mt={3} aria-label={`Remove row ${place + 1} of ${label}`} onClick={() => remove(place)}>
            ✕
          </Button>
        </Group>
      ))}
      <Group>
        <Button size="compact-xs" variant="default" onClick={add} aria-label={`${more}: ${label}`}>
          + {more}
        </Button>
      </Group>
      {error ? (
        <Text size="xs" className="bad" role="alert">
          {error}
        </Text>
      ) : null}
    </Stack>
  );
}
