/** What was refused, with the reason: how integrations are mended. */
import { Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, taken } from "../../api/client";
import { Answer, Empty, Moment } from "../../parts/places";

export function Rejected(): ReactNode {
  const answer = useQuery({
    queryKey: ["rejected"],
    queryFn: async () => taken(await api.GET("/landfall/v1/rejected", { params: { query: { limit: 100 } } })),
  });
  return (
    <Answer of={answer}>
      {(data) =>
        data.rejected.length === 0 ? (
          <Empty title="Nothing was refused">
            Calls, webhooks and lines of imports that cannot be taken stand here, with what was wrong and the beginning of what
            came.
          </Empty>
        ) : (
          <Stack>
            <Text>{data.counts.map((one) => `${one.count} × ${one.reason} (${one.surface})`).join(", ")}</Text>
            <div className="scroll" tabIndex={0} role="region" aria-label="Rejected inputs">
              <Table fz="sm">
                <Table.Thead>
                  <Table.Tr>
                    {["When", "Door", "Reason", "What was wrong", "Beginning"].map((title) => (
                      <Table.Th key={title}>{title}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.rejected.map((one, at) => (
                    <Table.Tr key={`${one.at}-${at}`}>
                      <Table.Td>
                        <Moment ms={one.at} />
                      </Table.Td>
                      <Table.Td>{one.surface}</Table.Td>
                      <Table.Td>{one.reason}</Table.Td>
                      <Table.Td>{one.message}</Table.Td>
                      <Table.Td className="token">{one.sample}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          </Stack>
        )
      }
    </Answer>
  );
}
