/** The answer first: which journeys are well, which lose what and where; then the picture behind it. */
import { Alert, Button, Code, Group, List, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { coverage, health, metrics, type Verdicts, verdicts } from "../../api/questions";
import { Answer, Empty, Moment, Problem, Share, State } from "../../parts/places";
import { platform } from "../../parts/format";
import { Verdict } from "../../verdict/VerdictLine";
import { headline } from "../../verdict/words";
import { incidents } from "../alerts/questions";
import { HealthTable, MEASURES } from "./HealthTable";
import { compared, DAYS, windows } from "./windows";

export function HomePage(): ReactNode {
  const range = useMemo(() => windows(new Date()), []);
  const asked = useMemo(() => compared(new Date(), DAYS), []);
  const judged = useQuery(verdicts(asked));
  const by = ["journey", "journey,platform"];
  const questions = by.flatMap((by) => [range.now, range.before].map((range) => metrics({ measures: MEASURES, by, range })));
  const answers = useQueries({ queries: questions });
  const trend = useQuery(metrics({ measures: "delivered/sent", by: "journey,day", range: range.both }));
  const failed = answers.find((answer) => answer.error)?.error ?? judged.error;
  if (failed) return <Problem error={failed} />;
  const [now, before, platforms] = answers.map((answer) => answer.data?.rows);
  if (!now || !before || !platforms) return <Answer of={{ data: undefined, error: null, isPending: true }}>{() => null}</Answer>;
  const fallen = Object.fromEntries(
    (judged.data?.verdicts ?? []).map((one) => [one.journey, one.standing === "losing" ? (one.verdict.factor ?? undefined) : undefined]),
  );
  const partial = answers.some((answer) => answer.data && !answer.data.complete);
  return (
    <Stack gap="lg">
      {partial ? (
        <Alert color="yellow" title="Figures are a part of the whole">
          The server was started a moment ago and still reads its ledger.
        </Alert>
      ) : null}
      <section aria-label="Verdict" aria-busy={!judged.data}>
        {judged.data ? <Judgement list={judged.data} /> : <h1 className="verdict">Judging the last seven days…</h1>}
      </section>
      {now.length === 0 && before.length === 0 ? (
        <Beginning />
      ) : (
        <HealthTable lines={now} platforms={platforms} before={before} trend={trend.data?.rows ?? []} fallen={fallen} range={range.now} />
      )}
      <SimpleGrid cols={{ base: 1, md: 3 }}>
        <CoveragePart />
        <OpenIncidents />
        <Sending />
      </SimpleGrid>
    </Stack>
  );
}

function Judgement({ list }: { list: Verdicts }): ReactNode {
  return (
    <>
      <h1 className="verdict">{headline(list, list.period)}</h1>
      <ul className="verdicts">
        {list.verdicts.map((judged) => (
          <Verdict key={judged.journey} judged={judged} period={list.period} />
        ))}
      </ul>
      {list.left_out > 0 ? <Text size="sm">{list.left_out} journeys with fewer people are not judged here.</Text> : null}
    </>
  );
}

function Beginning(): ReactNode {
  return (
    <Empty title="Here you will see whether your messages arrive">
      <List type="ordered" spacing="xs">
        <List.Item>
          Point your apps or a reporting webhook at this server, or import a file: <Code>landfall import</Code> or{" "}
          <Link to="/settings" search={{ tab: "imports" }}>
            Settings, Imports
          </Link>
          .
        </List.Item>
        <List.Item>
          Or <Link to="/journeys">start one of the ready journeys</Link>: cart recovery, back in stock, win-back.
        </List.Item>
        <List.Item>Come back: each journey gets a verdict as soon as 40 people reached it in each of two weeks.</List.Item>
      </List>
    </Empty>
  );
}

function CoveragePart(): ReactNode {
  const answer = useQuery(coverage("30d"));
  return (
    <Paper withBorder p="md" component="section" aria-label="Coverage">
      <Title order={2} size="h4">
        Coverage
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        Active people who could get a push now
      </Text>
      <Answer of={answer}>
        {(data) => (
          <Group gap="xl" align="flex-start">
            {data.groups
              .filter((group) => group.active > 0)
              .map((group) => (
                <div key={group.group}>
                  <Text size="sm">{group.group === "all" ? "Everybody" : platform(group.group)}</Text>
                  <Share rate={group.coverage} />
                </div>
              ))}
            {data.groups.every((group) => group.active === 0) ? <Text>Nobody was active in 30 days.</Text> : null}
          </Group>
        )}
      </Answer>
      <Button mt="sm" variant="default" size="xs" renderRoot={(props) => <Link to="/coverage" {...props} />}>
        Why the others are not covered
      </Button>
    </Paper>
  );
}

function OpenIncidents(): ReactNode {
  const answer = useQuery(incidents("live"));
  return (
    <Paper withBorder p="md" component="section" aria-label="Open incidents">
      <Title order={2} size="h4">
        Open incidents
      </Title>
      <Answer of={answer}>
        {(data) => (
          <Stack gap="xs" mt="xs">
            {data.incidents.length === 0 ? <Text>No rate is beside what is usual for its hour.</Text> : null}
            {data.incidents.slice(0, 5).map((one) => (
              <Group key={one.id} gap="xs" wrap="nowrap" align="flex-start">
                <State name={one.state} />
                <Text size="sm">
                  <Link to="/alerts/$incident" params={{ incident: one.id }}>
                    {one.title}
                  </Link>{" "}
                  {one.journeys.map((journey) => journey.name ?? journey.journey).join(", ")}, since <Moment ms={one.since_ms} />
                </Text>
              </Group>
            ))}
            {data.total > 5 ? <Link to="/alerts">All {data.total}</Link> : null}
            <Text size="sm" c="dimmed">
              {data.monitor.problem ?? `${data.monitor.watching} series are watched.`}
            </Text>
          </Stack>
        )}
      </Answer>
    </Paper>
  );
}

function Sending(): ReactNode {
  const answer = useQuery({ ...health(), refetchInterval: 30_000 });
  return (
    <Paper withBorder p="md" component="section" aria-label="Sending">
      <Title order={2} size="h4">
        Sending
      </Title>
      <Answer of={answer}>
        {(data) => {
          const open = data.findings.filter((finding) => finding.level !== "ok");
          return (
            <Stack gap="xs" mt="xs">
              {open.length === 0 ? <Text>Nothing is wrong with sending.</Text> : null}
              {open.map((finding) => (
                <div key={`${finding.check}${finding.about}`}>
                  <Group gap="xs" wrap="nowrap" align="flex-start">
                    <State name={finding.level} />
                    <Text size="sm">
                      {finding.about ? <b>{finding.about}: </b> : null}
                      {finding.message} {finding.fix}
                      {finding.since_ms ? (
                        <>
                          {" "}
                          Since <Moment ms={finding.since_ms} />.
                        </>
                      ) : null}
                    </Text>
                  </Group>
                </div>
              ))}
              <Text size="sm" c="dimmed">
                {data.backlog.waiting.toLocaleString("en")} wait, {data.backlog.in_flight.toLocaleString("en")} are being
                handed over.
              </Text>
            </Stack>
          );
        }}
      </Answer>
    </Paper>
  );
}
