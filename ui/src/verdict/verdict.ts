/**
 * Is a journey well, and if not: what is lost, and where? Two windows of the same length are compared. A
 * change counts when the 95 % intervals of the two shares do not meet; small numbers make wide intervals,
 * so little data never raises an alarm.
 */
import type { Schemas } from "../api/client";
import { percent, platform, short, valueName } from "../parts/format";

type Line = Schemas["Line"];
type Rate = Schemas["RateAnswer"];

/** Fewer sends than this in either window say nothing. */
export const LEAST = 40;
/** A fall smaller than this share of what it was is not worth a sentence. */
const WORTH = 0.05;

export type Stage = "accepted" | "delivered" | "opened" | "converted";

/** Stages with their rates, in the order in which a message passes them: the first that fell is the cause. */
export const STAGES: { stage: Stage; rate: string; word: string }[] = [
  { stage: "accepted", rate: "sent/reached", word: "fewer messages are accepted" },
  { stage: "delivered", rate: "delivered/sent", word: "less is delivered" },
  { stage: "opened", rate: "opened/delivered", word: "fewer delivered messages are opened" },
  { stage: "converted", rate: "converted/delivered", word: "fewer delivered messages lead to the goal" },
];

/** The share that fell, and by how much. */
export interface Fall {
  stage: Stage;
  before: Rate;
  now: Rate;
  /** What is missing each day, in messages. */
  lost: number;
}

/** A part of a journey by platform and app version. */
export interface Slice {
  platform: string;
  version: string;
  fall: Fall;
}

export interface Verdict {
  journey: string;
  name: string;
  state: "healthy" | "losing" | "unsure";
  fall?: Fall;
  slice?: Slice;
}

export interface Windows {
  now: Line[];
  before: Line[];
}

/** Whether a share fell for certain, by comparing intervals. */
export function fallOf(stage: Stage, before: Rate | undefined, now: Rate | undefined, days: number): Fall | undefined {
  if (!before || !now || before.of < LEAST || now.of < LEAST) return undefined;
  if (before.value == null || now.value == null || now.high == null || before.low == null) return undefined;
  const fell = before.value - now.value;
  if (now.high >= before.low || fell < before.value * WORTH) return undefined;
  return { stage, before, now, lost: (fell * now.of) / days };
}

const valueOf = (line: Line, dimension: string): string =>
  line.group.find((value) => value.dimension === dimension)?.value ?? "";

const nameOf = (line: Line): string => {
  const found = line.group.find((value) => value.dimension === "journey");
  return found ? valueName("journey", found.value, found.label) : "";
};

/** Judges every journey that sent anything in either window. */
export function judge(journeys: Windows, platforms: Windows, slices: Windows, days: number): Verdict[] {
  return journeys.now.map((line) => {
    const journey = valueOf(line, "journey");
    const before = journeys.before.find((earlier) => valueOf(earlier, "journey") === journey);
    const verdict: Verdict = { journey, name: nameOf(line), state: "healthy" };
    const enough = (line.counts["sent"] ?? 0) >= LEAST && (before?.counts["sent"] ?? 0) >= LEAST;
    if (!before || !enough) return { ...verdict, state: "unsure" };
    for (const { stage, rate } of STAGES) {
      const fall = fallOf(stage, before.rates[rate], line.rates[rate], days);
      if (!fall) continue;
      const slice = culprit(journey, fall, platforms, slices, days);
      return { ...verdict, state: "losing", fall, ...(slice ? { slice } : {}) };
    }
    return verdict;
  });
}

/** The part that explains at least half of a fall. A version that is new is compared with its platform before. */
function culprit(journey: string, fall: Fall, platforms: Windows, slices: Windows, days: number): Slice | undefined {
  const rate = STAGES.find((known) => known.stage === fall.stage)?.rate ?? "";
  const mine = (line: Line) => valueOf(line, "journey") === journey;
  const found = slices.now.filter(mine).flatMap((line): Slice[] => {
    const [on, version] = [valueOf(line, "platform"), valueOf(line, "app_version")];
    const same = slices.before.find(
      (earlier) => mine(earlier) && valueOf(earlier, "platform") === on && valueOf(earlier, "app_version") === version,
    )?.rates[rate];
    const wider = platforms.before.find((earlier) => mine(earlier) && valueOf(earlier, "platform") === on)?.rates[rate];
    const earlier = same && same.of >= LEAST ? same : wider;
    const slice = fallOf(fall.stage, earlier, line.rates[rate], days);
    return slice ? [{ platform: on, version, fall: slice }] : [];
  });
  found.sort((a, b) => b.fall.lost - a.fall.lost);
  return found[0] && found[0].fall.lost >= fall.lost / 2 ? found[0] : undefined;
}

const partName = (slice: Slice): string =>
  `${platform(slice.platform)}${slice.version && slice.version !== "none" ? ` ${slice.version}` : ""}`;

/** What a losing journey loses, in one sentence. */
export function sentence(verdict: Verdict): string {
  const { fall, slice } = verdict;
  if (!fall) return verdict.state === "healthy" ? "is healthy" : "has sent too little to judge";
  const what = STAGES.find((known) => known.stage === fall.stage)?.word ?? "";
  const lost = `is losing ${short(Math.max(1, Math.round(fall.lost)))} a day`;
  const rates = (of: Fall) => `${percent(of.now.value)}, before ${percent(of.before.value)}`;
  if (!slice) return `${lost}: ${what} (${rates(fall)})`;
  const collapsed = (slice.fall.now.value ?? 0) < (slice.fall.before.value ?? 0) * 0.5;
  const verb: Record<Stage, [string, string]> = {
    accepted: ["is hardly accepted", "is accepted less"],
    delivered: ["does not deliver", "delivers less"],
    opened: ["is hardly opened", "is opened less"],
    converted: ["hardly converts", "converts less"],
  };
  return `${lost}: ${partName(slice)} ${verb[fall.stage][collapsed ? 0 : 1]} (${rates(slice.fall)})`;
}

/** The first line of the page. */
export function headline(verdicts: Verdict[]): string {
  const healthy = verdicts.filter((verdict) => verdict.state === "healthy").length;
  const losing = verdicts.filter((verdict) => verdict.state === "losing").length;
  const unsure = verdicts.length - healthy - losing;
  const some = (n: number, what: string) => `${n} ${n === 1 ? "journey" : "journeys"} ${what}`;
  const parts = [
    losing > 0 ? some(losing, losing === 1 ? "is losing messages" : "are losing messages") : "",
    healthy > 0 ? some(healthy, "healthy") : "",
    unsure > 0 ? some(unsure, "with too little to judge") : "",
  ].filter(Boolean);
  return parts.length > 0 ? `${parts.join(", ")}.` : "Nothing was sent in the last two weeks.";
}
