/** The flow with what happens at each step: who waits there now, and what became of messages in the chosen time. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { metrics, metricsPath } from "../../api/questions";
import { Figure, type Grid } from "../../parts/Figure";
import { count } from "../../parts/format";
import { Answer } from "../../parts/places";
import { type Definition } from "./definition";
import { type FlowNode, flowOf } from "./flow";
import type { Numbers } from "./FlowView";

const FlowView = lazy(() => import("./FlowView"));

/** Outcomes that are failures; a holdout or a condition that is not met are not. */
const FINE = ["none", "holdout", "condition_unmet", "superseded"];

type Line = Schemas["Line"];

/** Numbers of each message by its name. */
export function numbersOf(counts: Line[], causes: Line[]): Record<string, Numbers> {
  const of = (line: Line, dimension: string) => line.group.find((value) => value.dimension === dimension);
  const found: Record<string, Numbers> = {};
  for (const line of counts) {
    const name = of(line, "step")?.label;
    if (!name) continue;
    const { reached = 0, sent = 0, delivered = 0 } = line.counts;
    const reasons = causes
      .filter((cause) => of(cause, "step")?.value === of(line, "step")?.value)
      .map((cause) => ({ reason: of(cause, "reason")?.value ?? "", count: cause.counts["reached"] ?? 0 }))
      .filter((cause) => !FINE.includes(cause.reason))
      .sort((a, b) => b.count - a.count);
    found[name] = { reached, sent, delivered, reasons };
  }
  return found;
}

/** How many people stand in each step now: in all versions, or in one. */
export function waitingAt(steps: Schemas["WaitingStep"][], version?: number): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { step, people, version: of } of steps) {
    if (version === undefined || of === version) found[step] = (found[step] ?? 0) + people;
  }
  return found;
}

/** The table that says what the picture shows; a step that sends over several channels has a row for each. */
export function flowGrid(nodes: FlowNode[], numbers: Record<string, Numbers>, waiting: Record<string, number> | undefined): Grid {
  const rows = nodes
    .filter((node) => !node.id.startsWith("·"))
    .flatMap((node): Grid["rows"] => {
      const here = waiting ? (waiting[node.id] ?? 0) : null;
      if (node.messages.length === 0) return [[node.id, node.title, here, null, null, null, null]];
      return node.messages.map((message, place) => {
        const known = numbers[message.name];
        const why = known?.reasons.map((one) => `${count(one.count)} ${one.reason.replaceAll("_", " ")}`).join(", ");
        return [node.id, `${message.channel}: ${message.text}`, place === 0 ? here : null, known?.reached ?? 0, known?.sent ?? 0, known?.delivered ?? 0, why || null];
      });
    });
  return { columns: ["Step", "Does", "People here now", "Reached", "Accepted", "Delivered", "Failed, by reason"], rows };
}

export const waitingIn = (journey: string) => ({
  queryKey: ["waiting", journey],
  // It looks at many runs: once a minute is enough.
  staleTime: 60_000,
  refetchInterval: 60_000,
  queryFn: async () => taken(await api.GET("/landfall/v1/journeys/{journey}/waiting", { params: { path: { journey } } })),
});

interface Props {
  definition: Definition;
  source: string;
  range: string;
  /** Whose definition it is; without one, what others send is shown and nobody is known to wait. */
  journey?: string | undefined;
}

export function FlowTab({ definition, source, range, journey }: Props): ReactNode {
  const again = { refetchInterval: 15_000 };
  const asked = { journey: source, range, by: "journey,step", measures: "reached,sent,delivered" };
  const counts = useQuery({ ...metrics(asked), ...again });
  const causes = useQuery({ ...metrics({ ...asked, by: "journey,step,reason", measures: "reached" }), ...again });
  const now = useQuery({ ...waitingIn(journey ?? ""), enabled: journey !== undefined });
  const numbers = useMemo(() => numbersOf(counts.data?.rows ?? [], causes.data?.rows ?? []), [counts.data, causes.data]);
  const waiting = useMemo(() => now.data && waitingAt(now.data.steps), [now.data]);
  const grid = useMemo(() => flowGrid(flowOf(definition).nodes, numbers, waiting), [definition, numbers, waiting]);
  return (
    <Answer of={counts}>
      {() => (
        <Figure title="What happens at each step" grid={grid} call={metricsPath(asked)} note={<Now waiting={now.data} />}>
          <Suspense fallback={<Text role="status">drawing…</Text>}>
            <FlowView definition={definition} numbers={numbers} waiting={waiting} />
          </Suspense>
        </Figure>
      )}
    </Answer>
  );
}

function Now({ waiting }: { waiting: Schemas["WaitingAnswer"] | undefined }): ReactNode {
  if (!waiting) return "Messages of the chosen time, in all versions.";
  const door = waiting.at_the_door > 0 ? ` ${count(waiting.at_the_door)} of them wait for the filter to hold.` : "";
  return (
    <>
      {waiting.running === 1 ? "One person is" : `${count(waiting.running)} people are`} on the way now.{door} Messages of the chosen time,
      in all versions.{waiting.complete ? "" : " Not everybody was looked at: people in steps are lower bounds."}
    </>
  );
}
