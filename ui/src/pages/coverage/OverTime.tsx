/** Coverage day by day, and who moved from where to where week by week. */
import { NativeSelect, Table, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { pathOf } from "../../api/questions";
import { Chart } from "../../charts/Chart";
import { Figure } from "../../parts/Figure";
import { asDay, count, percent } from "../../parts/format";
import { change, place } from "./words";

/** The share within reach at the end of each day. */
export function Days({ days, since }: { days: Schemas["DayAnswer"][]; since: string }): ReactNode {
  if (days.length < 2) {
    return <Text c="dimmed">Coverage over time shows from tomorrow on: it is counted every hour, and the last count of a day stays.</Text>;
  }
  const share = (day: Schemas["DayAnswer"]) => (day.active > 0 ? day.reachable / day.active : null);
  return (
    <Figure
      title="Coverage over time"
      drawn
      note="People within reach, of people active in 30 days, at the end of each day (UTC). All of them are counted: there is no interval."
      call={pathOf("/landfall/v1/coverage", { since })}
      grid={{
        columns: ["day", "active", "within reach", "share"],
        rows: days.map((day) => [asDay(day.at_ms), day.active, day.reachable, percent(share(day))]),
      }}
    >
      <Chart kind="lines" shares label="Share of active people within reach by day" categories={days.map((day) => asDay(day.at_ms))} series={[{ name: "within reach", values: days.map(share) }]} />
    </Figure>
  );
}

/** What a week changed. */
export function Weeks({ weeks, since }: { weeks: Schemas["WeekAnswer"][]; since: string }): ReactNode {
  const [chosen, setChosen] = useState<string | null>(null);
  const week = weeks.find((one) => String(one.from_ms) === chosen) ?? weeks[weeks.length - 1];
  if (!week) {
    return <Text c="dimmed">What a week changes shows as soon as people were counted once.</Text>;
  }
  const title = (one: Schemas["WeekAnswer"]) => `${asDay(one.from_ms)} to ${asDay(one.to_ms)}`;
  return (
    <>
      <Figure
        title="From week to week"
        note="People are followed one by one: then, and came, less left, is now."
        call={pathOf("/landfall/v1/coverage", { since })}
        grid={{
          columns: ["place", "then", "came", "left", "now", "change"],
          rows: week.places.map((one) => [place(one.place), one.then, one.came, one.left, one.now, change(one.now - one.then)]),
        }}
      >
        <NativeSelect
          size="xs"
          w={240}
          mb="xs"
          aria-label="Week"
          value={String(week.from_ms)}
          data={weeks.toReversed().map((one) => ({ value: String(one.from_ms), label: title(one) }))}
          onChange={(event) => setChosen(event.currentTarget.value)}
        />
        <div className="scroll" tabIndex={0} role="region" aria-label="How places changed in the week">
          <Table className="numbers">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Place</Table.Th>
                <Table.Th>Then</Table.Th>
                <Table.Th>Came</Table.Th>
                <Table.Th>Left</Table.Th>
                <Table.Th>Now</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {week.places.map((one) => (
                <Table.Tr key={one.place}>
                  <Table.Th scope="row">{place(one.place)}</Table.Th>
                  <Table.Td>{count(one.then)}</Table.Td>
                  <Table.Td>{count(one.came)}</Table.Td>
                  <Table.Td>{count(one.left)}</Table.Td>
                  <Table.Td>
                    {count(one.now)}{" "}
                    <Text size="xs" c="dimmed" component="span">
                      {change(one.now - one.then)}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      </Figure>
      {week.flows.length > 0 ? (
        <Figure
          title={`Who moved, ${title(week)}`}
          drawn
          note="The largest twelve moves; the table has all of them."
          call={pathOf("/landfall/v1/coverage", { since })}
          grid={{ columns: ["from", "to", "people"], rows: week.flows.map((flow) => [place(flow.from), place(flow.to), flow.people]) }}
        >
          <Chart
            kind="bars"
            label="People who moved from one place to another in the week"
            categories={week.flows.slice(0, 12).map((flow) => `${place(flow.from)} → ${place(flow.to)}`)}
            series={[{ name: "people", values: week.flows.slice(0, 12).map((flow) => flow.people) }]}
          />
        </Figure>
      ) : (
        <Text c="dimmed">Nobody moved in this week.</Text>
      )}
    </>
  );
}
