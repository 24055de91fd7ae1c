/** Where webhooks may come from. */
import { Button, Code, Group, PasswordInput, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, taken } from "../../api/client";
import { Answer, Problem } from "../../parts/places";

export function Sources(): ReactNode {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [key, setKey] = useState("");
  const answer = useQuery({ queryKey: ["sources"], queryFn: async () => taken(await api.GET("/landfall/v1/sources")) });
  const add = useMutation({
    mutationFn: async () => taken(await api.PUT("/landfall/v1/sources", { body: { name, signing_key: key } })),
    onSuccess: async () => {
      setName("");
      setKey("");
      await queries.invalidateQueries({ queryKey: ["sources"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  return (
    <Stack maw={760}>
      <Text>
        A team that stays on Customer.io adds a reporting webhook there, with the address below and all events. Campaigns, steps
        and deliveries then appear here by themselves.
      </Text>
      <Answer of={answer}>
        {(data) =>
          data.sources.length === 0 ? (
            <Text c="dimmed">No webhook may come in yet.</Text>
          ) : (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Source</Table.Th>
                  <Table.Th>Address</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.sources.map((source) => (
                  <Table.Tr key={source.name}>
                    <Table.Td>{source.name}</Table.Td>
                    <Table.Td>
                      <Code>
                        {location.origin}
                        {source.path}
                      </Code>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Answer>
      <form onSubmit={submit}>
        <Group align="flex-end">
          <TextInput label="Name" placeholder="main" value={name} onChange={(event) => setName(event.currentTarget.value)} required />
          <PasswordInput
            label="Signing key of Customer.io"
            w={260}
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            autoComplete="off"
            required
          />
          <Button type="submit" loading={add.isPending}>
            Add or replace
          </Button>
        </Group>
      </form>
      {add.error ? <Problem error={add.error} /> : null}
    </Stack>
  );
}
