/** A segment from rows or from JSON, checked by the server while one fills it in. */
import { Button, Checkbox, CloseButton, Group, NativeSelect, Paper, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { api, taken } from "../../api/client";
import { Problem } from "../../parts/places";
import { parsed } from "../journeys/parsed";
import { conditionOf, KINDS, type Row } from "./builder";

const FIRST: Row = { kind: "attribute", not: false, values: { how: "is" } };

export function NewSegment(): ReactNode {
  const [name, setName] = useState("");
  const [join, setJoin] = useState<"all" | "any">("all");
  const [rows, setRows] = useState<Row[]>([FIRST]);
  const [json, setJson] = useState<string | null>(null);
  const made = json === null ? { value: conditionOf(join, rows) } : parsed(json);
  const text = JSON.stringify(made.value ?? null);
  const [settled] = useDebouncedValue(text, 500);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const begun = rows.some((row) => Object.entries(row.values).some(([field, value]) => field !== "how" && value !== ""));
  const check = useQuery({
    queryKey: ["check-segment", settled],
    enabled: settled !== "null" && (begun || json !== null),
    queryFn: async () =>
      taken(
        await api.POST("/landfall/v1/segments", {
          params: { query: { check: true } },
          body: { name: name || "a new segment", condition: JSON.parse(settled) as never },
        }),
      ),
  });
  const create = useMutation({
    mutationFn: async () => taken(await api.POST("/landfall/v1/segments", { body: { name, condition: JSON.parse(text) as never } })),
    onSuccess: async (segment) => {
      await queries.invalidateQueries({ queryKey: ["segments"] });
      await navigate({ to: "/segments/$segment", params: { segment: String(segment.number) } });
    },
  });
  const change = (at: number, row: Row) => setRows(rows.map((known, place) => (place === at ? row : known)));
  return (
    <Paper withBorder p="md" component="section" aria-label="New segment">
      <Stack>
        <TextInput label="Name" maw={360} value={name} onChange={(event) => setName(event.currentTarget.value)} required />
        {json === null ? (
          <>
            <NativeSelect
              label="People for whom"
              maw={220}
              value={join}
              onChange={(event) => setJoin(event.currentTarget.value as "all" | "any")}
              data={[
                { value: "all", label: "all of these hold" },
                { value: "any", label: "any of these holds" },
              ]}
            />
            {rows.map((row, at) => (
              // Rows have no identity but their place.
              <Line key={`${at}`} row={row} change={(next) => change(at, next)} remove={rows.length > 1 ? () => setRows(rows.filter((_, place) => place !== at)) : null} />
            ))}
            <Group>
              <Button size="xs" variant="default" onClick={() => setRows([...rows, FIRST])}>
                One more condition
              </Button>
              <Button size="xs" variant="subtle" onClick={() => setJson(JSON.stringify(made.value, null, 2))}>
                Write it as JSON
              </Button>
            </Group>
          </>
        ) : (
          <>
            <Textarea
              label="Condition"
              value={json}
              onChange={(event) => setJson(event.currentTarget.value)}
              autosize
              minRows={6}
              classNames={{ input: "code" }}
              spellCheck={false}
            />
            <Button size="xs" variant="subtle" w="fit-content" onClick={() => setJson(null)}>
              Back to rows
            </Button>
          </>
        )}
        <Group>
          <Button loading={create.isPending} disabled={!name || Boolean(check.error) || !made.value} onClick={() => create.mutate()}>
            Make it
          </Button>
          {check.error ? <Problem error={check.error} /> : null}
          {check.isSuccess ? <Text role="status">✓ The server understands it.</Text> : null}
          {"wrong" in made && made.wrong ? <Text role="status">✕ {made.wrong}</Text> : null}
        </Group>
        {create.error ? <Problem error={create.error} /> : null}
      </Stack>
    </Paper>
  );
}

function Line({ row, change, remove }: { row: Row; change: (row: Row) => void; remove: (() => void) | null }): ReactNode {
  const kind = KINDS.find((known) => known.kind === row.kind) ?? KINDS[0];
  const set = (name: string, value: string) => change({ ...row, values: { ...row.values, [name]: value } });
  return (
    <Group align="flex-end" gap="xs" role="group" aria-label="Condition">
      <NativeSelect
        label="What"
        size="xs"
        value={row.kind}
        onChange={(event) => change({ ...row, kind: event.currentTarget.value, values: {} })}
        data={KINDS.map((known) => ({ value: known.kind, label: known.title }))}
      />
      {(kind?.fields ?? []).map((field) =>
        field.choices ? (
          <NativeSelect
            key={field.name}
            label={field.label}
            size="xs"
            value={row.values[field.name] ?? field.choices[0] ?? ""}
            onChange={(event) => set(field.name, event.currentTarget.value)}
            data={field.choices.map((value) => ({ value, label: value.replaceAll("_", " ") }))}
          />
        ) : (
          <TextInput
            key={field.name}
            label={field.label}
            size="xs"
            placeholder={field.hint}
            value={row.values[field.name] ?? ""}
            onChange={(event) => set(field.name, event.currentTarget.value)}
          />
        ),
      )}
      <Checkbox label="not" size="xs" mb={6} checked={row.not} onChange={(event) => change({ ...row, not: event.currentTarget.checked })} />
      {remove ? <CloseButton aria-label="Remove the condition" onClick={remove} /> : null}
    </Group>
  );
}
