/** One journey: does it arrive, where does it lose, what does it do, who is in it. */
import { Button, Group, NativeSelect, Tabs, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, type ReactNode } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import { journey, names } from "../../api/questions";
import { Answer, Empty, Heading, Problem, State } from "../../parts/places";
import { type Definition, written } from "./definition";
import { DiagnosisTab } from "./diagnosis/DiagnosisTab";
import { VerdictLine } from "./diagnosis/VerdictLine";
import { FlowTab } from "./FlowTab";
import { Launch } from "./Launch";
import { Overview } from "./Overview";
import { Runs } from "./Runs";
import { versionOf, Versions } from "./Versions";

/** With its drawing and its forms a part of its own, loaded when somebody edits. */
const Editor = lazy(() => import("./edit/Editor"));

const route = getRouteApi("/journeys/$journey");

/** Tabs that no range of time concerns. */
const TIMELESS = new Set(["diagnosis", "runs", "launch", "versions", "definition"]);

const RANGES = [
  { value: "24h", label: "24 hours" },
  { value: "7d", label: "7 days" },
  { value: "2w", label: "14 days" },
  { value: "12w", label: "12 weeks" },
];

export function JourneyPage(): ReactNode {
  const { journey: name } = route.useParams();
  const answer = useQuery(journey(name));
  if (answer.error instanceof ApiProblem && answer.error.status === 404) return <Elsewhere name={name} />;
  return (
    <Answer of={answer}>
      {(data) => <Whole key={`${data.id}-${data.version}`} own={data} source={`campaign:${data.number}`} name={data.name} />}
    </Answer>
  );
}

/** A journey that something else sends: only its messages are known. */
function Elsewhere({ name }: { name: string }): ReactNode {
  const all = useQuery(names());
  return (
    <Answer of={all}>
      {(data) => {
        const named = data.names.find((one) => !one.step_id && one.name === name);
        const source = named ? `${named.source}:${named.source_id}` : name;
        const label = named?.name ?? data.names.find((one) => !one.step_id && `${one.source}:${one.source_id}` === name)?.name;
        return <Whole source={source} name={label ?? name} />;
      }}
    </Answer>
  );
}

function Whole({ own, source, name }: { own?: Schemas["JourneyAnswer"]; source: string; name: string }): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = search.range ?? "2w";
  const set = (change: Partial<typeof search>) =>
    void navigate({ search: (now) => ({ ...now, ...change }), replace: true });
  const definition = own?.definition as unknown as Definition | undefined;
  return (
    <>
      <Heading title={name} actions={own ? <Hands journey={own} /> : null}>
        <Group gap="xs">
          {own ? <State name={own.state} /> : <span>sent elsewhere, reported here</span>}
          {own ? <span>version {own.version}</span> : null}
          {definition?.goal?.event ? (
            <span>
              goal: {definition.goal.event} within {definition.goal.within}, once {definition.goal.basis}
            </span>
          ) : null}
          {definition?.owner ? <span>owner {definition.owner}</span> : null}
        </Group>
        {definition?.description ? <Text mt={4}>{definition.description}</Text> : null}
      </Heading>
      <Tabs
        value={search.tab ?? "health"}
        onChange={(tab) => set({ tab: tab ?? undefined })}
        keepMounted={false}
      >
        <Group justify="space-between" align="flex-end" mb="md">
          <Tabs.List>
            <Tabs.Tab value="health">Health</Tabs.Tab>
            <Tabs.Tab value="diagnosis">Diagnosis</Tabs.Tab>
            {definition ? <Tabs.Tab value="flow">Flow</Tabs.Tab> : null}
            {own ? <Tabs.Tab value="runs">People in it</Tabs.Tab> : null}
            {own ? <Tabs.Tab value="launch">Launch</Tabs.Tab> : null}
            {own ? <Tabs.Tab value="versions">Versions</Tabs.Tab> : null}
            {definition ? <Tabs.Tab value="definition">Edit</Tabs.Tab> : null}
          </Tabs.List>
          {TIMELESS.has(search.tab ?? "") ? null : (
            <NativeSelect
              size="xs"
              aria-label="When"
              value={range}
              onChange={(event) => set({ range: event.currentTarget.value })}
              data={RANGES.some((known) => known.value === range) ? RANGES : [...RANGES, { value: range, label: range }]}
            />
          )}
        </Group>
        <Tabs.Panel value="diagnosis">
          <DiagnosisTab source={source} name={name} days={search.days ?? "7"} choose={(days) => set({ days })} />
        </Tabs.Panel>
        <Tabs.Panel value="health">
          <VerdictLine source={source} name={name} diagnose={() => set({ tab: "diagnosis" })} />
          <Overview source={source} range={range} by={search.by ?? "platform"} choose={(by) => set({ by })} />
        </Tabs.Panel>
        {definition ? (
          <Tabs.Panel value="flow">
            <FlowTab definition={definition} source={source} range={range} journey={own?.id} />
          </Tabs.Panel>
        ) : null}
        {own ? (
          <Tabs.Panel value="runs">
            <Runs journey={own} />
          </Tabs.Panel>
        ) : null}
        {own ? (
          <Tabs.Panel value="versions">
            <Versions
              journey={own}
              version={Number(search.version ?? own.version)}
              against={Number(search.against ?? Math.max(1, own.version - 1))}
              choose={set}
            />
          </Tabs.Panel>
        ) : null}
        {own ? (
          <Tabs.Panel value="launch">
            <Launch journey={own.id} />
          </Tabs.Panel>
        ) : null}
        {definition ? (
          <Tabs.Panel value="definition">
            <Edit definition={definition} own={own} version={Number(search.version ?? own?.version)} />
          </Tabs.Panel>
        ) : (
          <Empty title="No definition">
            Landfall records what another program sends for this journey. Write a definition of your own to let Landfall send.
          </Empty>
        )}
      </Tabs>
    </>
  );
}

/** The editor, with the newest version in it or with an older one that is to come back. */
function Edit({ definition, own, version }: { definition: Definition; own: Schemas["JourneyAnswer"] | undefined; version: number }): ReactNode {
  const older = own !== undefined && version !== own.version;
  const asked = useQuery({ ...versionOf(own?.id ?? "", version), enabled: older });
  const applied = own ? { applied: { id: own.id, version: own.version } } : {};
  return (
    <Suspense fallback={<Text role="status">loading…</Text>}>
      {older ? (
        <Answer of={asked}>
          {(data) => (
            <>
              <Text mb="xs">This is what version {version} says. Applied, it becomes the newest.</Text>
              <Editor key={version} text={written(data.definition)} {...applied} />
            </>
          )}
        </Answer>
      ) : (
        <Editor text={written(definition)} {...applied} />
      )}
    </Suspense>
  );
}

/** Start, pause and stop, with what each does. */
function Hands({ journey }: { journey: Schemas["JourneyAnswer"] }): ReactNode {
  const queries = useQueryClient();
  const move = useMutation({
    mutationFn: async (to: "start" | "pause" | "stop") =>
      taken(
        await api.POST(`/landfall/v1/journeys/{journey}/${to}`, { params: { path: { journey: journey.id } } }),
      ),
    onSettled: () => queries.invalidateQueries({ queryKey: ["journeys"] }),
  });
  const stop = () => {
    if (window.confirm(`End “${journey.name}”? Everybody in it leaves, and messages that wait are taken back.`)) move.mutate("stop");
  };
  const running = journey.state === "running";
  return (
    <>
      {move.error ? <Problem error={move.error} /> : null}
      {journey.building !== undefined && journey.building !== null ? (
        <Text size="sm" role="status">
          reads the past for its conditions: {journey.building} %
        </Text>
      ) : null}
      {running ? (
        <Button size="xs" variant="default" loading={move.isPending} onClick={() => move.mutate("pause")} title="Nobody enters, nobody moves on">
          Pause
        </Button>
      ) : (
        <Button size="xs" loading={move.isPending} onClick={() => move.mutate("start")} title="Lets people enter">
          Start
        </Button>
      )}
      {running || journey.state === "paused" ? (
        <Button size="xs" variant="default" color="red" onClick={stop} title="Ends all runs">
          Stop
        </Button>
      ) : null}
    </>
  );
}
