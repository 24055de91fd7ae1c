/** Numbers, shares, times and names as people read them. */
import type { Schemas } from "../api/client";

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });

export const count = (value: number): string => whole.format(value);
export const short = (value: number): string => (value < 10_000 ? whole.format(value) : compact.format(value));

/** A share as per cent: one decimal where it matters, none where it would pretend. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return "no data";
  const value = share * 100;
  const decimals = value > 0 && value < 10 ? 1 : 0;
  return `${value.toFixed(decimals)} %`;
}

/** The 95 % interval of a share. */
export function interval(rate: Pick<Schemas["RateAnswer"], "low" | "high">): string {
  if (rate.low === null || rate.low === undefined || rate.high === null || rate.high === undefined) return "";
  return `${(rate.low * 100).toFixed(1)}–${(rate.high * 100).toFixed(1)} %`;
}

/** Money in smallest units of a currency, for each currency. */
export function money(revenue: Record<string, number>): string {
  const texts = Object.entries(revenue).map(([currency, units]) => {
    try {
      const shape = new Intl.NumberFormat("en", { style: "currency", currency });
      const digits = shape.resolvedOptions().maximumFractionDigits ?? 2;
      return shape.format(units / 10 ** digits);
    } catch {
      return `${count(units)} ${currency}`;
    }
  });
  return texts.join(" + ") || "–";
}

const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });
const brief = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

export const atLength = (ms: number): string => moment.format(ms);
export const inShort = (ms: number): string => brief.format(ms);
export const asDay = (ms: number): string => day.format(ms);
/** A moment in another zone, which it names. A zone that this browser does not know is told in UTC. */
export function inZone(ms: number, timeZone: string): string {
  if (timeZone === "UTC") return inUtc(ms);
  try {
    return `${new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium", timeZone }).format(ms)} ${timeZone}`;
  } catch {
    return inUtc(ms);
  }
}

export const inUtc = (ms: number): string => `${new Date(ms).toISOString().replace("T", " ").slice(0, 19)} UTC`;

/** How long ago, or how soon. */
export function distance(ms: number, now: number): string {
  const seconds = Math.round((now - ms) / 1000);
  const size = Math.abs(seconds);
  const [amount, unit] =
    size < 60
      ? [size, "s"]
      : size < 3600
        ? [Math.round(size / 60), "min"]
        : size < 172_800
          ? [Math.round(size / 3600), "h"]
          : [Math.round(size / 86_400), "days"];
  return seconds >= 0 ? `${amount} ${unit} ago` : `in ${amount} ${unit}`;
}

const PLATFORMS: Record<string, string> = { ios: "iOS", android: "Android", web: "Web", none: "without a device" };

export const platform = (name: string): string => PLATFORMS[name] ?? name;

/** A value of a dimension in words. */
export function valueName(dimension: string, value: string, label?: string | null): string {
  if (label) return label;
  if (dimension === "journey") return value.startsWith("unknown") ? "outside of journeys" : value;
  if (dimension === "platform") return platform(value);
  if (value === "none") return dimension === "reason" ? "no reason: nothing went wrong" : "unknown";
  return dimension === "app_version" || dimension === "app" ? value : value.replaceAll("_", " ");
}
