/** The flow with what happened at each message in the chosen time, refreshed as one looks. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, type ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { metrics } from "../../api/questions";
import { Answer } from "../../parts/places";
import type { Definition } from "./definition";
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

export function FlowTab({ definition, source, range }: { definition: Definition; source: string; range: string }): ReactNode {
  const again = { refetchInterval: 15_000 };
  const counts = useQuery({ ...metrics({ journey: source, range, by: "journey,step", measures: "reached,sent,delivered" }), ...again });
  const causes = useQuery({ ...metrics({ journey: source, range, by: "journey,step,reason", measures: "reached" }), ...again });
  const numbers = useMemo(() => numbersOf(counts.data?.rows ?? [], causes.data?.rows ?? []), [counts.data, causes.data]);
  return (
    <Answer of={counts}>
      {() => (
        <>
          <Suspense fallback={<Text role="status">drawing…</Text>}>
            <FlowView definition={definition} numbers={numbers} />
          </Suspense>
          <Text size="sm" c="dimmed" mt="xs">
            The table on the page Health says the same step by step.
          </Text>
        </>
      )}
    </Answer>
  );
}
