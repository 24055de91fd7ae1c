/** The picture of a definition, to add to, to drag in and to choose from; with a mouse, a finger or keys. */
import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import {
  applyNodeChanges, Background, type Connection, Controls, Handle, type Node, type NodeProps, Position, ReactFlow, ReactFlowProvider, useReactFlow,
} from "@xyflow/react";
import { useCallback, useEffect, useMemo, useRef, useState, type FocusEvent, type KeyboardEvent, type ReactNode } from "react";
import { triggerWords } from "../definition";
import { useEditing } from "./editing";
import { type Box, type Picture, picture, placeWords, spotId, START } from "./model/layout";
import { connect, connects, type Draft, find, fits, move, openEnds, shift, type Spot, staysAt } from "./model/steps";
import { wordsOf } from "./model/words";
import { announce, showSpot } from "./signals";
import type { StepActions } from "./StepPanel";

/** How near to a place a step must be let go, in the picture's own units. */
const NEAR = 130;
const ZOOM_MOST = 1;
const ZOOM_LEAST = 0.55;

type Shown = Node<{ box: Box; target: boolean; add: (spot: Spot) => void; open: boolean }, "step" | "spot" | "start" | "end">;

function StepBox({ data: { box, open } }: NodeProps<Shown>): ReactNode {
  const { chosen, choose, faults } = useEditing();
  const step = box.step;
  if (!step) return null;
  const { sign, title, lines, look } = wordsOf(step);
  const wrong = faults.filter((one) => one.step === step.id).length;
  return (
    <div className={`edit-step ${look}${chosen === step.id ? " chosen" : ""}${wrong > 0 ? " wrong" : ""}`}>
      <Handle type="target" position={Position.Top} isConnectableStart={false} aria-hidden />
      <button
        type="button"
        data-edit={step.id}
        aria-pressed={chosen === step.id}
        aria-label={`${title}, ${step.id}: ${lines.join("; ")}${wrong > 0 ? `. ${wrong === 1 ? "One thing is" : `${wrong} things are`} wrong` : ""}`}
        onClick={(event) => choose(step.id, event.detail === 0)}
      >
        <span className="head">
          <span className="sign" aria-hidden>{sign}</span>
          <b>{title}</b>
          <small>{step.id}</small>
          {wrong > 0 ? <span className="bad" aria-hidden title={`${wrong} wrong`}>✕ {wrong}</span> : null}
        </span>
        {lines.map((line, place) => (
          <span className="line" key={place} title={line}>{line}</span>
        ))}
      </button>
      <Handle type="source" position={Position.Bottom} isConnectable={open} className={open ? "open" : ""} aria-hidden title={open ? "Drag to a later step to go on there" : ""} />
    </div>
  );
}

function SpotBox({ data: { box, target, add } }: NodeProps<Shown>): ReactNode {
  const { draft } = useEditing();
  const spot = box.spot;
  if (!spot) return null;
  return (
    <div className={`edit-spot${target ? " target" : ""}`}>
      <Handle type="target" position={Position.Top} isConnectable={false} aria-hidden />
      {box.label ? <span className="way">{box.label}</span> : null}
      <button type="button" data-edit={box.id} aria-label={`Add a step ${placeWords(draft, spot)}`} onClick={() => add(spot)}>+</button>
      <Handle type="source" position={Position.Bottom} isConnectable={false} aria-hidden />
    </div>
  );
}

function StartBox(): ReactNode {
  const { draft, chosen, choose, faults } = useEditing();
  const wrong = faults.some((one) => one.step === null && one.path[0] === "trigger");
  const words = triggerWords(draft["trigger"] ?? {});
  return (
    <div className={`edit-step trigger${chosen === START ? " chosen" : ""}${wrong ? " wrong" : ""}`}>
      <button type="button" data-edit={START} aria-pressed={chosen === START} aria-label={`Trigger: ${words}`} onClick={(event) => choose(START, event.detail === 0)}>
        <span className="head">
          <span className="sign" aria-hidden>▶</span>
          <b>Starts when</b>
          {wrong ? <span className="bad" aria-hidden>✕</span> : null}
        </span>
        <span className="line" title={words}>{words}</span>
      </button>
      <Handle type="source" position={Position.Bottom} isConnectable={false} aria-hidden />
    </div>
  );
}

const EndBox = (): ReactNode => (
  <div className="edit-end">
    <Handle type="target" position={Position.Top} isConnectable={false} aria-hidden />
    ends
  </div>
);

const KINDS = { step: StepBox, spot: SpotBox, start: StartBox, end: EndBox };

function nodesOf(draft: Draft, { boxes }: Picture, target: string | null, add: (spot: Spot) => void): Shown[] {
  const ends = openEnds(draft);
  return boxes.map((box) => ({
    id: box.id,
    type: box.kind,
    position: { x: box.x, y: box.y },
    width: box.width,
    height: box.height,
    data: { box, target: box.id === target, add, open: ends.has(box.id) },
    draggable: box.kind === "step",
    connectable: box.kind === "step",
    selectable: false,
    focusable: false,
    // Nodes that cannot be dragged get no clicks otherwise.
    style: { pointerEvents: "all" as const },
    ariaRole: "group" as const,
  }));
}

interface Props {
  add: (spot: Spot) => void;
  actions: StepActions;
}

export default function Canvas(props: Props): ReactNode {
  return (
    <ReactFlowProvider>
      <Drawing {...props} />
    </ReactFlowProvider>
  );
}

function Drawing({ add, actions }: Props): ReactNode {
  const editing = useEditing();
  const { draft, chosen } = editing;
  const scheme = useComputedColorScheme("light");
  const flow = useReactFlow();
  const holder = useRef<HTMLDivElement>(null);
  const [target, setTarget] = useState<Spot | null>(null);
  const drawn = useMemo(() => picture(draft), [draft]);
  const targetId = target ? spotId(target) : null;
  const [nodes, setNodes] = useState<Shown[]>([]);
  useEffect(() => setNodes(nodesOf(draft, drawn, null, add)), [draft, drawn, add]);
  useEffect(() => {
    setNodes((now) => now.map((node) => (node.data.target === (node.id === targetId) ? node : { ...node, data: { ...node.data, target: node.id === targetId } })));
  }, [targetId]);

  /** Moves the picture so that a box can be seen, if it cannot. */
  const reveal = useCallback((id: string) => {
    const box = drawn.boxes.find((one) => one.id === id);
    const around = holder.current;
    if (!box || !around) return;
    const { x, y, zoom } = flow.getViewport();
    const [left, top] = [box.x * zoom + x, box.y * zoom + y];
    const inside = left >= 0 && top >= 0 && left + box.width * zoom <= around.clientWidth && top + box.height * zoom <= around.clientHeight;
    if (!inside) void flow.setCenter(box.x + box.width / 2, box.y + box.height / 2, { zoom });
  }, [drawn, flow]);
  useEffect(() => {
    if (chosen) reveal(chosen);
  }, [chosen, reveal]);

  const begin = useCallback(() => {
    const room = holder.current?.clientWidth ?? 600;
    const zoom = Math.min(ZOOM_MOST, Math.max(ZOOM_LEAST, room / (drawn.width + 60)));
    void flow.setViewport({ x: room / 2, y: 16, zoom });
  }, [drawn, flow]);

  /** The nearest place to which a step that is held may go. */
  const nearest = (node: Shown): Spot | null => {
    const placed = find(draft, node.id);
    if (!placed) return null;
    const [x, y] = [node.position.x + node.data.box.width / 2, node.position.y + node.data.box.height / 2];
    const open = drawn.boxes.flatMap((box) => (box.spot && box.kind === "spot" && fits(draft, node.id, box.spot) && !staysAt(placed, box.spot) ? [{ spot: box.spot, far: Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y) }] : []));
    open.sort((one, other) => one.far - other.far);
    return open[0] && open[0].far < NEAR ? open[0].spot : null;
  };
  const letGo = (node: Shown) => {
    const spot = nearest(node);
    setTarget(null);
    setNodes(nodesOf(draft, drawn, null, add));
    if (spot) editing.edit(move(draft, node.id, spot), `move ${node.id} ${placeWords(draft, spot)}`, { choose: node.id });
  };
  const join = ({ source, target: to }: Connection) => editing.edit(connect(draft, source, to), `send people on from ${source} to ${to}`);

  return (
    <div
      className="canvas"
      ref={holder}
      role="region"
      aria-label="Flow"
      aria-describedby="canvas-keys"
      onKeyDown={(event) => keys(event, { editing, actions, holder: holder.current })}
      onFocus={(event: FocusEvent<HTMLElement>) => {
        const id = event.target.dataset["edit"];
        if (id && event.target.matches(":focus-visible")) reveal(id);
      }}
    >
      <p id="canvas-keys" className="unseen">
        Tab or arrow keys go from step to step, Enter opens one, Alt with arrow up or down moves it, Delete removes it, Ctrl D
        copies it. The form of a step moves it anywhere.
      </p>
      <ReactFlow
        nodes={nodes}
        edges={drawn.lines.map((line) => ({ id: line.id, source: line.from, target: line.to, type: "smoothstep", pathOptions: { offset: 1, borderRadius: 6 }, focusable: false, selectable: false, ...(line.jump ? { className: "jump", label: "goes to", animated: false } : {}) }))}
        nodeTypes={KINDS}
        colorMode={scheme}
        onInit={begin}
        onNodesChange={(changes) => setNodes((now) => applyNodeChanges(changes, now))}
        onNodeDrag={(_, node) => setTarget(nearest(node))}
        onNodeDragStop={(_, node) => letGo(node)}
        onConnect={join}
        isValidConnection={({ source, target: to }) => connects(draft, source, to)}
        onPaneClick={() => editing.choose(null)}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        nodeDragThreshold={5}
        connectionRadius={70}
        minZoom={0.2}
        maxZoom={1.5}
        zoomOnScroll={false}
        zoomOnDoubleClick={false}
        preventScrolling={false}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

interface Hands {
  editing: ReturnType<typeof useEditing>;
  actions: StepActions;
  holder: HTMLElement | null;
}

/** What keys do at a step. */
function keys(event: KeyboardEvent<HTMLElement>, { editing, actions, holder }: Hands): void {
  const id = (event.target as HTMLElement).dataset["edit"];
  if (!id || !holder) return;
  const up = event.key === "ArrowUp";
  const placed = find(editing.draft, id);
  if (up || event.key === "ArrowDown") {
    event.preventDefault();
    if (event.altKey && placed) {
      const next = shift(editing.draft, id, up ? -1 : 1);
      if (next === editing.draft) announce(`${id} cannot go further ${up ? "up" : "down"} here`);
      else editing.edit(next, `move ${id} ${up ? "up" : "down"}`);
      showSpot(holder, id);
      return;
    }
    const all = [...holder.querySelectorAll<HTMLElement>("[data-edit]")];
    all[all.indexOf(event.target as HTMLElement) + (up ? -1 : 1)]?.focus();
  } else if (placed && (event.key === "Delete" || event.key === "Backspace")) {
    event.preventDefault();
    const { spot } = placed;
    actions.remove(id);
    showSpot(holder, spotId(spot));
  } else if (placed && event.key.toLowerCase() === "d" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    actions.duplicate(id);
  }
}

