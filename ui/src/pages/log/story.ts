/** The facts of a delivery as a story, in the order in which they happened. */
import type { Schemas } from "../../api/client";

export interface Step {
  key: string;
  ms: number;
  title: string;
  words: string;
  lag: string;
  href: string | null;
  raw: unknown;
}

const SOURCES: Record<string, string> = {
  webhook: "told by Customer.io's webhook",
  sdk: "reported by the app",
  receipt: "receipt of the device",
  import: "from an import",
  landfall: "by Landfall",
  provider: "told by the provider",
};

/** What came much later than it happened says so. */
const LATE_MS = 60_000;

function lag(fact: Schemas["FactAnswer"]): string {
  const parts: string[] = [];
  const behind = fact.received_ms - fact.occurred_ms;
  if (behind >= LATE_MS) parts.push(`we heard of it ${Math.round(behind / 60_000)} min later`);
  if (fact.late) parts.push("after the outcome was settled");
  if (fact.clamped) parts.push("its clock was wrong: the time is the one at which it came");
  return parts.join("; ");
}

export function steps(trail: Schemas["Trail"]): Step[] {
  const facts = trail.facts.map((fact, at) => ({ fact, at }));
  facts.sort((a, b) => a.fact.occurred_ms - b.fact.occurred_ms || a.at - b.at);
  return facts.map(({ fact, at }) => ({
    key: String(at),
    ms: fact.occurred_ms,
    title: fact.mark.replaceAll("_", " "),
    words: [
      SOURCES[fact.source] ?? `from ${fact.source.replaceAll("_", " ")}`,
      fact.address ? `on ${fact.address}` : "",
      fact.reason ? `because of ${fact.reason.replaceAll("_", " ")}` : "",
      fact.detail ? `“${fact.detail}”` : "",
    ]
      .filter(Boolean)
      .join(", "),
    lag: lag(fact),
    href: fact.href ?? null,
    raw: fact.attempt ?? null,
  }));
}
