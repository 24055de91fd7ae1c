/** Lines or stacked bars over time. Lines differ in dash and symbol too, bars in pattern, never in colour alone. */
import { Skeleton, useComputedColorScheme } from "@mantine/core";
import type { ECBasicOption } from "echarts/types/dist/shared";
import { useEffect, useRef, useState, type ReactNode } from "react";

export interface Series {
  name: string;
  /** One value for each category; null where nothing is known. */
  values: (number | null)[];
}

interface Props {
  label: string;
  kind: "lines" | "bars";
  categories: string[];
  series: Series[];
  /** Values are shares: the axis is in per cent. */
  shares?: boolean;
  height?: number;
}

/** Height of a small chart, in pixels. */
export const LOW = 150;

/** Colours that are told apart with any colour vision (Okabe and Ito), for light and dark grounds. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];
const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 6], [12, 4], [4, 4]] as const;
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow"];

function options({ label, kind, categories, series, shares, height }: Props, dark: boolean): ECBasicOption {
  const ink = dark ? "#c9d1d9" : "#343a40";
  const shown = (value: unknown) =>
    typeof value !== "number" ? "no data" : shares ? `${(value * 100).toFixed(1)} %` : value.toLocaleString("en");
  return {
    animation: false,
    color: COLOURS,
    textStyle: { color: ink, fontFamily: "system-ui, 'DejaVu Sans', sans-serif" },
    aria: { enabled: true, label: { description: label }, decal: { show: kind === "bars" } },
    grid: { left: 8, right: 16, top: 16, bottom: series.length > 1 ? 34 : 8, containLabel: true },
    legend: series.length > 1 ? { bottom: 0, textStyle: { color: ink }, type: "scroll" } : undefined,
    // Text drawn on the canvas: a tooltip of HTML would need inline styles.
    tooltip: { trigger: "axis", renderMode: "richText", confine: true, valueFormatter: shown },
    xAxis: { type: "category", data: categories, axisLabel: { color: ink, hideOverlap: true } },
    yAxis: {
      type: "value",
      min: 0,
      splitNumber: height === LOW ? 3 : 5,
      ...(shares ? { max: 1 } : {}),
      minInterval: shares ? 0 : 1,
      axisLabel: { color: ink, formatter: shares ? (value: number) => `${Math.round(value * 100)} %` : undefined },
      splitLine: { lineStyle: { color: dark ? "#373a40" : "#e9ecef" } },
    },
    dataZoom: [{ type: "inside" }],
    series: series.map((one, at) => ({
      name: one.name,
      data: one.values,
      ...(kind === "bars"
        ? { type: "bar", stack: "all", barMaxWidth: 40 }
        : {
            type: "line",
            connectNulls: false,
            symbol: SYMBOLS[at % SYMBOLS.length],
            symbolSize: 6,
            lineStyle: { width: 2, type: DASHES[at % DASHES.length] },
          }),
    })),
  };
}

export function Chart(props: Props): ReactNode {
  const holder = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme("light") === "dark";
  const [ready, setReady] = useState(false);
  const wanted = JSON.stringify([props, dark]);
  useEffect(() => {
    let gone = false;
    let stop = () => {};
    void import("./echarts").then(({ init }) => {
      if (gone || !holder.current) return;
      const chart = init(holder.current);
      const [read, isDark] = JSON.parse(wanted) as [Props, boolean];
      chart.setOption(options(read, isDark));
      const watcher = new ResizeObserver(() => chart.resize());
      watcher.observe(holder.current);
      stop = () => {
        watcher.disconnect();
        chart.dispose();
      };
      setReady(true);
    });
    return () => {
      gone = true;
      stop();
    };
  }, [wanted]);
  return (
    <div className="chart">
      {ready ? null : <Skeleton height={props.height ?? 240} />}
      <div ref={holder} role="img" aria-label={props.label} className={props.height === LOW ? "low" : "high"} />
    </div>
  );
}
