/** The list: only the rows in view are drawn, pages are read as one scrolls. */
import { Checkbox, Group, Loader, Popover, Stack, Text, Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, type ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { deliveriesPage, pathOf } from "../../api/questions";
import { commandOf } from "../../parts/Figure";
import { valueName } from "../../parts/format";
import { Empty, Moment, Problem, State } from "../../parts/places";
import type { Filters } from "./filters";

type Row = Schemas["DeliverySummary"];

const HEIGHT = 36;
const PAGE = 100;

interface Column {
  name: string;
  title: string;
  /** Pixels at least; what is left over is shared out in the same proportion. */
  width: number;
  show: (row: Row) => ReactNode;
}

const COLUMNS: Column[] = [
  { name: "created", title: "Created", width: 104, show: (row) => <Moment ms={row.created_ms} /> },
  { name: "status", title: "Status", width: 116, show: (row) => <State name={row.status} /> },
  { name: "person", title: "Person", width: 84, show: (row) => row.person ?? "–" },
  { name: "journey", title: "Journey", width: 104, show: (row) => valueName("journey", row.journey, row.journey_name) },
  { name: "step", title: "Step", width: 176, show: (row) => row.step_name ?? row.step ?? "–" },
  { name: "channel", title: "Channel", width: 52, show: (row) => row.channel },
  { name: "reason", title: "Why", width: 100, show: (row) => row.reason?.replaceAll("_", " ") ?? "–" },
  { name: "id", title: "Delivery", width: 200, show: (row) => row.id },
  { name: "subject", title: "Subject", width: 180, show: (row) => row.subject ?? "–" },
  { name: "outcome", title: "Outcome", width: 110, show: (row) => row.outcome.replaceAll("_", " ") },
];
const USUAL = "created,status,person,journey,step,channel,reason";

interface Props {
  filters: Record<string, string>;
  live: Row[];
  following: boolean;
  columns: string | undefined;
  set: (change: Filters) => void;
}

export function DeliveryRows({ filters, live, following, columns, set }: Props): ReactNode {
  const shown = (columns ?? USUAL).split(",");
  const chosen = COLUMNS.filter((column) => shown.includes(column.name));
  const list = useInfiniteQuery({
    queryKey: ["deliveries", "pages", filters],
    queryFn: ({ pageParam, signal }) => deliveriesPage({ ...filters, limit: String(PAGE), after: pageParam }, signal),
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });
  const read = list.data?.pages.flatMap((page) => page.deliveries) ?? [];
  const fresh = new Set(live.map((row) => row.id));
  const rows = [...live, ...read.filter((row) => !fresh.has(row.id))];
  const holder = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => holder.current,
    estimateSize: () => HEIGHT,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = list;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= rows.length - 20) void fetchNextPage();
  }, [last, rows.length, hasNextPage, isFetchingNextPage, fetchNextPage]);
  if (list.error) return <Problem error={list.error} />;
  const template = {
    gridTemplateColumns: chosen.map((column) => `minmax(0, ${column.width}fr)`).join(" "),
    minWidth: chosen.reduce((sum, column) => sum + column.width + 10, 20),
  };
  return (
    <Stack gap={4}>
      <Group justify="space-between">
        <Text size="sm" c="dimmed" role="status">
          {following ? `live, ${live.length} changed since; ` : ""}
          {list.isPending
            ? "asking the server"
            : `${rows.length.toLocaleString("en")} ${hasNextPage ? "read so far, more as you scroll" : "messages"}`}
        </Text>
        <Choice shown={shown} set={set} call={pathOf("/landfall/v1/deliveries", filters)} />
      </Group>
      {list.isPending ? <Loader size="sm" aria-label="asking the server" /> : null}
      {!list.isPending && rows.length === 0 ? (
        <Empty title="No message fits these filters">
          Take a filter away above, or look at a longer time. Messages that were never meant for anybody are not here:
          “why not” on a person's page tells why somebody got none.
        </Empty>
      ) : (
        <div className="rows" ref={holder} role="table" aria-label="Deliveries" aria-rowcount={hasNextPage ? -1 : rows.length + 1} tabIndex={0}>
          <div role="rowgroup" className="head line" style={template}>
            <div role="row" style={{ display: "contents" }}>
              {chosen.map((column) => (
                <span key={column.name} role="columnheader">
                  {column.title}
                </span>
              ))}
            </div>
          </div>
          <div role="rowgroup" className="body" style={{ height: virtual.getTotalSize(), position: "relative" }}>
            {items.map((item) => {
              const row = rows[item.index];
              return row ? (
                <div
                  key={row.id}
                  role="row"
                  aria-rowindex={item.index + 2}
                  className="line"
                  style={{ ...template, transform: `translateY(${item.start}px)` }}
                >
                  {chosen.map((column, at) => (
                    <span key={column.name} role="cell">
                      {at === 0 ? (
                        <Link to="/log/$delivery" params={{ delivery: row.id }}>
                          {column.show(row)}
                        </Link>
                      ) : (
                        column.show(row)
                      )}
                    </span>
                  ))}
                </div>
              ) : null;
            })}
          </div>
        </div>
      )}
    </Stack>
  );
}

function Choice({ shown, set, call }: { shown: string[]; set: (change: Filters) => void; call: string }): ReactNode {
  const toggle = (name: string) => {
    const next = shown.includes(name) ? shown.filter((known) => known !== name) : [...shown, name];
    const columns = next.length > 0 ? next.join(",") : USUAL;
    set({ columns: columns === USUAL ? undefined : columns });
  };
  return (
    <Group gap={4}>
      <Popover>
        <Popover.Target>
          <Button size="compact-xs" variant="default">
            Columns
          </Button>
        </Popover.Target>
        <Popover.Dropdown aria-label="Columns">
          <Stack gap={6}>
            {COLUMNS.map((column) => (
              <Checkbox
                key={column.name}
                size="xs"
                label={column.title}
                checked={shown.includes(column.name)}
                onChange={() => toggle(column.name)}
              />
            ))}
          </Stack>
        </Popover.Dropdown>
      </Popover>
      <Button
        size="compact-xs"
        variant="default"
        title={commandOf(call, location.origin)}
        onClick={() => void navigator.clipboard?.writeText(commandOf(call, location.origin))}
      >
        Copy API call
      </Button>
    </Group>
  );
}
