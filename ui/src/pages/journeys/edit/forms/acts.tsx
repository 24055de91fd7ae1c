/** Forms of steps that change something. */
import { NativeSelect, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { segments } from "../../../../api/questions";
import { ChangesField } from "../ChangesField";
import { useSlot } from "../editing";
import { TextField } from "../fields";

const COPIES = "“copy of” takes a value over: event.sku, person.plan, run.failure_reason, run.started_at";

export function UpdatePersonForm(): ReactNode {
  return <ChangesField path="update_person" label="Attributes to set" hint={COPIES} />;
}

export function EmitEventForm(): ReactNode {
  return (
    <>
      <TextField path="emit_event.name" label="Event" needed />
      <ChangesField path="emit_event.data" label="Its data" hint={COPIES} />
    </>
  );
}

/** One of the workspace's segments, by number. */
export function SegmentField({ path, label, manual }: { path: string; label: string; manual?: boolean }): ReactNode {
  const { value, set, error } = useSlot(path);
  const known = useQuery(segments());
  const fitting = (known.data?.segments ?? []).filter((one) => !manual || one.kind === "manual");
  const data = fitting.map((one) => ({ value: String(one.number), label: `${one.number}: ${one.name}` }));
  const text = value === undefined ? "" : String(value);
  const all = data.some((one) => one.value === text) ? data : [{ value: text, label: text ? `${text}: not known` : "choose a segment" }, ...data];
  return <NativeSelect label={label} data={all} value={text} error={error} onChange={(event) => set(event.currentTarget.value ? Number(event.currentTarget.value) : undefined)} />;
}

export function SegmentForm({ edit }: { edit: "add" | "remove" }): ReactNode {
  return (
    <>
      <SegmentField path={`segment.${edit}`} label={edit === "add" ? "Adds the person to" : "Takes the person out of"} manual />
      <Text size="sm" c="dimmed">Only segments that are kept by hand: the others follow their condition.</Text>
    </>
  );
}
