/** Where changes of deliveries are posted to, with what did not get through. */
import { Button, Code, Group, Paper, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { count } from "../../parts/format";
import { Answer, Empty, Moment, Problem, State } from "../../parts/places";

export function Webhooks(): ReactNode {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [endpoint, setEndpoint] = useState("");
  const answer = useQuery({
    queryKey: ["webhooks"],
    queryFn: async () => taken(await api.GET("/landfall/v1/webhooks")),
    refetchInterval: 15_000,
  });
  const add = useMutation({
    mutationFn: async () => taken(await api.POST("/landfall/v1/webhooks", { body: { name, endpoint } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["webhooks"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Stack maw={860}>
      <Answer of={answer}>
        {(data) =>
          data.webhooks.length === 0 ? (
            <Empty title="Nothing is told to anybody">
              Add an address, and Landfall posts every change of a delivery there, in the form of Customer.io's reporting webhooks.
            </Empty>
          ) : (
            <Stack gap="sm">
              {data.webhooks.map((webhook) => (
                <WebhookCard key={webhook.id} webhook={webhook} />
              ))}
            </Stack>
          )
        }
      </Answer>
      <form onSubmit={submit}>
        <Group align="flex-end">
          <TextInput label="Name" value={name} onChange={(event) => setName(event.currentTarget.value)} required />
          <TextInput
            label="Address"
            type="url"
            w={320}
            placeholder="https://example.org/landfall"
            value={endpoint}
            onChange={(event) => setEndpoint(event.currentTarget.value)}
            required
          />
          <Button type="submit" loading={add.isPending}>
            Add
          </Button>
        </Group>
      </form>
      {add.error ? <Problem error={add.error} /> : null}
      {add.data ? (
        <Text role="status">
          Its signing key, shown this once: <Code>{add.data.signing_key}</Code>
        </Text>
      ) : null}
    </Stack>
  );
}

function WebhookCard({ webhook }: { webhook: Schemas["WebhookAnswer"] }): ReactNode {
  const queries = useQueryClient();
  const path = { params: { path: { id: webhook.id } } };
  const again = { onSettled: () => queries.invalidateQueries({ queryKey: ["webhooks"] }) };
  const test = useMutation({ mutationFn: async () => taken(await api.POST("/landfall/v1/webhooks/{id}/test", path)) });
  const replay = useMutation({ mutationFn: async () => taken(await api.POST("/landfall/v1/webhooks/{id}/replay", path)), ...again });
  const remove = useMutation({ mutationFn: () => api.DELETE("/landfall/v1/webhooks/{id}", path), ...again });
  const state = webhook.disabled ? "paused" : webhook.problem ? "warning" : "ok";
  return (
    <Paper withBorder p="md" component="article" aria-label={webhook.name}>
      <Group justify="space-between" align="flex-start">
        <div>
          <Group gap="xs">
            <Text fw={600}>{webhook.name}</Text>
            <State name={state} />
          </Group>
          <Text size="sm" className="token">
            {webhook.endpoint}
          </Text>
          <Text size="sm" c="dimmed">
            {count(webhook.waiting)} wait; {count(webhook.dead_letters)} did not get through.{" "}
            {webhook.paused_until_ms ? (
              <>
                Paused until <Moment ms={webhook.paused_until_ms} />.{" "}
              </>
            ) : null}
            {webhook.problem}
          </Text>
          {test.data ? (
            <Text size="sm" role="status">
              {test.data.taken ? "✓ It took the test." : `✕ It did not take the test: ${test.data.message ?? test.data.status}`}
            </Text>
          ) : null}
          {replay.data ? (
            <Text size="sm" role="status">
              {replay.data.taken} taken, {replay.data.left} left. {replay.data.problem}
            </Text>
          ) : null}
        </div>
        <Group gap="xs">
          <Button size="xs" variant="default" loading={test.isPending} onClick={() => test.mutate()}>
            Test
          </Button>
          {webhook.dead_letters > 0 ? (
            <Button size="xs" variant="default" loading={replay.isPending} onClick={() => replay.mutate()}>
              Send the failed again
            </Button>
          ) : null}
          <Button
            size="xs"
            variant="default"
            onClick={() => window.confirm(`Stop telling “${webhook.name}”?`) && remove.mutate()}
          >
            Remove
          </Button>
        </Group>
      </Group>
      {test.error ?? replay.error ?? remove.error ? <Problem error={test.error ?? replay.error ?? remove.error} /> : null}
    </Paper>
  );
}
