/** What to check first, second, third; what was done is kept on the server, for everybody who works on the case. */
import { Button, Checkbox, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { api, type Schemas, taken, text } from "../../../api/client";
import { type Asked, diagnosis, diagnosisPath, type Diagnosed } from "../../../api/questions";
import { inShort } from "../../../parts/format";
import { Problem, State } from "../../../parts/places";
import type { Check } from "../../../verdict/diagnosis";
import { rowsOf } from "../../../verdict/words";

type Tick = Schemas["TickAnswer"];

const MEANS: Record<Check["finding"], string> = {
  suspect: "The verdict points here.",
  changed: "Changed beyond chance.",
  fine: "As before.",
  look: "The figures cannot tell: look.",
};

interface Props {
  data: Diagnosed;
  source: string;
  asked: Asked;
  name: string;
}

/** Saves a text as a file. */
function save(name: string, content: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "text/markdown" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

export function RunbookPart({ data, source, asked, name }: Props): ReactNode {
  const queries = useQueryClient();
  const question = diagnosis(source, asked);
  const tick = useMutation({
    mutationFn: async (box: { check: string; step?: string; done: boolean }) => {
      const body = { case: data.case, ...box };
      const params = { path: { journey: source } };
      return taken(await api.PUT("/landfall/v1/journeys/{journey}/diagnosis/ticks", { params, body })).ticks;
    },
    // Shown at once; what the server says replaces it.
    onMutate: ({ check, step, done }) =>
      queries.setQueryData(question.queryKey, (now) => {
        if (!now) return now;
        const others = now.ticks.filter((one) => one.check !== check || one.step !== step);
        const made = { check, ...(step === undefined ? {} : { step }), by: "you", at_ms: Date.now() };
        return { ...now, ticks: done ? [...others, made] : others };
      }),
    onError: () => queries.invalidateQueries({ queryKey: question.queryKey }),
    onSuccess: (ticks: Tick[]) => queries.setQueryData(question.queryKey, (now) => (now ? { ...now, ticks } : now)),
  });
  const load = useMutation({
    mutationFn: () => text(diagnosisPath(source, { ...asked, format: "markdown" })),
    onSuccess: (markdown) => save(`${name}, runbook.md`, markdown),
  });
  const done = data.ticks.filter((one) => one.step === undefined).length;
  return (
    <Paper withBorder p="md" component="section" aria-label="Runbook">
      <div className="figure-head">
        <div>
          <Title order={2} size="h4">
            What to check
          </Title>
          <Text size="sm" c="dimmed">
            The most promising first. {done} of {data.runbook.checks.length} done; ticks are kept for this case, and everybody sees them.
          </Text>
        </div>
        <Button size="compact-xs" variant="default" loading={load.isPending} onClick={() => load.mutate()}>
          Export as Markdown
        </Button>
      </div>
      {tick.error ?? load.error ? <Problem error={tick.error ?? load.error} /> : null}
      <ol className="runbook">
        {data.runbook.checks.map((check) => (
          <OneCheck key={check.id} check={check} ticks={data.ticks.filter((one) => one.check === check.id)} set={tick.mutate} />
        ))}
      </ol>
    </Paper>
  );
}

interface CheckProps {
  check: Check;
  ticks: Tick[];
  set: (box: { check: string; step?: string; done: boolean }) => void;
}

function OneCheck({ check, ticks, set }: CheckProps): ReactNode {
  const [open, setOpen] = useState(check.finding === "suspect");
  const of = (step?: string) => ticks.find((tick) => tick.step === step);
  const box = (label: string, step?: string) => {
    const tick = of(step);
    return (
      <Checkbox
        label={label}
        description={tick ? `${tick.by}, ${inShort(tick.at_ms)}` : undefined}
        checked={tick !== undefined}
        onChange={(event) => set({ check: check.id, ...(step === undefined ? {} : { step }), done: event.currentTarget.checked })}
        size="sm"
      />
    );
  };
  return (
    <li>
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        {box(`${check.number}. ${check.asks}`)}
        <Group gap="xs" wrap="nowrap">
          <span title={MEANS[check.finding]}>
            <State name={check.finding} />
          </span>
          <Button size="compact-xs" variant="subtle" aria-expanded={open} onClick={() => setOpen(!open)} aria-label={`Steps of check ${check.number}`}>
            {open ? "Less" : "Steps"}
          </Button>
        </Group>
      </Group>
      {open ? (
        <Stack gap={6} ml={28} mt={6}>
          <Text size="sm" c="dimmed">
            {MEANS[check.finding]}
          </Text>
          {check.figures.map((figure) => (
            <Text size="sm" key={figure.name}>
              {figure.name}: {figure.after}, before {figure.before}{" "}
              {figure.rows ? (
                <Link to="/log" search={rowsOf(figure.rows)} aria-label={`Rows: ${figure.name}`}>
                  Rows
                </Link>
              ) : null}
            </Text>
          ))}
          {check.steps.map((step) => (
            <div key={step}>{box(step, step)}</div>
          ))}
        </Stack>
      ) : null}
    </li>
  );
}
