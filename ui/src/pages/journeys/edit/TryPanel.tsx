/** What comes of the definition before it is applied, and whom it would reach. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, taken } from "../../../api/client";
import { Problem } from "../../../parts/places";
import { Forecast } from "../Launch";
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
      {applied ? (
        <>
          <Text size="sm">
            {dirty ? `Forecast and launch gate tell of version ${applied.version}, which is applied. ` : ""}
            <Link to="/journeys/$journey" params={{ journey: applied.id }} search={{ tab: "launch" }}>Launch gate</Link>
          </Text>
          <Forecast journey={applied.id} />
        </>
      ) : (
        <Text size="sm" c="dimmed">Forecast and launch gate tell of applied versions: apply the definition, and find them under Launch. A draft sends nothing.</Text>
      )}
    </Stack>
  );
}
