/** The revenue waterfall of a diagnosis: from what it was to what it is, stage by stage. */
import type { Step } from "../../../charts/Waterfall";
import { type Diagnosis, FACTORS, OF_PLATFORM, type Factor, type Span } from "../../../verdict/diagnosis";
import { amount, STAGES } from "../../../verdict/words";
import { platform, valueName } from "../../../parts/format";

const holdsZero = (span: Span): boolean => span.low <= 0 && span.high >= 0;

/** Bars in the order of the funnel; contributions add up from the first total to the last. */
export function stepsOf({ decomposition, uncertainty, unit, stages }: Diagnosis): Step[] {
  const { revenue, factors } = decomposition;
  let at = revenue.before;
  const steps = FACTORS.map((factor, place): Step => {
    const money = factors[place] ?? 0;
    const span = uncertainty.factors[place] ?? { low: money, high: money };
    const from = at;
    at += money;
    const line = stages.find((stage) => stage.factor === factor);
    return {
      name: STAGES[factor],
      from,
      to: at,
      interval: [from + span.low, from + span.high],
      clear: line ? line.distinguishable : !holdsZero(span),
      says: amount(money, unit, true),
    };
  });
  const total = (name: string, value: number): Step => ({ name, from: 0, to: value, total: true, says: amount(value, unit) });
  return [total("before", revenue.before), ...steps, total("now", revenue.after)];
}

/** A rate or number of a stage in one of the periods, in words. */
export function figure(factor: Factor, hits: number, of: number): string {
  if (factor === "qualified") return Math.round(hits).toLocaleString("en");
  if (of <= 0) return "nobody";
  if (factor === "devices" || factor === "value") return (hits / of).toFixed(2);
  return `${((100 * hits) / of).toFixed(1)} % of ${Math.round(of).toLocaleString("en")}`;
}

/** What a platform or one of its versions contributed. */
export interface Part {
  platform: string;
  version: string | null;
  name: string;
  /** All stages within it together. */
  money: number;
  /** The stage that took most, with its interval. */
  worst: { factor: Factor; money: number; span: Span };
}

/** Platforms and their versions that lost, the greatest loss first; versions only beside others of their platform. */
export function partsOf({ decomposition, uncertainty }: Diagnosis): Part[] {
  const part = (of: string, version: string | null, moneys: number[], spans: Span[] | undefined): Part => {
    const place = moneys.indexOf(Math.min(...moneys));
    const money = moneys[place] ?? 0;
    return {
      platform: of,
      version,
      name: version === null ? platform(of) : `${platform(of)} ${version === "" ? "of unknown version" : valueName("app_version", version)}`,
      money: moneys.reduce((sum, one) => sum + one, 0),
      worst: { factor: OF_PLATFORM[place] ?? "sent", money, span: spans?.[place] ?? { low: money, high: money } },
    };
  };
  const parts = decomposition.platforms.flatMap((one, at) => {
    const versions = one.versions.map((version, nth) =>
      part(one.platform, version.version, version.factors.map((split) => split.within + split.mix), uncertainty.versions[at]?.[nth]),
    );
    return [part(one.platform, null, one.factors, uncertainty.platforms[at]), ...(versions.length > 1 ? versions : [])];
  });
  return parts.filter((one) => one.money !== 0).sort((a, b) => a.money - b.money);
}
