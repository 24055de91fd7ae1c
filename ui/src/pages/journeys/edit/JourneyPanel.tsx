/** Forms of what belongs to the whole journey. */
import { NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useContext, type ReactNode } from "react";
import { ConditionField } from "./ConditionField";
import { PartContext, partOf, useEditing, useSlot } from "./editing";
import { FaultList } from "./FaultList";
import { ChoiceField, DurationField, FlagField, JsonField, LongField, NumberField, Rows, TextField } from "./fields";
import { SegmentField } from "./forms/acts";
import { Fold } from "./forms/message";
import { Profiles } from "./forms/profiles";
import { TriggerForm } from "./forms/trigger";
import { type Bag, isBag } from "./model/json";
import { START } from "./model/layout";
import { change, freshId, insert, remove, type Step, TRUNK } from "./model/steps";

export function JourneyPanel(): ReactNode {
  const editing = useEditing();
  const faults = editing.faults.filter((one) => one.step === null);
  const wrong = (keys: string[]) => faults.some((one) => keys.includes(String(one.path[0])));
  const title = (text: string, keys: string[]) => (wrong(keys) ? `✕ ${text}` : text);
  return (
    <section aria-label="The journey">
      <PartContext.Provider value={partOf(editing, null, editing.draft)}>
        <Stack gap="xs" onBlur={editing.pause}>
          <h2 className="panel-title" id="panel-title" tabIndex={-1}>The journey</h2>
          <FaultList faults={faults} />
          <Fold title={title("Name and owner", ["id", "name", "owner", "description"])} open>
            <TextField path="name" label="Name" needed />
            <TextField path="id" label="Id" hint="Files and calls name it by this; an applied journey keeps it" needed />
            <TextField path="owner" label="Owner" placeholder="retention@shop.example" />
            <LongField path="description" label="What it is for" rows={2} />
          </Fold>
          <Fold title={title("What starts it", ["trigger"])} open={editing.chosen === START}>
            <TriggerForm />
          </Fold>
          <Fold title={title("Who may enter, how often", ["entry"])}>
            <Frequency />
            <ConditionField path="entry.filter" label="Only people for whom" />
          </Fold>
          <Fold title={title("When it ends early", ["exit"])}>
            <FlagField path="exit.on_goal" label="When the goal is met" />
            <FlagField path="exit.when_no_longer_matching" label="When the filter or the segment of the trigger no longer holds" />
            <Exits />
          </Fold>
          <Fold title={title("Goal and revenue", ["goal"])}>
            <Goal />
          </Fold>
          <Fold title="Holdout">
            <Holdout />
          </Fold>
          <Fold title={title("Names of its messages", ["naming"])}>
            <TextField path="naming.journey" label="In names, the journey is called" placeholder="its name" />
            <JsonField path="naming.aliases" label="Names that it had" hint='["Cart"]' rows={1} />
          </Fold>
          <Fold title={title("Test profiles", ["qa"])}>
            <Profiles />
          </Fold>
          <Fold title={title("Alert", ["alert"])}>
            <JsonField path="alert.to" label="To" hint='"slack:#retention", "mail:…", "webhook:…", or a list of them' rows={1} />
            <div className="cells">
              <NumberField path="alert.drop" label="When deliveries drop by, percent" placeholder="20" />
              <DurationField path="alert.window" label="Within" placeholder="1d" />
              <NumberField path="alert.least" label="Of at least so many messages" placeholder="100" />
            </div>
          </Fold>
          <Fold title={title("Topic and rules of sending", ["topic", "policy"])}>
            <TextField path="topic" label="Subscription topic" />
            <JsonField path="policy" label="Rules of its own" hint="quiet_hours, caps, duplicate_within where they differ from the workspace's" />
          </Fold>
        </Stack>
      </PartContext.Provider>
    </section>
  );
}

function Frequency(): ReactNode {
  const { value, set, error } = useSlot("entry.frequency", true);
  const kind = isBag(value) ? "at_most_every" : String(value ?? "");
  return (
    <>
      <NativeSelect
        label="A person may start"
        error={error}
        value={kind}
        data={[
          { value: "", label: "while not in it (the default)" },
          { value: "not_while_in", label: "while not in it" },
          { value: "once", label: "once" },
          { value: "every_time", label: "every time" },
          { value: "at_most_every", label: "at most every…" },
        ]}
        onChange={(event) => set(event.currentTarget.value === "at_most_every" ? { at_most_every: "30d" } : event.currentTarget.value || undefined)}
      />
      {isBag(value) ? <DurationField path="entry.frequency.at_most_every" label="At most every" needed /> : null}
    </>
  );
}

/** Events that end runs; one alone may stand without a list. */
function Exits(): ReactNode {
  const { value, set, error } = useSlot("exit.on");
  const single = isBag(value);
  const exits = (Array.isArray(value) ? value : single ? [value] : []) as Bag[];
  const at = (place: number) => (single ? "exit.on" : `exit.on[${place}]`);
  return (
    <Rows
      label="When an event happens"
      error={error}
      count={exits.length}
      more="Event"
      add={() => set([...exits, { event: "order_completed" }])}
      remove={(place) => set(exits.length > 1 ? exits.filter((_, here) => here !== place) : undefined)}
      row={(place) => (
        <div className="cells">
          <TextField path={`${at(place)}.event`} label={`Event ${place + 1}`} needed />
          <TextField path={`${at(place)}.same`} label={`With the same, ${place + 1}`} placeholder="cart_id" />
        </div>
      )}
    />
  );
}

const GOALS = [
  { value: "", label: "there is no goal" },
  { value: "event", label: "an event happens" },
  { value: "segment_entered", label: "a segment is entered" },
  { value: "segment_left", label: "a segment is left" },
];

function Goal(): ReactNode {
  const { value, set, error } = useSlot("goal");
  const goal = isBag(value) ? value : undefined;
  const kind = goal ? (["segment_entered", "segment_left", "page", "screen"].find((key) => key in goal) ?? "event") : "";
  const begin = (next: string) => {
    if (next === "") return set(undefined);
    const { event: _e, page: _p, screen: _s, segment_entered: _n, segment_left: _l, ...rest } = goal ?? { within: "3d", basis: "delivered" };
    set({ [next]: next === "event" ? "order_completed" : 1, ...rest });
  };
  return (
    <>
      <NativeSelect label="Met when" error={error} value={kind} data={GOALS.some((one) => one.value === kind) ? GOALS : [...GOALS, { value: kind, label: kind }]} onChange={(event) => begin(event.currentTarget.value)} />
      {goal ? (
        <>
          {kind.startsWith("segment") ? <SegmentField path={`goal.${kind}`} label="Segment" /> : <TextField path={`goal.${kind}`} label="Event" needed />}
          <div className="cells">
            <DurationField path="goal.within" label="Within" placeholder="3d" needed />
            <ChoiceField path="goal.basis" label="After a message was" choices={["delivered", "opened", "clicked"].map((one) => ({ value: one, label: one }))} />
            <TextField path="goal.value" label="Value stands at" placeholder="total" />
            <TextField path="goal.currency" label="Currency" placeholder="EUR, or a path" />
          </div>
          <JsonField path="goal.where" label="Only with such data" rows={1} />
          <JsonField path="goal.refund" label="Refunds" hint='{ "event": "order_refunded", "value": "amount", "same": "order_id" }' rows={2} />
        </>
      ) : null}
    </>
  );
}

/** The holdout at the beginning of the journey: a step like any other, kept here too because one looks for it here. */
function Holdout(): ReactNode {
  const editing = useEditing();
  const part = useContext(PartContext);
  const steps = (Array.isArray(editing.draft["steps"]) ? editing.draft["steps"] : []) as Step[];
  const step = steps.find((one) => isBag(one) && "holdout" in one);
  const set = (text: string) => {
    const percent = /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
    if (step && text === "") editing.edit(remove(editing.draft, step.id), "remove the holdout");
    else if (step) editing.edit(change(editing.draft, step.id, ["holdout"], percent), "change the holdout", { key: "holdout" });
    else if (text) editing.edit(insert(editing.draft, { way: TRUNK, at: 0 }, { id: freshId(editing.draft, "holdout"), holdout: percent }), "add a holdout", { key: "holdout" });
  };
  return part ? (
    <>
      <TextInput label="Percent of people who get nothing" inputMode="decimal" placeholder="none" value={step ? String(step["holdout"]) : ""} onChange={(event) => set(event.currentTarget.value)} />
      <Text size="xs" c="dimmed">A holdout shows what the journey brings: what they buy is compared with what the others buy. It is a step; move it in the picture.</Text>
    </>
  ) : null;
}
