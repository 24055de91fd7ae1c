/** Who may do what: people with a key of their own, and a role. */
import { Badge, Button, Code, Group, NativeSelect, Stack, Table, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { Answer, Empty, Moment, Problem } from "../../parts/places";

const ROLES = [
  { value: "viewer", label: "viewer: looks at everything" },
  { value: "editor", label: "editor: works on journeys, segments, messages" },
  { value: "admin", label: "admin: also credentials, webhooks, users" },
];

export function Users(): ReactNode {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState("editor");
  const me = useQuery({ queryKey: ["me"], queryFn: async () => taken(await api.GET("/landfall/v1/me")) });
  const answer = useQuery({ queryKey: ["users"], queryFn: async () => taken(await api.GET("/landfall/v1/users")) });
  const add = useMutation({
    mutationFn: async () => ({ name, ...taken(await api.POST("/landfall/v1/users", { body: { name, role } })) }),
    onSuccess: async () => {
      setName("");
      await queries.invalidateQueries({ queryKey: ["users"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate();
  };
  const manages = me.data?.role === "admin";
  return (
    <Stack maw={860}>
      <Answer of={me}>
        {(data) => (
          <Text>
            You are signed in to {data.workspace} as <b>{data.user ?? `app key ${data.key}`}</b>, {data.role}.
          </Text>
        )}
      </Answer>
      <Answer of={answer}>
        {(data) =>
          data.users.length === 0 ? (
            <Empty title="Everybody shares one key">
              Give each person a key of their own: logs then say who did what, and a role says what they may do.
            </Empty>
          ) : (
            <Table>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>User</Table.Th>
                  <Table.Th>Role</Table.Th>
                  <Table.Th>Key ends with</Table.Th>
                  <Table.Th>Added</Table.Th>
                  <Table.Th>
                    <VisuallyHidden>What to do</VisuallyHidden>
                  </Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.users.map((user) => (
                  <UserRow key={user.id} user={user} manages={manages && user.id !== me.data?.key} />
                ))}
              </Table.Tbody>
            </Table>
          )
        }
      </Answer>
      {manages ? (
        <form onSubmit={submit}>
          <Group align="flex-end">
            <TextInput
              label="Name or address"
              placeholder="lea@shop.example"
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              required
            />
            <NativeSelect label="Role" data={ROLES} value={role} onChange={(event) => setRole(event.currentTarget.value)} />
            <Button type="submit" loading={add.isPending}>
              Add
            </Button>
          </Group>
        </form>
      ) : null}
      {add.error ? <Problem error={add.error} /> : null}
      {add.data ? (
        <Text role="status">
          The key of {add.data.name}, shown this once: <Code>{add.data.key}</Code>
        </Text>
      ) : null}
    </Stack>
  );
}

function UserRow({ user, manages }: { user: Schemas["UserAnswer"]; manages: boolean }): ReactNode {
  const queries = useQueryClient();
  const path = { params: { path: { id: user.id } } };
  const again = { onSettled: () => queries.invalidateQueries({ queryKey: ["users"] }) };
  const change = useMutation({
    mutationFn: (role: string) => api.PUT("/landfall/v1/users/{id}", { ...path, body: { role } }),
    ...again,
  });
  const remove = useMutation({ mutationFn: () => api.DELETE("/landfall/v1/users/{id}", path), ...again });
  return (
    <Table.Tr>
      <Table.Td>{user.name}</Table.Td>
      <Table.Td>
        {manages ? (
          <NativeSelect
            aria-label={`Role of ${user.name}`}
            data={ROLES.map((role) => role.value)}
            value={user.role}
            onChange={(event) => change.mutate(event.currentTarget.value)}
          />
        ) : (
          <Badge variant="default">{user.role}</Badge>
        )}
        {change.error ?? remove.error ? <Problem error={change.error ?? remove.error} /> : null}
      </Table.Td>
      <Table.Td>
        <Code>{user.ends_with}</Code>
      </Table.Td>
      <Table.Td>
        <Moment ms={user.created_ms} />
      </Table.Td>
      <Table.Td>
        {manages ? (
          <Button
            size="xs"
            variant="default"
            aria-label={`Remove ${user.name}`}
            onClick={() => window.confirm(`Remove ${user.name}? Their key opens nothing any more.`) && remove.mutate()}
          >
            Remove
          </Button>
        ) : null}
      </Table.Td>
    </Table.Tr>
  );
}
