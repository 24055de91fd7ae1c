/** What starts runs. */
import { NativeSelect } from "@mantine/core";
import type { ReactNode } from "react";
import { useSlot } from "../editing";
import { ChoiceField, DurationField, JsonField, NumberField, TextField } from "../fields";
import { isBag } from "../model/json";
import { SegmentField } from "./acts";

const TRIGGERS: { kind: string; title: string; begin: unknown }[] = [
  { kind: "event", title: "an event happens", begin: { event: "signed_up" } },
  { kind: "page", title: "a page is viewed", begin: { page: "https://shop.example/*" } },
  { kind: "screen", title: "a screen is viewed", begin: { screen: "Cart" } },
  { kind: "segment_entered", title: "a segment is entered", begin: { segment_entered: 1 } },
  { kind: "segment_left", title: "a segment is left", begin: { segment_left: 1 } },
  { kind: "date", title: "a date of the person comes", begin: { date: { attribute: "birthday", at: "09:00", repeat: "yearly" } } },
  { kind: "product", title: "something happens to a product of interest", begin: { product: { event: "price_changed", product: "product_id", interest: [{ event: "product_viewed", product: "product_id" }], within: "30d" } } },
  { kind: "schedule", title: "a moment comes, for everybody", begin: { schedule: { at: "2027-01-01T09:00" } } },
  { kind: "api", title: "a call of Landfall's API", begin: "api" },
  { kind: "webhook", title: "a call of somebody's server", begin: "webhook" },
];

export function triggerKind(trigger: unknown): string {
  if (typeof trigger === "string") return trigger;
  return TRIGGERS.find(({ kind }) => isBag(trigger) && kind in trigger)?.kind ?? "event";
}

const WHERE = 'Such as { "data": "total", "greater_than": 0 }';
const ZONE = "The person's clock unless an IANA name stands here";

export function TriggerForm(): ReactNode {
  const { value, set } = useSlot("trigger");
  const kind = triggerKind(value);
  return (
    <>
      <NativeSelect
        label="Starts when"
        value={kind}
        data={TRIGGERS.map((one) => ({ value: one.kind, label: one.title }))}
        onChange={(event) => set(TRIGGERS.find((one) => one.kind === event.currentTarget.value)?.begin)}
      />
      {kind === "event" || kind === "page" || kind === "screen" ? (
        <>
          <TextField path={`trigger.${kind}`} label={{ event: "Event", page: "Address of the page", screen: "Screen" }[kind]} hint="* stands for anything" needed />
          <JsonField path="trigger.where" label="Only with such data" hint={WHERE} rows={2} />
        </>
      ) : null}
      {kind === "segment_entered" || kind === "segment_left" ? <SegmentField path={`trigger.${kind}`} label="Segment" /> : null}
      {kind === "date" ? (
        <>
          <TextField path="trigger.date.attribute" label="Attribute that holds the date" needed />
          <div className="cells">
            <NumberField path="trigger.date.days" label="Days later" placeholder="-3" />
            <TextField path="trigger.date.at" label="At" placeholder="09:00" />
          </div>
          <ChoiceField path="trigger.date.repeat" label="Repeats" choices={[{ value: "", label: "as it is" }, ...["once", "monthly", "yearly"].map((one) => ({ value: one, label: one }))]} />
          <TextField path="trigger.date.zone" label="By whose clock" hint={ZONE} />
        </>
      ) : null}
      {kind === "product" ? (
        <>
          <TextField path="trigger.product.event" label="Event about a product" needed />
          <div className="cells">
            <TextField path="trigger.product.product" label="Its product stands at" needed />
            <DurationField path="trigger.product.within" label="Interest counts for" needed />
          </div>
          <JsonField path="trigger.product.interest" label="What shows interest" />
          <JsonField path="trigger.product.drop" label="Only if the price fell" hint='{ "price": "price", "was": "was", "at_least": 10 }' rows={2} />
          <JsonField path="trigger.product.where" label="Only with such data" hint={WHERE} rows={2} />
        </>
      ) : null}
      {kind === "schedule" ? (
        <>
          <TextField path="trigger.schedule.at" label="Moment" placeholder="2027-01-01T09:00" needed />
          <TextField path="trigger.schedule.zone" label="By whose clock" hint={ZONE} />
          <SegmentField path="trigger.schedule.segment" label="Whom" />
          <div className="cells">
            <NumberField path="trigger.schedule.rate.people" label="At most so many people" />
            <DurationField path="trigger.schedule.rate.per" label="per" placeholder="1m" />
          </div>
        </>
      ) : null}
      {kind === "webhook" && isBag(value) ? <JsonField path="trigger.webhook" label="Where person and data stand in the body" /> : null}
      {kind === "webhook" && !isBag(value) ? <JsonField path="trigger" label="Where person and data stand in the body" hint='{ "webhook": { "person": { "email": "customer.email" }, "data": "order" } }' /> : null}
    </>
  );
}
