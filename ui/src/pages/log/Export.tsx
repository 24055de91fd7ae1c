/** The filtered list as a file. It can be left running, and stopped. */
import { Button } from "@mantine/core";
import { useRef, useState, type ReactNode } from "react";
import { download } from "./csv";

export function Export({ filters }: { filters: Record<string, string> }): ReactNode {
  const [rows, setRows] = useState<number | null>(null);
  const [problem, setProblem] = useState("");
  const stop = useRef<AbortController | null>(null);
  const start = async () => {
    stop.current = new AbortController();
    setRows(0);
    setProblem("");
    try {
      const blob = await download(filters, stop.current.signal, setRows);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = "deliveries.csv";
      link.click();
      URL.revokeObjectURL(link.href);
    } catch (error) {
      if (!stop.current.signal.aborted) setProblem((error as Error).message);
    } finally {
      setRows(null);
    }
  };
  if (rows !== null) {
    return (
      <Button size="xs" variant="default" onClick={() => stop.current?.abort()}>
        {rows.toLocaleString("en")} rows, stop
      </Button>
    );
  }
  return (
    <Button size="xs" variant="default" title={problem} onClick={() => void start()}>
      {problem ? "Export failed, again" : "Export CSV"}
    </Button>
  );
}
