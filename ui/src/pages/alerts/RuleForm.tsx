/** A rule, with what it would have done in the last weeks beside it. */
import { Button, Group, NativeSelect, NumberInput, Paper, SimpleGrid, Stack, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { api, taken } from "../../api/client";
import { journeys } from "../../api/questions";
import { Chart } from "../../charts/Chart";
import { Figure } from "../../parts/Figure";
import { inShort, percent } from "../../parts/format";
import { Answer, Moment, Problem } from "../../parts/places";
import { type Backtest as Backtested, backtestInWords, type Draft, lasted, METRICS, rolling, ruleInWords, ruleOf, WHENS, type When } from "./alerts";

const DAYS = 28;
const PLATFORMS = [
  { value: "", label: "every platform" },
  { value: "ios", label: "iOS" },
  { value: "android", label: "Android" },
  { value: "web", label: "Web" },
];
const BEFORE = [
  { value: "week_before", label: "the week before" },
  { value: "day_before", label: "the day before" },
  { value: "hour_before", label: "the hour before" },
];

interface Props {
  begin: Draft;
  known: boolean;
  close: () => void;
}

export function RuleForm({ begin, known, close }: Props): ReactNode {
  const [draft, setDraft] = useState(begin);
  const set = (change: Partial<Draft>) => setDraft((now) => ({ ...now, ...change }));
  const rule = ruleOf(draft);
  const [asked] = useDebouncedValue(JSON.stringify({ ...rule, notify: [] }), 400);
  const test = useQuery({
    queryKey: ["backtest", asked],
    queryFn: async ({ signal }) => {
      const body = { rule: JSON.parse(asked) as never, days: DAYS };
      return taken(await api.POST("/landfall/v1/alert-rules/backtest", { body: body as never, signal })) as unknown as Backtested;
    },
    retry: false,
    placeholderData: (before) => before,
  });
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: async () => taken(await api.PUT("/landfall/v1/alert-rules/{id}", { params: { path: { id: rule.id } }, body: rule as never })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["alert-rules"] });
      close();
    },
  });
  return (
    <Stack>
      <Title order={2} size="h4">
        {known ? `Change ${begin.id}` : "New rule"}
      </Title>
      <Paper withBorder p="md" component="form" onSubmit={(event) => (event.preventDefault(), save.mutate())} aria-label="Rule">
        <Fields draft={draft} set={set} known={known} fallback={rule.id} />
        <Text mt="md">Sounds when {ruleInWords(rule)}.</Text>
        {save.error ? <Problem error={save.error} /> : null}
        <Group mt="sm">
          <Button type="submit" loading={save.isPending} disabled={!test.data || test.isFetching || test.error !== null}>
            {known ? "Keep the change" : "Keep the rule"}
          </Button>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
        </Group>
      </Paper>
      {test.error ? <Problem error={test.error} /> : <Answer of={test}>{(data) => <Backtest test={data} minutes={rule.over_minutes} busy={test.isFetching} />}</Answer>}
    </Stack>
  );
}

interface FieldsProps {
  draft: Draft;
  set: (change: Partial<Draft>) => void;
  known: boolean;
  fallback: string;
}

function Fields({ draft, set, known, fallback }: FieldsProps): ReactNode {
  const all = useQuery(journeys());
  const own = (all.data?.journeys ?? []).map((journey) => ({ value: `campaign:${journey.number}`, label: journey.name }));
  const strange = draft.journey && !own.some((one) => one.value === draft.journey) ? [{ value: draft.journey, label: draft.journey }] : [];
  const number = (value: string | number, least: number) => (typeof value === "number" && Number.isFinite(value) ? value : least);
  return (
    <SimpleGrid cols={{ base: 1, xs: 2, md: 4 }} spacing="sm">
      <NativeSelect label="What" value={draft.metric} onChange={(event) => set({ metric: event.currentTarget.value })} data={METRICS} />
      <NativeSelect label="Platform" value={draft.platform} onChange={(event) => set({ platform: event.currentTarget.value })} data={PLATFORMS} />
      <NativeSelect
        label="Journey"
        value={draft.journey}
        onChange={(event) => set({ journey: event.currentTarget.value })}
        data={[{ value: "", label: "every journey" }, ...own, ...strange]}
      />
      <TextInput label="App version" placeholder="every version" value={draft.app_version} onChange={(event) => set({ app_version: event.currentTarget.value })} />
      <NativeSelect label="Sounds when it" value={draft.when} onChange={(event) => set({ when: event.currentTarget.value as When })} data={[...WHENS]} />
      {draft.when === "absent" ? null : (
        <NumberInput label="Per cent" min={0} max={1000} decimalScale={2} value={draft.percent} onChange={(value) => set({ percent: number(value, 0) })} />
      )}
      {draft.when === "fell_by" || draft.when === "rose_by" ? (
        <NativeSelect label="Beside" value={draft.against} onChange={(event) => set({ against: event.currentTarget.value })} data={BEFORE} />
      ) : null}
      <NumberInput label="Over minutes" description="Whole quarter hours" min={15} step={15} value={draft.over_minutes} onChange={(value) => set({ over_minutes: number(value, 15) })} />
      <NumberInput label="From this many cases" description="Fewer are not judged" min={1} value={draft.at_least} onChange={(value) => set({ at_least: number(value, 1) })} />
      <TextInput
        label="Tells"
        description="slack:NAME, email:ADDRESS, webhook:URL"
        placeholder="owners and channels"
        value={draft.notify}
        onChange={(event) => set({ notify: event.currentTarget.value })}
      />
      <TextInput label="Name" description="Lower case, with dashes" placeholder={fallback} value={draft.id} disabled={known} onChange={(event) => set({ id: event.currentTarget.value })} />
    </SimpleGrid>
  );
}

function Backtest({ test, minutes, busy }: { test: Backtested; minutes: number; busy: boolean }): ReactNode {
  const { series } = test;
  const times = series.map((point) => inShort(point.at_ms));
  const values = rolling(series, minutes);
  const limit = series.find((point) => point.threshold != null)?.threshold;
  const marked: { from: number; to: number; name: string }[] = [];
  series.forEach((point, at) => {
    const last = marked.at(-1);
    if (point.broken && last && last.to === at - 1) last.to = at;
    else if (point.broken) marked.push({ from: at, to: at, name: "" });
  });
  return (
    <>
      <Figure
        title="What it would have done"
        drawn={series.length > 1}
        note={
          <span role="status" aria-busy={busy}>
            {backtestInWords(test)}
          </span>
        }
        call="/landfall/v1/alert-rules/backtest"
        grid={{
          columns: ["from", "measured", "of", "sounds"],
          rows: series.map((point, at) => [times[at] ?? "", percent(values[at]), point.cases, point.broken ? "yes" : ""]),
        }}
      >
        {series.length > 1 ? (
          <Chart
            kind="lines"
            shares
            label="What the rule measures, with the stretches in which it would have sounded"
            categories={times}
            series={[{ name: "measured", values }]}
            marked={marked}
            {...(limit == null ? {} : { limit: { at: limit, name: percent(limit) } })}
          />
        ) : (
          <Text size="sm">There is no settled quarter hour yet to try it on.</Text>
        )}
      </Figure>
      {test.episodes.length > 0 ? (
        <ul>
          {test.episodes.slice(0, 10).map((episode) => (
            <li key={episode.from_ms}>
              <Text size="sm">
                <Moment ms={episode.from_ms} />, for {lasted(episode.from_ms, episode.to_ms)}: {episode.words}
                {episode.incidents.length > 0 ? ` (${episode.incidents.join(", ")})` : ""}
              </Text>
            </li>
          ))}
          {test.episodes.length > 10 ? <li>and {test.episodes.length - 10} more</li> : null}
        </ul>
      ) : null}
    </>
  );
}
