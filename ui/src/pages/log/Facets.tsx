/** Values of each dimension with how many messages they stand for, under all other filters. */
import { Text, UnstyledButton } from "@mantine/core";
import { useQueries } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { metrics } from "../../api/questions";
import { short, valueName } from "../../parts/format";
import { FACETS, type Filters, LABELS, toggled } from "./filters";

/** Values shown of each dimension. */
const SHOWN = 8;

interface Props {
  filters: Record<string, string>;
  set: (change: Filters) => void;
}

export function Facets({ filters, set }: Props): ReactNode {
  // A dimension's own filter is left out of its counts: the other values stay to be chosen.
  // Steps are numbered by each journey for itself: a step is chosen together with its journey.
  const asked = FACETS.map((facet) =>
    metrics({ ...filters, [facet]: undefined, measures: "reached", by: facet === "step" ? "step,journey" : facet }),
  );
  const answers = useQueries({ queries: asked });
  return (
    <div className="facets">
      {FACETS.map((facet, at) => {
        const rows = [...(answers[at]?.data?.rows ?? [])];
        rows.sort((a, b) => (b.counts["reached"] ?? 0) - (a.counts["reached"] ?? 0));
        const chosen = (filters[facet] ?? "").split(",").filter(Boolean);
        if (rows.length < 2 && chosen.length === 0) return null;
        return (
          <section key={facet} aria-label={LABELS[facet] ?? facet}>
            <Text fw={600} size="sm" mt="xs">
              {LABELS[facet]}
            </Text>
            {rows.slice(0, SHOWN).map((line) => {
              const [group, journey] = line.group;
              if (!group) return null;
              return (
                <UnstyledButton
                  key={`${group.value} ${journey?.value ?? ""}`}
                  aria-pressed={chosen.includes(group.value)}
                  onClick={() => set({ [facet]: toggled(filters[facet], group.value), ...(journey ? { journey: journey.value } : {}) })}
                >
                  <span title={group.label ?? group.value}>
                    {chosen.includes(group.value) ? "✓ " : ""}
                    {valueName(facet, group.value, group.label)}
                  </span>
                  <span>{short(line.counts["reached"] ?? 0)}</span>
                </UnstyledButton>
              );
            })}
            {rows.length > SHOWN ? (
              <Text size="xs" c="dimmed">
                and {rows.length - SHOWN} more
              </Text>
            ) : null}
          </section>
        );
      })}
    </div>
  );
}
