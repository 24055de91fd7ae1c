/** A file to the server in pieces of whole lines, as `landfall import` sends it: what was sent is not sent again. */
import { api, taken, type Schemas } from "../../api/client";
import { session } from "../../session";
import { problemOf } from "../../api/problem";

type Report = Schemas["ImportReport"];
type Kind = Schemas["ImportKind"];

/** Bytes of a piece. */
const PIECE = 512 * 1024;
const NEWLINE = 10;

/** End of the last whole line before `most` bytes; the whole rest when it is short. */
export function cut(bytes: Uint8Array, most: number): number {
  if (bytes.length <= most) return bytes.length;
  const end = bytes.lastIndexOf(NEWLINE, most - 1);
  return end < 0 ? bytes.length : end + 1;
}

/** Cells of a CSV file's first line (RFC 4180). */
export function cells(line: string): string[] {
  const found = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...found].map((cell) => (cell[1]?.replaceAll('""', '"') ?? cell[2] ?? "").trim());
}

/** What tells this file from others: a hash where the browser offers one (a page over plain HTTP does not), else name, size and time. */
async function fingerprint(file: File): Promise<string> {
  if (!globalThis.crypto?.subtle) return `${file.name}-${file.size}-${file.lastModified}`;
  const hash = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export async function upload(file: File, kind: Kind, tell: (report: Report) => void): Promise<Report> {
  const format = file.name.toLowerCase().endsWith(".csv") ? ("csv" as const) : ("ndjson" as const);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const firstEnd = bytes.indexOf(NEWLINE) + 1;
  const header = format === "csv" ? cells(new TextDecoder().decode(bytes.subarray(0, firstEnd)).trim()) : [];
  const begun = { kind, format, header, name: file.name, bytes: bytes.length, fingerprint: await fingerprint(file) };
  let report = taken(await api.POST("/landfall/v1/imports", { body: begun }));
  tell(report);
  let at = Math.max(report.offset, format === "csv" ? firstEnd : 0);
  while (at < bytes.length) {
    const end = at + cut(bytes.subarray(at), PIECE);
    const path = `/landfall/v1/imports/${report.id}/lines?offset=${report.offset}&end=${end}`;
    const answer = await fetch(path, {
      method: "POST",
      headers: { authorization: `Bearer ${session.key() ?? ""}`, "content-type": "text/plain" },
      body: bytes.slice(at, end),
    });
    const body: unknown = await answer.json();
    if (!answer.ok) throw problemOf(answer.status, body);
    report = body as Report;
    tell(report);
    at = end;
  }
  return report;
}
