/** The flow of a journey with live numbers on its steps. */
import "@xyflow/react/dist/style.css";
import { Paper, Text, useComputedColorScheme } from "@mantine/core";
import { Background, Controls, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { useMemo, type ReactNode } from "react";
import { short } from "../../parts/format";
import type { Definition } from "./definition";
import { picture } from "./edit/model/layout";
import type { Draft } from "./edit/model/steps";
import { type Flow, type FlowNode, flowOf, type Message } from "./flow";

/** What is known about one message, by its name. */
export interface Numbers {
  reached: number;
  sent: number;
  delivered: number;
  /** Why it failed, most frequent first. */
  reasons: { reason: string; count: number }[];
}

type Waiting = Record<string, number> | undefined;
type Shown = Node<{ node: FlowNode; numbers: Record<string, Numbers>; here: number | null; mark: string | undefined; quiet: boolean; label: string | undefined }, "step" | "joint" | "end">;

/** How large a flow is drawn where there is room. */
const ZOOM = 0.9;
const LINE = 18;
const SIGNS: Record<string, string> = {
  trigger: "▶", push: "◉", sms: "✉", email: "@", reach: "⇉", wait: "◷", choice: "◇", act: "✎", end: "■", slack: "#", webhook: "⇄",
};

/** How many lines tell of a message. */
function linesOf(message: Message, { numbers, quiet }: Known): number {
  return quiet ? 1 : 2 + Math.min(2, numbers[message.name]?.reasons.length ?? 0);
}

interface Known {
  numbers: Record<string, Numbers>;
  waiting: Waiting;
  marks: Record<string, string>;
  quiet: boolean;
}

function heightOf(node: FlowNode, known: Known): number {
  const lines = node.messages.reduce((sum, message) => sum + linesOf(message, known) * LINE + 12, 0);
  return (known.waiting ? 58 : 42) + lines;
}

function place(flow: Flow, definition: Definition, known: Known): { nodes: Shown[]; edges: object[]; height: number } {
  const byId = new Map(flow.nodes.map((node) => [node.id, node]));
  const drawn = picture(definition as unknown as Draft, {
    width: 290, head: 42, spot: 2, gap: 16, heightOf: (step) => heightOf(byId.get(step.id) ?? OTHER, known),
  });
  const nodes = drawn.boxes.map((box): Shown => {
    const node = byId.get(box.id) ?? { ...OTHER, id: box.id };
    const here = known.waiting && box.kind === "step" ? (known.waiting[box.id] ?? 0) : null;
    return {
      id: box.id,
      type: box.kind === "spot" ? "joint" : box.kind === "end" ? "end" : "step",
      position: { x: box.x, y: box.y },
      width: box.width,
      height: box.height,
      data: { node, numbers: known.numbers, here, mark: known.marks[box.id], quiet: known.quiet, label: box.label },
      draggable: false,
      connectable: false,
      focusable: false,
      ariaRole: "group" as const,
      ...(box.kind === "step" || box.kind === "start" ? { ariaLabel: node.title } : {}),
    };
  });
  const edges = drawn.lines.map((line) => ({
    id: line.id,
    source: line.from,
    target: line.to,
    type: "smoothstep",
    pathOptions: { offset: 1, borderRadius: 6 },
    focusable: false,
    ...(line.jump ? { className: "jump", label: "go to" } : {}),
  }));
  return { nodes, edges, height: drawn.height * ZOOM + 60 };
}

const OTHER: FlowNode = { id: "", kind: "end", title: "ends", messages: [] };

const End = (): ReactNode => (
  <Paper withBorder h="100%" ta="center" fz="sm" pt={3}>
    <Handle type="target" position={Position.Top} />
    ends
  </Paper>
);

/** Where ways part and meet. */
function Joint({ data }: NodeProps<Shown>): ReactNode {
  return (
    <div className="joint">
      <Handle type="target" position={Position.Top} />
      {data.label ? <span>{data.label}</span> : null}
      <Handle type="source" position={Position.Bottom} />
    </div>
  );
}

function StepNode({ data }: NodeProps<Shown>): ReactNode {
  const { node, numbers, here, mark, quiet } = data;
  return (
    <Paper withBorder className={`step ${node.kind}`} h="100%" p="xs">
      <Handle type="target" position={Position.Top} />
      <Text size="sm" fw={600} truncate>
        <span aria-hidden>{SIGNS[node.kind] ?? "•"}</span> {node.title}
        {mark ? <span className="changed"> {mark}</span> : null}
      </Text>
      {here === null ? null : (
        <Text size="xs" className={here > 0 ? "here" : undefined} c={here > 0 ? undefined : "dimmed"}>
          {here === 0 ? "nobody is here now" : `◔ ${short(here)} here now`}
        </Text>
      )}
      {node.messages.map((message) => {
        const known = numbers[message.name];
        const failed = (known?.reasons ?? []).slice(0, 2);
        const more = (known?.reasons.length ?? 0) - failed.length;
        return (
          <div key={message.name} className="message">
            <Text size="xs" truncate title={message.name}>
              {message.channel}: {message.text || message.name}
            </Text>
            {quiet ? null : <Text size="xs">
              {known
                ? `${short(known.reached)} reached · ${short(known.sent)} accepted · ${short(known.delivered)} delivered`
                : "nobody came here yet"}
            </Text>}
            {failed.map((one, place) => (
              <Text size="xs" className="bad" truncate key={one.reason}>
                ✕ {short(one.count)} {one.reason.replaceAll("_", " ")}
                {place === 1 && more > 0 ? `, and ${more} more ${more === 1 ? "reason" : "reasons"}` : ""}
              </Text>
            ))}
          </div>
        );
      })}
      <Handle type="source" position={Position.Bottom} />
    </Paper>
  );
}

const KINDS = { step: StepNode, joint: Joint, end: End };

interface Props {
  definition: Definition;
  numbers: Record<string, Numbers>;
  /** People who stand in each step now; undefined: not known. */
  waiting?: Waiting;
  /** What to write beside a step, such as that it is new. */
  marks?: Record<string, string>;
  /** Whether messages are shown without their figures. */
  quiet?: boolean;
}

const NONE = {};

export default function FlowView({ definition, numbers, waiting, marks = NONE, quiet = false }: Props): ReactNode {
  const scheme = useComputedColorScheme("light");
  const drawn = useMemo(() => place(flowOf(definition), definition, { numbers, waiting, marks, quiet }), [definition, numbers, waiting, marks, quiet]);
  return (
    <div className="flow" style={{ height: drawn.height }} aria-label={`Flow of ${definition.name}`} role="region">
      <ReactFlow
        nodes={drawn.nodes}
        edges={drawn.edges as never}
        nodeTypes={KINDS}
        colorMode={scheme}
        fitView
        fitViewOptions={{ maxZoom: ZOOM, padding: 0.04 }}
        minZoom={0.2}
        nodesConnectable={false}
        nodesDraggable={false}
        zoomOnScroll={false}
        preventScrolling={false}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}
