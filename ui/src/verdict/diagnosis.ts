/** What the server says of a journey: the shapes of its diagnosis (the API's document calls them objects). */

export interface Shift {
  before: number;
  after: number;
}

export interface Span {
  low: number;
  high: number;
}

/** The stages of revenue, in the order of the funnel. */
export const FACTORS = [
  "qualified", "coverage", "eligible", "devices", "mix", "sent", "delivered", "opened", "converted", "value",
] as const;
export type Factor = (typeof FACTORS)[number];

/** Stages that lie within a platform, in the order of its contributions. */
export const OF_PLATFORM: readonly Factor[] = ["sent", "delivered", "opened", "converted", "value"];

/** Values of dimensions that must all hold; several of one are divided by commas. Empty: everywhere. */
export type Slice = Record<string, string>;

export interface Fact {
  says: string;
  z: number;
  figures: Shift;
  /** The query that opens the rows behind it; empty where there are none. */
  rows: string;
}

export interface Change {
  at_ms: number;
  what: string;
}

export interface Verdict {
  problem: string;
  cause: string;
  reason: string | null;
  factor: Factor | null;
  place: { slice: Slice; also: Slice[]; p_value: number; share: number };
  /** The stage's rate there in both periods; for what is new, of everything before. */
  rates: Shift | null;
  since: { at_ms: number; earliest_ms: number; latest_ms: number; before: number; after: number } | null;
  money: { lost: number; interval: Span; gross: number; share: number | null };
  confidence: "high" | "medium" | "low";
  facts: Fact[];
  release: { platform: string; version: string; effect: number; adoption: number; explains: number } | null;
  coincides: Change[];
  says: string;
}

export interface StageLine {
  factor: Factor;
  ratio: { hits: Shift; of: Shift };
  money: number;
  interval: Span;
  distinguishable: boolean;
  complete: number;
  rows: string;
}

export interface PlatformPart {
  platform: string;
  mix: number;
  factors: number[];
  versions: { version: string; factors: { within: number; mix: number }[] }[];
}

export interface Diagnosis {
  verdict: Verdict;
  unit: string;
  decomposition: { revenue: Shift; factors: number[]; platforms: PlatformPart[] };
  uncertainty: { change: Span; factors: Span[]; platforms: Span[][]; versions: Span[][][] };
  stages: StageLine[];
  notes: string[];
}

export interface Check {
  number: number;
  id: string;
  asks: string;
  finding: "suspect" | "changed" | "fine" | "look";
  figures: { name: string; before: string; after: string; rows: string }[];
  steps: string[];
}

export interface Runbook {
  says: string;
  checks: Check[];
}

export type Standing = "losing" | "unreported" | "quieter" | "healthy" | "too_little";

/** A journey in the list of verdicts. */
export interface Judged {
  journey: string;
  name: string | null;
  standing: Standing;
  verdict: Verdict;
  unit: string;
  people_before: number;
  people: number;
}

export interface Period {
  from_ms: number;
  to_ms: number;
}
