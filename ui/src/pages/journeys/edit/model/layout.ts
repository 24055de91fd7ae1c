/** Where everything of a definition stands in its picture: steps below each other, the ways of a branch side by side. */
import { at, isBag } from "./json";
import { type Draft, everyStep, forksOf, type Spot, type Step, stepsOf, TRUNK, type Way } from "./steps";

const LINE = 19;
const HEAD = 52;
const ASIDE = 28;

/** How large things are drawn. */
export interface Sizes {
  /** Of a step. */
  width: number;
  /** Of the start. */
  head: number;
  /** Of a place between two steps. */
  spot: number;
  gap: number;
  heightOf: (step: Step) => number;
}

export interface Box {
  id: string;
  kind: "start" | "step" | "spot" | "end";
  x: number;
  y: number;
  width: number;
  height: number;
  step?: Step;
  spot?: Spot;
  /** What is written on the way that begins here. */
  label?: string;
}

export interface Line {
  id: string;
  from: string;
  to: string;
  /** It goes somewhere else than to what comes next. */
  jump?: boolean;
}

export interface Picture {
  boxes: Box[];
  lines: Line[];
  width: number;
  height: number;
}

export const START = "·start";
export const END = "·end";

export const spotId = (spot: Spot): string => `+${spot.way.parent ?? ""}/${spot.way.key.join(".")}/${spot.at}`;

/** How many lines a step needs below its title. */
function linesOf(step: Step): number {
  const channels = isBag(step["reach"]) ? step["reach"]["channels"] : undefined;
  return Array.isArray(channels) ? Math.max(1, channels.length) : 1;
}

/** As the editor draws them: with room to add steps between. */
export const EDITED: Sizes = { width: 236, head: HEAD, spot: 26, gap: 16, heightOf: (step) => HEAD + (linesOf(step) - 1) * LINE };

/** Whether people go on behind a step. */
function goesOn(step: Step): boolean {
  if (step["exit"] !== undefined || typeof step["go_to"] === "string") return false;
  const forks = forksOf(step);
  return forks.length === 0 || forks.some((fork) => flows(at(step, fork.key)));
}

/** Whether people come out at the end of a list of steps. */
const flows = (steps: unknown): boolean => !Array.isArray(steps) || steps.every((step) => goesOn(step as Step));

function widthOf(steps: unknown, least: number): number {
  if (!Array.isArray(steps)) return least;
  return Math.max(least, ...steps.map((step) => spread(step as Step, least)));
}

/** How wide a step is with its ways. */
function spread(step: Step, least: number): number {
  const forks = forksOf(step);
  const inner = forks.reduce((sum, fork) => sum + widthOf(at(step, fork.key), least), 0) + ASIDE * (forks.length - 1);
  return Math.max(least, inner);
}

class Drawing {
  readonly boxes: Box[] = [];
  readonly lines: Line[] = [];
  readonly draft: Draft;
  readonly sizes: Sizes;

  constructor(draft: Draft, sizes: Sizes) {
    this.draft = draft;
    this.sizes = sizes;
  }

  join(from: readonly string[], to: string): void {
    for (const one of from) this.lines.push({ id: `${one}>${to}`, from: one, to });
  }

  /** Draws a way from `y` down, around the middle `x`; gives where it ends, and what comes out of it. */
  way(way: Way, from: string[], x: number, top: number, label: string): { y: number; out: string[] } {
    const steps = stepsOf(this.draft, way);
    const { spot: size, gap } = this.sizes;
    let [y, open] = [top, from];
    for (let place = 0; place <= steps.length; place += 1) {
      // Behind an exit nobody comes by: there is nothing to add.
      if (place === steps.length && open.length === 0) break;
      const spot: Spot = { way, at: place };
      const id = spotId(spot);
      const named = place === 0 && label ? { label } : {};
      this.boxes.push({ id, kind: "spot", x: x - size / 2, y, width: size, height: size, spot, ...named });
      this.join(open, id);
      y += size + gap;
      open = [id];
      const step = steps[place];
      if (step) ({ y, out: open } = this.step(step, spot, open, x, y));
    }
    return { y, out: open };
  }

  private step(step: Step, spot: Spot, from: string[], x: number, y: number): { y: number; out: string[] } {
    const { width: own, gap } = this.sizes;
    const height = this.sizes.heightOf(step);
    this.boxes.push({ id: step.id, kind: "step", x: x - own / 2, y, width: own, height, step, spot });
    this.join(from, step.id);
    const below = y + height + gap;
    const forks = forksOf(step);
    if (forks.length === 0) return { y: below, out: goesOn(step) ? [step.id] : [] };
    const widths = forks.map((fork) => widthOf(at(step, fork.key), own));
    let left = x - spread(step, own) / 2;
    const ends = forks.map((fork, nth) => {
      const width = widths[nth] ?? own;
      const middle = left + width / 2;
      left += width + ASIDE;
      return this.way({ parent: step.id, key: fork.key }, [step.id], middle, below + gap, fork.label);
    });
    return { y: Math.max(...ends.map((end) => end.y)) + gap / 2, out: ends.flatMap((end) => end.out) };
  }
}

/** The picture of a definition that can be drawn. Its middle stays at nought, so that what is not edited does not move. */
export function picture(draft: Draft, sizes: Sizes = EDITED): Picture {
  const drawing = new Drawing(draft, sizes);
  const { width, head: tall, gap } = sizes;
  const head: Box = { id: START, kind: "start", x: -width / 2, y: 0, width, height: tall };
  drawing.boxes.push(head);
  const { y, out } = drawing.way(TRUNK, [START], 0, tall + gap, "");
  if (out.length > 0) drawing.boxes.push({ id: END, kind: "end", x: -40, y, width: 80, height: 30 });
  drawing.join(out, END);
  const ids = new Set(everyStep(draft).map(({ step }) => step.id));
  for (const { step } of everyStep(draft)) {
    const target = step["go_to"];
    if (typeof target === "string" && ids.has(target)) {
      drawing.lines.push({ id: `${step.id}»${target}`, from: step.id, to: target, jump: true });
    }
  }
  return { boxes: drawing.boxes, lines: drawing.lines, width: widthOf(draft["steps"], width), height: y + 30 };
}

/** Every spot of a definition in the order of the file, with where it is in words. */
export function places(draft: Draft): { spot: Spot; says: string }[] {
  return picture(draft).boxes.flatMap((box) => (box.spot && box.kind === "spot" ? [{ spot: box.spot, says: placeWords(draft, box.spot) }] : []));
}

/** Where a spot is, in words. */
export function placeWords(draft: Draft, { way, at: place }: Spot): string {
  const before = stepsOf(draft, way)[place - 1];
  if (before) return `after ${before.id}`;
  if (way.parent === null) return "at the beginning";
  const parent = everyStep(draft).find(({ step }) => step.id === way.parent)?.step;
  const fork = parent && forksOf(parent).find((one) => one.key.join("/") === way.key.join("/"));
  return `at the beginning of ${way.parent}: ${fork?.label ?? ""}`;
}
