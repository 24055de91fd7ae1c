/** Forms of steps that wait. */
import { NativeSelect } from "@mantine/core";
import type { ReactNode } from "react";
import { useSlot } from "../editing";
import { ConditionField } from "../ConditionField";
import { ChoiceField, DaysField, DurationField, NumberField, TextField } from "../fields";
import { isBag } from "../model/json";

const ZONE = "The person's clock unless an IANA name such as Europe/Berlin stands here";

const KINDS = {
  for: { title: "for a time", begin: "1h" as unknown },
  until: { title: "until a time of the day", begin: { until: { time: "09:00" } } },
  by: { title: "as long as a value says", begin: { by: { value: "event.days", least: "1d", most: "60d", otherwise: "7d" } } },
};

export function DelayForm(): ReactNode {
  const { value, set } = useSlot("delay");
  const kind = isBag(value) ? ("by" in value ? "by" : "until") : "for";
  return (
    <>
      <NativeSelect
        label="Waits"
        value={kind}
        data={Object.entries(KINDS).map(([name, { title }]) => ({ value: name, label: title }))}
        onChange={(event) => set(KINDS[event.currentTarget.value as keyof typeof KINDS].begin)}
      />
      {kind === "for" ? <DurationField path="delay" label="How long" needed /> : null}
      {kind === "until" ? (
        <>
          <TextField path="delay.until.time" label="Time of the day" placeholder="09:00" needed />
          <DaysField path="delay.until.weekdays" label="On these days" />
          <TextField path="delay.until.zone" label="By whose clock" hint={ZONE} />
        </>
      ) : null}
      {kind === "by" ? (
        <>
          <TextField path="delay.by.value" label="Value" hint="A path that begins with event., person. or run." placeholder="event.days_of_supply" needed />
          <TextField path="delay.by.unit" label="One is" placeholder="1d" hint="A day unless you say otherwise" />
          <NumberField path="delay.by.times" label="Times" placeholder="1" hint="0.8 waits for four fifths of it" />
          <div className="cells">
            <DurationField path="delay.by.least" label="At least" placeholder="5d" needed />
            <DurationField path="delay.by.most" label="At most" placeholder="60d" needed />
            <DurationField path="delay.by.otherwise" label="Without a value" placeholder="21d" needed />
          </div>
        </>
      ) : null}
    </>
  );
}

export function WindowForm(): ReactNode {
  return (
    <>
      <DaysField path="window.weekdays" label="Goes on, on these days" />
      <div className="cells">
        <TextField path="window.from" label="From" placeholder="09:00" />
        <TextField path="window.to" label="To" placeholder="20:00" />
      </div>
      <TextField path="window.zone" label="By whose clock" hint={ZONE} />
    </>
  );
}

export function WaitUntilForm(): ReactNode {
  const { value: limit } = useSlot("wait_until.limit");
  return (
    <>
      <ConditionField path="wait_until.condition" label="Waits until" needed />
      <DurationField path="wait_until.limit" label="At most" hint="Without a limit it waits for ever" />
      {limit === undefined ? null : (
        <ChoiceField path="wait_until.on_limit" label="Then" choices={[{ value: "", label: "goes on" }, { value: "go_on", label: "goes on (written)" }, { value: "exit", label: "ends the run" }]} />
      )}
    </>
  );
}
