/** All journeys: those that run here, and those that others send and only report. */
import { Button, Group, Loader, SimpleGrid, Paper, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { journeys, metrics } from "../../api/questions";
import { count, valueName } from "../../parts/format";
import { Answer, Heading, Moment, Share, State } from "../../parts/places";
import { BLANK, READY } from "./ready";

const inState = (journey: Schemas["JourneyAnswer"], state: string) =>
  journey.runs.filter((run) => run.state === state).reduce((sum, run) => sum + run.count, 0);

export function JourneysPage(): ReactNode {
  const all = useQuery({ ...journeys(), refetchInterval: 15_000 });
  const sent = useQuery(metrics({ measures: "reached,sent,delivered/sent", by: "journey", range: "7d" }));
  const lines = new Map(sent.data?.rows.map((line) => [line.group[0]?.value ?? "", line]));
  return (
    <>
      <Heading
        title="Journeys"
        actions={
          <Button renderRoot={(props) => <Link to="/journeys/new" {...props} />} size="xs">
            New journey
          </Button>
        }
      >
        What starts them, who is in them, and whether their messages arrive.
      </Heading>
      <Answer of={all}>
        {(data) => {
          const own = new Set(data.journeys.map((journey) => `campaign:${journey.number}`));
          const foreign = [...lines.entries()].filter(([value]) => !own.has(value));
          if (data.journeys.length === 0 && foreign.length === 0) return <Ready />;
          return (
            <>
              <div className="scroll" tabIndex={0} role="region" aria-label="Journeys, table">
                <Table verticalSpacing="sm">
                  <Table.Thead>
                    <Table.Tr>
                      {["Journey", "State", "In it now", "Converted", "Messages, 7 days", "Delivered of accepted", "Changed"].map((title) => (
                        <Table.Th key={title}>{title}</Table.Th>
                      ))}
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {data.journeys.map((journey) => {
                      const line = lines.get(`campaign:${journey.number}`);
                      return (
                        <Table.Tr key={journey.id}>
                          <Table.Th scope="row">
                            <Link to="/journeys/$journey" params={{ journey: journey.id }}>
                              {journey.name}
                            </Link>
                          </Table.Th>
                          <Table.Td>
                            <Group gap={6} wrap="nowrap">
                              <State name={journey.state} />
                              {journey.building !== undefined && journey.building !== null ? (
                                <Text size="xs">
                                  <Loader size={10} aria-hidden /> reads the past, {journey.building} %
                                </Text>
                              ) : null}
                            </Group>
                          </Table.Td>
                          <Table.Td>{count(inState(journey, "running"))}</Table.Td>
                          <Table.Td>{count(inState(journey, "converted"))}</Table.Td>
                          <Table.Td>{count(line?.counts["reached"] ?? 0)}</Table.Td>
                          <Table.Td>
                            <Share rate={line?.rates["delivered/sent"]} settling={line?.settling ?? false} />
                          </Table.Td>
                          <Table.Td>
                            <Moment ms={journey.updated_ms} />
                          </Table.Td>
                        </Table.Tr>
                      );
                    })}
                    {foreign.map(([value, line]) => (
                      <Table.Tr key={value}>
                        <Table.Th scope="row">
                          <Link to="/journeys/$journey" params={{ journey: value }}>
                            {valueName("journey", value, line.group[0]?.label)}
                          </Link>
                        </Table.Th>
                        <Table.Td>sent elsewhere</Table.Td>
                        <Table.Td>–</Table.Td>
                        <Table.Td>–</Table.Td>
                        <Table.Td>{count(line.counts["reached"] ?? 0)}</Table.Td>
                        <Table.Td>
                          <Share rate={line.rates["delivered/sent"]} settling={line.settling} />
                        </Table.Td>
                        <Table.Td>–</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
            </>
          );
        }}
      </Answer>
    </>
  );
}

export function Ready(): ReactNode {
  return (
    <section aria-label="Ready journeys">
      <Text mb="md">
        Seven journeys are ready: choose one, read it, change it, apply it. It is a draft until you start it, and nobody gets
        anything before.
      </Text>
      <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
        {READY.map((ready) => (
          <Paper withBorder p="md" key={ready.id}>
            <Title order={2} size="h4">
              <Link to="/journeys/new" search={{ from: ready.id }}>
                {ready.name}
              </Link>
            </Title>
            <Text size="sm" mt={4}>
              {ready.says}
            </Text>
          </Paper>
        ))}
        <Paper withBorder p="md">
          <Title order={2} size="h4">
            <Link to="/journeys/new" search={{ from: BLANK }}>
              From nothing
            </Link>
          </Title>
          <Text size="sm" mt={4}>
            An empty picture, and every type of step to put into it.
          </Text>
        </Paper>
      </SimpleGrid>
    </section>
  );
}
