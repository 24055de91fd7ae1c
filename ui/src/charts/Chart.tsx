/** Lines or stacked bars over time. Lines differ in dash and symbol too, bars in pattern, never in colour alone. */
import type { ECBasicOption } from "echarts/types/dist/shared";
import type { ReactNode } from "react";
import { Canvas, COLOURS, ground, LOW } from "./Canvas";
import { whiskers } from "./whiskers";

export { LOW } from "./Canvas";

export interface Series {
  name: string;
  /** One value for each category; null where nothing is known. */
  values: (number | null)[];
  /** The interval of each value, for lines. */
  intervals?: ([number, number] | null)[];
}

interface Data {
  label: string;
  kind: "lines" | "bars";
  categories: string[];
  series: Series[];
  /** Values are shares: the axis is in per cent. */
  shares?: boolean;
  /** The axis begins below zero where values do, and shares do not end at one. */
  free?: boolean;
  /** Stretches of categories that are marked, both ends included. */
  marked?: { from: number; to: number; name: string }[];
  /** A line across. */
  limit?: { at: number; name: string };
  height?: number;
}

const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 6], [12, 4], [4, 4]] as const;
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow"];

function options(data: Data, dark: boolean): ECBasicOption {
  const { label, kind, categories, series, shares, free, marked, limit, height } = data;
  const { ink, faint, option } = ground(label, dark);
  const shown = (value: unknown) =>
    typeof value !== "number" ? "no data" : shares ? `${(value * 100).toFixed(1)} %` : value.toLocaleString("en", { maximumFractionDigits: 2 });
  const areas = (marked ?? []).map(({ from, to, name }) => [{ name, xAxis: categories[from] }, { xAxis: categories[to] }]);
  const extra = {
    ...(areas.length > 0
      ? { markArea: { silent: true, itemStyle: { color: "rgba(213, 94, 0, .18)" }, label: { color: ink, fontSize: 10 }, data: areas } }
      : {}),
    ...(limit
      ? { markLine: { silent: true, symbol: "none", lineStyle: { color: ink, type: "dashed" }, label: { color: ink, formatter: limit.name, position: "insideEndTop" }, data: [{ yAxis: limit.at }] } }
      : {}),
  };
  const drawn = series.map((one, at) => ({
    name: one.name,
    data: one.values,
    ...(kind === "bars"
      ? { type: "bar", stack: "all", barMaxWidth: 40 }
      : {
          type: "line",
          connectNulls: false,
          symbol: SYMBOLS[at % SYMBOLS.length],
          showSymbol: categories.length <= 120,
          symbolSize: 6,
          lineStyle: { width: 2, type: DASHES[at % DASHES.length] },
        }),
    ...(at === 0 ? extra : {}),
  }));
  const spans = series.flatMap((one, at) => {
    const known = (one.intervals ?? []).flatMap((span, place): [number, number, number][] => (span ? [[place, span[0], span[1]]] : []));
    return known.length > 0 ? [whiskers(known, COLOURS[at % COLOURS.length] ?? ink)] : [];
  });
  return {
    ...option,
    aria: { enabled: true, label: { description: label }, decal: { show: kind === "bars" } },
    grid: { left: 8, right: 16, top: 16, bottom: series.length > 1 ? 34 : 8, containLabel: true },
    legend: series.length > 1 ? { bottom: 0, textStyle: { color: ink }, type: "scroll", data: series.map((one) => one.name) } : undefined,
    // Text drawn on the canvas: a tooltip of HTML would need inline styles.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: shown },
    xAxis: { type: "category", data: categories, axisLabel: { color: ink, hideOverlap: true } },
    yAxis: {
      type: "value",
      ...(free ? { scale: true } : { min: 0 }),
      splitNumber: height === LOW ? 3 : 5,
      ...(shares && !free ? { max: 1 } : {}),
      minInterval: shares || free ? 0 : 1,
      axisLabel: { color: ink, formatter: shares ? (value: number) => `${Number((value * 100).toFixed(free ? 1 : 0))} %` : undefined },
      splitLine: { lineStyle: { color: faint } },
    },
    dataZoom: [{ type: "inside" }],
    series: [...drawn, ...spans],
  };
}

export function Chart(data: Data): ReactNode {
  return <Canvas label={data.label} data={data} height={data.height} draw={options} />;
}
