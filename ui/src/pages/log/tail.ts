/** What changes just now, under the page's filters. */
import { useEffect, useState } from "react";
import type { Schemas } from "../../api/client";
import { pathOf } from "../../api/questions";
import { follow } from "../../api/stream";
import { session } from "../../session";

type Row = Schemas["DeliverySummary"];

/** Rows that are kept; older ones are in the list below. */
const KEPT = 200;
/** Parameters that choose a time; the stream is always now. */
const OF_TIME = ["range", "person"];

/** Puts a delivery first; one that changed again does not stand there twice. */
export function taken(rows: Row[], row: Row): Row[] {
  return [row, ...rows.filter((known) => known.id !== row.id)].slice(0, KEPT);
}

export function useTail(on: boolean, filters: Record<string, string>): { rows: Row[]; problem: string } {
  const [rows, setRows] = useState<Row[]>([]);
  const [problem, setProblem] = useState("");
  const path = pathOf(
    "/landfall/v1/deliveries/stream",
    Object.fromEntries(Object.entries(filters).filter(([name]) => !OF_TIME.includes(name))),
  );
  useEffect(() => {
    setRows([]);
    setProblem("");
    if (!on) return undefined;
    const end = new AbortController();
    follow(path, session.key() ?? "", end.signal, (event) => {
      if (event.name === "delivery") setRows((known) => taken(known, JSON.parse(event.data) as Row));
      else setProblem("The live log fell behind and left something out: the list below has everything.");
    }).catch((error: unknown) => {
      if (!end.signal.aborted) setProblem(`The live log ended: ${(error as Error).message}. Switch it on again.`);
    });
    return () => end.abort();
  }, [on, path]);
  return { rows, problem };
}
