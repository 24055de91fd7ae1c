/** Identities that cost reach: stranded tokens and their like, what a repair would do, doing it, undoing it. */
import { Anchor, Button, Group, Modal, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { Figure } from "../../parts/Figure";
import { count, money, platform } from "../../parts/format";
import { Answer, Empty, Moment, Problem } from "../../parts/places";
import { capital, devices, sentence } from "./words";

const CALL = "/landfall/v1/coverage/identity";
/** How often to ask while the server looks at everybody, in milliseconds. */
const AGAIN = 1_000;

type Report = Schemas["IdentityAnswer"];
type Done = Schemas["IdentityRepairAnswer"];

export function Identity(): ReactNode {
  const answer = useQuery({
    queryKey: ["identity"],
    queryFn: async () => taken(await api.GET(CALL)),
    refetchInterval: (query) => (query.state.data?.progress && query.state.data.looked_ms == null ? AGAIN : false),
  });
  return <Answer of={answer}>{(data) => <Told data={data} />}</Answer>;
}

function Told({ data }: { data: Report }): ReactNode {
  if (data.looked_ms === null || data.looked_ms === undefined) {
    return (
      <Empty title="Looking for stranded tokens">
        {data.progress
          ? `${count(data.progress.done)} of ${count(data.progress.total)} records were looked at.`
          : "People are still being read from the store."}
      </Empty>
    );
  }
  return (
    <>
      {data.problems.length === 0 ? (
        <Empty title="No stranded tokens">
          Of {count(data.people)} records none holds a token that belongs to somebody else, none lost one in a merge, and no device is
          registered twice. A token is stranded when the app registers it before it says who uses it, and never says it then: let the
          app identify its user with the same anonymous id.
        </Empty>
      ) : (
        <Problems data={data} />
      )}
      {data.complete ? null : <Text c="dimmed">More anonymous profiles hold tokens than can be looked at: there may be more problems.</Text>}
      <Repairs list={data.repairs} />
    </>
  );
}

function Problems({ data }: { data: Report }): ReactNode {
  const worth = (problem: Schemas["IdentityProblemAnswer"]): string => {
    const risk = problem.at_risk;
    if (!risk || !data.currency) return "–";
    const amount = (units: number) => money({ [data.currency ?? ""]: Math.round(units) });
    return `${amount(risk.estimate)} (${amount(risk.low)} to ${amount(risk.high)})`;
  };
  return (
    <Figure
      title="Stranded tokens and their like"
      note={
        <>
          People who are out of reach only because of whom their token is held by. Looked at {count(data.people)} records{" "}
          <Moment ms={data.looked_ms ?? 0} />. At risk: {data.note}.
        </>
      }
      call={CALL}
      grid={{
        columns: ["problem", "count", "people out of reach", "at risk in 30 days", "with one clear remedy"],
        rows: data.problems.map((problem) => [problem.words, problem.count, problem.people, worth(problem), problem.automatic]),
      }}
    >
      <div className="scroll" tabIndex={0} role="region" aria-label="Problems of identities">
        <Table className="numbers">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Problem</Table.Th>
              <Table.Th>Count</Table.Th>
              <Table.Th>People out of reach</Table.Th>
              <Table.Th>At risk in 30 days</Table.Th>
              <Table.Th>With one clear remedy</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.problems.map((problem) => (
              <Table.Tr key={problem.kind}>
                <Table.Th scope="row">{capital(problem.words)}</Table.Th>
                <Table.Td>{count(problem.count)}</Table.Td>
                <Table.Td>{count(problem.people)}</Table.Td>
                <Table.Td>{worth(problem)}</Table.Td>
                <Table.Td>{count(problem.automatic)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      <Examples problems={data.problems} />
      {data.problems.some((problem) => problem.automatic > 0) ? (
        <Repair />
      ) : (
        <Text size="sm" mt="sm">
          None of them has one clear remedy: somebody must decide each.
        </Text>
      )}
    </Figure>
  );
}

/** Some of each kind, with people, evidence, and what helps. */
function Examples({ problems }: { problems: Schemas["IdentityProblemAnswer"][] }): ReactNode {
  const shown = problems.flatMap((problem) => problem.findings.slice(0, 5).map((finding) => ({ problem, finding })));
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label="Examples with evidence">
      <Table fz="sm" mt="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Person</Table.Th>
            <Table.Th>Token</Table.Th>
            <Table.Th>Why it is believed</Table.Th>
            <Table.Th>What helps</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {shown.map(({ problem, finding }) => (
            <Table.Tr key={`${problem.kind} ${finding.token} ${finding.person.cio_id}`}>
              <Table.Td>
                <Person who={finding.person} />
                <Text size="xs" c="dimmed">
                  {problem.words}
                </Text>
              </Table.Td>
              <Table.Td>
                {platform(finding.platform)} {finding.token}
              </Table.Td>
              <Table.Td>{sentence(finding.evidence)}</Table.Td>
              <Table.Td>
                {finding.remedy ? sentence(finding.remedy) : `To decide: ${finding.decide}.`}
                {problem.kind === "two_owners" && finding.other ? (
                  <Text size="xs">
                    The other one: <Person who={finding.other} />
                  </Text>
                ) : null}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Person({ who }: { who: Schemas["IdentityWho"] }): ReactNode {
  return (
    <Link to="/people/$person" params={{ person: who.cio_id }} search={{ by: "cio_id" }}>
      {who.name}
    </Link>
  );
}

/** Shows what a repair would do; nothing changes before somebody says so. */
function Repair(): ReactNode {
  const [opened, { open, close }] = useDisclosure(false);
  const queries = useQueryClient();
  const ask = async (apply: boolean) => taken(await api.POST("/landfall/v1/coverage/identity/repair", { body: { apply } }));
  const plan = useMutation({ mutationFn: async () => ask(false), onSuccess: open });
  const repair = useMutation({ mutationFn: async () => ask(true), onSuccess: () => queries.invalidateQueries() });
  const shut = () => {
    close();
    repair.reset();
  };
  const moves = plan.data?.moves ?? [];
  return (
    <>
      <Group mt="sm">
        <Button size="xs" loading={plan.isPending} onClick={() => plan.mutate()}>
          Preview the repair
        </Button>
        <Text size="sm" c="dimmed">
          Nothing changes before you have seen what would be done. It can be undone.
        </Text>
      </Group>
      {plan.error ? <Problem error={plan.error} /> : null}
      <Modal opened={opened} onClose={shut} size="xl" title="Repair identities" closeButtonProps={{ "aria-label": "Close" }}>
        <Stack>
          <Text size="sm">
            {devices(moves.length)} would be moved{plan.data?.left ? `; ${count(plan.data.left)} more are left to the next repair` : ""}. Each
            only if its owner is still the same. Every move is in the history of the token and of the people.
          </Text>
          <div className="scroll" tabIndex={0} role="region" aria-label="What would be moved" style={{ maxHeight: "40vh" }}>
            <Table fz="sm">
              <Table.Thead>
                <Table.Tr>
                  <Table.Th>Person</Table.Th>
                  <Table.Th>Token</Table.Th>
                  <Table.Th>What happens</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {moves.map((move) => (
                  <Table.Tr key={`${move.kind} ${move.token} ${move.person.cio_id}`}>
                    <Table.Td>{move.person.name}</Table.Td>
                    <Table.Td>
                      {platform(move.platform)} {move.token}
                    </Table.Td>
                    <Table.Td>{sentence(move.words)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </div>
          {repair.error ? <Problem error={repair.error} /> : null}
          <Group justify="flex-end">
            <Button size="xs" variant="default" onClick={shut}>
              Leave it
            </Button>
            <Button size="xs" loading={repair.isPending} disabled={moves.length === 0} onClick={() => repair.mutate(undefined, { onSuccess: shut })}>
              Move {devices(moves.length)}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

/** What was repaired, and how to take it back. */
function Repairs({ list }: { list: Done[] }): ReactNode {
  const queries = useQueryClient();
  const undo = useMutation({
    mutationFn: async (id: number) => taken(await api.POST("/landfall/v1/coverage/identity/repairs/{id}/undo", { params: { path: { id } } })),
    onSuccess: () => queries.invalidateQueries(),
  });
  if (list.length === 0) return null;
  return (
    <Paper withBorder p="md" component="section" aria-label="Repairs">
      <Title order={2} size="h4" mb="xs">
        Repairs
      </Title>
      <Stack gap="xs">
        {list.slice(0, 5).map((done) => (
          <Group key={done.id} gap="sm">
            <Text size="sm">
              {devices(done.moved)} moved <Moment ms={done.at_ms} /> by {done.by}.
            </Text>
            {done.undone ? (
              <Text size="sm">
                Undone <Moment ms={done.undone.at_ms} />: {devices(done.undone.moved)} moved back
                {done.undone.kept > 0 ? `, ${count(done.undone.kept)} kept because something happened to them since` : ""}.
              </Text>
            ) : (
              <Anchor component="button" type="button" size="sm" disabled={undo.isPending} onClick={() => undo.mutate(done.id ?? 0)}>
                Undo repair {done.id}
              </Anchor>
            )}
          </Group>
        ))}
        {undo.error ? <Problem error={undo.error} /> : null}
      </Stack>
    </Paper>
  );
}
