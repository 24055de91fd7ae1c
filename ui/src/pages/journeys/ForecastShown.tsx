/** Whom a journey would reach if it started now, what its fallback would cost, and what was assumed. */
import { Table, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { count, platform } from "../../parts/format";

const people = (of: Schemas["PeopleAnswer"]): string =>
  Object.entries(of.by_platform)
    .map(([name, number]) => `${platform(name)} ${count(number as number)}`)
    .join(", ");

export function ForecastShown({ data }: { data: Schemas["ForecastAnswer"] }): ReactNode {
  return (
    <>
      <Text mb="xs">{data.base.told}</Text>
      <Table maw={640} withRowBorders={false}>
        <Table.Tbody>
          {(
            [
              ["would enter", data.qualified],
              ["have a token that works", data.covered],
              ["may get a message", data.eligible],
            ] as const
          ).map(([title, of]) => (
            <Table.Tr key={title}>
              <Table.Th scope="row">{title}</Table.Th>
              <Table.Td>{count(of.people)}</Table.Td>
              <Table.Td>{people(of)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Text size="sm">
        Fallback would cost between {data.fallback_cost.least} and {data.fallback_cost.most}.
      </Text>
      {data.assumptions
        .filter((assumption) => assumption !== data.base.told)
        .map((assumption) => (
          <Text size="sm" c="dimmed" key={assumption}>
            {assumption}
          </Text>
        ))}
    </>
  );
}
