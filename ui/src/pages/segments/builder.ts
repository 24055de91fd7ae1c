/** Conditions as rows that one fills in, and as the JSON that the server reads. */

export interface RowKind {
  kind: string;
  title: string;
  /** Fields of the row, in order. */
  fields: { name: string; label: string; hint: string; choices?: string[] }[];
  make: (values: Record<string, string>) => Record<string, unknown>;
}

const number = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);

/** What rows can ask. Everything else can be written as JSON. */
export const KINDS: RowKind[] = [
  {
    kind: "attribute",
    title: "Attribute",
    fields: [
      { name: "attribute", label: "Attribute", hint: "plan" },
      {
        name: "how",
        label: "Comparison",
        hint: "",
        choices: ["is", "is_not", "contains", "starts_with", "less_than", "greater_than", "within_last", "older_than", "exists"],
      },
      { name: "value", label: "Value", hint: "gold" },
    ],
    make: ({ attribute = "", how = "is", value = "" }) => ({
      attribute,
      [how]: how === "exists" ? value !== "false" : how.startsWith("less") || how.startsWith("greater") ? number(value) : value,
    }),
  },
  {
    kind: "event",
    title: "Event",
    fields: [
      { name: "event", label: "Event", hint: "purchase" },
      { name: "times", label: "At least times", hint: "1" },
      { name: "within", label: "Within", hint: "30d" },
    ],
    make: ({ event = "", times = "", within = "" }) => ({
      event,
      ...(times && times !== "1" ? { count: { at_least: Number(times) } } : {}),
      ...(within ? { within } : {}),
    }),
  },
  {
    kind: "token",
    title: "Push token",
    fields: [{ name: "token", label: "Token", hint: "", choices: ["has", "none", "never", "suspended", "unregistered", "removed"] }],
    make: ({ token = "has" }) => ({ token }),
  },
  {
    kind: "segment",
    title: "Segment",
    fields: [{ name: "segment", label: "Number", hint: "3" }],
    make: ({ segment = "" }) => ({ segment: number(segment) }),
  },
];

export interface Row {
  kind: string;
  not: boolean;
  values: Record<string, string>;
}

/** Rows joined by `all` or `any`; one row stands for itself. */
export function conditionOf(join: "all" | "any", rows: Row[]): unknown {
  const parts = rows.map((row) => {
    const made = KINDS.find((known) => known.kind === row.kind)?.make(row.values) ?? {};
    return row.not ? { not: made } : made;
  });
  return parts.length === 1 ? parts[0] : { [join]: parts };
}
