/** Finding a person. */
import { Button, Group, Table, Text, TextInput } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import type { Schemas } from "../../api/client";
import { findPeople, search } from "../../api/questions";
import { Answer, Empty, Heading, Moment } from "../../parts/places";

type Person = Pick<Schemas["PersonFound"], "id" | "email" | "name"> & { cio_id?: string; devices?: number; active_ms?: number };

const route = getRouteApi("/people");

export function PeoplePage(): ReactNode {
  const { q } = route.useSearch();
  const navigate = route.useNavigate();
  const [text, setText] = useState(q ?? "");
  useEffect(() => setText(q ?? ""), [q]);
  const find = (event: FormEvent) => {
    event.preventDefault();
    void navigate({ search: text.trim() ? { q: text.trim() } : {} });
  };
  return (
    <>
      <Heading title="People">
        By a part of the name, id, e-mail or phone; or by an attribute, such as <code>plan = gold</code>.
      </Heading>
      <form onSubmit={find} role="search">
        <Group align="flex-end" mb="md">
          <TextInput
            label="Who"
            placeholder="ann, ann@shop, plan = gold"
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
      {q?.includes("=") ? <ByAttribute q={q} /> : <ByPart q={q ?? ""} />}
    </>
  );
}

function ByAttribute({ q }: { q: string }): ReactNode {
  const answer = useQuery(search(q));
  return (
    <Answer of={answer}>
      {(data) => (
        <>
          <Found people={data.identifiers} q={q} />
          {data.next ? (
            <Text size="sm" c="dimmed" mt="xs">
              The first {data.identifiers.length} are shown. <Link to="/segments">A segment</Link> holds all of them.
            </Text>
          ) : null}
        </>
      )}
    </Answer>
  );
}

function ByPart({ q }: { q: string }): ReactNode {
  const answer = useInfiniteQuery(findPeople(q));
  return (
    <Answer of={answer}>
      {({ pages }) => {
        const people = pages.flatMap((page) => page.people);
        const seen = pages.reduce((sum, page) => sum + page.looked_at, 0);
        const more = answer.hasNextPage;
        return (
          <>
            {people.length > 0 || !more ? <Found people={people} q={q} /> : null}
            {more ? (
              <Group mt="sm">
                <Button size="xs" variant="default" loading={answer.isFetchingNextPage} onClick={() => void answer.fetchNextPage()}>
                  Look further
                </Button>
                <Text size="sm" c="dimmed" role="status">
                  {people.length} found among the first {seen.toLocaleString("en")} people.
                </Text>
              </Group>
            ) : null}
          </>
        );
      }}
    </Answer>
  );
}

function Found({ people, q }: { people: Person[]; q: string }): ReactNode {
  if (people.length === 0) {
    return (
      <Empty title={q ? `Nobody is “${q}”` : "Nobody is known yet"}>
        {q ? (
          <>Every word has to be a part of the name, id, address or number. Visitors who never gave one are in no list.</>
        ) : (
          <>
            People appear with the first call of your apps (<code>PUT /api/v1/customers/ann</code>), with a webhook that names
            them, or with <Link to="/settings" search={{ tab: "imports" }}>an import</Link>.
          </>
        )}
      </Empty>
    );
  }
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="People found">
      <Table striped>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Id</Table.Th>
            <Table.Th>Name</Table.Th>
            <Table.Th>E-mail</Table.Th>
            <Table.Th>Devices</Table.Th>
            <Table.Th>Last seen</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {people.map((who) => (
            <Table.Tr key={who.cio_id ?? who.id}>
              <Table.Td>
                <Link to="/people/$person" params={{ person: who.id ?? who.cio_id ?? "" }} search={who.id ? {} : { by: "cio_id" }}>
                  {who.id ?? "without an id"}
                </Link>
              </Table.Td>
              <Table.Td>{who.name ?? "–"}</Table.Td>
              <Table.Td>{who.email ?? "–"}</Table.Td>
              <Table.Td>{who.devices ?? "–"}</Table.Td>
              <Table.Td>{who.active_ms === undefined ? "–" : <Moment ms={who.active_ms} />}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
