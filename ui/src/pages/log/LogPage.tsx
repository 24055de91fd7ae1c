/** Every delivery: filters with counts, how many over time, the list, and what comes in just now. */
import { Button, CloseButton, Group, Paper, Pill, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { metrics, metricsPath } from "../../api/questions";
import { Chart, LOW } from "../../charts/Chart";
import { Figure } from "../../parts/Figure";
import { asDay, inShort, valueName } from "../../parts/format";
import { Answer, Heading } from "../../parts/places";
import { DeliveryRows } from "./DeliveryRows";
import { Facets } from "./Facets";
import { FilterBar } from "./FilterBar";
import { bucketOf, type FilterName, type Filters, filtersOf, LABELS } from "./filters";
import { Export } from "./Export";
import { useTail } from "./tail";
import { Views } from "./Views";

const route = getRouteApi("/log");

/** Outcomes in a fixed order, so that each keeps its colour. */
const OUTCOMES = ["accepted", "undeliverable", "bounced", "failed", "expired", "pending"];
const rank = (outcome: string) => (OUTCOMES.includes(outcome) ? OUTCOMES.indexOf(outcome) : OUTCOMES.length);

/** The page's filters and how to change them; the address is the state. */
export function useFilters(): { search: Filters; set: (change: Filters) => void } {
  const search = route.useSearch() as Filters;
  const navigate = route.useNavigate();
  const set = (change: Filters) => void navigate({ search: (now: object) => ({ ...now, ...change }), replace: true });
  return { search, set };
}

export function LogPage(): ReactNode {
  const { search, set } = useFilters();
  const filters = filtersOf(search);
  const tail = useTail(search.tail === "1", filters);
  const [facets, setFacets] = useState(false);
  return (
    <Stack gap="sm">
      <Heading
        title="Log"
        actions={
          <>
            <Button
              size="xs"
              variant={search.tail ? "filled" : "default"}
              aria-pressed={search.tail === "1"}
              onClick={() => set({ tail: search.tail ? undefined : "1" })}
            >
              {search.tail ? "● Live" : "Follow live"}
            </Button>
            <Views search={search} />
            <Export filters={filters} />
          </>
        }
      >
        Every message that was meant for somebody, newest first.
      </Heading>
      <FilterBar search={search} set={set} />
      <Chosen filters={filters} set={set} />
      <div className="log">
        <aside aria-label="Filters with counts">
          <Button className="narrow" size="xs" variant="default" hiddenFrom="md" onClick={() => setFacets(!facets)} aria-expanded={facets}>
            {facets ? "Hide filters" : "Show filters"}
          </Button>
          <div className={facets ? "" : "wide-facets"}>
            {search.person ? (
              <Text size="sm" c="dimmed">
                Counts are not kept by person. The list shows this person's messages.
              </Text>
            ) : (
              <Facets filters={filters} set={set} />
            )}
          </div>
        </aside>
        <Stack gap="sm" miw={0}>
          {search.person ? null : <Histogram filters={filters} />}
          {tail.problem ? <Text className="bad">{tail.problem}</Text> : null}
          <DeliveryRows filters={filters} live={tail.rows} following={search.tail === "1"} columns={search.columns} set={set} />
        </Stack>
      </div>
    </Stack>
  );
}

function Chosen({ filters, set }: { filters: Record<string, string>; set: (change: Filters) => void }): ReactNode {
  const chosen = Object.entries(filters).filter(([name]) => name !== "range");
  if (chosen.length === 0) return null;
  return (
    <Group gap="xs">
      {chosen.map(([name, value]) => (
        <Pill key={name} size="md" component="span">
          {LABELS[name] ?? name}: {value.replaceAll(",", " or ")}{" "}
          <CloseButton
            size="xs"
            component="button"
            aria-label={`Remove the filter ${LABELS[name] ?? name}`}
            onClick={() => set({ [name as FilterName]: undefined })}
          />
        </Pill>
      ))}
      <Button
        size="compact-xs"
        variant="subtle"
        onClick={() => set(Object.fromEntries(chosen.map(([name]) => [name, undefined])))}
      >
        Remove all
      </Button>
    </Group>
  );
}

function Histogram({ filters }: { filters: Record<string, string> }): ReactNode {
  const bucket = bucketOf(filters["range"] ?? "7d");
  const asked = { ...filters, measures: "reached", by: `${bucket},outcome` };
  const answer = useQuery(metrics(asked));
  return (
    <Answer of={answer}>
      {(data) => {
        const of = (line: (typeof data.rows)[number], at: number) => line.group[at]?.value ?? "";
        const times = [...new Set(data.rows.map((line) => of(line, 0)))].sort((a, b) => Date.parse(a) - Date.parse(b) || Number(a) - Number(b));
        const outcomes = [...new Set(data.rows.map((line) => of(line, 1)))].sort((a, b) => rank(a) - rank(b));
        const when = (time: string) => {
          const ms = /^\d+$/.test(time) ? Number(time) : Date.parse(time);
          return Number.isNaN(ms) ? time : bucket === "day" ? asDay(ms) : inShort(ms);
        };
        const series = outcomes.map((outcome) => ({
          name: valueName("outcome", outcome),
          values: times.map(
            (time) => data.rows.find((line) => of(line, 0) === time && of(line, 1) === outcome)?.counts["reached"] ?? 0,
          ),
        }));
        if (times.length === 0) return <Paper />;
        return (
          <Figure
            title={`Messages by ${bucket}`}
            drawn
            call={metricsPath(asked)}
            grid={{
              columns: [bucket, ...series.map((one) => one.name)],
              rows: times.map((time, at) => [when(time), ...series.map((one) => one.values[at] ?? 0)]),
            }}
          >
            <Chart kind="bars" height={LOW} label={`Messages by ${bucket} and outcome`} categories={times.map(when)} series={series} />
          </Figure>
        );
      }}
    </Answer>
  );
}
