/** A condition as rows to fill in, or as JSON. */
import { Button, Checkbox, Group, NativeSelect, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useId, useState, type ReactNode } from "react";
import type { Row } from "../../segments/builder";
import { useSlot } from "./editing";
import { type FieldProps, JsonField } from "./fields";
import { KINDS, rowCondition, type Rows, rowsOf } from "./model/conditions";

const FIRST: Row = { kind: "attribute", not: false, values: { attribute: "plan", how: "exists", value: "true" } };

/** A row of a type, filled as far as it must be. */
function fresh(kind: string): Row {
  const fields = KINDS.find((known) => known.kind === kind)?.fields ?? [];
  const values = fields.map(({ name, hint, choices }) => [name, choices?.[0] ?? (name === "times" || name === "within" ? "" : hint)]);
  return { kind, not: false, values: Object.fromEntries(values) as Record<string, string> };
}

export function ConditionField(props: FieldProps): ReactNode {
  const { path, label, hint, needed } = props;
  const { value, set, error } = useSlot(path, true);
  const [asJson, setAsJson] = useState(false);
  const id = useId();
  const rows = rowsOf(value);
  if (value === undefined) {
    return (
      <Stack gap={4}>
        <Text size="sm" fw={500}>{label}</Text>
        {hint ? <Text size="xs" c="dimmed">{hint}</Text> : null}
        <Group>
          <Button size="compact-xs" variant="default" aria-label={`Add a condition: ${label}`} onClick={() => set(rowCondition({ join: "all", rows: [FIRST] }))}>+ Condition</Button>
        </Group>
        {error ? <Text size="xs" className="bad" role="alert">{error}</Text> : null}
      </Stack>
    );
  }
  return (
    <Stack gap={6} role="group" aria-labelledby={id}>
      <Group justify="space-between">
        <Text size="sm" fw={500} id={id}>{label}</Text>
        <Group gap={4}>
          {rows ? (
            <Button size="compact-xs" variant="default" aria-pressed={asJson} onClick={() => setAsJson(!asJson)}>{asJson ? "Rows" : "JSON"}</Button>
          ) : null}
          {needed ? null : (
            <Button size="compact-xs" variant="default" aria-label={`Remove: ${label}`} onClick={() => set(undefined)}>✕</Button>
          )}
        </Group>
      </Group>
      {hint ? <Text size="xs" c="dimmed">{hint}</Text> : null}
      {rows && !asJson ? (
        <RowsEditor rows={rows} write={(next) => set(rowCondition(next))} label={label} />
      ) : (
        <JsonField path={path} label={`${label}, as JSON`} hint={rows ? undefined : "No rows say this. docs/concepts/segments.md lists everything that conditions can ask."} />
      )}
      {error && rows && !asJson ? <Text size="xs" className="bad" role="alert">{error}</Text> : null}
    </Stack>
  );
}

function RowsEditor({ rows: { join, rows }, write, label }: { rows: Rows; write: (rows: Rows) => void; label: string }): ReactNode {
  const change = (place: number, row: Row) => write({ join, rows: rows.map((known, here) => (here === place ? row : known)) });
  return (
    <>
      {rows.length > 1 ? (
        <NativeSelect
          size="xs"
          aria-label={`How the rows of ${label} go together`}
          value={join}
          onChange={(event) => write({ join: event.currentTarget.value as "all" | "any", rows })}
          data={[{ value: "all", label: "all of these hold" }, { value: "any", label: "any of these holds" }]}
        />
      ) : null}
      {rows.map((row, place) => {
        const kind = KINDS.find((known) => known.kind === row.kind);
        return (
          <Paper key={place} withBorder p={8}>
            <Stack gap={6}>
              <Group gap={6} wrap="nowrap">
                <NativeSelect
                  size="xs"
                  flex={1}
                  aria-label={`What row ${place + 1} of ${label} asks`}
                  value={row.kind}
                  data={KINDS.map(({ kind: name, title }) => ({ value: name, label: title }))}
                  onChange={(event) => change(place, fresh(event.currentTarget.value))}
                />
                <Checkbox size="xs" label="not" aria-label={`Row ${place + 1} of ${label} must not hold`} checked={row.not} onChange={(event) => change(place, { ...row, not: event.currentTarget.checked })} />
                {rows.length > 1 ? (
                  <Button size="compact-xs" variant="default" aria-label={`Remove row ${place + 1} of ${label}`} onClick={() => write({ join, rows: rows.filter((_, here) => here !== place) })}>✕</Button>
                ) : null}
              </Group>
              <div className="cells">
                {(kind?.fields ?? []).map((field) => {
                  const set = (text: string) => change(place, { ...row, values: { ...row.values, [field.name]: text } });
                  const value = row.values[field.name] ?? "";
                  return field.choices ? (
                    <NativeSelect key={field.name} size="xs" label={field.label} data={field.choices.map((choice) => ({ value: choice, label: choice.replaceAll("_", " ") }))} value={value} onChange={(event) => set(event.currentTarget.value)} />
                  ) : (
                    <TextInput key={field.name} size="xs" label={field.label} placeholder={field.hint} value={value} onChange={(event) => set(event.currentTarget.value)} />
                  );
                })}
              </div>
            </Stack>
          </Paper>
        );
      })}
      <Group>
        <Button size="compact-xs" variant="default" aria-label={`Add a row to ${label}`} onClick={() => write({ join, rows: [...rows, FIRST] })}>+ Row</Button>
      </Group>
    </>
  );
}
