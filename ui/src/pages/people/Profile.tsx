/** Attributes as they are stored. */
import { Table } from "@mantine/core";
import type { ReactNode } from "react";
import type { Customer } from "../../api/questions";

export function Profile({ customer }: { customer: Customer }): ReactNode {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Attributes">
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Attribute</Table.Th>
            <Table.Th>Value</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {Object.entries(customer.attributes).map(([name, value]) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td>{typeof value === "string" ? value : JSON.stringify(value)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
