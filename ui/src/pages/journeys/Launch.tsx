/** Whether a version may start, what it still lacks, and whom it would reach. */
import { Button, Group, Paper, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { Answer, Moment, Problem, State } from "../../parts/places";
import { ForecastShown } from "./ForecastShown";
import { QaTable, type QaReport } from "./QaTable";

const gate = (journey: string) => ({
  queryKey: ["journeys", journey, "gate"],
  queryFn: async () =>
    taken(await api.GET("/landfall/v1/journeys/{journey}/gate", { params: { path: { journey } } })),
});

export function Launch({ journey }: { journey: string }): ReactNode {
  const answer = useQuery(gate(journey));
  return (
    <Stack>
      <Answer of={answer}>{(data) => <Gate gate={data} />}</Answer>
      <Forecast journey={journey} />
    </Stack>
  );
}

function Gate({ gate }: { gate: Schemas["GateAnswer"] }): ReactNode {
  const queries = useQueryClient();
  const profiles = useMutation({
    mutationFn: async () =>
      taken(await api.POST("/landfall/v1/journeys/{journey}/qa", { params: { path: { journey: gate.journey } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["journeys"] }),
  });
  return (
    <section aria-label="Launch gate">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          Launch gate of version {gate.version}
        </Title>
        <Button size="xs" variant="default" loading={profiles.isPending} onClick={() => profiles.mutate()}>
          Run the test profiles
        </Button>
      </Group>
      <Text mb="xs" role="status">
        {gate.open ? "✓ It may start." : "✕ It may not start yet: meet what is missing, or waive it with a reason."}
      </Text>
      {profiles.error ? <Problem error={profiles.error} /> : null}
      {gate.qa ? (
        <Text size="sm" mb="xs">
          {gate.qa.green ? "✓" : "✕"} {gate.qa.profiles} test profiles ran <Moment ms={gate.qa.at_ms} />
          {gate.qa.green ? ", everything as expected." : `; not as expected: ${(gate.qa.red ?? []).join(", ")}.`}
        </Text>
      ) : null}
      {gate.qa ? <LastRun journey={gate.journey} /> : null}
      <div className="scroll" tabIndex={0} role="region" aria-label="Requirements">
        <Table fz="sm">
          <Table.Thead>
            <Table.Tr>
              {["Requirement", "State", "What is missing", "Waiver"].map((title) => (
                <Table.Th key={title}>{title}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {gate.requirements.map((one) => (
              <Table.Tr key={one.requirement}>
                <Table.Th scope="row">{one.requirement}</Table.Th>
                <Table.Td>
                  <State name={one.state} />
                </Table.Td>
                <Table.Td>
                  {(one.lacks ?? []).map((lack) => (
                    <div key={lack.path + lack.wrong}>
                      <code>{lack.path}</code> {lack.wrong}; {lack.fix}
                    </div>
                  ))}
                </Table.Td>
                <Table.Td>
                  {one.waiver ? (
                    <>
                      {one.waiver.reason}, said {one.waiver.by} <Moment ms={one.waiver.at_ms} />
                    </>
                  ) : null}
                  {one.state === "missing" ? <Waive journey={gate.journey} requirement={one.requirement} /> : null}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </section>
  );
}

/** What the test profiles of the newest version got, step by step. */
function LastRun({ journey }: { journey: string }): ReactNode {
  const runs = useQuery({
    queryKey: ["journeys", journey, "qa"],
    queryFn: async () => taken(await api.GET("/landfall/v1/journeys/{journey}/qa", { params: { path: { journey } } })),
  });
  const report = runs.data?.latest?.report as unknown as QaReport | undefined;
  if (!report) return null;
  return (
    <details className="fold">
      <summary>What each profile got</summary>
      <QaTable report={report} />
    </details>
  );
}

function Waive({ journey, requirement }: { journey: string; requirement: string }): ReactNode {
  const [reason, setReason] = useState("");
  const queries = useQueryClient();
  const waive = useMutation({
    mutationFn: async () =>
      taken(
        await api.POST("/landfall/v1/journeys/{journey}/waivers", {
          params: { path: { journey } },
          body: { requirement, reason },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["journeys"] }),
  });
  return (
    <Group gap="xs" wrap="nowrap">
      <TextInput
        size="xs"
        aria-label={`Why ${requirement} is not needed`}
        placeholder="why it is not needed"
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button
        size="xs"
        variant="default"
        flex="none"
        aria-label={`Waive ${requirement}`}
        disabled={!reason.trim()}
        loading={waive.isPending}
        onClick={() => waive.mutate()}
      >
        Waive
      </Button>
      {waive.error ? <Problem error={waive.error} /> : null}
    </Group>
  );
}

function Forecast({ journey }: { journey: string }): ReactNode {
  const answer = useQuery({
    queryKey: ["journeys", journey, "forecast"],
    queryFn: async () =>
      taken(await api.GET("/landfall/v1/journeys/{journey}/forecast", { params: { path: { journey } } })),
  });
  return (
    <Paper withBorder p="md" component="section" aria-label="Forecast">
      <Title order={2} size="h4" mb="xs">
        Forecast
      </Title>
      <Answer of={answer}>{(data) => <ForecastShown data={data} />}</Answer>
    </Paper>
  );
}
