/** How long tokens live: how likely a token is there by its silence, and whether that comes true. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { Chart } from "../../charts/Chart";
import { Figure } from "../../parts/Figure";
import { count, interval, percent, platform } from "../../parts/format";
import { Answer, Empty, Moment } from "../../parts/places";
import { sentence, silence } from "./words";

const CALL = "/landfall/v1/coverage/survival";

export function Survival(): ReactNode {
  const answer = useQuery({ queryKey: ["survival"], queryFn: async () => taken(await api.GET(CALL)) });
  return <Answer of={answer}>{(data) => <Learned data={data} />}</Answer>;
}

function Learned({ data }: { data: Schemas["SurvivalAnswer"] }): ReactNode {
  const tooLittle = data.platforms.flatMap((one) => (one.too_little ? [one.too_little] : []));
  const kinds = data.kinds.filter((kind) => kind.reports === null || kind.reports === undefined);
  return (
    <>
      {kinds.length > 0 ? <Silences kinds={kinds} data={data} /> : null}
      {data.platforms.some((one) => one.ages.length > 0) ? <Ages platforms={data.platforms.filter((one) => one.ages.length > 0)} /> : null}
      {data.calibration ? <CameTrue of={data.calibration} /> : null}
      {kinds.length === 0 ? (
        <Empty title="How long tokens live is not known yet">
          Once a day the server learns from registrations, receipts and rejections how likely a silent token is still there.
          {tooLittle.map((why) => (
            <div key={why}>{sentence(why)}</div>
          ))}
        </Empty>
      ) : (
        tooLittle.map((why) => (
          <Text key={why} c="dimmed">
            {sentence(why)}
          </Text>
        ))
      )}
    </>
  );
}

/** How likely tokens are alive, by the time since their last sign of life. */
function Silences({ kinds, data }: { kinds: Schemas["KindSurvivalAnswer"][]; data: Schemas["SurvivalAnswer"] }): ReactNode {
  const rows = kinds[0]?.silence ?? [];
  const categories = rows.map((row) => silence(row.from_days, row.to_days));
  return (
    <Figure
      title="How likely a silent token is still there"
      drawn
      note={
        <>
          By the time since its last sign of life: it opened the app, registered, or reported a receipt. With 95 % intervals; where too little
          is known nothing is said. Learned <Moment ms={data.learned_ms ?? 0} /> from {count(data.people)} people with devices.
        </>
      }
      call={CALL}
      grid={{
        columns: ["platform", "silent", "silences", "returned", "rejected", "alive", "95 % interval", "lost since the row before"],
        rows: kinds.flatMap((kind) =>
          kind.silence.map((row) => [
            platform(kind.platform),
            silence(row.from_days, row.to_days),
            row.silences,
            row.returned,
            row.rejected,
            percent(row.alive?.value),
            row.alive ? interval(row.alive) : null,
            percent(row.hazard),
          ]),
        ),
      }}
    >
      <Chart
        kind="lines"
        shares
        label="Probability that a token is alive by its silence"
        categories={categories}
        series={kinds.map((kind) => ({
          name: platform(kind.platform),
          values: kind.silence.map((row) => row.alive?.value ?? null),
          intervals: kind.silence.map((row) => (row.alive ? [row.alive.low, row.alive.high] : null)),
        }))}
      />
    </Figure>
  );
}

/** The share of tokens that providers still take, by age. */
function Ages({ platforms }: { platforms: Schemas["PlatformSurvivalAnswer"][] }): ReactNode {
  const days = [...new Set(platforms.flatMap((one) => one.ages.map((age) => age.days)))].sort((a, b) => a - b);
  const at = (one: Schemas["PlatformSurvivalAnswer"], day: number) => one.ages.find((age) => age.days === day);
  return (
    <Figure
      title="How old tokens get"
      drawn
      note="The share that is not rejected by its provider until that age. A provider takes messages for many that nobody holds any more."
      call={CALL}
      grid={{
        columns: ["platform", "age in days", "share", "95 % interval"],
        rows: platforms.flatMap((one) => one.ages.map((age) => [platform(one.platform), age.days, percent(age.survival), interval(age)])),
      }}
    >
      <Chart
        kind="lines"
        shares
        label="Share of tokens not rejected by age"
        categories={days.map((day) => `${day} d`)}
        series={platforms.map((one) => ({
          name: platform(one.platform),
          values: days.map((day) => at(one, day)?.survival ?? null),
          intervals: days.map((day) => {
            const age = at(one, day);
            return age && typeof age.low === "number" && typeof age.high === "number" ? [age.low, age.high] : null;
          }),
        }))}
      />
    </Figure>
  );
}

/** What was expected of the last month, and what came true. */
function CameTrue({ of }: { of: Schemas["CalibrationAnswer"] }): ReactNode {
  const name = (at: number) => `${at + 1}`;
  return (
    <Figure
      title="Does it come true?"
      drawn
      note={`Ten groups of tokens: by what was known ${of.days} days ago, the share that should have shown life since, and the share that did. Mean difference ${percent(of.error)}.`}
      call={CALL}
      grid={{
        columns: ["group", "tokens", "expected", "observed", "95 % interval"],
        rows: of.deciles.map((decile, at) => [name(at), decile.tokens, percent(decile.expected), percent(decile.observed), interval(decile)]),
      }}
    >
      <Chart
        kind="lines"
        shares
        label="Expected and observed share of tokens that showed life, by group"
        categories={of.deciles.map((_, at) => name(at))}
        series={[
          { name: "expected", values: of.deciles.map((decile) => decile.expected) },
          {
            name: "observed",
            values: of.deciles.map((decile) => decile.observed),
            intervals: of.deciles.map((decile) => (typeof decile.low === "number" && typeof decile.high === "number" ? [decile.low, decile.high] : null)),
          },
        ]}
      />
    </Figure>
  );
}
