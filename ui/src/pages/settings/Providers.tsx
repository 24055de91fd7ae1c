/** Credentials with what their providers say of them, and everything that the server checks about sending. */
import { Button, Code, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { health } from "../../api/questions";
import { Answer, Empty, Moment, Problem, State } from "../../parts/places";

/** A standing in the words of states. */
const LEVELS: Record<string, string> = { works: "ok", refused: "refused", not_reached: "warning", not_asked: "pending" };

export function Providers(): ReactNode {
  const answer = useQuery({
    queryKey: ["credentials"],
    queryFn: async () => taken(await api.GET("/landfall/v1/credentials")),
  });
  const checks = useQuery({ ...health(), refetchInterval: 30_000 });
  return (
    <Stack>
      <Answer of={answer}>
        {(data) =>
          data.credentials.length === 0 ? (
            <Empty title="Nothing to send with yet">
              Add the key of a provider on the server:{" "}
              <Code>landfall credentials add apple --provider apns --key-file KEY.p8 --key-id ID --team-id ID --topic BUNDLE</Code>.
              Without any, Landfall records what others send.
            </Empty>
          ) : (
            <Stack gap="sm">
              {data.credentials.map((credential) => (
                <CredentialCard key={credential.name} credential={credential} />
              ))}
            </Stack>
          )
        }
      </Answer>
      <section aria-label="Checks">
        <Title order={2} size="h4" mb="xs">
          What the server checks
        </Title>
        <Answer of={checks}>
          {(data) => (
            <div className="scroll" tabIndex={0} role="region" aria-label="Checks, table">
              <Table fz="sm">
                <Table.Thead>
                  <Table.Tr>
                    {["Level", "Check", "About", "What", "What to do"].map((title) => (
                      <Table.Th key={title}>{title}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.findings.map((finding) => (
                    <Table.Tr key={`${finding.check}-${finding.about}`}>
                      <Table.Td>
                        <State name={finding.level} />
                      </Table.Td>
                      <Table.Td>{finding.check.replaceAll("_", " ")}</Table.Td>
                      <Table.Td>{finding.about || "–"}</Table.Td>
                      <Table.Td>{finding.message}</Table.Td>
                      <Table.Td>{finding.fix || "–"}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )}
        </Answer>
      </section>
    </Stack>
  );
}

function CredentialCard({ credential }: { credential: Schemas["CredentialAnswer"] }): ReactNode {
  const queries = useQueryClient();
  const check = useMutation({
    mutationFn: async () =>
      taken(await api.POST("/landfall/v1/credentials/{name}/check", { params: { path: { name: credential.name } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["credentials"] }),
  });
  const known = check.data ?? credential.check;
  return (
    <Paper withBorder p="md" component="article" aria-label={credential.name}>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <div>
          <Group gap="xs">
            <Text fw={600}>{credential.name}</Text>
            <Text c="dimmed">{credential.provider.replaceAll("_", " ")}</Text>
            {known ? <State name={LEVELS[known.standing] ?? known.standing} /> : null}
          </Group>
          <Text size="sm">
            {known ? `${known.message} ${known.fix}` : "Not asked yet."}
            {known ? (
              <Text span size="sm" c="dimmed">
                {" "}
                Asked <Moment ms={known.checked_ms} />.
              </Text>
            ) : null}
          </Text>
          {credential.unusable ? <Text size="sm">✕ {credential.unusable}</Text> : null}
          <Text size="sm" c="dimmed" className="token">
            {Object.entries(credential.shown)
              .map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)
              .join(" · ")}
          </Text>
        </div>
        <Button size="xs" variant="default" flex="none" loading={check.isPending} onClick={() => check.mutate()}>
          Check now
        </Button>
      </Group>
      {check.error ? <Problem error={check.error} /> : null}
    </Paper>
  );
}
