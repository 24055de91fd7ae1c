/** CSV after RFC 4180, safe to open in a spreadsheet. */
import type { Schemas } from "../../api/client";
import { type Asked, deliveriesPage } from "../../api/questions";

/** Most rows of one export; more is what `POST /v1/exports/deliveries` is for. */
export const ROWS_MAX = 100_000;

const COLUMNS = [
  "created", "id", "journey", "journey_name", "step", "step_name", "channel", "person", "subject", "status", "outcome",
  "reason", "targets",
] as const;

/** One cell. A text that a spreadsheet would run as a formula is kept from that by an apostrophe. */
export function cell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const safe = typeof value === "string" && /^[=@\t\r]|^[+-](?![\d.]+$)/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function lineOf(delivery: Schemas["DeliverySummary"]): string {
  const values = COLUMNS.map((column) =>
    column === "created" ? new Date(delivery.created_ms).toISOString() : delivery[column],
  );
  return values.map(cell).join(",");
}

/** Reads page after page; `tell` hears how many rows there are. */
export async function download(filters: Asked, signal: AbortSignal, tell: (rows: number) => void): Promise<Blob> {
  const lines = [COLUMNS.join(",")];
  let after: string | undefined;
  do {
    const page = await deliveriesPage({ ...filters, limit: "1000", after }, signal);
    lines.push(...page.deliveries.map(lineOf));
    tell(lines.length - 1);
    after = page.next ?? undefined;
  } while (after && lines.length <= ROWS_MAX);
  return new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv;charset=utf-8" });
}
