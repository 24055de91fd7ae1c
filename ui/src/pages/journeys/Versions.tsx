/** What each version of a journey said, and what changed from one to another. */
import { Button, Group, NativeSelect, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { inShort } from "../../parts/format";
import { Answer, Moment } from "../../parts/places";
import { type Changes, compare, type Difference, isSame } from "./compare";
import type { Definition } from "./definition";
import { waitingAt, waitingIn } from "./FlowTab";

const FlowView = lazy(() => import("./FlowView"));

export const versionsOf = (journey: string) => ({
  queryKey: ["journeys", journey, "versions"],
  queryFn: async () => taken(await api.GET("/landfall/v1/journeys/{journey}/versions", { params: { path: { journey } } })),
});

export const versionOf = (journey: string, version: number) => ({
  queryKey: ["journeys", journey, "versions", version],
  // None is ever changed.
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => taken(await api.GET("/landfall/v1/journeys/{journey}/versions/{version}", { params: { path: { journey, version } } })),
});

interface Props {
  journey: Schemas["JourneyAnswer"];
  version: number;
  against: number;
  choose: (change: { version?: string; against?: string }) => void;
}

export function Versions({ journey, version, against, choose }: Props): ReactNode {
  const list = useQuery(versionsOf(journey.id));
  return (
    <Answer of={list}>
      {({ versions }) => {
        const data = versions.map((one) => ({ value: String(one.version), label: `version ${one.version}, ${inShort(one.at_ms)}` }));
        return (
          <Stack>
            <Group align="flex-end">
              <NativeSelect label="Show" data={data} value={String(version)} onChange={(event) => choose({ version: event.currentTarget.value })} />
              <NativeSelect label="compared with" data={data} value={String(against)} onChange={(event) => choose({ against: event.currentTarget.value })} />
              <Link to="/journeys/$journey" params={{ journey: journey.id }} search={{ tab: "definition", version: String(version) }}>
                <Button component="span" variant="default">Edit from version {version}</Button>
              </Link>
            </Group>
            <Text size="sm" c="dimmed">
              A version never changes, and whoever entered it stays in it. Applied <Moment ms={versions.find((one) => one.version === version)?.at_ms ?? journey.updated_ms} />.
            </Text>
            <Both journey={journey.id} version={version} against={against} />
          </Stack>
        );
      }}
    </Answer>
  );
}

function Both({ journey, version, against }: { journey: string; version: number; against: number }): ReactNode {
  const shown = useQuery(versionOf(journey, version));
  const other = useQuery(versionOf(journey, against));
  const now = useQuery(waitingIn(journey));
  const definition = shown.data?.definition as unknown as Definition | undefined;
  const changes = useMemo(
    () => (definition && other.data ? compare((other.data.definition ?? {}) as Record<string, unknown>, definition as unknown as Record<string, unknown>) : undefined),
    [definition, other.data],
  );
  const marks = useMemo(() => (changes ? marksOf(changes) : {}), [changes]);
  const waiting = useMemo(() => now.data && waitingAt(now.data.steps, version), [now.data, version]);
  return (
    <Answer of={shown}>
      {() => (
        <>
          {changes ? <Told changes={changes} version={version} against={against} /> : null}
          {definition ? (
            <Suspense fallback={<Text role="status">drawing…</Text>}>
              <FlowView definition={definition} numbers={NOTHING} waiting={waiting} marks={marks} quiet />
            </Suspense>
          ) : null}
        </>
      )}
    </Answer>
  );
}

const NOTHING = {};

function marksOf(changes: Changes): Record<string, string> {
  const marks: Record<string, string> = {};
  for (const id of changes.moved) marks[id] = "moved";
  for (const { id } of changes.changed) marks[id] = marks[id] ? "moved, changed" : "changed";
  for (const id of changes.added) marks[id] = "new";
  return marks;
}

const told = (value: unknown): string => (value === undefined ? "nothing" : typeof value === "string" ? value : JSON.stringify(value));

function Told({ changes, version, against }: { changes: Changes; version: number; against: number }): ReactNode {
  if (version === against) return <Text>Choose another version to compare it with.</Text>;
  if (isSame(changes)) return <Text>Versions {version} and {against} say the same.</Text>;
  const rows: [string, string, Difference | null][] = [
    ...changes.journey.map((one): [string, string, Difference] => ["the journey", one.field, one]),
    ...changes.added.map((id): [string, string, null] => [id, "＋ new step", null]),
    ...changes.removed.map((id): [string, string, null] => [id, "− removed", null]),
    ...changes.moved.map((id): [string, string, null] => [id, "⇅ stands elsewhere", null]),
    ...changes.changed.flatMap(({ id, fields }) => fields.map((one): [string, string, Difference] => [id, one.field, one])),
  ];
  return (
    <section aria-label="What changed">
      <Title order={2} size="h4" mb="xs">From version {against} to {version}</Title>
      <div className="scroll" tabIndex={0} role="region" aria-label="What changed, table">
        <Table fz="sm">
          <Table.Thead>
            <Table.Tr>
              {["Step", "What", `In version ${against}`, `In version ${version}`].map((title) => <Table.Th key={title}>{title}</Table.Th>)}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map(([step, what, one]) => (
              <Table.Tr key={`${step} ${what}`}>
                <Table.Th scope="row">{step}</Table.Th>
                <Table.Td>{what}</Table.Td>
                <Table.Td>{one ? told(one.before) : ""}</Table.Td>
                <Table.Td>{one ? told(one.after) : ""}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}
