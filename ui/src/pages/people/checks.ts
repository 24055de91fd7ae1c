/** The trace of a run in words. */

export interface Check {
  at: number;
  title: string;
  verdict: string;
  /** What the check looked at, as JSON; empty when the title says it. */
  saw: string;
}

interface Line {
  at?: number;
  check?: string;
  step?: string;
  verdict?: string;
  input?: unknown;
}

export function checks(trace: unknown): Check[] {
  if (!Array.isArray(trace)) return [];
  return (trace as Line[]).map((line) => ({
    at: line.at ?? 0,
    title: [line.step, line.check?.replaceAll("_", " ")].filter(Boolean).join(": "),
    verdict: [typeof line.input === "string" ? line.input : "", line.verdict ?? ""].filter(Boolean).join(" – "),
    saw: line.input !== undefined && typeof line.input !== "string" ? JSON.stringify(line.input, null, 2) : "",
  }));
}
