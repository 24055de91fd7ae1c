/** What each gap is worth in 30 days, with its interval. */
import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { pathOf } from "../../api/questions";
import { Figure } from "../../parts/Figure";
import { count, money } from "../../parts/format";
import { place, sentence } from "./words";

export function Worth({ worth, since }: { worth: Schemas["CoverageAnswer"]["worth"]; since: string }): ReactNode {
  if (!worth) {
    return <Text c="dimmed">What the gaps are worth shows as soon as pushes of the last 30 days earned something.</Text>;
  }
  const amount = (units: number) => money({ [worth.currency]: Math.round(units) });
  const span = (of: Schemas["AmountAnswer"]) => `${amount(of.low)} to ${amount(of.high)}`;
  const gaps = worth.gaps.filter((gap) => gap.lost > 0);
  return (
    <Figure
      title="What the gaps are worth in 30 days"
      note={`At ${amount(worth.per_person.estimate)} (${span(worth.per_person)}) for each person within reach. Worths do not add up: who passes one step meets the next. ${sentence(worth.note)}`}
      call={pathOf("/landfall/v1/coverage", { since })}
      grid={{
        columns: ["gap", "people", "would come within reach", "worth", "95 % interval"],
        rows: gaps.map((gap) => [place(gap.step), gap.lost, Math.round(gap.would_reach), amount(gap.worth.estimate), span(gap.worth)]),
      }}
    >
      <div className="scroll" tabIndex={0} role="region" aria-label="What the gaps are worth">
        <Table className="numbers">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Gap</Table.Th>
              <Table.Th>People</Table.Th>
              <Table.Th>Would come within reach</Table.Th>
              <Table.Th>Worth</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {gaps.map((gap) => (
              <Table.Tr key={gap.step}>
                <Table.Th scope="row">{place(gap.step)}</Table.Th>
                <Table.Td>{count(gap.lost)}</Table.Td>
                <Table.Td>{count(Math.round(gap.would_reach))}</Table.Td>
                <Table.Td>
                  {amount(gap.worth.estimate)}{" "}
                  <Text size="xs" c="dimmed" component="span">
                    {span(gap.worth)}
                  </Text>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Figure>
  );
}
