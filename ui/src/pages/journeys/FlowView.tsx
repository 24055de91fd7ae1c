/** The flow of a journey with live numbers on its steps. */
import "@xyflow/react/dist/style.css";
import dagre from "@dagrejs/dagre";
import { Paper, Text, useComputedColorScheme } from "@mantine/core";
import { Background, Controls, Handle, type Node, type NodeProps, Position, ReactFlow } from "@xyflow/react";
import { useMemo, type ReactNode } from "react";
import { short } from "../../parts/format";
import type { Definition } from "./definition";
import { type Flow, type FlowNode, flowOf } from "./flow";

/** What is known about one message, by its name. */
export interface Numbers {
  reached: number;
  sent: number;
  delivered: number;
  /** Why it failed, most frequent first. */
  reasons: { reason: string; count: number }[];
}

type Shown = Node<{ node: FlowNode; numbers: Record<string, Numbers> }, "step">;

const WIDTH = 290;
/** How large a flow is drawn where there is room. */
const ZOOM = 0.9;
const SIGNS: Record<string, string> = {
  trigger: "▶", push: "◉", sms: "✉", email: "@", reach: "⇉", wait: "◷", choice: "◇", act: "✎", end: "■", slack: "#", webhook: "⇄",
};

/** Room for a node's lines: titles of messages may take two. */
const heightOf = (node: FlowNode): number => 44 + node.messages.length * 72;

function place(flow: Flow, numbers: Record<string, Numbers>): { nodes: Shown[]; edges: object[]; height: number } {
  const graph = new dagre.graphlib.Graph();
  graph.setGraph({ rankdir: "TB", ranksep: 46, nodesep: 40 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of flow.nodes) graph.setNode(node.id, { width: WIDTH, height: heightOf(node) });
  for (const edge of flow.edges) graph.setEdge(edge.from, edge.to);
  dagre.layout(graph);
  const nodes = flow.nodes.map((node): Shown => {
    const at = graph.node(node.id);
    return {
      id: node.id,
      type: "step",
      position: { x: at.x - WIDTH / 2, y: at.y - heightOf(node) / 2 },
      data: { node, numbers },
      draggable: false,
      connectable: false,
      ariaLabel: node.title,
    };
  });
  const edges = flow.edges.map((edge, at) => ({
    id: `${edge.from}-${edge.to}-${at}`,
    source: edge.from,
    target: edge.to,
    label: edge.label || undefined,
    type: "smoothstep",
    focusable: false,
  }));
  return { nodes, edges, height: (graph.graph().height ?? 0) * ZOOM + 60 };
}

function StepNode({ data }: NodeProps<Shown>): ReactNode {
  const { node, numbers } = data;
  return (
    <Paper withBorder className={`step ${node.kind}`} w={WIDTH} p="xs">
      <Handle type="target" position={Position.Top} />
      <Text size="sm" fw={600} truncate>
        <span aria-hidden>{SIGNS[node.kind] ?? "•"}</span> {node.title}
      </Text>
      {node.messages.map((message) => {
        const known = numbers[message.name];
        const failed = known?.reasons[0];
        return (
          <div key={message.name} className="message">
            <Text size="xs" truncate title={message.name}>
              {message.channel}: {message.text || message.name}
            </Text>
            <Text size="xs">
              {known
                ? `${short(known.reached)} reached · ${short(known.sent)} accepted · ${short(known.delivered)} delivered`
                : "nobody came here yet"}
            </Text>
            {failed ? (
              <Text size="xs" className="bad" truncate>
                ✕ {short(failed.count)} {failed.reason.replaceAll("_", " ")}
                {(known?.reasons.length ?? 0) > 1 ? `, ${(known?.reasons.length ?? 0) - 1} more causes` : ""}
              </Text>
            ) : null}
          </div>
        );
      })}
      <Handle type="source" position={Position.Bottom} />
    </Paper>
  );
}

const KINDS = { step: StepNode };

export default function FlowView({ definition, numbers }: { definition: Definition; numbers: Record<string, Numbers> }): ReactNode {
  const scheme = useComputedColorScheme("light");
  const drawn = useMemo(() => place(flowOf(definition), numbers), [definition, numbers]);
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
