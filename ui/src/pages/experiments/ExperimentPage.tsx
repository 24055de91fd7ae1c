/** One experiment: what can be said, how the arms went through the stages, and whether they were delivered alike. */
import { Alert, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Figure } from "../../parts/Figure";
import { asDay, count, percent } from "../../parts/format";
import { Answer, Heading, Moment, State } from "../../parts/places";
import { experiment } from "./questions";
import { isClear, ratioInWords, type Result, results, size, stageName, type Variant, type Whole } from "./report";

const route = getRouteApi("/experiments/$experiment");
const COUNTS = ["assigned", "sent", "accepted", "receipt", "opened"] as const;

export function ExperimentPage(): ReactNode {
  const { experiment: id } = route.useParams();
  const answer = useQuery(experiment(id));
  return <Answer of={answer}>{(data) => <Experiment data={data} />}</Answer>;
}

function Experiment({ data }: { data: Whole }): ReactNode {
  const call = `/landfall/v1/experiments/${encodeURIComponent(data.id)}`;
  return (
    <Stack>
      <Heading title={`${data.journey.name}: ${data.step}`}>
        <Group gap="xs">
          <State name={data.state} />
          <Link to="/journeys/$journey" params={{ journey: data.journey.id }}>
            The journey
          </Link>
          {data.since_ms ? (
            <span>
              since <Moment ms={data.since_ms} />
            </span>
          ) : null}
          <span>
            {count(data.people)} of {count(data.settings.planned)} planned people
          </span>
        </Group>
      </Heading>
      <Paper withBorder p="md" component="section" aria-label="Result">
        <Text fw={600}>{data.verdict.says}</Text>
        {data.unfinished > 0 ? (
          <Text size="sm" c="dimmed">
            … settling: the time for the goal is still open for {count(data.unfinished)} people.
          </Text>
        ) : null}
        {data.notes.map((note) => (
          <Text size="sm" c="dimmed" key={note}>
            {note}
          </Text>
        ))}
      </Paper>
      <Guardrail data={data} />
      {data.report.variants.map((variant) => (
        <Effects key={variant.name} variant={variant} data={data} call={call} />
      ))}
      <Arms data={data} call={call} />
      <Ratios data={data} call={call} />
    </Stack>
  );
}

/** Whether delivery lets the test go on. */
function Guardrail({ data }: { data: Whole }): ReactNode {
  const { hold, settings, report } = data;
  if (hold) {
    return (
      <Alert color="yellow" title="Held: delivery of the journey is unhealthy">
        {hold.reason}. Nobody counts since <Moment ms={hold.since_ms} />; new people{" "}
        {hold.on_trouble === "to_control" ? "go the control's way" : "pass the test by"}. {hold.resume}
      </Alert>
    );
  }
  return (
    <Text size="sm" c="dimmed">
      ✓ Delivery is healthy enough to go on. Were it not, new people would{" "}
      {settings.on_trouble === "to_control" ? "go the control's way" : "pass the test by"} until it was well for {settings.resume_minutes} minutes.
      {report.excluded.length > 0
        ? ` Left out: ${report.excluded.map((span) => `${asDay(span.from)} to ${asDay(span.to)}`).join(", ")}.`
        : ""}
    </Text>
  );
}

/** An interval as a line, on a scale that all of a table share; the numbers stand beside it. */
function Strip({ low, high, estimate, bound }: { low: number; high: number; estimate: number; bound: number }): ReactNode {
  const x = (value: number) => 70 + (Math.max(-bound, Math.min(bound, value)) / bound) * 66;
  return (
    <svg width={140} height={18} aria-hidden>
      <line x1={70} x2={70} y1={0} y2={18} stroke="currentColor" strokeOpacity={0.35} strokeDasharray="2 2" />
      <line x1={x(low)} x2={x(high)} y1={9} y2={9} stroke="currentColor" strokeWidth={2} />
      <line x1={x(low)} x2={x(low)} y1={5} y2={13} stroke="currentColor" strokeWidth={2} />
      <line x1={x(high)} x2={x(high)} y1={5} y2={13} stroke="currentColor" strokeWidth={2} />
      <circle cx={x(estimate)} cy={9} r={3.5} fill="currentColor" />
    </svg>
  );
}

function Effects({ variant, data, call }: { variant: Variant; data: Whole; call: string }): ReactNode {
  const rows = results(variant, data.currency ?? "");
  const ends = rows.flatMap(({ effect, money }) => (effect && money === undefined ? [effect.low, effect.high].map(Math.abs).filter(Number.isFinite) : []));
  const bound = Math.max(0.01, ...ends);
  const control = data.arms[0]?.name ?? "the control";
  const span = ({ effect, money }: Result) =>
    effect ? `${size(effect.low, effect.scale, money)} to ${size(effect.high, effect.scale, money)}` : null;
  const level = Math.round((1 - data.settings.alpha) * 100);
  return (
    <Figure
      title={`${variant.name} beside ${control}`}
      note={`Conversions beside the control's, with ${level} % intervals that hold at every look.`}
      call={call}
      grid={{
        columns: ["effect", "estimate", `${level} % interval`, "p", ""],
        rows: rows.map((row) => [
          row.name,
          row.effect ? size(row.effect.estimate, row.effect.scale, row.money) : null,
          span(row),
          row.effect ? row.effect.p_value.toPrecision(2) : null,
          row.effect ? (isClear(row.effect) ? "clear" : "not clear") : (row.instead ?? "too few people"),
        ]),
      }}
    >
      <div className="scroll" tabIndex={0} role="region" aria-label={`Effects of ${variant.name}`}>
        <Table className="numbers">
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={row.name}>
                <Table.Th scope="row">
                  {row.name}
                  <Text size="xs" c="dimmed" fw={400}>
                    {row.asks}
                  </Text>
                </Table.Th>
                <Table.Td>
                  {row.effect ? (
                    <>
                      <b>{size(row.effect.estimate, row.effect.scale, row.money)}</b>
                      <Text size="xs" c="dimmed">
                        {span(row)}
                      </Text>
                    </>
                  ) : (
                    <Text size="sm">{row.instead ?? "too few people"}</Text>
                  )}
                </Table.Td>
                <Table.Td className="wide">
                  {row.effect && row.money === undefined ? <Strip low={row.effect.low} high={row.effect.high} estimate={row.effect.estimate} bound={bound} /> : null}
                </Table.Td>
                <Table.Td>{row.effect ? <State name={isClear(row.effect) ? "clear" : "not clear"} /> : null}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {variant.per_delivered?.bounds ? (
        <Text size="sm" c="dimmed">
          Whoever was delivered to in one arm only could move it between {size(variant.per_delivered.bounds.low, "relative")} and{" "}
          {size(variant.per_delivered.bounds.high, "relative")}.
        </Text>
      ) : null}
    </Figure>
  );
}

function Arms({ data, call }: { data: Whole; call: string }): ReactNode {
  const money = (value: number) => (data.currency ? `${value.toFixed(2)} ${data.currency}` : "–");
  const columns = ["arm", ...COUNTS.map(stageName), "converted", "revenue"];
  const rows = data.counts.map((arm) => {
    const revenue = arm.revenue as unknown as { sum: number };
    return [arm.name, ...COUNTS.map((stage) => arm[stage]), arm.converted, arm.converted === 0 ? "–" : money(revenue.sum)] as (string | number)[];
  });
  return (
    <Figure title="Arms, stage by stage" note="People; delivered is a lower bound. The first arm is the control." call={call} grid={{ columns, rows }}>
      <div className="scroll" tabIndex={0} role="region" aria-label="Arms, table">
        <Table className="numbers">
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column}>{column}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {data.counts.map((arm, at) => (
              <Table.Tr key={arm.name}>
                <Table.Th scope="row">
                  {arm.name}
                  <Text size="xs" c="dimmed" fw={400}>
                    {percent(arm.share)} by design{arm.silent ? ", sends nothing" : ""}
                  </Text>
                </Table.Th>
                {(rows[at] ?? []).slice(1).map((cell, column) => (
                  <Table.Td key={columns[column + 1]}>{typeof cell === "number" ? count(cell) : cell}</Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Figure>
  );
}

function Ratios({ data, call }: { data: Whole; call: string }): ReactNode {
  const { ratios, leaks } = data.report;
  return (
    <Figure
      title="Were the arms delivered alike?"
      note="Where numbers of people differ by more than chance, comparing them stage by stage would compare different people."
      call={call}
      grid={{
        columns: ["stage", "people", "test"],
        rows: ratios.map((ratio) => [stageName(ratio.stage), ratio.people.map(count).join(" / "), ratioInWords(ratio)]),
      }}
    >
      {ratios.length === 0 ? <Text size="sm">Only one arm sends: there is nothing to compare.</Text> : null}
      <Table className="numbers">
        <Table.Tbody>
          {ratios.map((ratio) => (
            <Table.Tr key={ratio.stage}>
              <Table.Th scope="row">{stageName(ratio.stage)}</Table.Th>
              <Table.Td>{ratio.people.map(count).join(" / ")}</Table.Td>
              <Table.Td>
                {ratio.against_design === null && ratio.equal_shares === null ? null : <State name={ratio.mismatch ? "alarm" : "ok"} />} {ratioInWords(ratio)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {leaks.length > 0 ? (
        <>
          <Title order={3} size="h5" mt="sm">
            Where they lose people differently
          </Title>
          {leaks.map((leak) => (
            <Text size="sm" key={`${leak.dimension}${leak.value}${leak.stage}`}>
              {leak.dimension.replaceAll("_", " ")} {leak.value}, {stageName(leak.stage)}: {size(leak.difference, "absolute")}
            </Text>
          ))}
        </>
      ) : null}
    </Figure>
  );
}
