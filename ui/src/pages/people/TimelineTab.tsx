/** Inputs, messages, merges and token moves in one line, and the proof that the record follows from them. */
import { Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, taken } from "../../api/client";
import { timeline } from "../../api/questions";
import { Answer, Moment, Problem } from "../../parts/places";

export function TimelineTab({ person, kind }: { person: string; kind: string }): ReactNode {
  const answer = useQuery(timeline(person, kind));
  const replay = useMutation({
    mutationFn: async () =>
      taken(
        await api.GET("/landfall/v1/people/{id}/replay", {
          params: { path: { id: person }, query: { id_type: kind } },
        }),
      ),
  });
  return (
    <Answer of={answer}>
      {(data) => (
        <>
          <Group mb="md">
            <Button size="xs" variant="default" loading={replay.isPending} onClick={() => replay.mutate()}>
              Prove it: play everything again
            </Button>
            {replay.data ? (
              <Text role="status">
                {replay.data.identical ? "✓ " : "✕ "}
                {replay.data.inputs} inputs give {replay.data.identical ? "exactly" : "NOT"} the stored record.
              </Text>
            ) : null}
            {data.merged > 0 ? <Text c="dimmed">{data.merged} records were merged into this one.</Text> : null}
          </Group>
          {replay.error ? <Problem error={replay.error} /> : null}
          <ol className="trail">
            {data.entries.map((entry, at) => {
              const delivery = (entry.detail as { id?: string; delivery?: string }).id;
              return (
                <li key={`${entry.received_ms}-${at}`}>
                  <Group gap="xs" align="baseline">
                    <Text fw={600}>{entry.kind.replaceAll("_", " ")}</Text>
                    <Moment ms={entry.occurred_ms} long />
                    <Text size="xs" c="dimmed">
                      {entry.source.replaceAll("_", " ")}
                    </Text>
                  </Group>
                  <Text size="sm" className="token">
                    {entry.kind === "delivery" && delivery ? (
                      <Link to="/log/$delivery" params={{ delivery }}>
                        {entry.summary}
                      </Link>
                    ) : (
                      entry.summary
                    )}
                  </Text>
                  <details>
                    <summary>Everything stored</summary>
                    <pre className="raw" tabIndex={0}>
                      {JSON.stringify(entry.detail, null, 2)}
                    </pre>
                  </details>
                </li>
              );
            })}
          </ol>
        </>
      )}
    </Answer>
  );
}
