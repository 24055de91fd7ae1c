/** Alerts in words: slices, rules and how long something lasted. */
import type { Schemas } from "../../api/client";
import { platform } from "../../parts/format";

export type Rule = {
  id: string;
  metric: string;
  where: Record<string, string>;
  below?: number;
  above?: number;
  fell_by?: number;
  rose_by?: number;
  against?: string;
  absent?: boolean;
  over_minutes: number;
  at_least: number;
  notify: string[];
};

export const METRICS = [
  { value: "delivered", label: "delivered of accepted" },
  { value: "accepted", label: "accepted of reached" },
  { value: "bounced", label: "bounced of accepted" },
  { value: "opened", label: "opened of delivered" },
  { value: "converted", label: "converted of delivered" },
  { value: "coverage", label: "coverage of those who reached a step" },
  { value: "eligible", label: "let through by caps and quiet hours" },
  { value: "heartbeat", label: "messages at all" },
];

export const WHENS = [
  { value: "below", label: "is below" },
  { value: "above", label: "is above" },
  { value: "fell_by", label: "fell by, of what it was" },
  { value: "rose_by", label: "rose by, of what it was" },
  { value: "absent", label: "stops altogether" },
] as const;
export type When = (typeof WHENS)[number]["value"];

/** What is asked for in the form. Shares are in per cent, as people type them. */
export interface Draft {
  id: string;
  metric: string;
  platform: string;
  journey: string;
  app_version: string;
  when: When;
  percent: number;
  against: string;
  over_minutes: number;
  at_least: number;
  notify: string;
}

export const EMPTY: Draft = {
  id: "", metric: "delivered", platform: "", journey: "", app_version: "", when: "below", percent: 60, against: "week_before",
  over_minutes: 60, at_least: 100, notify: "",
};

/** A name that the server takes, from words. */
export const idOf = (text: string): string =>
  text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);

/** The rule of a form. */
export function ruleOf(draft: Draft): Rule {
  const where: Record<string, string> = {};
  for (const name of ["platform", "journey", "app_version"] as const) if (draft[name].trim()) where[name] = draft[name].trim();
  const share = Math.round(draft.percent * 1_000) / 100_000;
  return {
    id: draft.id || idOf([draft.metric, ...Object.values(where)].join(" ")),
    metric: draft.metric,
    where,
    ...(draft.when === "absent" ? { absent: true } : { [draft.when]: share }),
    ...(draft.when === "fell_by" || draft.when === "rose_by" ? { against: draft.against } : {}),
    over_minutes: draft.over_minutes,
    at_least: draft.at_least,
    notify: draft.notify.split(/[,\s]+/).filter(Boolean),
  };
}

/** A rule as the server writes it, with what it leaves out when nothing else was said. */
export const whole = (rule: object): Rule => ({ where: {}, over_minutes: 60, at_least: 100, notify: [], ...(rule as Omit<Rule, "where" | "over_minutes" | "at_least" | "notify">) });

/** The form of a rule. */
export function draftOf(rule: Rule): Draft {
  const when = WHENS.find(({ value }) => rule[value] !== undefined)?.value ?? "below";
  const share = when === "absent" ? 0 : (rule[when] ?? 0);
  return {
    id: rule.id,
    metric: rule.metric,
    platform: rule.where["platform"] ?? "",
    journey: rule.where["journey"] ?? "",
    app_version: rule.where["app_version"] ?? "",
    when,
    percent: Math.round(share * 10_000) / 100,
    against: rule.against ?? "week_before",
    over_minutes: rule.over_minutes,
    at_least: rule.at_least,
    notify: rule.notify.join(", "),
  };
}

const BEFORE: Record<string, string> = { hour_before: "the hour before", day_before: "the day before", week_before: "the week before" };

/** A rule in one sentence. */
export function ruleInWords(rule: Rule): string {
  const metric = METRICS.find(({ value }) => value === rule.metric)?.label ?? rule.metric;
  const places = Object.entries(rule.where).map(([name, value]) => (name === "platform" ? platform(value) : `${name.replaceAll("_", " ")} ${value}`));
  const on = places.length > 0 ? ` on ${places.join(", ")}` : "";
  const percent = (share: number) => `${Number((share * 100).toFixed(2))} %`;
  const before = BEFORE[rule.against ?? "week_before"] ?? rule.against;
  const what = rule.absent
    ? "stops"
    : rule.below !== undefined
      ? `is below ${percent(rule.below)}`
      : rule.above !== undefined
        ? `is above ${percent(rule.above)}`
        : rule.fell_by !== undefined
          ? `is ${percent(rule.fell_by)} less than ${before}`
          : `is ${percent(rule.rose_by ?? 0)} more than ${before}`;
  return `${metric}${on} ${what}, over ${rule.over_minutes} min, from ${rule.at_least} cases on`;
}

/** How long something lasted. */
export function lasted(from: number, to: number): string {
  const minutes = Math.max(0, Math.round((to - from) / 60_000));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 2_880) return `${Math.round(minutes / 60)} h`;
  return `${Math.round(minutes / 1_440)} days`;
}

/** A stretch in which a rule was broken. */
export interface Episode {
  from_ms: number;
  to_ms: number;
  words: string;
  incidents: string[];
}

/** A back-test. The document says that its parts are objects. */
export interface Backtest extends Omit<Schemas["TrialAnswer"], "episodes" | "hits"> {
  episodes: Episode[];
  hits: { id: string; after_ms: number }[];
}

/** What a back-test means, in one sentence. */
export function backtestInWords(test: Pick<Backtest, "days" | "episodes" | "hits" | "misses" | "without_incident" | "messages_a_month" | "too_little" | "moments">): string {
  const days = Math.round(test.days);
  if (test.moments === 0) return `There is nothing to look back on yet: no settled quarter hour in ${days} days.`;
  const times = test.episodes.length;
  const broken = times === 0 ? `It would have stayed silent for all of ${days} days` : `It would have sounded ${times === 1 ? "once" : `${times} times`} in ${days} days`;
  const rate = test.messages_a_month == null ? "" : `, which is ${Number(test.messages_a_month.toFixed(1))} messages a month`;
  const known = test.hits.length + test.misses.length;
  const caught = known === 0 ? "" : ` Of ${known} known ${known === 1 ? "incident" : "incidents"} it would have caught ${test.hits.length}.`;
  const few = test.too_little === test.moments ? " Every moment had too few cases to judge." : "";
  return `${broken}${rate}.${caught}${few}`;
}

/** What a rule measures at each point: the rate over its window, which ends there. */
export function rolling(series: { at_ms: number; cases: number; hits: number }[], minutes: number): (number | null)[] {
  let [from, cases, hits] = [0, 0, 0];
  return series.map((point) => {
    cases += point.cases;
    hits += point.hits;
    for (let first = series[from]; first && first.at_ms <= point.at_ms - minutes * 60_000; first = series[from]) {
      cases -= first.cases;
      hits -= first.hits;
      from += 1;
    }
    return cases > 0 ? hits / cases : null;
  });
}

/** The path of the web application that a link of the server leads to. */
export function inner(link: string): string {
  const at = link.indexOf("?");
  return at < 0 ? "" : link.slice(at + 1);
}
