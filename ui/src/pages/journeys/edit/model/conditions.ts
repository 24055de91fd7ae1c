/** Conditions as rows that one fills in, and back. What no row can ask stays JSON. */
import { KINDS as SEGMENT_KINDS, type Row, type RowKind } from "../../../segments/builder";
import { isBag, same } from "./json";

const number = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);
const CHANNELS = ["push", "sms", "email", "slack"];

/** What the journey's conditions ask beside what segments ask. */
const MORE: RowKind[] = [
  {
    kind: "reachable",
    title: "Reachable over",
    fields: [{ name: "reachable", label: "Channel", hint: "", choices: CHANNELS }],
    make: ({ reachable = "push" }) => ({ reachable }),
  },
  {
    kind: "consent",
    title: "Consent to",
    fields: [{ name: "consent", label: "Channel or topic", hint: "push" }],
    make: ({ consent = "" }) => ({ consent }),
  },
  {
    kind: "message",
    title: "Message",
    fields: [
      { name: "message", label: "Was", hint: "", choices: ["delivered", "opened", "clicked", "sent", "failed", "bounced"] },
      { name: "within", label: "Within", hint: "7d" },
    ],
    make: ({ message = "delivered", within = "" }) => ({ message, ...(within ? { within } : {}) }),
  },
  {
    kind: "this_event",
    title: "Data of the event that started it",
    fields: [
      { name: "this_event", label: "Path", hint: "cart.total" },
      { name: "how", label: "Comparison", hint: "", choices: ["is", "is_not", "at_least", "less_than", "contains", "exists"] },
      { name: "value", label: "Value", hint: "50" },
    ],
    make: ({ this_event = "", how = "is", value = "" }) => ({
      this_event,
      [how]: how === "exists" ? value !== "false" : how === "at_least" || how === "less_than" ? number(value) : value,
    }),
  },
];

export const KINDS: readonly RowKind[] = [...SEGMENT_KINDS, ...MORE];

export interface Rows {
  join: "all" | "any";
  rows: Row[];
}

/** The texts of a condition's fields, by what they are called. */
function valuesOf(kind: RowKind, condition: Record<string, unknown>): Record<string, string> {
  const values: Record<string, string> = {};
  for (const { name, choices } of kind.fields) {
    if (name === "how") {
      const how = choices?.find((choice) => choice in condition);
      if (how) Object.assign(values, { how, value: String(condition[how]) });
    } else if (name === "times" && isBag(condition["count"])) {
      values["times"] = String(condition["count"]["at_least"]);
    } else if (condition[name] !== undefined) {
      values[name] = String(condition[name]);
    }
  }
  return values;
}

/** The row that says this and nothing else; null: none does. */
function rowOf(condition: unknown): Row | null {
  if (!isBag(condition)) return null;
  const keys = Object.keys(condition);
  if (keys.length === 1 && isBag(condition["not"])) {
    const inner = rowOf(condition["not"]);
    return inner && !inner.not ? { ...inner, not: true } : null;
  }
  const kind = KINDS.find((known) => known.kind in condition);
  if (!kind) return null;
  const values = valuesOf(kind, condition);
  return same(kind.make(values), condition) ? { kind: kind.kind, not: false, values } : null;
}

/** The rows that say what a condition says; null: it has to be edited as JSON. */
export function rowsOf(condition: unknown): Rows | null {
  if (!isBag(condition)) return null;
  for (const join of ["all", "any"] as const) {
    const parts = condition[join];
    if (Object.keys(condition).length === 1 && Array.isArray(parts)) {
      const rows = parts.map(rowOf);
      return rows.length > 1 && rows.every((row) => row !== null) ? { join, rows } : null;
    }
  }
  const row = rowOf(condition);
  return row && { join: "all", rows: [row] };
}

export function rowCondition({ join, rows }: Rows): unknown {
  const parts = rows.map((row) => {
    const made = KINDS.find((known) => known.kind === row.kind)?.make(row.values) ?? {};
    return row.not ? { not: made } : made;
  });
  return parts.length === 1 ? parts[0] : { [join]: parts };
}

/** A condition in a few words, for the picture. */
export function conditionWords(condition: unknown): string {
  if (!isBag(condition)) return "?";
  for (const [join, word] of [["all", " and "], ["any", " or "]] as const) {
    if (Array.isArray(condition[join])) return (condition[join] as unknown[]).map(conditionWords).join(word);
  }
  if (isBag(condition["not"])) return `not ${conditionWords(condition["not"])}`;
  const [subject, ...rest] = Object.entries(condition);
  if (!subject) return "?";
  const more = rest.filter(([key]) => key !== "where").map(([key, value]) => `${key.replaceAll("_", " ")} ${typeof value === "object" ? "…" : String(value)}`);
  const what = typeof subject[1] === "object" ? "…" : String(subject[1]);
  return [["attribute", "event", "this_event"].includes(subject[0]) ? what : `${subject[0]} ${what}`, ...more].join(" ");
}
