/** A definition as a graph: one node for each step, one edge for each way on. */
import { CHANNELS, type Channel, type Definition, messageName, type Step, triggerWords } from "./definition";

/** One message of a node, by the name under which its deliveries are counted. */
export interface Message {
  channel: string;
  name: string;
  text: string;
}

export interface FlowNode {
  id: string;
  kind: string;
  title: string;
  messages: Message[];
}

export interface FlowEdge {
  from: string;
  to: string;
  label: string;
}

export interface Flow {
  nodes: FlowNode[];
  edges: FlowEdge[];
}

/** The ends that wait for the next step, each with what is written on its edge. */
type Ends = { from: string; label: string }[];

export const START = "·start";
export const END = "·end";

export function flowOf(definition: Definition): Flow {
  const flow: Flow = { nodes: [], edges: [] };
  flow.nodes.push({ id: START, kind: "trigger", title: triggerWords(definition.trigger), messages: [] });
  const ends = walk(definition.steps ?? [], [{ from: START, label: "" }], definition, flow);
  if (ends.length > 0 || flow.edges.some((edge) => edge.to === END)) {
    flow.nodes.push({ id: END, kind: "end", title: "ends", messages: [] });
    connect(ends, END, flow);
  }
  return flow;
}

function connect(ends: Ends, to: string, flow: Flow): void {
  for (const end of ends) flow.edges.push({ from: end.from, to, label: end.label });
}

function walk(steps: Step[], begin: Ends, definition: Definition, flow: Flow): Ends {
  let ends = begin;
  for (const step of steps) {
    flow.nodes.push(nodeOf(step, definition));
    connect(ends, step.id, flow);
    ends = after(step, definition, flow);
  }
  return ends;
}

/** Where runs go on after a step. */
function after(step: Step, definition: Definition, flow: Flow): Ends {
  const way = (steps: Step[] | undefined, label: string): Ends =>
    walk(steps ?? [], [{ from: step.id, label }], definition, flow);
  if (step.branch) return [...way(step.branch.then, "yes"), ...way(step.branch.else, "no")];
  if (step.multi_branch) {
    const paths = step.multi_branch.paths.flatMap((path, at) => way(path.steps, `way ${at + 1}`));
    return [...paths, ...way(step.multi_branch.else, "otherwise")];
  }
  const ways = step.split?.paths ?? step.ab_test?.variants;
  if (ways) return ways.flatMap((one) => way(one.steps, `${one.id}, ${one.percent} %`));
  if (step.exit) {
    flow.edges.push({ from: step.id, to: END, label: "exit" });
    return [];
  }
  if (step.go_to) {
    flow.edges.push({ from: step.id, to: step.go_to, label: "go to" });
    return [];
  }
  return [{ from: step.id, label: "" }];
}

function nodeOf(step: Step, definition: Definition): FlowNode {
  const of = (kind: string, title: string, messages: Message[] = []): FlowNode => ({ id: step.id, kind, title, messages });
  if (step.reach) {
    const messages = step.reach.channels.map((channel) => messageOf(channel, definition));
    return of("reach", `reach: ${messages.map((message) => message.channel).join(", then ")}`, messages);
  }
  const channel = CHANNELS.find((name) => step[name] !== undefined);
  if (channel) return of(channel, channel, [messageOf(step, definition)]);
  if (step.delay !== undefined) return of("wait", typeof step.delay === "string" ? `wait ${step.delay}` : "wait");
  if (step.window) return of("wait", `only ${step.window.from ?? ""}–${step.window.to ?? ""}`);
  if (step.wait_until) return of("wait", `wait until…, at most ${step.wait_until.limit ?? "?"}`);
  if (step.branch || step.multi_branch) return of("choice", `branch: ${step.id}`);
  if (step.split) return of("choice", `split: ${step.id}`);
  if (step.ab_test) return of("choice", `A/B test: ${step.id}`);
  if (step.holdout !== undefined) return of("choice", `holdout ${step.holdout} %`);
  if (step.update_person) return of("act", "set attributes");
  if (step.emit_event) return of("act", `track “${step.emit_event.name ?? ""}”`);
  if (step.segment) return of("act", step.segment.add !== undefined ? "add to a segment" : "remove from a segment");
  if (step.go_to) return of("act", `go to ${step.go_to}`);
  return of("end", "exit");
}

function messageOf(of: Channel | Step, definition: Definition): Message {
  const channel = CHANNELS.find((name) => (of as Step)[name] !== undefined) ?? "push";
  const text = of.push?.title ?? of.email?.subject ?? of.sms?.body ?? "";
  return { channel, text, name: of.name ? messageName(definition, of.name) : "" };
}
