/** Who could be reached by push, and why the others cannot. */
import { NativeSelect, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { coverage, metrics, metricsPath, pathOf } from "../api/questions";
import { Chart } from "../charts/Chart";
import { Figure } from "../parts/Figure";
import { count, interval, percent, platform, valueName } from "../parts/format";
import { Answer, Empty, Heading, Share } from "../parts/places";
import { Days, Weeks } from "./coverage/OverTime";
import { Identity } from "./coverage/Identity";
import { Everybody, Slices } from "./coverage/Slices";
import { Survival } from "./coverage/Survival";
import { Worth } from "./coverage/Worth";

const route = getRouteApi("/coverage");

/** Groups of people in the order in which one loses them, with what to do about each. */
const GAPS = [
  { name: "covered", title: "Covered", advice: "They have a valid device that may show notifications." },
  { name: "no_device", title: "No device", advice: "They do not have the app, or it does not register a token after signing in. Invite them to the app; check registration at login." },
  { name: "token_invalid", title: "Token invalid", advice: "The provider rejected the token last time: mostly the app was removed. Many at once point to a release or a wrong key." },
  { name: "permission_off", title: "Notifications off", advice: "Ask again inside the app, at a moment at which it helps them." },
  { name: "unsubscribed", title: "Unsubscribed", advice: "Respect it. Offer topics instead of all or nothing." },
];
const AGES = [
  "under_1d", "1d_to_7d", "7d_to_30d", "30d_to_90d", "90d_to_180d", "180d_to_365d", "365d_or_more", "unknown",
];

export function CoveragePage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const since = search.since ?? "30d";
  const by = search.by ?? "platform";
  const answer = useQuery(coverage(since, by));
  return (
    <Stack>
      <Heading
        title="Coverage"
        actions={
          <NativeSelect
            size="xs"
            aria-label="Active since"
            value={since}
            onChange={(event) => void navigate({ search: (before) => ({ ...before, since: event.currentTarget.value }), replace: true })}
            data={[
              { value: "7d", label: "active in 7 days" },
              { value: "30d", label: "active in 30 days" },
              { value: "90d", label: "active in 90 days" },
              { value: "365d", label: "active in a year" },
            ]}
          />
        }
      >
        The share of active people who could get a push now. It falls weeks before revenue does.
      </Heading>
      <Answer of={answer}>
        {(data) => {
          const groups = data.groups.filter((group) => group.active > 0);
          const all = groups.find((group) => group.group === "all");
          if (!all) {
            return (
              <Empty title="Nobody was active in this time">
                A person is active when an event, a page, a screen or a device of theirs is reported. Look at a longer time, or
                send the calls of your apps here.
              </Empty>
            );
          }
          return (
            <>
              <Figure
                title={`Of ${count(all.active)} active people`}
                note="Each person is in one group: the first that applies."
                call={pathOf("/landfall/v1/coverage", { since })}
                grid={{
                  columns: ["group", ...groups.map((group) => valueOrAll(group.group))],
                  rows: GAPS.map((gap) => [gap.title, ...groups.map((group) => group.by_reach[gap.name] ?? 0)]),
                }}
              >
                <Table verticalSpacing="sm" className="gaps">
                  <Table.Tbody>
                    {GAPS.map((gap) => {
                      const here = all.by_reach[gap.name] ?? 0;
                      return (
                        <Table.Tr key={gap.name}>
                          <Table.Th scope="row" w={160}>
                            {gap.title}
                          </Table.Th>
                          <Table.Td w={110}>
                            {count(here)}{" "}
                            <Text size="xs" c="dimmed" component="span">
                              {percent(here / all.active)}
                            </Text>
                          </Table.Td>
                          <Table.Td className="wide">
                            <div className="bar" aria-hidden>
                              <span style={{ width: `${(here / all.active) * 100}%` }} />
                            </div>
                          </Table.Td>
                          <Table.Td w="42%">
                            <Text size="sm">{gap.advice}</Text>
                          </Table.Td>
                        </Table.Tr>
                      );
                    })}
                  </Table.Tbody>
                </Table>
              </Figure>
              <Figure
                title="By platform"
                note="Of the people with a device of the platform."
                call={pathOf("/landfall/v1/coverage", { since })}
                grid={{
                  columns: ["platform", "people", "covered", "95 % interval", "permission confirmed"],
                  rows: groups.map((group) => [
                    valueOrAll(group.group),
                    group.active,
                    percent(group.coverage.value),
                    interval(group.coverage),
                    group.permission_confirmed,
                  ]),
                }}
              >
                <div className="scroll" tabIndex={0} role="region" aria-label="Coverage by platform">
                  <Table className="numbers">
                    <Table.Thead>
                      <Table.Tr>
                        <Table.Th>Platform</Table.Th>
                        <Table.Th>People</Table.Th>
                        <Table.Th>Covered</Table.Th>
                        {GAPS.slice(1).map((gap) => (
                          <Table.Th key={gap.name}>{gap.title}</Table.Th>
                        ))}
                        <Table.Th>Permission confirmed</Table.Th>
                      </Table.Tr>
                    </Table.Thead>
                    <Table.Tbody>
                      {groups.map((group) => (
                        <Table.Tr key={group.group}>
                          <Table.Th scope="row">{valueOrAll(group.group)}</Table.Th>
                          <Table.Td>{count(group.active)}</Table.Td>
                          <Table.Td>
                            <Share rate={group.coverage} />
                          </Table.Td>
                          {GAPS.slice(1).map((gap) => (
                            <Table.Td key={gap.name}>{count(group.by_reach[gap.name] ?? 0)}</Table.Td>
                          ))}
                          <Table.Td>{count(group.permission_confirmed)}</Table.Td>
                        </Table.Tr>
                      ))}
                    </Table.Tbody>
                  </Table>
                </div>
              </Figure>
              <Everybody fall={data.waterfall} since={since} />
              <Slices data={data} by={by} since={since} onBy={(next) => void navigate({ search: (before) => ({ ...before, by: next }), replace: true })} />
              <Worth worth={data.worth} since={since} />
              <Days days={data.days} since={since} />
              <Weeks weeks={data.weeks} since={since} />
            </>
          );
        }}
      </Answer>
      <Identity />
      <Survival />
      <Ages />
      <Text size="sm">
        People without a token are <Link to="/segments">a built-in segment</Link>: reach them over another channel, or watch
        their number over time.
      </Text>
    </Stack>
  );
}

const valueOrAll = (group: string): string => (group === "all" ? "Everybody" : platform(group));

/** How old the tokens were that messages went to, and whether old ones still deliver. */
function Ages(): ReactNode {
  const asked = { measures: "sent,delivered/sent", by: "token_age", range: "4w", channel: "push" };
  const answer = useQuery(metrics(asked));
  return (
    <Answer of={answer}>
      {(data) => {
        const rows = data.rows.filter((line) => (line.counts["sent"] ?? 0) > 0);
        if (rows.length === 0) return null;
        const order = (value: string) => (AGES.includes(value) ? AGES.indexOf(value) : AGES.length);
        rows.sort((a, b) => order(a.group[0]?.value ?? "") - order(b.group[0]?.value ?? ""));
        const name = (at: number) => valueName("token_age", rows[at]?.group[0]?.value ?? "");
        return (
          <Figure
            title="Do old tokens still deliver?"
            drawn
            note="Delivered of accepted pushes of the last four weeks, by the age of the token."
            call={metricsPath(asked)}
            grid={{
              columns: ["age of the token", "accepted", "delivered", "95 % interval"],
              rows: rows.map((line, at) => {
                const rate = line.rates["delivered/sent"];
                return [name(at), line.counts["sent"] ?? 0, percent(rate?.value), rate ? interval(rate) : null];
              }),
            }}
          >
            <Chart
              kind="bars"
              shares
              label="Delivered of accepted by age of the token"
              categories={rows.map((_, at) => name(at))}
              series={[{ name: "delivered of accepted", values: rows.map((line) => line.rates["delivered/sent"]?.value ?? null) }]}
            />
          </Figure>
        );
      }}
    </Answer>
  );
}
