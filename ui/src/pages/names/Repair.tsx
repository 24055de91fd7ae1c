/** Names of messages that depart from the convention, with what they probably mean, to be given all at once. */
import { Button, Checkbox, Group, Paper, Table, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { api, taken } from "../../api/client";
import { departures } from "../../api/questions";
import { Answer, Problem } from "../../parts/places";
import { type Choice, type Departure, given, isChosen, keyOf, lacks, textOf } from "./repair";

export function Repair(): ReactNode {
  const answer = useQuery(departures());
  return <Answer of={answer}>{(data) => (data.departures.length > 0 ? <Suggestions list={data.departures} /> : null)}</Answer>;
}

function Suggestions({ list }: { list: Departure[] }): ReactNode {
  const [choice, setChoice] = useState<Choice>({ texts: {}, chosen: {} });
  const queries = useQueryClient();
  const names = given(list, choice);
  const give = useMutation({
    mutationFn: async () => taken(await api.PUT("/landfall/v1/names", { body: { names } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  const type = (departure: Departure, text: string) =>
    setChoice((now) => ({ ...now, texts: { ...now.texts, [keyOf(departure)]: text } }));
  const choose = (departure: Departure, chosen: boolean) =>
    setChoice((now) => ({ ...now, chosen: { ...now.chosen, [keyOf(departure)]: chosen } }));
  return (
    <Paper withBorder p="md" component="section" aria-label="Repair">
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={2} size="h4">
            Repair them together
          </Title>
          <Text size="sm" c="dimmed" mb="xs">
            What each probably means. A dash stands for a part that nobody can guess: write it there.
          </Text>
        </div>
        <Button size="xs" loading={give.isPending} disabled={names.length === 0} onClick={() => give.mutate()}>
          Give {names.length === 1 ? "1 name" : `${names.length} names`}
        </Button>
      </Group>
      {give.error ? <Problem error={give.error} /> : null}
      <div className="scroll" tabIndex={0} role="region" aria-label="Repair, table">
        <Table fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Give</Table.Th>
              <Table.Th>Now</Table.Th>
              <Table.Th>Probably</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {list.map((departure) => {
              const text = textOf(departure, choice);
              const wrong = lacks(text);
              return (
                <Table.Tr key={keyOf(departure)}>
                  <Table.Td>
                    <Checkbox
                      aria-label={`Give ${departure.name} its name`}
                      checked={isChosen(departure, choice) && wrong === null}
                      disabled={wrong !== null}
                      onChange={(event) => choose(departure, event.currentTarget.checked)}
                    />
                  </Table.Td>
                  <Table.Td>
                    {departure.name}
                    <Text size="xs" c="dimmed">
                      {departure.source.replaceAll("_", " ")} {departure.source_id}, step {departure.step_id}
                    </Text>
                  </Table.Td>
                  <Table.Td miw={320}>
                    <TextInput
                      size="xs"
                      aria-label={`Name for ${departure.name}`}
                      value={text}
                      error={wrong}
                      onChange={(event) => type(departure, event.currentTarget.value)}
                    />
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
    </Paper>
  );
}
