/** One incident: what fell, by how much and where; what was done; and who was told. */
import { Button, Group, Menu, Paper, SimpleGrid, Stack, Table, Text, Textarea, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { api, type Schemas, taken } from "../../api/client";
import { Chart } from "../../charts/Chart";
import { Figure } from "../../parts/Figure";
import { inShort, percent } from "../../parts/format";
import { Answer, Heading, Moment, Problem, State } from "../../parts/places";
import { amount, rowsOf } from "../../verdict/words";
import { RateBeside } from "./AlertsPage";
import { inner, rolling } from "./alerts";
import { incident } from "./questions";

type Whole = Schemas["IncidentInFull"];

const route = getRouteApi("/alerts/$incident");
/** Minutes that each point of the picture looks back. */
const WINDOW = 120;
const SNOOZES = [
  { value: "1h", label: "1 hour" },
  { value: "4h", label: "4 hours" },
  { value: "1d", label: "a day" },
  { value: "7d", label: "a week" },
];

export function IncidentPage(): ReactNode {
  const { incident: id } = route.useParams();
  const answer = useQuery(incident(id));
  return <Answer of={answer}>{(data) => <Incident data={data} />}</Answer>;
}

function Incident({ data }: { data: Whole }): ReactNode {
  return (
    <Stack>
      <Heading title={data.title} actions={data.state === "resolved" ? undefined : <Hands id={data.id} />}>
        <Group gap="xs">
          <State name={data.state} />
          {data.by ? <span>by {data.by}</span> : null}
          {data.until_ms ? (
            <span>
              until <Moment ms={data.until_ms} />
            </span>
          ) : null}
          <span>
            since <Moment ms={data.since_ms} />
          </span>
        </Group>
      </Heading>
      <Paper withBorder p="md" component="section" aria-label="Verdict">
        <Text fw={600}>{data.verdict}</Text>
        <Group gap="xl" mt="sm" align="flex-start">
          <div>
            <RateBeside rate={data.rate} />
          </div>
          {data.money_a_day != null && data.unit ? (
            <div>
              <b>{amount(data.money_a_day, data.unit)}</b>
              <Text size="xs" c="dimmed">
                lost a day
              </Text>
            </div>
          ) : null}
          {data.breakdown.map((one) => (
            <div key={one.name}>
              <b>{one.count.toLocaleString("en")}</b>
              <Text size="xs" c="dimmed">
                {one.name.replaceAll("_", " ")}
              </Text>
            </div>
          ))}
        </Group>
        <Group mt="sm" gap="md">
          {data.journeys.map((journey) => (
            <Link key={journey.journey} to="/journeys/$journey" params={{ journey: journey.name ?? journey.journey }} search={{ tab: "diagnosis" }}>
              Diagnosis of {journey.name ?? journey.journey}
            </Link>
          ))}
          <Link to="/log" search={rowsOf(inner(data.link))}>
            Show the messages
          </Link>
        </Group>
      </Paper>
      <Series data={data} />
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <Timeline data={data} />
        <Evidence data={data} />
      </SimpleGrid>
      <Told data={data} />
    </Stack>
  );
}

/** Acknowledge, snooze, resolve. */
function Hands({ id }: { id: string }): ReactNode {
  const queries = useQueryClient();
  const act = useMutation({
    mutationFn: async (what: { do: "acknowledge" | "resolve" } | { do: "snooze"; for: string }) => {
      const params = { path: { id } };
      if (what.do === "snooze") return taken(await api.POST("/landfall/v1/incidents/{id}/snooze", { params, body: { for: what.for } }));
      return taken(await api.POST(`/landfall/v1/incidents/{id}/${what.do}`, { params, body: {} }));
    },
    onSuccess: (data) => queries.setQueryData(incident(id).queryKey, data),
    onSettled: () => queries.invalidateQueries({ queryKey: ["incidents", "list"] }),
  });
  return (
    <>
      {act.error ? <Problem error={act.error} /> : null}
      <Button size="xs" loading={act.isPending} onClick={() => act.mutate({ do: "acknowledge" })} title="You look after it: it is not told again unless it grows">
        Acknowledge
      </Button>
      <Menu>
        <Menu.Target>
          <Button size="xs" variant="default" title="Not told until then, unless it grows">
            Snooze
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {SNOOZES.map(({ value, label }) => (
            <Menu.Item key={value} onClick={() => act.mutate({ do: "snooze", for: value })}>
              for {label}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Button size="xs" variant="default" onClick={() => act.mutate({ do: "resolve" })} title="It is over: if it goes on, it comes as a new one">
        Resolve
      </Button>
    </>
  );
}

function Series({ data }: { data: Whole }): ReactNode {
  const { series } = data;
  if (series.length < 2) return null;
  const measured = rolling(series, WINDOW);
  const known = series.every((point) => point.expected != null);
  const expected = rolling(known ? series.map((point) => ({ ...point, hits: point.expected ?? 0 })) : [], WINDOW);
  const began = series.findIndex((point) => point.at_ms >= data.since_ms);
  const over = data.resolved_ms;
  const ended = over ? series.findIndex((point) => point.at_ms >= over) : -1;
  const times = series.map((point) => inShort(point.at_ms));
  return (
    <Figure
      title={`${data.metric.replaceAll("_", " ")}, ${data.where === "" ? "everywhere" : data.where}`}
      drawn
      note="Over two hours each, beside what was to be expected where that is known. The stretch of the incident is marked."
      call={`/landfall/v1/incidents/${data.id}`}
      grid={{
        columns: ["up to", "rate", "expected", "in the quarter hour"],
        rows: series.map((point, at) => [times[at] ?? "", percent(measured[at]), percent(expected[at]), point.cases]),
      }}
    >
      <Chart
        kind="lines"
        shares
        label={`${data.metric} over two hours each, beside what was to be expected`}
        categories={times}
        series={[
          { name: "measured", values: measured },
          ...(known ? [{ name: "expected", values: expected }] : []),
        ]}
        {...(began >= 0 ? { marked: [{ from: began, to: ended >= 0 ? ended : series.length - 1, name: "incident" }] } : {})}
      />
    </Figure>
  );
}

function Timeline({ data }: { data: Whole }): ReactNode {
  const [text, setText] = useState("");
  const queries = useQueryClient();
  const note = useMutation({
    mutationFn: async () => taken(await api.POST("/landfall/v1/incidents/{id}/notes", { params: { path: { id: data.id } }, body: { text } })),
    onSuccess: (after) => {
      setText("");
      queries.setQueryData(incident(data.id).queryKey, after);
    },
  });
  return (
    <Paper withBorder p="md" component="section" aria-label="Timeline">
      <Title order={2} size="h4" mb="sm">
        Timeline
      </Title>
      <ol className="trail">
        {data.timeline.map((entry) => (
          <li key={`${entry.at_ms}${entry.text}`}>
            <Text size="sm">{entry.text}</Text>
            <Text size="xs" c="dimmed">
              <Moment ms={entry.at_ms} />
              {entry.by ? `, ${entry.by}` : ""}
            </Text>
          </li>
        ))}
      </ol>
      <Textarea label="Note" size="xs" autosize minRows={2} value={text} onChange={(event) => setText(event.currentTarget.value)} placeholder="What you found, for whoever looks next" />
      <Button size="xs" mt="xs" variant="default" disabled={text.trim() === ""} loading={note.isPending} onClick={() => note.mutate()}>
        Add the note
      </Button>
      {note.error ? <Problem error={note.error} /> : null}
    </Paper>
  );
}

function Evidence({ data }: { data: Whole }): ReactNode {
  return (
    <Paper withBorder p="md" component="section" aria-label="Signals">
      <Title order={2} size="h4" mb="sm">
        Signals
      </Title>
      <Text size="sm" c="dimmed" mb="xs">
        Everything that points to the same cause.
      </Text>
      <div className="scroll" tabIndex={0} role="region" aria-label="Signals, table">
        <Table fz="sm">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>What</Table.Th>
              <Table.Th>Measured</Table.Th>
              <Table.Th>Expected</Table.Th>
              <Table.Th>Since</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.evidence.map((one) => (
              <Table.Tr key={`${one.metric}${one.where}${one.rule ?? ""}`}>
                <Table.Td>
                  {one.metric.replaceAll("_", " ")}, {one.where === "" ? "everywhere" : one.where}
                  {one.rule ? <Text size="xs">rule {one.rule}</Text> : null}
                </Table.Td>
                <Table.Td>
                  {Math.round(one.hits).toLocaleString("en")} of {Math.round(one.cases).toLocaleString("en")}
                </Table.Td>
                <Table.Td>{Math.round(one.expected).toLocaleString("en")}</Table.Td>
                <Table.Td>
                  <Moment ms={one.since_ms} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Paper>
  );
}

function Told({ data }: { data: Whole }): ReactNode {
  return (
    <Paper withBorder p="md" component="section" aria-label="Who was told">
      <Title order={2} size="h4" mb="sm">
        Who was told
      </Title>
      {data.messages.length === 0 ? (
        <Text size="sm">
          Nobody yet. Messages go to the owners of the journeys and to the{" "}
          <Link to="/alerts" search={{ tab: "channels" }}>
            channels
          </Link>
          .
        </Text>
      ) : (
        <Table fz="sm">
          <Table.Tbody>
            {data.messages.map((message) => (
              <Table.Tr key={message.id}>
                <Table.Td>
                  <State name={message.state} />
                </Table.Td>
                <Table.Td>{message.event}</Table.Td>
                <Table.Td className="token">{message.to}</Table.Td>
                <Table.Td>
                  <Moment ms={message.at_ms} />
                </Table.Td>
                <Table.Td>
                  {message.problem ?? ""}
                  {message.next_ms ? (
                    <>
                      {" "}
                      again <Moment ms={message.next_ms} />
                    </>
                  ) : null}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </Paper>
  );
}
