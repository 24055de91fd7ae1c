/** The answer first: which journeys are well, which lose what and where; then the picture behind it. */
import { Alert, Button, Code, Group, List, Paper, Stack, Text, Title } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, type ReactNode } from "react";
import { coverage, health, metrics } from "../../api/questions";
import { Answer, Empty, Moment, Problem, Share, State } from "../../parts/places";
import { platform } from "../../parts/format";
import { headline, judge, type Verdict, sentence } from "../../verdict/verdict";
import { HealthTable, MEASURES } from "./HealthTable";
import { DAYS, windows } from "./windows";

const SIGN = { healthy: "✓", losing: "✕", unsure: "○" } as const;
const COLOR = { healthy: "good", losing: "bad", unsure: "" } as const;

/** Filters of the log that show what a verdict speaks of. */
export function evidence(verdict: Verdict, range: string): Record<string, string> {
  const lacks = verdict.fall?.stage === "accepted" ? "sent" : (verdict.fall?.stage ?? "");
  return {
    range,
    journey: verdict.journey,
    ...(verdict.slice ? { platform: verdict.slice.platform } : {}),
    ...(verdict.slice && verdict.slice.version !== "none" ? { app_version: verdict.slice.version } : {}),
    ...(lacks ? { lacks } : {}),
  };
}

export function HomePage(): ReactNode {
  const range = useMemo(() => windows(new Date()), []);
  const by = ["journey", "journey,platform", "journey,platform,app_version"];
  const asked = by.flatMap((by) => [range.now, range.before].map((range) => metrics({ measures: MEASURES, by, range })));
  const answers = useQueries({ queries: asked });
  const trend = useQuery(metrics({ measures: "delivered/sent", by: "journey,day", range: range.both }));
  const failed = answers.find((answer) => answer.error)?.error;
  if (failed) return <Problem error={failed} />;
  const rows = answers.map((answer) => answer.data?.rows);
  const [now, before, platformNow, platformBefore, sliceNow, sliceBefore] = rows;
  const ready = now && before && platformNow && platformBefore && sliceNow && sliceBefore;
  if (!ready) return <Answer of={{ data: undefined, error: null, isPending: true }}>{() => null}</Answer>;
  const verdicts = judge(
    { now, before },
    { now: platformNow, before: platformBefore },
    { now: sliceNow, before: sliceBefore },
    DAYS,
  );
  const order = { losing: 0, unsure: 2, healthy: 1 };
  verdicts.sort((a, b) => order[a.state] - order[b.state] || (b.fall?.lost ?? 0) - (a.fall?.lost ?? 0));
  const partial = answers.some((answer) => answer.data && !answer.data.complete);
  return (
    <Stack gap="lg">
      {partial ? (
        <Alert color="yellow" title="Figures are a part of the whole">
          The server was started a moment ago and still reads its ledger.
        </Alert>
      ) : null}
      <section aria-label="Verdict">
        <h1 className="verdict">{headline(verdicts)}</h1>
        <Verdicts verdicts={verdicts} range={range.now} />
      </section>
      {now.length === 0 && before.length === 0 ? (
        <Beginning />
      ) : (
        <HealthTable lines={now} platforms={platformNow} before={before} trend={trend.data?.rows ?? []} range={range.now} />
      )}
      <Group align="stretch" grow preventGrowOverflow={false}>
        <CoveragePart />
        <Incidents />
      </Group>
    </Stack>
  );
}

function Verdicts({ verdicts, range }: { verdicts: Verdict[]; range: string }): ReactNode {
  return (
    <ul className="verdicts">
      {verdicts.map((verdict) => (
        <li key={verdict.journey}>
          <span className={`mark ${COLOR[verdict.state]}`} aria-hidden>
            {SIGN[verdict.state]}
          </span>
          <span>
            <Link to="/journeys/$journey" params={{ journey: verdict.journey.startsWith("unknown") ? verdict.journey : verdict.name }}>
              {verdict.name}
            </Link>{" "}
            {sentence(verdict)}
            {verdict.state === "losing" ? (
              <>
                {". "}
                <Link to="/log" search={evidence(verdict, range)}>
                  Show these messages
                </Link>
              </>
            ) : null}
          </span>
        </li>
      ))}
    </ul>
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
        <List.Item>Come back: each journey gets a verdict as soon as it has sent 40 messages in a week.</List.Item>
      </List>
    </Empty>
  );
}

function CoveragePart(): ReactNode {
  const answer = useQuery(coverage("30d"));
  return (
    <Paper withBorder p="md" component="section" aria-label="Coverage" miw={280}>
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

function Incidents(): ReactNode {
  const answer = useQuery({ ...health(), refetchInterval: 30_000 });
  return (
    <Paper withBorder p="md" component="section" aria-label="Sending" miw={280}>
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
