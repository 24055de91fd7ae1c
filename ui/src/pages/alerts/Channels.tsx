/** Who is told: owners of journeys, and channels for everything or for some journeys. */
import { Button, Group, NativeSelect, Paper, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent, type ReactNode } from "react";
import { api, type Schemas, taken } from "../../api/client";
import { Answer, Problem } from "../../parts/places";
import { channels } from "./questions";

type Answered = Schemas["ChannelList"];

export function Channels(): ReactNode {
  const answer = useQuery(channels());
  return (
    <Answer of={answer}>
      {(data) => (
        <Stack>
          <Owners data={data} />
          <Places data={data} />
        </Stack>
      )}
    </Answer>
  );
}

function Owners({ data }: { data: Answered }): ReactNode {
  return (
    <Paper withBorder p="md" component="section" aria-label="Owners">
      <Title order={2} size="h4">
        Owners
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        Incidents of a journey go to its owner, whom its definition names.
      </Text>
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Journey</Table.Th>
            <Table.Th>Owner</Table.Th>
            <Table.Th>Is told by</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.owners.map((one) => (
            <Table.Tr key={one.journey}>
              <Table.Td>
                <Link to="/journeys/$journey" params={{ journey: one.name ?? one.journey }}>
                  {one.name ?? one.journey}
                </Link>
              </Table.Td>
              <Table.Td className="token">{one.owner ?? "nobody"}</Table.Td>
              <Table.Td className="token">{one.to ?? "nothing: write an address or slack:NAME as its owner"}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Paper>
  );
}

function Places({ data }: { data: Answered }): ReactNode {
  const [to, setTo] = useState("");
  const [journey, setJourney] = useState("");
  const [said, say] = useState("");
  const queries = useQueryClient();
  const put = useMutation({
    mutationFn: async (list: Answered["channels"]) => taken(await api.PUT("/landfall/v1/alert-channels", { body: { channels: list } as never })),
    onSuccess: (after) => {
      queries.setQueryData(channels().queryKey, after);
      setTo("");
    },
  });
  const test = useMutation({
    mutationFn: async (to: string) => taken(await api.POST("/landfall/v1/alert-channels/test", { body: { to } })),
    onSuccess: (answer, to) => say(answer.taken ? `✓ ${to} took the test.` : `✕ ${to} did not take it: ${answer.message ?? "no reason was given"}`),
  });
  const add = (event: FormEvent) => {
    event.preventDefault();
    const others = data.channels.filter((one) => one.to !== to.trim());
    put.mutate([...others, { to: to.trim(), journeys: journey ? [journey] : [] }]);
  };
  const name = (journey: string) => data.owners.find((one) => one.journey === journey)?.name ?? journey;
  return (
    <Paper withBorder p="md" component="section" aria-label="Channels">
      <Title order={2} size="h4">
        Channels
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        Told beside the owners. <code>slack:NAME</code> names a Slack credential of the workspace, <code>email:ADDRESS</code> goes
        by its SMTP credential, <code>webhook:URL</code> gets the incident as JSON.
      </Text>
      {put.error ?? test.error ? <Problem error={put.error ?? test.error} /> : null}
      {data.channels.length === 0 ? <Text size="sm">No channel yet: only owners are told.</Text> : null}
      <Table fz="sm">
        <Table.Tbody>
          {data.channels.map((one) => (
            <Table.Tr key={one.to}>
              <Table.Td className="token">{one.to}</Table.Td>
              <Table.Td>{(one.journeys ?? []).length === 0 ? "every journey" : (one.journeys ?? []).map(name).join(", ")}</Table.Td>
              <Table.Td>
                <Group gap={4} justify="flex-end">
                  <Button size="compact-xs" variant="default" loading={test.isPending} onClick={() => test.mutate(one.to)} aria-label={`Test ${one.to}`}>
                    Test
                  </Button>
                  <Button
                    size="compact-xs"
                    variant="default"
                    color="red"
                    onClick={() => put.mutate(data.channels.filter((other) => other.to !== one.to))}
                    aria-label={`Remove ${one.to}`}
                  >
                    Remove
                  </Button>
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm" role="status">
        {said}
      </Text>
      <form onSubmit={add}>
        <Group align="flex-end" mt="sm">
          <TextInput label="Where" size="xs" w={280} placeholder="email:team@shop.example" value={to} onChange={(event) => setTo(event.currentTarget.value)} />
          <NativeSelect
            label="For"
            size="xs"
            value={journey}
            onChange={(event) => setJourney(event.currentTarget.value)}
            data={[{ value: "", label: "every journey" }, ...data.owners.map((one) => ({ value: one.journey, label: one.name ?? one.journey }))]}
          />
          <Button size="xs" type="submit" loading={put.isPending} disabled={to.trim() === ""}>
            Add
          </Button>
        </Group>
      </form>
    </Paper>
  );
}
