/** A definition as the flow shows it. Only what is drawn is typed; the server knows the rest. */

export interface Name {
  step: string;
  delay: string;
  intent: string;
}

export interface Step {
  id: string;
  name?: Name;
  delay?: unknown;
  window?: { weekdays?: unknown; from?: string; to?: string };
  wait_until?: { condition?: unknown; limit?: string };
  branch?: { if: unknown; then?: Step[]; else?: Step[] };
  multi_branch?: { paths: { if: unknown; steps: Step[] }[]; else?: Step[] };
  split?: { paths: Way[] };
  ab_test?: { variants: Way[] };
  holdout?: number;
  reach?: { channels: Channel[] };
  push?: { title?: string };
  sms?: { body?: string };
  email?: { subject?: string };
  slack?: { text?: string };
  webhook?: { url?: string };
  update_person?: Record<string, unknown>;
  emit_event?: { name?: string };
  segment?: { add?: number; remove?: number };
  exit?: object;
  go_to?: string;
}

export interface Way {
  id: string;
  percent: number;
  steps: Step[];
}

export interface Channel {
  push?: { title?: string };
  sms?: { body?: string };
  email?: { subject?: string };
  name?: Name;
  not_delivered_within?: string;
  not_opened_within?: string;
}

export interface Definition {
  id: string;
  name: string;
  description?: string;
  owner?: string;
  trigger: unknown;
  naming?: { journey?: string };
  exit?: { on_goal?: boolean; on?: unknown[] };
  goal?: { event?: string; within?: string; basis?: string };
  steps: Step[];
}

export const CHANNELS = ["push", "sms", "email", "slack", "webhook"] as const;
export type ChannelName = (typeof CHANNELS)[number];

/** The full name of a message, by which deliveries find it: `journey | step | delay | intent`. */
export function messageName(definition: Definition, name: Name): string {
  return [definition.naming?.journey ?? definition.name, name.step, name.delay, name.intent].join(" | ");
}

/** What starts runs, in words. */
export function triggerWords(trigger: unknown): string {
  if (typeof trigger === "string") return `a call (${trigger})`;
  const of = trigger as Record<string, unknown>;
  const event = of["event"] ?? of["page"] ?? of["screen"];
  if (typeof event === "string") return `“${event}” happens`;
  if (of["segment_entered"] !== undefined) return `enters segment ${String(of["segment_entered"])}`;
  if (of["segment_left"] !== undefined) return `leaves segment ${String(of["segment_left"])}`;
  if (of["date"]) return `the date in “${(of["date"] as { attribute?: string }).attribute ?? ""}” comes`;
  if (of["product"]) return `“${(of["product"] as { event?: string }).event ?? ""}” about a product of interest`;
  if (of["schedule"]) return `at ${(of["schedule"] as { at?: string }).at ?? "a set time"}`;
  return "see the definition";
}

/** What people look for first; the server keeps keys in alphabetical order. */
const FIRST = ["id", "name", "owner", "description", "trigger", "entry", "exit", "goal", "steps"];

/** A definition as a text to edit, its keys in the order in which one reads it. */
export function written(definition: unknown): string {
  const ordered = (_: string, value: unknown): unknown => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const rank = (key: string) => (FIRST.includes(key) ? FIRST.indexOf(key) : FIRST.length);
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => rank(a) - rank(b)));
  };
  return JSON.stringify(definition, ordered, 2);
}
