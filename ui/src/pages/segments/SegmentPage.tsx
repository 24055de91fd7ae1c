/** One segment: how many over time, who, what uses it, and why somebody is in it or not. */
import { Button, Code, Group, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useState } from "react";
import { api, taken } from "../../api/client";
import { segment } from "../../api/questions";
import { Chart } from "../../charts/Chart";
import { Figure } from "../../parts/Figure";
import { asDay, count, inShort } from "../../parts/format";
import { Answer, Empty, Heading, Problem } from "../../parts/places";
import { ReachOf } from "./ReachOf";

const route = getRouteApi("/segments/$segment");

export function SegmentPage(): ReactNode {
  const { segment: number } = route.useParams();
  const answer = useQuery({
    ...segment(number),
    // A segment that was just made fills while one looks.
    refetchInterval: (query) => (query.state.data?.building == null && query.state.data?.members ? 10_000 : 1_500),
  });
  return (
    <Answer of={answer}>
      {(data) => (
        <Stack>
          <Heading title={data.name} actions={<Remove number={number} name={data.name} />}>
            {data.description ? <div>{data.description}</div> : null}
            {data.in_words ? <div>People for whom: {data.in_words}.</div> : <div>Kept by hand.</div>}
            <Text mt={4}>
              <b>{count(data.members)}</b> people
              {data.building !== undefined && data.building !== null ? ` so far: being built, ${data.building} %` : ""}
              {(data.journeys ?? []).length > 0 ? <>; used by {(data.journeys ?? []).join(", ")}</> : null}
            </Text>
          </Heading>
          <ReachOf number={number} />
          <OverTime number={number} />
          <Why number={number} building={data.building !== undefined && data.building !== null} />
          <Members number={number} size={data.members} />
          {data.condition ? (
            <details>
              <summary>Condition as JSON</summary>
              <Code block tabIndex={0}>
                {JSON.stringify(data.condition, null, 2)}
              </Code>
            </details>
          ) : null}
        </Stack>
      )}
    </Answer>
  );
}

function OverTime({ number }: { number: string }): ReactNode {
  const answer = useQuery({
    queryKey: ["segments", number, "counts"],
    queryFn: async () =>
      taken(await api.GET("/landfall/v1/segments/{segment}/counts", { params: { path: { segment: number } } })),
  });
  return (
    <Answer of={answer}>
      {(data) => {
        const byDay = data.days.length > 1;
        const samples = byDay ? data.days : data.hours;
        if (samples.length < 2) {
          return <Text c="dimmed">How many were in it over time shows from tomorrow on: it is counted every hour.</Text>;
        }
        const when = (ms: number) => (byDay ? asDay(ms) : inShort(ms));
        return (
          <Figure
            title="People over time"
            drawn
            call={`/landfall/v1/segments/${number}/counts`}
            grid={{ columns: ["when", "people"], rows: samples.map((sample) => [when(sample.at_ms), sample.members]) }}
          >
            <Chart
              kind="lines"
              label="People in the segment over time"
              categories={samples.map((sample) => when(sample.at_ms))}
              series={[{ name: "people", values: samples.map((sample) => sample.members) }]}
            />
          </Figure>
        );
      }}
    </Answer>
  );
}

function Why({ number, building }: { number: string; building: boolean }): ReactNode {
  const { person } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(person ?? "");
  const answer = useQuery({
    // While people are looked at one after the other the answer may change.
    queryKey: ["segments", number, "explain", person, building],
    enabled: Boolean(person),
    queryFn: async () =>
      taken(
        await api.GET("/landfall/v1/segments/{segment}/explain", {
          params: { path: { segment: number }, query: { person: person ?? "" } },
        }),
      ),
  });
  const ask = (event: FormEvent) => {
    event.preventDefault();
    void navigate({ search: text.trim() ? { person: text.trim() } : {}, replace: true });
  };
  return (
    <section aria-label="Why">
      <form onSubmit={ask}>
        <Group align="flex-end">
          <TextInput label="Is this person in it, and why?" placeholder="person-7" value={text} onChange={(event) => setText(event.currentTarget.value)} data-search />
          <Button type="submit" variant="default">
            Explain
          </Button>
        </Group>
      </form>
      {person ? (
        <Answer of={answer}>
          {(data) => (
            <div role="status">
              <Text mt="xs">
                {data.is_member ? "✓ in it" : "✕ not in it"}
                {data.is_visitor ? "; known by an anonymous id only, and segments hold known people" : ""}
              </Text>
              {data.explanation ? (
                <pre className="raw" tabIndex={0}>
                  {JSON.stringify(data.explanation, null, 2)}
                </pre>
              ) : null}
            </div>
          )}
        </Answer>
      ) : null}
    </section>
  );
}

function Members({ number, size }: { number: string; size: number }): ReactNode {
  const list = useInfiniteQuery({
    // Another number of people is another list.
    queryKey: ["segments", number, "members", size],
    queryFn: async ({ pageParam }) =>
      taken(
        await api.GET("/landfall/v1/segments/{segment}/members", {
          params: { path: { segment: number }, query: { limit: 50, ...(pageParam ? { after: pageParam } : {}) } as never },
        }),
      ),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const members = list.data?.pages.flatMap((page) => page.members) ?? [];
  if (list.error) return <Problem error={list.error} />;
  if (!list.isPending && members.length === 0) return <Empty title="Nobody is in it">It fills as people meet its condition.</Empty>;
  return (
    <section aria-label="Members">
      <Title order={2} size="h4" mb="xs">
        Members
      </Title>
      <div className="scroll" tabIndex={0} role="region" aria-label="Members, table">
        <Table fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Id</Table.Th>
              <Table.Th>E-mail</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {members.map((member) => (
              <Table.Tr key={member.cio_id}>
                <Table.Td>
                  <Link to="/people/$person" params={{ person: member.id ?? member.cio_id }} search={member.id ? {} : { by: "cio_id" }}>
                    {member.id ?? member.cio_id}
                  </Link>
                </Table.Td>
                <Table.Td>{member.email ?? "–"}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {list.hasNextPage ? (
        <Button mt="xs" variant="default" size="xs" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          More
        </Button>
      ) : null}
    </section>
  );
}

function Remove({ number, name }: { number: string; name: string }): ReactNode {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => api.DELETE("/landfall/v1/segments/{segment}", { params: { path: { segment: number } } }),
    onSuccess: async () => {
      await navigate({ to: "/segments" });
      await queries.invalidateQueries({ queryKey: ["segments"] });
    },
  });
  return (
    <>
      {remove.error ? <Problem error={remove.error} /> : null}
      <Button
        size="xs"
        variant="default"
        loading={remove.isPending}
        onClick={() => window.confirm(`Delete the segment “${name}”? Its number is not used again.`) && remove.mutate()}
      >
        Delete
      </Button>
    </>
  );
}
