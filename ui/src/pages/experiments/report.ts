/** Results of experiments: their shapes, which the API's document calls objects, and what they mean in words. */
import type { Schemas } from "../../api/client";

export interface Effect {
  scale: "absolute" | "relative";
  estimate: number;
  low: number;
  high: number;
  p_value: number;
}

export interface Leak {
  dimension: string;
  value: string;
  stage: string;
  difference: number;
  p_value: number;
}

export interface Ratio {
  stage: string;
  people: number[];
  against_design: number | null;
  equal_shares: number | null;
  largest_difference: number;
  mismatch: boolean;
}

export interface Variant {
  name: string;
  per_assigned: Effect | null;
  per_assigned_absolute: Effect | null;
  per_delivered: {
    effect: Effect | null;
    withheld: { stage: string; reason: string; leak: Leak | null } | null;
    post_stratified: Effect | null;
    bounds: { low: number; high: number } | null;
  } | null;
  complier: Effect | null;
  revenue: { per_person: Effect | null; relative: Effect | null; uncapped_difference: number | null; above_cap: number | null };
  incremental_revenue: Effect | null;
}

export interface Report {
  ratios: Ratio[];
  leaks: Leak[];
  variants: Variant[];
  excluded: { from: number; to: number }[];
}

export interface Verdict {
  kind: "none_yet" | "no_difference_yet" | "better" | "worse" | "withheld";
  variant: string | null;
  says: string;
}

export type Line = Omit<Schemas["ExperimentLine"], "verdict"> & { verdict: Verdict };
export type Whole = Omit<Schemas["ExperimentAnswer"], "verdict" | "report"> & { verdict: Verdict; report: Report };

/** An end of an interval that is not known. */
const infinite = (value: number | null): boolean => value === null || !Number.isFinite(value);

/** A figure of an effect: in per cent of the control, in points, or as an amount. */
export function size(value: number | null, scale: Effect["scale"], money?: string): string {
  if (value === null || infinite(value)) return value !== null && value < 0 ? "any loss" : "any gain";
  const sign = value > 0 ? "+" : "";
  if (money !== undefined) return `${sign}${value.toFixed(2)} ${money}`.trim();
  return scale === "relative" ? `${sign}${(value * 100).toFixed(1)} %` : `${sign}${(value * 100).toFixed(2)} points`;
}

/** Whether the interval leaves out that there is no effect. */
export const isClear = (effect: Effect): boolean => !infinite(effect.low) && !infinite(effect.high) && (effect.low > 0 || effect.high < 0);

/** One line of the table of results. */
export interface Result {
  name: string;
  /** What it answers. */
  asks: string;
  effect: Effect | null;
  money?: string;
  /** Why there is none. */
  instead?: string;
}

/** Effects of a variant, each with the question that it answers. */
export function results(variant: Variant, currency: string): Result[] {
  const delivered = variant.per_delivered;
  const leak = delivered?.withheld?.leak;
  const where = leak ? ` (${leak.dimension.replaceAll("_", " ")} ${leak.value})` : "";
  const list: Result[] = [
    { name: "Per person assigned", asks: "What the change brings as it is delivered", effect: variant.per_assigned },
    {
      name: "Per delivered message",
      asks: "What the message does for those who get it",
      effect: delivered?.effect ?? null,
      instead: delivered === null ? "the control sends nothing" : delivered.withheld ? `withheld: ${delivered.withheld.reason}${where}` : "too few were delivered",
    },
    { name: "On those who were reached", asks: "What it does for people whom it could reach", effect: variant.complier, instead: "cannot be told apart yet" },
    { name: "Revenue per person", asks: "Money, with the largest orders capped", effect: variant.revenue.per_person, money: currency, instead: "no revenue is known" },
  ];
  if (delivered?.post_stratified) {
    list.splice(2, 0, { name: "Per delivered, weighted", asks: "As if both had been delivered alike", effect: delivered.post_stratified });
  }
  if (variant.incremental_revenue) {
    list.push({ name: "Revenue over everybody", asks: "What the variant brought in all", effect: variant.incremental_revenue, money: currency });
  }
  return list;
}

const STAGES: Record<string, string> = { assigned: "assigned", sent: "handed over", accepted: "accepted", receipt: "delivered", opened: "opened" };
export const stageName = (stage: string): string => STAGES[stage] ?? stage;

/** What a test of sample ratios found, in words. */
export function ratioInWords(ratio: Ratio): string {
  const p = ratio.stage === "assigned" ? (ratio.against_design ?? ratio.equal_shares) : (ratio.equal_shares ?? ratio.against_design);
  if (p === null) return "too few to test";
  const chance = p < 0.001 ? "less than 0.1 %" : `${(p * 100).toFixed(1)} %`;
  return ratio.mismatch ? `not alike: chance would do this in ${chance} of tests` : `alike (p ${chance})`;
}
