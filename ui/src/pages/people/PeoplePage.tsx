/** Finding a person. */
import { Table, TextInput, Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { search } from "../../api/questions";
import { Answer, Empty, Heading } from "../../parts/places";

const route = getRouteApi("/people");

export function PeoplePage(): ReactNode {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(q ?? "");
  useEffect(() => setText(q ?? ""), [q]);
  const answer = useQuery(search(q ?? ""));
  const find = (event: FormEvent) => {
    event.preventDefault();
    void navigate({ search: text.trim() ? { q: text.trim() } : {} });
  };
  return (
    <>
      <Heading title="People">
        By id, e-mail, phone or internal id, to the letter; or by an attribute, such as <code>plan = gold</code>.
      </Heading>
      <form onSubmit={find} role="search">
        <Group align="flex-end" mb="md">
          <TextInput
            label="Who"
            placeholder="person-7, ann@shop.example, plan = gold"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            miw={{ base: 220 }}
            flex={1}
            maw={480}
            data-search
          />
          <Button type="submit">Find</Button>
        </Group>
      </form>
      <Answer of={answer}>
        {(data) =>
          data.identifiers.length === 0 ? (
            <Empty title={q ? `Nobody is “${q}”` : "Nobody is known yet"}>
              {q ? (
                <>
                  The text has to be the whole id, address or number. Visitors who never gave one are in no list.
                </>
              ) : (
                <>
                  People appear with the first call of your apps (<code>PUT /api/v1/customers/ann</code>), with a webhook
                  that names them, or with <Link to="/settings" search={{ tab: "imports" }}>an import</Link>.
                </>
              )}
            </Empty>
          ) : (
            <>
              <div className="scroll" tabIndex={0} role="region" aria-label="People found">
                <Table striped>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>Id</Table.Th>
                      <Table.Th>E-mail</Table.Th>
                      <Table.Th>Internal id</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {data.identifiers.map((who) => (
                      <Table.Tr key={who.cio_id ?? who.id}>
                        <Table.Td>
                          <Link
                            to="/people/$person"
                            params={{ person: who.id ?? who.cio_id ?? "" }}
                            search={who.id ? {} : { by: "cio_id" }}
                          >
                            {who.id ?? "without an id"}
                          </Link>
                        </Table.Td>
                        <Table.Td>{who.email ?? "–"}</Table.Td>
                        <Table.Td>{who.cio_id}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
              {data.next ? (
                <Text size="sm" c="dimmed" mt="xs">
                  The first {data.identifiers.length} are shown. Narrow the search, or use{" "}
                  <Link to="/segments">a segment</Link>.
                </Text>
              ) : null}
            </>
          )
        }
      </Answer>
    </>
  );
}
