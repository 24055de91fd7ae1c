/** Where a chart is drawn: the library comes with the first one, and the drawing follows size and colours. */
import { Skeleton, useComputedColorScheme } from "@mantine/core";
import type { ECBasicOption } from "echarts/types/dist/shared";
import { useEffect, useRef, useState, type ReactNode } from "react";

/** Height of a small chart, in pixels. */
export const LOW = 150;

/** Colours that are told apart with any colour vision (Okabe and Ito), for light and dark grounds. */
export const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f"];

/** What every chart has in common. */
export function ground(label: string, dark: boolean): { ink: string; faint: string; option: ECBasicOption } {
  const ink = dark ? "#c9d1d9" : "#343a40";
  return {
    ink,
    faint: dark ? "#373a40" : "#e9ecef",
    option: {
      animation: false,
      color: COLOURS,
      textStyle: { color: ink, fontFamily: "system-ui, 'DejaVu Sans', sans-serif" },
      aria: { enabled: true, label: { description: label } },
    },
  };
}

interface Props<Data> {
  label: string;
  data: Data;
  height?: number | undefined;
  /** Must not depend on anything but its arguments. */
  draw: (data: Data, dark: boolean) => ECBasicOption;
}

export function Canvas<Data>({ label, data, height, draw }: Props<Data>): ReactNode {
  const holder = useRef<HTMLDivElement>(null);
  const dark = useComputedColorScheme("light") === "dark";
  const [ready, setReady] = useState(false);
  const wanted = JSON.stringify([data, dark]);
  useEffect(() => {
    let gone = false;
    let stop = () => {};
    void import("./echarts").then(({ init }) => {
      if (gone || !holder.current) return;
      const chart = init(holder.current);
      const [read, isDark] = JSON.parse(wanted) as [Data, boolean];
      chart.setOption(draw(read, isDark));
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
  }, [wanted, draw]);
  return (
    <div className="chart">
      {ready ? null : <Skeleton height={height ?? 240} />}
      <div ref={holder} role="img" aria-label={label} className={height === LOW ? "low" : "high"} />
    </div>
  );
}
