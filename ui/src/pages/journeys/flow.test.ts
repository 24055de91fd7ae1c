import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Definition } from "./definition";
import { END, flowOf, START } from "./flow";

const FOLDER = new URL("../../../../journeys/", import.meta.url);

const name = { step: "Push 1", delay: "1h", intent: "Remind" };
const journey = (steps: Definition["steps"]): Definition => ({ id: "j", name: "J", trigger: { event: "e" }, steps });
const edges = (definition: Definition) =>
  flowOf(definition).edges.map((edge) => `${edge.from}>${edge.to}${edge.label ? ` ${edge.label}` : ""}`);

describe("the flow", () => {
  it("joins the ways of a branch again", () => {
    const definition = journey([
      { id: "b", branch: { if: {}, then: [{ id: "p", push: { title: "T" }, name }], else: [] } },
      { id: "w", delay: "1d" },
    ]);
    expect(edges(definition)).toEqual([`${START}>b`, "b>p yes", "p>w", "b>w no", `w>${END}`]);
  });

  it("ends at an exit, and follows go_to", () => {
    const definition = journey([
      {
        id: "s",
        split: {
          paths: [
            { id: "a", percent: 60, steps: [{ id: "x", exit: {} }] },
            { id: "c", percent: 40, steps: [{ id: "g", go_to: "last" }] },
          ],
        },
      },
      { id: "last", delay: "1h" },
    ]);
    expect(edges(definition)).toContain(`x>${END} exit`);
    expect(edges(definition)).toContain("g>last go to");
    expect(edges(definition)).toContain("s>x a, 60 %");
  });

  it("names messages as deliveries do", () => {
    const flow = flowOf({ ...journey([{ id: "p", push: { title: "T" }, name }]), naming: { journey: "Cart" } });
    expect(flow.nodes[1]?.messages).toEqual([{ channel: "push", text: "T", name: "Cart | Push 1 | 1h | Remind" }]);
  });

  it("draws every ready journey, each node reached and no edge into nothing", () => {
    for (const file of readdirSync(FOLDER).filter((file) => file !== "schema.json")) {
      const definition = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Definition;
      const flow = flowOf(definition);
      const ids = new Set(flow.nodes.map((node) => node.id));
      for (const edge of flow.edges) expect(ids.has(edge.from) && ids.has(edge.to), `${file}: ${edge.to}`).toBe(true);
      for (const node of flow.nodes.slice(1)) {
        expect(flow.edges.some((edge) => edge.to === node.id), `${file}: ${node.id}`).toBe(true);
      }
    }
  });
});
