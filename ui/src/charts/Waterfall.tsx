/** From one total to the next, step by step, each with its interval. What is not clear is drawn hollow. */
import type { ECBasicOption } from "echarts/types/dist/shared";
import type { ReactNode } from "react";
import { Canvas, ground } from "./Canvas";
import { whiskers } from "./whiskers";

export interface Step {
  name: string;
  /** Where the bar begins and ends. */
  from: number;
  to: number;
  /** The interval of its end. */
  interval?: [number, number] | undefined;
  /** A total that stands on the ground, and not a step. */
  total?: boolean;
  /** Whether the change is more than chance. */
  clear?: boolean;
  /** The amount in words. */
  says: string;
}

interface Data {
  label: string;
  steps: Step[];
}

const [UP, DOWN, TOTAL] = ["#0072b2", "#d55e00", "#7f7f7f"];

function options({ label, steps }: Data, dark: boolean): ECBasicOption {
  const { ink, faint, option } = ground(label, dark);
  const bars = steps.map((step, at) => [at, step.from, step.to]);
  const spans = steps.flatMap((step, at): [number, number, number][] => (step.interval ? [[at, ...step.interval]] : []));
  const ends = steps.flatMap((step) => [step.from, step.to, ...(step.interval ?? [])]);
  const [low, high] = [Math.min(0, ...ends), Math.max(...ends)];
  // Steps are small beside the totals: the ground is cut off, and the note says so.
  const parts = steps.filter((step) => !step.total).flatMap((step) => [step.from, step.to, ...(step.interval ?? [])]);
  const least = parts.length > 0 ? Math.min(...parts) : 0;
  const cut = least > 0.5 * high ? least - 0.25 * (high - least) : low;
  return {
    ...option,
    grid: { left: 8, right: 16, top: 28, bottom: 8, containLabel: true },
    tooltip: {
      trigger: "item",
      renderMode: "richText",
      confine: true,
      formatter: ({ dataIndex }: { dataIndex: number }) => `${steps[dataIndex]?.name}: ${steps[dataIndex]?.says}`,
    },
    xAxis: { type: "category", data: steps.map((step) => step.name), axisLabel: { color: ink, interval: 0, rotate: 32, fontSize: 11 } },
    yAxis: { type: "value", min: cut, axisLabel: { color: ink, formatter: (value: number) => value.toLocaleString("en", { maximumFractionDigits: 0 }) }, splitLine: { lineStyle: { color: faint } } },
    series: [
      {
        type: "custom",
        name: label,
        data: bars,
        encode: { x: 0, y: [1, 2] },
        renderItem: (_params: unknown, api: { value: (at: number) => number; coord: (at: [number, number]) => [number, number]; size: (of: [number, number]) => [number, number] }) => {
          const at = api.value(0);
          const step = steps[at];
          const [x, from] = api.coord([at, Math.max(cut, api.value(1))]);
          const [, to] = api.coord([at, Math.max(cut, api.value(2))]);
          const width = Math.min(46, api.size([1, 0])[0] * 0.62);
          const colour = step?.total ? TOTAL : api.value(2) < api.value(1) ? DOWN : UP;
          const hollow = !step?.total && !step?.clear;
          return {
            type: "group",
            children: [
              {
                type: "rect",
                shape: { x: x - width / 2, y: Math.min(from, to), width, height: Math.max(1, Math.abs(from - to)) },
                style: { fill: hollow ? "transparent" : colour, stroke: colour, lineWidth: 1.5, lineDash: hollow ? [3, 3] : null },
              },
              { type: "text", style: { x, y: Math.min(from, to) - 4, text: step?.clear || step?.total ? step.says : "", fill: ink, align: "center", verticalAlign: "bottom", fontSize: 11 } },
            ],
          };
        },
      },
      whiskers(spans, ink),
    ],
  };
}

export function Waterfall(data: Data): ReactNode {
  return <Canvas label={data.label} data={data} draw={options} />;
}
