/** Intervals as whiskers: a line from the lower to the upper end, with a short bar at each. */
import type { CustomSeriesOption } from "echarts/charts";

/** Whiskers at places of a category axis: `[place, low, high]`. */
export function whiskers(spans: [number, number, number][], ink: string): CustomSeriesOption {
  return {
    type: "custom",
    name: "95 % interval",
    silent: true,
    z: 10,
    data: spans,
    encode: { x: 0, y: [1, 2] },
    tooltip: { show: false },
    renderItem: (_params, api) => {
      const end = (at: 1 | 2) => api.coord([api.value(0), api.value(at)]) as [number, number];
      const [[x, low], [, high]] = [end(1), end(2)];
      const line = (x1: number, y1: number, x2: number, y2: number) => ({
        type: "line" as const,
        shape: { x1, y1, x2, y2 },
        style: { stroke: ink, lineWidth: 1.5 },
      });
      return { type: "group", children: [line(x, low, x, high), line(x - 4, low, x + 4, low), line(x - 4, high, x + 4, high)] };
    },
  };
}
