/** Funnel, health over time, and what became of everybody at each step. */
import { NativeSelect, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { books, metrics, metricsPath, pathOf } from "../../api/questions";
import { Chart } from "../../charts/Chart";
import { Figure } from "../../parts/Figure";
import { asDay, count, inShort, interval, money, percent, valueName } from "../../parts/format";
import { Answer, Empty } from "../../parts/places";
import { bucketOf } from "../log/filters";

const FUNNEL = [
  { name: "reached", title: "Reached a message", rate: null },
  { name: "sent", title: "Accepted by a provider", rate: "sent/reached" },
  { name: "delivered", title: "Delivered, as devices report", rate: "delivered/sent" },
  { name: "opened", title: "Opened", rate: "opened/delivered" },
  { name: "converted", title: "Converted", rate: "converted/delivered" },
];
const MEASURES =
  "reached,sent,delivered,opened,converted,sent/reached,delivered/sent,opened/delivered,converted/delivered,revenue";

const SPLITS = [
  { value: "platform", label: "platform" },
  { value: "app_version", label: "app version" },
  { value: "channel", label: "channel" },
  { value: "os_version", label: "system version" },
  { value: "provider", label: "provider" },
];

interface Props {
  source: string;
  range: string;
  by: string;
  choose: (by: string) => void;
}

export function Overview({ source, range, by, choose }: Props): ReactNode {
  return (
    <Stack>
      <Funnel source={source} range={range} />
      <OverTime source={source} range={range} by={by} choose={choose} />
      <Matrix source={source} range={range} />
    </Stack>
  );
}

function Funnel({ source, range }: { source: string; range: string }): ReactNode {
  const asked = { journey: source, measures: MEASURES, range };
  const answer = useQuery(metrics(asked));
  return (
    <Answer of={answer}>
      {(data) => {
        const line = data.rows[0];
        if (!line) {
          return (
            <Empty title="Nobody reached a message in this time">
              Look at a longer time above. A journey that was just started fills as its trigger happens.
            </Empty>
          );
        }
        const most = Math.max(1, line.counts["reached"] ?? 1);
        const rows = FUNNEL.map((stage) => ({
          ...stage,
          count: line.counts[stage.name] ?? 0,
          share: stage.rate ? line.rates[stage.rate] : undefined,
        }));
        return (
          <Figure
            title="Funnel"
            note={
              <>
                Accepted is not reach; delivered is what devices reported, a lower bound.
                {line.settling ? " The newest receipts are still on their way." : ""} Revenue {money(line.revenue)}.
              </>
            }
            call={metricsPath(asked)}
            grid={{
              columns: ["stage", "messages", "share", "95 % interval", "of"],
              rows: rows.map((row) => [
                row.title,
                row.count,
                row.share ? percent(row.share.value) : null,
                row.share ? interval(row.share) : null,
                row.share ? row.share.denominator : null,
              ]),
            }}
          >
            <div className="scroll" tabIndex={0} role="region" aria-label="Funnel, table">
              <Table className="numbers" withRowBorders={false}>
                <Table.Tbody>
                  {rows.map((row) => (
                    <Table.Tr key={row.name}>
                      <Table.Th scope="row" w={220}>
                        {row.title}
                      </Table.Th>
                      <Table.Td w="45%" className="wide">
                        <div className="bar" aria-hidden>
                          <span style={{ width: `${(row.count / most) * 100}%` }} />
                        </div>
                      </Table.Td>
                      <Table.Td>{count(row.count)}</Table.Td>
                      <Table.Td>
                        {row.share && row.share.of > 0 ? (
                          <>
                            <b>{percent(row.share.value)}</b>{" "}
                            <Text size="xs" c="dimmed" component="span">
                              {interval(row.share)} of {row.share.denominator}
                            </Text>
                          </>
                        ) : null}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          </Figure>
        );
      }}
    </Answer>
  );
}

function OverTime({ source, range, by, choose }: Props): ReactNode {
  const bucket = bucketOf(range);
  const asked = { journey: source, measures: "sent,delivered/sent", by: `${bucket},${by}`, range };
  const answer = useQuery(metrics(asked));
  return (
    <Answer of={answer}>
      {(data) => {
        if (data.rows.length === 0) return null;
        const of = (line: Schemas["Line"], at: number) => line.group[at]?.value ?? "";
        const times = [...new Set(data.rows.map((line) => of(line, 0)))].sort((a, b) => Date.parse(a) - Date.parse(b));
        const sent = new Map<string, number>();
        for (const line of data.rows) sent.set(of(line, 1), (sent.get(of(line, 1)) ?? 0) + (line.counts["sent"] ?? 0));
        const values = [...sent.entries()].filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]).slice(0, 6).map(([value]) => value);
        const rate = (time: string, value: string) =>
          data.rows.find((line) => of(line, 0) === time && of(line, 1) === value)?.rates["delivered/sent"];
        const when = (time: string) => (bucket === "day" ? asDay(Date.parse(time)) : inShort(Date.parse(time)));
        const series = values.map((value) => ({
          name: valueName(by, value),
          values: times.map((time) => rate(time, value)?.value ?? null),
        }));
        return (
          <Figure
            title="Delivered of accepted, over time"
            drawn
            note={
              <NativeSelect
                size="xs"
                aria-label="Split by"
                w={180}
                value={by}
                onChange={(event) => choose(event.currentTarget.value)}
                data={SPLITS}
              />
            }
            call={metricsPath(asked)}
            grid={{
              columns: [bucket, ...series.map((one) => one.name)],
              rows: times.map((time) => [
                when(time),
                ...values.map((value) => {
                  const known = rate(time, value);
                  return known && known.of > 0 ? `${percent(known.value)} (${interval(known)} of ${known.of})` : null;
                }),
              ]),
            }}
          >
            <Chart
              kind="lines"
              shares
              label={`Delivered of accepted by ${bucket} and ${by}`}
              categories={times.map(when)}
              series={series}
            />
          </Figure>
        );
      }}
    </Answer>
  );
}

function Matrix({ source, range }: { source: string; range: string }): ReactNode {
  const asked = { journey: source, range };
  const answer = useQuery(books(asked));
  return (
    <Answer of={answer}>
      {(data) => {
        const outcomes = [...new Set(data.lines.flatMap((line) => Object.keys(line.outcomes)))].sort();
        if (data.lines.length === 0) return null;
        return (
          <Figure
            title="What became of everybody, step by step"
            note={
              data.difference === 0
                ? "✓ The books balance: everybody who reached a step is in exactly one outcome."
                : `✕ ${data.difference} are unaccounted for: this is a fault of Landfall, please report it.`
            }
            call={pathOf("/landfall/v1/books", asked)}
            grid={{
              columns: ["step", "reached", ...outcomes],
              rows: data.lines.map((line) => [
                line.step_name ?? line.step,
                line.reached,
                ...outcomes.map((outcome) => line.outcomes[outcome] ?? 0),
              ]),
            }}
          >
            <div className="scroll" tabIndex={0} role="region" aria-label="Steps by outcome">
              <Table fz="sm" className="numbers">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Step</Table.Th>
                    <Table.Th>Reached</Table.Th>
                    {outcomes.map((outcome) => (
                      <Table.Th key={outcome}>{outcome.replaceAll("_", " ")}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.lines.map((line) => (
                    <Table.Tr key={line.step}>
                      <Table.Th scope="row">{line.step_name ?? line.step}</Table.Th>
                      <Table.Td>{count(line.reached)}</Table.Td>
                      {outcomes.map((outcome) => {
                        const here = line.outcomes[outcome] ?? 0;
                        return (
                          <Table.Td key={outcome}>
                            {here > 0 ? (
                              <Link to="/log" search={{ journey: source, step: line.step, outcome, range }}>
                                {count(here)}
                                <Text span size="xs" c="dimmed">
                                  {" "}
                                  {percent(here / line.reached)}
                                </Text>
                              </Link>
                            ) : (
                              "–"
                            )}
                          </Table.Td>
                        );
                      })}
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          </Figure>
        );
      }}
    </Answer>
  );
}
