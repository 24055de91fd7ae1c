/** What comes of the definition before it is applied, and whom it would reach. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, taken } from "../../../api/client";
import { Problem } from "../../../parts/places";
import { ForecastShown } from "../ForecastShown";
import { QaTable, type QaReport } from "../QaTable";
import { useEditing } from "./editing";

export interface Applied {
  id: string;
  version: number;
}

export function TryPanel({ applied, dirty }: { applied: Applied | undefined; dirty: boolean }): ReactNode {
  const { draft } = useEditing();
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: async (definition: unknown) => taken(await api.POST("/landfall/v1/qa", { body: definition as never })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["journeys"] }),
  });
  const forecast = useMutation({
    mutationFn: async (definition: unknown) => taken(await api.POST("/landfall/v1/forecast", { body: definition as never })),
  });
  const stale = run.data !== undefined && run.variables !== draft;
  return (
    <Stack gap="md">
      <section aria-label="Test profiles of this draft">
        <Group justify="space-between" mb="xs">
          <h2 className="panel-title" id="panel-title" tabIndex={-1}>Test profiles</h2>
          <Button size="xs" loading={run.isPending} onClick={() => run.mutate(draft)}>Run them</Button>
        </Group>
        <Text size="sm" c="dimmed" mb="xs">
          They go through the draft as it stands here, on the server, in virtual time. Nothing is sent. When it is applied as
          it is, the launch gate knows of a green run.
        </Text>
        {run.error ? <Problem error={run.error} /> : null}
        {run.data ? (
          <>
            <Text size="sm" role="status" mb="xs">
              {run.data.green ? `✓ ${run.data.profiles} profiles went through, everything as expected.` : `✕ Not as expected: ${(run.data.red ?? []).join(", ")}.`}
              {stale ? " The draft was changed since." : ""}
            </Text>
            <QaTable report={run.data.report as unknown as QaReport} />
          </>
        ) : null}
      </section>
      <section aria-label="Forecast of this draft">
        <Group justify="space-between" mb="xs">
          <h2 className="panel-title">Forecast</h2>
          <Button size="xs" loading={forecast.isPending} onClick={() => forecast.mutate(draft)}>Forecast it</Button>
        </Group>
        {forecast.error ? <Problem error={forecast.error} /> : null}
        {forecast.data ? (
          <>
            {forecast.variables === draft ? null : <Text size="sm" role="status">The draft was changed since.</Text>}
            <ForecastShown data={forecast.data} />
          </>
        ) : (
          <Text size="sm" c="dimmed">Whom the draft would reach if it started now, over which channel, and what its fallback would cost.</Text>
        )}
      </section>
      <Text size="sm">
        {applied ? (
          <>
            The <Link to="/journeys/$journey" params={{ journey: applied.id }} search={{ tab: "launch" }}>launch gate</Link> tells what
            version {applied.version} still lacks{dirty ? "; what you changed here is not applied yet" : ""}.
          </>
        ) : (
          "Once the definition is applied, the launch gate tells what it still lacks. A draft sends nothing."
        )}
      </Text>
    </Stack>
  );
}
