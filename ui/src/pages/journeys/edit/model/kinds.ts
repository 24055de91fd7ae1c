/** Every type of step: what it is called, what it does, and how a new one begins. */
import { type Bag, isBag } from "./json";
import { type Draft, everyStep, find, freshId, type Spot, type Step, stepsOf } from "./steps";

export interface Kind {
  name: string;
  /** The key of the step. */
  key: string;
  group: "Wait" | "Decide" | "Message" | "Act";
  title: string;
  says: string;
  sign: string;
}

export const KINDS: readonly Kind[] = [
  { name: "push", key: "push", group: "Message", title: "Push", says: "One push message", sign: "◉" },
  { name: "reach", key: "reach", group: "Message", title: "Reach with fallback", says: "One intent: push, else text message, else mail", sign: "⇉" },
  { name: "email", key: "email", group: "Message", title: "E-mail", says: "One mail", sign: "@" },
  { name: "sms", key: "sms", group: "Message", title: "Text message", says: "One SMS", sign: "✉" },
  { name: "slack", key: "slack", group: "Message", title: "Slack", says: "A message to a Slack channel", sign: "#" },
  { name: "webhook", key: "webhook", group: "Message", title: "Webhook", says: "A call of your server", sign: "⇄" },
  { name: "delay", key: "delay", group: "Wait", title: "Delay", says: "Waits for a time", sign: "◷" },
  { name: "until", key: "delay", group: "Wait", title: "Delay until", says: "Waits for a time of the day", sign: "◷" },
  { name: "by", key: "delay", group: "Wait", title: "Delay from data", says: "As long as a value says", sign: "◷" },
  { name: "window", key: "window", group: "Wait", title: "Time window", says: "Goes on within allowed hours only", sign: "◫" },
  { name: "wait_until", key: "wait_until", group: "Wait", title: "Wait until", says: "Waits for a condition, with a limit", sign: "⌛" },
  { name: "branch", key: "branch", group: "Decide", title: "Branch", says: "Yes or no, by a condition", sign: "◇" },
  { name: "multi_branch", key: "multi_branch", group: "Decide", title: "Multi-branch", says: "The first way whose condition holds", sign: "◇" },
  { name: "split", key: "split", group: "Decide", title: "Random split", says: "Ways by chance", sign: "⑃" },
  { name: "ab_test", key: "ab_test", group: "Decide", title: "A/B test", says: "Variants by chance, judged", sign: "⑃" },
  { name: "holdout", key: "holdout", group: "Decide", title: "Holdout", says: "Some get nothing, to compare with", sign: "◌" },
  { name: "update_person", key: "update_person", group: "Act", title: "Update person", says: "Sets attributes", sign: "✎" },
  { name: "emit_event", key: "emit_event", group: "Act", title: "Track an event", says: "As if the person had done it", sign: "✎" },
  { name: "segment_add", key: "segment", group: "Act", title: "Add to segment", says: "A segment kept by hand", sign: "⊕" },
  { name: "segment_remove", key: "segment", group: "Act", title: "Remove from segment", says: "A segment kept by hand", sign: "⊖" },
  { name: "go_to", key: "go_to", group: "Act", title: "Go to", says: "On to a later step", sign: "↷" },
  { name: "exit", key: "exit", group: "Act", title: "Exit", says: "Ends the run", sign: "■" },
];

/** Which type a step is; null for one that has no key of a type. */
export function kindOf(step: Bag): Kind | null {
  const delay = step["delay"];
  if (isBag(delay)) return KINDS.find((kind) => kind.name === ("by" in delay ? "by" : "until")) ?? null;
  const edit = step["segment"];
  if (isBag(edit)) return KINDS.find((kind) => kind.name === ("remove" in edit ? "segment_remove" : "segment_add")) ?? null;
  return KINDS.find((kind) => kind.key in step) ?? null;
}

const MINUTES: Record<string, number> = { s: 1 / 60, m: 1, h: 60, d: 1_440, w: 10_080 };

/** A duration in minutes; null where it is none. */
export function minutesOf(text: unknown): number | null {
  if (text === "0") return 0;
  if (typeof text !== "string" || !/^\s*(\d+[smhdw])+\s*$/.test(text)) return null;
  return [...text.matchAll(/(\d+)([smhdw])/g)].reduce((sum, part) => sum + Number(part[1]) * (MINUTES[part[2] ?? "m"] ?? 0), 0);
}

/** Minutes as names of messages say them: in the largest unit that comes out even. */
export function inName(minutes: number): string {
  if (minutes < 1) return "now";
  for (const unit of ["w", "d", "h"] as const) {
    const size = MINUTES[unit] ?? 1;
    if (minutes % size === 0) return `${minutes / size}${unit}`;
  }
  return `${Math.round(minutes)}m`;
}

/** How long after the start a spot is reached, as far as plain delays say it, in minutes. */
export function elapsed(draft: Draft, spot: Spot): number {
  const before = stepsOf(draft, spot.way).slice(0, spot.at);
  const own = before.reduce((sum, step) => sum + (minutesOf(step["delay"]) ?? 0), 0);
  const parent = spot.way.parent === null ? undefined : find(draft, spot.way.parent);
  return parent ? own + elapsed(draft, parent.spot) : own;
}

const LABELS: Record<string, string> = { push: "Push", sms: "SMS", email: "Mail", slack: "Slack", webhook: "Webhook" };

/** Every name of a message in a definition. */
function stepNames(draft: Draft): Set<string> {
  const found = new Set<string>();
  const note = (of: unknown) => {
    if (isBag(of) && isBag(of["name"]) && typeof of["name"]["step"] === "string") found.add(of["name"]["step"]);
  };
  for (const { step } of everyStep(draft)) {
    note(step);
    const channels = isBag(step["reach"]) ? step["reach"]["channels"] : [];
    if (Array.isArray(channels)) channels.forEach(note);
  }
  return found;
}

/** A name by the convention that no message has. */
export function freshName(draft: Draft, spot: Spot, channel: string, intent = "Remind"): Bag {
  const label = LABELS[channel] ?? "Message";
  const taken = stepNames(draft);
  let nth = 1;
  while (taken.has(`${label} ${nth}`)) nth += 1;
  return { step: `${label} ${nth}`, delay: inName(elapsed(draft, spot)), intent };
}

/** What a new message says until somebody writes it. */
export function newContent(channel: string): Bag {
  switch (channel) {
    case "push": return { title: "Title", body: "What it is about" };
    case "sms": return { body: "What it is about" };
    case "email": return { subject: "Subject", body: "<p>What it is about</p>" };
    case "slack": return { text: "What it is about" };
    default: return { method: "POST", url: "https://example.com/hook" };
  }
}

const anything = (): Bag => ({ attribute: "plan", exists: true });

/** What a wait is for: most of the time that the goal is met. */
function hoped(draft: Draft): Bag {
  const goal = draft["goal"];
  return isBag(goal) && typeof goal["event"] === "string" ? { event: goal["event"] } : { event: "order_completed" };
}

const halves = (): Bag[] => ["a", "b"].map((id) => ({ id, percent: 50, steps: [] }));

/** The body of a new step of a type, without its id. */
function begun(draft: Draft, spot: Spot, name: string): Bag {
  const named = (channel: string): Bag => ({ [channel]: newContent(channel), name: freshName(draft, spot, channel) });
  switch (name) {
    case "push": case "sms": case "email": case "slack": case "webhook": return named(name);
    case "reach": return { reach: { channels: [{ ...named("push"), not_delivered_within: "30m" }, named("email")] } };
    case "delay": return { delay: "1h" };
    case "until": return { delay: { until: { time: "09:00" } } };
    case "by": return { delay: { by: { value: "event.days", least: "1d", most: "60d", otherwise: "7d" } } };
    case "window": return { window: { weekdays: "weekdays", from: "09:00", to: "20:00" } };
    case "wait_until": return { wait_until: { condition: hoped(draft), limit: "1d" } };
    case "branch": return { branch: { if: anything(), then: [], else: [] } };
    case "multi_branch": return { multi_branch: { paths: [{ if: anything(), steps: [] }], else: [] } };
    case "split": return { split: { paths: halves() } };
    case "ab_test": return { ab_test: { variants: halves() } };
    case "holdout": return { holdout: 10 };
    case "update_person": return { update_person: { attribute: "value" } };
    case "emit_event": return { emit_event: { name: "reminded" } };
    case "segment_add": return { segment: { add: 1 } };
    case "segment_remove": return { segment: { remove: 1 } };
    case "go_to": return { go_to: later(draft, spot) };
    default: return { exit: {} };
  }
}

/** The first step that stands behind a spot. */
function later(draft: Draft, spot: Spot): string {
  const next = stepsOf(draft, spot.way)[spot.at];
  if (next) return next.id;
  const parent = spot.way.parent === null ? undefined : find(draft, spot.way.parent);
  return parent ? later(draft, { way: parent.spot.way, at: parent.spot.at + 1 }) : "";
}

/** A new step of a type for a spot, with an id of its own. */
export function newStep(draft: Draft, spot: Spot, name: string): Step {
  const kind = KINDS.find((known) => known.name === name);
  return { id: freshId(draft, kind?.name ?? "step"), ...begun(draft, spot, name) };
}
