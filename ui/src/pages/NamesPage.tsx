/** Names of journeys and messages, those that depart from the convention first, to be put right here. */
import { Button, Checkbox, Group, Stack, Table, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { api, type Schemas, taken } from "../api/client";
import { names } from "../api/questions";
import { Answer, Empty, Heading, Problem } from "../parts/places";
import { Repair } from "./names/Repair";
import { wrongWith } from "./naming";

type Named = Schemas["Named"];

const keyOf = (name: Named) => `${name.source}:${name.source_id}:${name.step_id ?? ""}:${name.variant_id ?? ""}`;

export function NamesPage(): ReactNode {
  const answer = useQuery(names());
  const [faulty, setFaulty] = useState(false);
  return (
    <Stack>
      <Heading title="Names">
        Messages are called <code>journey | step | delay | intent</code>, so that everybody finds them. A later name replaces
        an earlier one everywhere, also for the past.
      </Heading>
      <Answer of={answer}>
        {(data) => {
          const messages = data.names.filter((name) => name.step_id);
          const sources = data.names.filter((name) => !name.step_id);
          const wrong = messages.filter((name) => wrongWith(name.name));
          if (data.names.length === 0) {
            return (
              <Empty title="Nothing has a name yet">
                Journeys that run here name their messages themselves. What Customer.io sends comes with numbers: name those
                here when their first messages were reported.
              </Empty>
            );
          }
          const shown = faulty ? wrong : [...wrong, ...messages.filter((name) => !wrongWith(name.name))];
          return (
            <>
              <Group>
                <Text role="status">
                  {wrong.length === 0
                    ? `✓ All ${messages.length} messages keep to the convention.`
                    : `✕ ${wrong.length} of ${messages.length} messages depart from the convention.`}
                </Text>
                <Checkbox label="only those" checked={faulty} onChange={(event) => setFaulty(event.currentTarget.checked)} />
              </Group>
              <Repair />
              <div className="scroll" tabIndex={0} role="region" aria-label="Names, table">
                <Table verticalSpacing="xs">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Number</Table.Th>
                      <Table.Th>Name</Table.Th>
                      <Table.Th>Convention</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {[...shown, ...(faulty ? [] : sources)].map((name) => (
                      <NameRow key={keyOf(name)} name={name} />
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
            </>
          );
        }}
      </Answer>
    </Stack>
  );
}

function NameRow({ name }: { name: Named }): ReactNode {
  const [editing, edit] = useState(false);
  const [text, setText] = useState(name.name);
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: async () => taken(await api.PUT("/landfall/v1/names", { body: { names: [{ ...name, name: text }] } })),
    onSuccess: async () => {
      edit(false);
      await queries.invalidateQueries();
    },
  });
  const wrong = name.step_id ? wrongWith(name.name) : null;
  return (
    <Table.Tr>
      <Table.Td>
        <Link
          to="/log"
          search={{ journey: `${name.source}:${name.source_id}`, range: "4w", ...(name.step_id ? { step: String(name.step_id) } : {}) }}
        >
          {name.source.replaceAll("_", " ")} {name.source_id}
          {name.step_id ? `, step ${name.step_id}` : ""}
          {name.variant_id ? `, variant ${name.variant_id}` : ""}
        </Link>
      </Table.Td>
      <Table.Td>
        {editing ? (
          <Group gap="xs">
            <TextInput aria-label="Name" size="xs" w={340} value={text} onChange={(event) => setText(event.currentTarget.value)} />
            <Button size="xs" loading={save.isPending} onClick={() => save.mutate()}>
              Save
            </Button>
            <Button size="xs" variant="default" onClick={() => edit(false)}>
              Cancel
            </Button>
            {save.error ? <Problem error={save.error} /> : null}
          </Group>
        ) : (
          <Group gap="xs">
            <span>{name.name}</span>
            <Button size="compact-xs" variant="subtle" onClick={() => edit(true)} aria-label={`Rename ${name.name}`}>
              Rename
            </Button>
          </Group>
        )}
      </Table.Td>
      <Table.Td>{name.step_id ? (wrong ? `✕ ${wrong}` : "✓") : "–"}</Table.Td>
    </Table.Tr>
  );
}
