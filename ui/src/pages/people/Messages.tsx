/** Everything that was meant for a person, newest first. */
import { Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { deliveries } from "../../api/questions";
import { Answer, Empty, Moment, State } from "../../parts/places";

export function Messages({ id }: { id: string }): ReactNode {
  const answer = useQuery(deliveries({ person: id, limit: "100" }));
  return (
    <Answer of={answer}>
      {(data) =>
        data.deliveries.length === 0 ? (
          <Empty title="No message was ever meant for this person">
            “Why not?” shows which journeys looked at the person, and at what they stopped.
          </Empty>
        ) : (
          <div className="scroll" tabIndex={0} role="region" aria-label="Messages">
            <Table fz="sm">
              <Table.Thead>
                <Table.Tr>
                  {["Created", "Journey", "Step", "Channel", "Status", "Why"].map((title) => (
                    <Table.Th key={title}>{title}</Table.Th>
                  ))}
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {data.deliveries.map((delivery) => (
                  <Table.Tr key={delivery.id}>
                    <Table.Td>
                      <Link to="/log/$delivery" params={{ delivery: delivery.id }}>
                        <Moment ms={delivery.created_ms} />
                      </Link>
                    </Table.Td>
                    <Table.Td>{delivery.journey_name ?? delivery.journey}</Table.Td>
                    <Table.Td>{delivery.step_name ?? delivery.step ?? "–"}</Table.Td>
                    <Table.Td>{delivery.channel}</Table.Td>
                    <Table.Td>
                      <State name={delivery.status} />
                    </Table.Td>
                    <Table.Td>{delivery.reason?.replaceAll("_", " ") ?? "–"}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
        )
      }
    </Answer>
  );
}
