/** Who is in the journey, by version, and the first of their runs. */
import { Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { runsOf } from "../../api/questions";
import { count } from "../../parts/format";
import { Answer, Empty, Moment, State } from "../../parts/places";

export function Runs({ journey }: { journey: Schemas["JourneyAnswer"] }): ReactNode {
  const answer = useQuery({ ...runsOf(journey.id), refetchInterval: 15_000 });
  const states = [...new Set(journey.runs.map((run) => run.state))];
  const versions = [...new Set([journey.version, ...journey.runs.map((run) => run.version)])].sort((a, b) => b - a);
  if (journey.runs.length === 0) {
    return (
      <Empty title="Nobody was ever in this journey">
        {journey.state === "running"
          ? "It runs, and its trigger has not happened to anybody since."
          : "Start it, and people enter when its trigger happens to them."}
      </Empty>
    );
  }
  return (
    <Stack>
      <section aria-label="Versions">
        <Title order={2} size="h4" mb="xs">
          Versions
        </Title>
        <div className="scroll" tabIndex={0} role="region" aria-label="Versions, table">
          <Table className="numbers" maw={720}>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Version</Table.Th>
                {states.map((state) => (
                  <Table.Th key={state}>{state.replaceAll("_", " ")}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {versions.map((version) => (
                <Table.Tr key={version}>
                  <Table.Th scope="row">
                    {version}
                    {version === journey.version ? ", which people enter" : ""}
                  </Table.Th>
                  {states.map((state) => (
                    <Table.Td key={state}>
                      {count(journey.runs.find((run) => run.version === version && run.state === state)?.count ?? 0)}
                    </Table.Td>
                  ))}
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </section>
      <section aria-label="Runs">
        <Title order={2} size="h4" mb="xs">
          Runs
        </Title>
        <Answer of={answer}>
          {(data) => (
            <div className="scroll" tabIndex={0} role="region" aria-label="Runs, table">
              <Table fz="sm">
                <Table.Thead>
                  <Table.Tr>
                    {["Run", "Person", "State", "Began", "Goes on", "Goal met", "Ended"].map((title) => (
                      <Table.Th key={title}>{title}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.runs.map((run) => (
                    <Table.Tr key={run.number}>
                      <Table.Td>{run.number}</Table.Td>
                      <Table.Td>
                        <Link
                          to="/people/$person"
                          params={{ person: run.cio_id }}
                          search={{ by: "cio_id", tab: "why", journey: journey.id }}
                        >
                          {run.cio_id}
                        </Link>
                        {run.held_out ? " (holdout)" : ""}
                      </Table.Td>
                      <Table.Td>
                        <State name={run.state} />
                      </Table.Td>
                      <Table.Td>
                        <Moment ms={run.started_ms} />
                      </Table.Td>
                      <Table.Td>{run.due_ms ? <Moment ms={run.due_ms} /> : "–"}</Table.Td>
                      <Table.Td>{run.goal_ms ? <Moment ms={run.goal_ms} /> : "–"}</Table.Td>
                      <Table.Td>{run.ended_ms ? <Moment ms={run.ended_ms} /> : "–"}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
              {data.next ? (
                <Text size="sm" c="dimmed">
                  The first {data.runs.length} runs. All: <code>landfall journeys runs {journey.id}</code>
                </Text>
              ) : null}
            </div>
          )}
        </Answer>
      </section>
    </Stack>
  );
}
