/** Why a journey's revenue changed: the verdict, what it rests on, where the money went, and what to check. */
import { Alert, Group, List, NativeSelect, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { diagnosis, diagnosisPath, type Diagnosed } from "../../../api/questions";
import { Waterfall } from "../../../charts/Waterfall";
import { Figure } from "../../../parts/Figure";
import { asDay, percent } from "../../../parts/format";
import { Answer, Moment } from "../../../parts/places";
import type { Fact } from "../../../verdict/diagnosis";
import { Certainty, COLOR, SIGN } from "../../../verdict/VerdictLine";
import { amount, evidence, rowsOf, sentence, STAGES } from "../../../verdict/words";
import { compared } from "../../home/windows";
import { RunbookPart } from "./RunbookPart";
import { figure, partsOf, stepsOf } from "./steps";

const LENGTHS = [
  { value: "7", label: "7 whole days beside the 7 before" },
  { value: "14", label: "14 whole days beside the 14 before" },
  { value: "28", label: "28 whole days beside the 28 before" },
];

interface Props {
  source: string;
  name: string;
  days: string;
  choose: (days: string) => void;
}

export function DiagnosisTab({ source, name, days, choose }: Props): ReactNode {
  const known = LENGTHS.some((length) => length.value === days) ? days : "7";
  const asked = useMemo(() => compared(new Date(), Number(known)), [known]);
  const answer = useQuery(diagnosis(source, asked));
  return (
    <Stack>
      <Group justify="space-between" align="flex-end">
        <Text size="sm" c="dimmed" maw="70ch">
          Pushes, by the day of their creation. Today is left out, because most of its receipts are still on their way; reports
          that the last days still expect are reckoned in.
        </Text>
        <NativeSelect size="xs" aria-label="Compared" value={known} onChange={(event) => choose(event.currentTarget.value)} data={LENGTHS} />
      </Group>
      <Answer of={answer}>
        {(data) => (
          <>
            <TheVerdict data={data} name={name} />
            <Revenue data={data} call={diagnosisPath(source, asked)} />
            <Slices data={data} call={diagnosisPath(source, asked)} />
            <RunbookPart data={data} source={source} asked={asked} name={name} />
          </>
        )}
      </Answer>
    </Stack>
  );
}

const people = (data: Diagnosed) => data.diagnosis.stages.find((stage) => stage.factor === "qualified")?.ratio.hits;

/** A diagnosis as the list of verdicts has it. */
export function judgedOf(data: Diagnosed) {
  const hits = people(data) ?? { before: 0, after: 0 };
  const { verdict, unit } = data.diagnosis;
  return { journey: data.journey, name: data.name ?? null, standing: data.standing, verdict, unit, people_before: hits.before, people: hits.after };
}

function TheVerdict({ data, name }: { data: Diagnosed; name: string }): ReactNode {
  const { verdict, notes } = data.diagnosis;
  const judged = judgedOf(data);
  return (
    <Paper withBorder p="md" component="section" aria-label="Verdict">
      {data.complete ? null : (
        <Alert color="yellow" mb="sm" title="Figures are a part of the whole">
          The server was started a moment ago and still reads its ledger.
        </Alert>
      )}
      <Title order={2} size="h4">
        <span className={`mark ${COLOR[data.standing]}`} aria-hidden>
          {SIGN[data.standing]}
        </span>
        {name} {sentence(judged, data.period)}.
      </Title>
      <Text size="sm" mb="xs">
        <Certainty judged={judged} period={data.period} /> {asDay(data.period.from_ms)} to {asDay(data.period.to_ms - 1)}, beside{" "}
        {asDay(data.against.from_ms)} to {asDay(data.against.to_ms - 1)}.
      </Text>
      <Title order={3} size="h5" mt="sm">
        What it rests on
      </Title>
      <List type="ordered" spacing={4} size="sm">
        {verdict.facts.map((fact) => (
          <List.Item key={fact.says}>
            {fact.says} <FactRows fact={fact} />
          </List.Item>
        ))}
      </List>
      {verdict.since ? (
        <Text size="sm" mt="xs">
          It began <Moment ms={verdict.since.at_ms} />: the counts allow{" "}
          <Moment ms={verdict.since.earliest_ms} /> to <Moment ms={verdict.since.latest_ms} />. The rate was {percent(verdict.since.before)}, and is {percent(verdict.since.after)}.
        </Text>
      ) : null}
      {verdict.coincides.map((change) => (
        <Text size="sm" key={`${change.at_ms}${change.what}`}>
          Changed at that time: {change.what}, <Moment ms={change.at_ms} />.
        </Text>
      ))}
      {data.standing === "healthy" || data.standing === "too_little" ? null : (
        <Text size="sm" mt="xs">
          <Link to="/log" search={evidence(judged, data.period)}>
            Show the messages it speaks of
          </Link>
        </Text>
      )}
      {notes.map((note) => (
        <Text size="sm" c="dimmed" key={note}>
          {note}
        </Text>
      ))}
    </Paper>
  );
}

function FactRows({ fact }: { fact: Fact }): ReactNode {
  if (!fact.rows) return null;
  return (
    <Link to="/log" search={rowsOf(fact.rows)} aria-label={`Rows: ${fact.says}`}>
      Rows
    </Link>
  );
}

function Revenue({ data, call }: { data: Diagnosed; call: string }): ReactNode {
  const { diagnosis } = data;
  const { unit, stages } = diagnosis;
  const steps = stepsOf(diagnosis);
  const inWords = (span: [number, number] | undefined, from: number) =>
    span ? `${amount(span[0] - from, unit, true)} to ${amount(span[1] - from, unit, true)}` : null;
  const sums = unit === "" ? "opens" : unit;
  return (
    <Figure
      title={/^[A-Z]{3}$/.test(unit) ? "Where the revenue went" : `Where the ${sums} went`}
      drawn
      note={`Contributions of the stages in ${sums}, which add up to the change, with their 95 % intervals. Dashed: not distinguishable from chance. The axis does not begin at zero where the steps would be too small to see.`}
      call={call}
      grid={{
        columns: ["stage", "before", "now", "contributed", "95 % interval", ""],
        rows: steps.map((step) => {
          const line = stages.find((stage) => STAGES[stage.factor] === step.name);
          const { hits, of } = line?.ratio ?? { hits: null, of: null };
          return [
            step.name,
            line && hits && of ? figure(line.factor, hits.before, of.before) : null,
            line && hits && of ? figure(line.factor, hits.after, of.after) : null,
            step.says,
            step.total ? null : inWords(step.interval, step.from),
            step.total ? null : step.clear ? "changed" : "not distinguishable from chance",
          ];
        }),
      }}
    >
      <Waterfall label={`Revenue before, contributions of the stages, and revenue now, in ${sums}`} steps={steps} />
    </Figure>
  );
}

function Slices({ data, call }: { data: Diagnosed; call: string }): ReactNode {
  const { diagnosis, period, journey } = data;
  const { unit } = diagnosis;
  const parts = partsOf(diagnosis).slice(0, 12);
  if (parts.length === 0) return null;
  const range = `${Math.floor(period.from_ms / 1000)}..${Math.floor(period.to_ms / 1000)}`;
  const interval = (part: (typeof parts)[number]) =>
    `${amount(part.worst.span.low, unit, true)} to ${amount(part.worst.span.high, unit, true)}`;
  return (
    <Figure
      title="By platform and app version"
      note="What each contributed to the change, and the stage at which it lost most."
      call={call}
      grid={{
        columns: ["slice", "contributed", "stage", "of that", "95 % interval"],
        rows: parts.map((part) => [part.name, amount(part.money, unit, true), STAGES[part.worst.factor], amount(part.worst.money, unit, true), interval(part)]),
      }}
    >
      <div className="scroll" tabIndex={0} role="region" aria-label="Slices, table">
        <Table className="numbers">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Slice</Table.Th>
              <Table.Th>Contributed</Table.Th>
              <Table.Th>Most at stage</Table.Th>
              <Table.Th>Of that</Table.Th>
              <Table.Th>95 % interval</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {parts.map((part) => (
              <Table.Tr key={part.name}>
                <Table.Th scope="row">
                  <Link
                    to="/log"
                    search={{ journey, channel: "push", range, platform: part.platform, ...(part.version ? { app_version: part.version } : {}) }}
                  >
                    {part.name}
                  </Link>
                </Table.Th>
                <Table.Td>{amount(part.money, unit, true)}</Table.Td>
                <Table.Td>{part.worst.money < 0 ? STAGES[part.worst.factor] : "none lost"}</Table.Td>
                <Table.Td>{amount(part.worst.money, unit, true)}</Table.Td>
                <Table.Td>{interval(part)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Figure>
  );
}
