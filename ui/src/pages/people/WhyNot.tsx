/** Why a person did not get a message: every check of every run, and every delivery that did not arrive. */
import { Code, Group, NativeSelect, Paper, Stack, Text, Title } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { deliveries, journeys, runsOfPerson, trail } from "../../api/questions";
import { Answer, Empty, Moment, State } from "../../parts/places";
import { checks } from "./checks";

const route = getRouteApi("/people/$person");

/** Deliveries that are looked at for their explanation. */
const LOOKED_AT = 5;

interface Props {
  person: string;
  kind: string;
  id: string | undefined;
}

export function WhyNot({ person, kind, id }: Props): ReactNode {
  const { journey } = route.useSearch();
  const navigate = route.useNavigate();
  const all = useQuery(journeys());
  const runs = useQuery(runsOfPerson(person, kind, journey));
  return (
    <Stack>
      <NativeSelect
        label="Journey"
        maw={320}
        value={journey ?? ""}
        onChange={(event) => {
          const chosen = event.currentTarget.value || undefined;
          void navigate({ search: (now) => ({ ...now, journey: chosen }), replace: true });
        }}
        data={[
          { value: "", label: "every journey" },
          ...(all.data?.journeys ?? []).map((one) => ({ value: one.id, label: one.name })),
        ]}
      />
      {id ? <NotArrived id={id} {...(journey ? { journey } : {})} all={all.data?.journeys ?? []} /> : null}
      <section aria-label="Checks">
        <Title order={2} size="h4" mb="xs">
          What journeys checked
        </Title>
        <Answer of={runs}>
          {(data) =>
            data.runs.length === 0 ? (
              <Empty title="No journey ever let this person in">
                A journey looks at people when its trigger happens to them: see the timeline for whether the event came,
                and the journey's definition for what it asks. Journeys that only Customer.io knows are not checked here.
              </Empty>
            ) : (
              <Stack>
                {[...data.runs].reverse().map((run) => (
                  <Run key={run.number} run={run} name={all.data?.journeys.find((one) => one.number === run.journey)?.name} />
                ))}
              </Stack>
            )
          }
        </Answer>
      </section>
    </Stack>
  );
}

function NotArrived({ id, journey, all }: { id: string; journey?: string; all: Schemas["JourneyAnswer"][] }): ReactNode {
  const number = all.find((one) => one.id === journey)?.number;
  const answer = useQuery(
    deliveries({ person: id, lacks: "delivered", limit: String(LOOKED_AT), ...(number ? { journey: `campaign:${number}` } : {}) }),
  );
  const found = answer.data?.deliveries ?? [];
  const trails = useQueries({ queries: found.map((delivery) => trail(delivery.id)) });
  if (found.length === 0) return null;
  return (
    <section aria-label="Messages that did not arrive">
      <Title order={2} size="h4" mb="xs">
        The last messages that nobody confirmed
      </Title>
      <Stack gap="xs">
        {found.map((delivery, at) => (
          <Paper withBorder p="sm" key={delivery.id}>
            <Group gap="xs">
              <State name={delivery.status} />
              <Link to="/log/$delivery" params={{ delivery: delivery.id }}>
                {delivery.step_name ?? delivery.journey_name ?? delivery.id}
              </Link>
              <Moment ms={delivery.created_ms} />
            </Group>
            <Text size="sm" mt={4}>
              {trails[at]?.data?.explanation ??
                (delivery.outcome === "accepted"
                  ? (delivery.channel === "push"
                    ? "The provider took it, and no device reported it: it may have arrived on an app that cannot report."
                    : "The provider took it, and nobody reported that it arrived.")
                  : delivery.outcome.replaceAll("_", " "))}
            </Text>
          </Paper>
        ))}
      </Stack>
    </section>
  );
}

function Run({ run, name }: { run: Schemas["RunAnswer"]; name: string | undefined }): ReactNode {
  return (
    <Paper withBorder p="md" component="article" aria-label={`Run ${run.number}`}>
      <Group gap="xs" mb="xs">
        <State name={run.state} />
        <Text fw={600}>{name ?? `journey ${run.journey}`}</Text>
        <Text size="sm" c="dimmed">
          version {run.version}, began <Moment ms={run.started_ms} />
          {run.held_out ? ", in the holdout: gets nothing on purpose" : ""}
        </Text>
      </Group>
      <ol className="trail">
        {checks(run.trace).map((check, at) => (
          <li key={`${check.at}-${at}`}>
            <Group gap="xs" align="baseline">
              <Text fw={600} size="sm">
                {check.title}
              </Text>
              <Moment ms={check.at} />
            </Group>
            <Text size="sm">{check.verdict}</Text>
            {check.saw ? (
              <details>
                <summary>What it saw</summary>
                <Code block>{check.saw}</Code>
              </details>
            ) : null}
          </li>
        ))}
      </ol>
    </Paper>
  );
}
