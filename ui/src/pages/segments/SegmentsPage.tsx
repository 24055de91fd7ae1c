/** All segments, what comes built in, and a new one. */
import { Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { api, taken } from "../../api/client";
import { builtIns, segments } from "../../api/questions";
import { count } from "../../parts/format";
import { Answer, Empty, Heading, Problem } from "../../parts/places";
import { NewSegment } from "./NewSegment";

export function SegmentsPage(): ReactNode {
  const [making, make] = useState(false);
  const answer = useQuery({ ...segments(), refetchInterval: 15_000 });
  return (
    <Stack>
      <Heading
        title="Segments"
        actions={
          <Button size="xs" onClick={() => make(!making)} aria-expanded={making}>
            {making ? "Close" : "New segment"}
          </Button>
        }
      >
        Sets of people, kept current with every input.
      </Heading>
      {making ? <NewSegment /> : null}
      <Answer of={answer}>
        {(data) =>
          data.segments.length === 0 ? (
            <Empty title="No segment yet">
              Make one from conditions, or take a built-in one below: people without a token, people whose messages failed.
            </Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Segments, table">
              <Table verticalSpacing="sm">
                <Table.Thead>
                  <Table.Tr>
                    {["Segment", "People", "Who", "Kind"].map((title) => (
                      <Table.Th key={title}>{title}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.segments.map((segment) => (
                    <Table.Tr key={segment.number}>
                      <Table.Th scope="row">
                        <Link to="/segments/$segment" params={{ segment: String(segment.number) }}>
                          {segment.name}
                        </Link>
                      </Table.Th>
                      <Table.Td>
                        {count(segment.members)}
                        {segment.building !== undefined && segment.building !== null ? (
                          <Text size="xs">being built, {segment.building} %</Text>
                        ) : null}
                      </Table.Td>
                      <Table.Td>{segment.in_words ?? segment.description}</Table.Td>
                      <Table.Td>{segment.kind.replaceAll("_", " ")}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </Answer>
      <BuiltIns />
    </Stack>
  );
}

function BuiltIns(): ReactNode {
  const answer = useQuery(builtIns());
  const queries = useQueryClient();
  const navigate = useNavigate();
  const take = useMutation({
    mutationFn: async (name: string) => taken(await api.POST("/landfall/v1/segments", { body: { built_in: name } as never })),
    onSuccess: async (segment) => {
      await queries.invalidateQueries({ queryKey: ["segments"] });
      await navigate({ to: "/segments/$segment", params: { segment: String(segment.number) } });
    },
  });
  return (
    <section aria-label="Built in">
      <Title order={2} size="h4" mb="xs">
        Built in
      </Title>
      {take.error ? <Problem error={take.error} /> : null}
      <Answer of={answer}>
        {(data) => (
          <Stack gap={0}>
            {data.built_in.map((known) => (
              <Group key={known.name} justify="space-between" wrap="nowrap" py={6} className="ruled">
                <div>
                  <Text fw={600}>{known.name.replaceAll("_", " ")}</Text>
                  <Text size="sm" c="dimmed">
                    {known.meaning}
                    {known.window ? ` Looks back ${known.window}.` : ""}
                  </Text>
                </div>
                <Button
                  size="compact-sm"
                  flex="none"
                  variant="default"
                  aria-label={`Use ${known.name.replaceAll("_", " ")}`}
                  loading={take.isPending && take.variables === known.name}
                  onClick={() => take.mutate(known.name)}
                >
                  Use
                </Button>
              </Group>
            ))}
          </Stack>
        )}
      </Answer>
    </section>
  );
}
