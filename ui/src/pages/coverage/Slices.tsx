/** Where active people are lost on the way to within reach: everybody, and slices. */
import { NativeSelect, Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { pathOf } from "../../api/questions";
import { Waterfall } from "../../charts/Waterfall";
import { Figure } from "../../parts/Figure";
import { count, interval, percent, platform } from "../../parts/format";
import { Share } from "../../parts/places";
import { place } from "./words";

type Fall = Schemas["WaterfallAnswer"];

/** What people can be divided by. */
export const BY = [
  { value: "platform", label: "by platform" },
  { value: "app_version", label: "by app version" },
  { value: "country", label: "by country" },
  { value: "lifecycle", label: "by lifecycle" },
  { value: "account", label: "by guest or account" },
];

/** From everybody who was active to those within reach, as a picture. */
export function Everybody({ fall, since }: { fall: Fall; since: string }): ReactNode {
  const lost = fall.rungs.filter((rung) => rung.lost > 0);
  return (
    <Figure
      title="From active people to those within reach"
      drawn
      note="Each person is lost at the first step that fails. The axis is cut off where all steps are small beside the totals."
      call={pathOf("/landfall/v1/coverage", { since })}
      grid={{
        columns: ["step", "lost there", "left after it"],
        rows: [["Active people", null, fall.active], ...fall.rungs.map((rung) => [place(rung.step), rung.lost, rung.after])],
      }}
    >
      <Waterfall
        label="People lost at each step from active to within reach"
        steps={[
          { name: "Active", from: 0, to: fall.active, total: true, says: count(fall.active) },
          ...lost.map((rung) => ({ name: place(rung.step), from: rung.before, to: rung.after, clear: true, says: `-${count(rung.lost)}` })),
          { name: "Within reach", from: 0, to: fall.reachable, total: true, says: count(fall.reachable) },
        ]}
      />
    </Figure>
  );
}

/** The same of slices. */
export function Slices({ data, by, since, onBy }: { data: Schemas["CoverageAnswer"]; by: string; since: string; onBy: (by: string) => void }): ReactNode {
  const steps = data.waterfall.rungs.map((rung) => rung.step).filter((step) => step !== "token");
  const lostAt = (fall: Fall, step: string) => fall.rungs.find((rung) => rung.step === step)?.lost ?? 0;
  const named = (value: string) => (by === "platform" ? platform(value) : value);
  return (
    <Figure
      title="Where they are lost"
      note={
        by === "lifecycle" && since !== "365d" ? "To see people who lapse, look at a longer time." : "The twenty largest are told one by one."
      }
      call={pathOf("/landfall/v1/coverage", { since, by })}
      grid={{
        columns: ["people", "active", ...steps.map(place), "within reach", "share", "95 % interval"],
        rows: data.slices.map(({ value, waterfall: fall }) => [
          named(value),
          fall.active,
          ...steps.map((step) => lostAt(fall, step)),
          fall.reachable,
          percent(fall.coverage.value),
          interval(fall.coverage),
        ]),
      }}
    >
      <NativeSelect size="xs" w={200} mb="xs" aria-label="Divide people" value={by} data={BY} onChange={(event) => onBy(event.currentTarget.value)} />
      {data.slices.length === 0 ? (
        <Text c="dimmed">Nobody to divide.</Text>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-label="Where people of each slice are lost">
          <Table className="numbers">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>People</Table.Th>
                <Table.Th>Active</Table.Th>
                {steps.map((step) => (
                  <Table.Th key={step}>{place(step)}</Table.Th>
                ))}
                <Table.Th>Within reach</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {data.slices.map(({ value, waterfall: fall }) => (
                <Table.Tr key={value}>
                  <Table.Th scope="row">{named(value)}</Table.Th>
                  <Table.Td>{count(fall.active)}</Table.Td>
                  {steps.map((step) => (
                    <Table.Td key={step}>{count(lostAt(fall, step))}</Table.Td>
                  ))}
                  <Table.Td>
                    <Share rate={fall.coverage} />
                  </Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
    </Figure>
  );
}
