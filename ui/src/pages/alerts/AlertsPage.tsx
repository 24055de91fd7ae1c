/** What is wrong just now, what would be told to whom, and where it goes. */
import { Group, NativeSelect, Stack, Table, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { percent } from "../../parts/format";
import { Answer, Empty, Heading, Moment, State } from "../../parts/places";
import { amount } from "../../verdict/words";
import { lasted } from "./alerts";
import { Channels } from "./Channels";
import { incidents } from "./questions";
import { Rules } from "./Rules";

const route = getRouteApi("/alerts");

const STATES = [
  { value: "live", label: "not over" },
  { value: "resolved", label: "over" },
  { value: "all", label: "all" },
];

export function AlertsPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const set = (change: Partial<typeof search>) => void navigate({ search: (now) => ({ ...now, ...change }), replace: true });
  return (
    <>
      <Heading title="Alerts">
        Every journey is watched on every platform, without anything to set up. Rules of your own come on top.
      </Heading>
      <Tabs value={search.tab ?? "incidents"} onChange={(tab) => set({ tab: tab ?? undefined })} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="incidents">Incidents</Tabs.Tab>
          <Tabs.Tab value="rules">Rules</Tabs.Tab>
          <Tabs.Tab value="channels">Owners and channels</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="incidents">
          <Incidents state={search.state ?? "live"} choose={(state) => set({ state })} />
        </Tabs.Panel>
        <Tabs.Panel value="rules">
          <Rules open={search.rule} choose={(rule) => set({ rule })} />
        </Tabs.Panel>
        <Tabs.Panel value="channels">
          <Channels />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}

function Incidents({ state, choose }: { state: string; choose: (state: string) => void }): ReactNode {
  const answer = useQuery(incidents(state));
  return (
    <Stack>
      <Group justify="space-between" align="flex-end">
        <Answer of={answer}>{(data) => <Monitor monitor={data.monitor} />}</Answer>
        <NativeSelect size="xs" aria-label="Which incidents" value={state} onChange={(event) => choose(event.currentTarget.value)} data={STATES} />
      </Group>
      <Answer of={answer}>
        {(data) =>
          data.incidents.length === 0 ? (
            <Empty title={state === "live" ? "Nothing is wrong" : "No incident"}>
              An incident is opened when a rate leaves what is usual for its hour and weekday by more than chance, or when a
              rule of yours is broken. What has one cause is one incident, and its owner is told once.
            </Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Incidents, table">
              <Table verticalSpacing="xs">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>State</Table.Th>
                    <Table.Th>What</Table.Th>
                    <Table.Th>Rate</Table.Th>
                    <Table.Th>Costs</Table.Th>
                    <Table.Th>Since</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.incidents.map((one) => (
                    <IncidentRow key={one.id} one={one} />
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </Answer>
    </Stack>
  );
}

function Monitor({ monitor }: { monitor: Schemas["MonitorAnswer"] }): ReactNode {
  if (monitor.problem) {
    return (
      <Text size="sm">
        <State name="warning" /> What is usual is not watched, only your rules: {monitor.problem}.
      </Text>
    );
  }
  return (
    <Text size="sm" c="dimmed">
      {monitor.watching} series are watched{monitor.learning > 0 ? `, ${monitor.learning} have too little history yet` : ""}.
      {monitor.seen_until_ms ? (
        <>
          {" "}
          Judged up to <Moment ms={monitor.seen_until_ms} />, as receipts settle.
        </>
      ) : (
        " Nothing was judged yet: the first receipts have to settle."
      )}
    </Text>
  );
}

/** A rate beside what is usual. */
export function RateBeside({ rate }: { rate: Schemas["IncidentAnswer"]["rate"] }): ReactNode {
  if (!rate) return <Text size="sm">no messages</Text>;
  return (
    <>
      <b>{percent(rate.value)}</b>
      <Text size="xs" c="dimmed">
        usual {percent(rate.usual)}, of {Math.round(rate.cases).toLocaleString("en")}
      </Text>
    </>
  );
}

function IncidentRow({ one }: { one: Schemas["IncidentAnswer"] }): ReactNode {
  return (
    <Table.Tr>
      <Table.Td>
        <State name={one.state} />
        {one.by ? (
          <Text size="xs" c="dimmed">
            {one.by}
          </Text>
        ) : null}
      </Table.Td>
      <Table.Td>
        <Link to="/alerts/$incident" params={{ incident: one.id }}>
          {one.title}
        </Link>
        <Text size="sm">{one.verdict}</Text>
        <Text size="xs" c="dimmed">
          {one.journeys.map((journey) => journey.name ?? journey.journey).join(", ")}
        </Text>
      </Table.Td>
      <Table.Td>
        <RateBeside rate={one.rate} />
      </Table.Td>
      <Table.Td>{one.money_a_day != null && one.unit ? `${amount(one.money_a_day, one.unit)} a day` : "–"}</Table.Td>
      <Table.Td>
        <Moment ms={one.since_ms} />
        <Text size="xs" c="dimmed">
          {one.resolved_ms ? `over after ${lasted(one.since_ms, one.resolved_ms)}` : `for ${lasted(one.since_ms, one.seen_ms)}`}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
