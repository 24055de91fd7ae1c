/** A small line without axes: the way of a share over days. What it shows is said in words beside it. */
import type { ReactNode } from "react";

const WIDTH = 96;
const HEIGHT = 26;

export function Spark({ values, label }: { values: (number | null)[]; label: string }): ReactNode {
  const known = values.flatMap((value, at) => (value === null ? [] : [{ value, at }]));
  if (known.length < 2) return null;
  const high = Math.max(...known.map((point) => point.value), 0.0001);
  const x = (at: number) => 2 + (at / Math.max(1, values.length - 1)) * (WIDTH - 4);
  const y = (value: number) => HEIGHT - 3 - (value / high) * (HEIGHT - 6);
  const path = known.map((point, at) => `${at === 0 ? "M" : "L"}${x(point.at).toFixed(1)} ${y(point.value).toFixed(1)}`).join("");
  const last = known[known.length - 1];
  return (
    <svg width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      <path d={path} fill="none" stroke="currentColor" strokeWidth="1.6" />
      {last ? <circle cx={x(last.at)} cy={y(last.value)} r="2.4" fill="currentColor" /> : null}
    </svg>
  );
}
