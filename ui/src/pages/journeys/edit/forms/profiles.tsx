/** Test profiles: who they are, what happens to them, and what must come of it. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useContext, useState, type ReactNode } from "react";
import { inside, PartContext, useEditing, useSlot } from "../editing";
import { ChoiceField, FlagField, JsonField, Rows, TextField } from "../fields";
import { type Bag, isBag, type Path } from "../model/json";
import { everyStep } from "../model/steps";
import { channelOf } from "./reach";

const MARKS = ["sent", "delivered", "opened", "clicked", "bounced", "failed", "undeliverable", "not_reached"];
const RUNS = ["running", "finished", "exited_early", "converted", "never_activated"];

/** The steps that send, as test profiles name them: channels of reach steps as `step/channel`. */
function messages(steps: ReturnType<typeof everyStep>): string[] {
  return steps.flatMap(({ step }) => {
    const reach = step["reach"];
    if (isBag(reach) && Array.isArray(reach["channels"])) {
      return reach["channels"].map((channel) => `${step.id}/${String((isBag(channel) && channel["id"]) || channelOf(channel))}`);
    }
    return ["push", "sms", "email", "slack", "webhook"].some((channel) => channel in step) ? [step.id] : [];
  });
}

/** Where the list of profiles stands: `qa` itself, or `cases` in it. */
const casesAt = (qa: unknown): Path => (isBag(qa) ? ["qa", "cases"] : ["qa"]);

/** A profile with a phone that shows notifications, to begin with. */
function fresh(nth: number, sends: string[]): Bag {
  return {
    name: `profile ${nth}`,
    profile: { attributes: { id: `qa-${nth}`, email: `qa-${nth}@shop.example` }, devices: [{ platform: "ios", permission: true, last_used: "1d" }] },
    inputs: [],
    expect: [sends[0] ? { step: sends[0], is: "sent" } : { run: "finished" }],
  };
}

export function Profiles(): ReactNode {
  const editing = useEditing();
  const part = useContext(PartContext);
  const { value: qa } = useSlot("qa");
  const path = casesAt(qa);
  const { value, set, error } = useSlot(path);
  const cases = Array.isArray(value) ? (value as Bag[]) : [];
  const [open, setOpen] = useState(0);
  const sends = messages(everyStep(editing.draft));
  const shown = Math.min(open, cases.length - 1);
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        The launch gate wants a green run of them. Nothing is sent: “Try” lets them go through in virtual time.
      </Text>
      <Group gap={4} role="group" aria-label="Test profiles">
        {cases.map((one, place) => (
          <Button key={place} size="compact-xs" variant={place === shown ? "filled" : "default"} aria-pressed={place === shown} onClick={() => setOpen(place)}>
            {String(one["name"] ?? `profile ${place + 1}`)}
          </Button>
        ))}
        <Button size="compact-xs" variant="default" onClick={() => { set([...cases, fresh(cases.length + 1, sends)]); setOpen(cases.length); }}>+ Profile</Button>
      </Group>
      {error ? <Text size="xs" className="bad" role="alert">{error}</Text> : null}
      {part && cases[shown] ? (
        <PartContext.Provider key={shown} value={inside(part, [...path, shown])}>
          <Stack gap="sm" className="channel">
            <Group gap="xs" align="flex-end">
              <TextField path="name" label="Profile" needed />
              <Button size="compact-sm" variant="default" aria-label="Remove this profile" onClick={() => set(cases.length > 1 ? cases.filter((_, here) => here !== shown) : undefined)}>Remove</Button>
            </Group>
            <JsonField path="profile.attributes" label="Attributes" />
            <Devices />
            <JsonField path="profile.channels" label="Consent by channel" hint='{ "sms": true }' rows={1} />
            <FlagField path="profile.unsubscribed" label="Opted out of everything" />
            <FlagField path="profile.merged_from_anonymous" label="Was a visitor first, then signed in" />
            <JsonField path="inputs" label="What happens to it" hint='[{ "event": "…", "data": {} }], after the inputs of all profiles' />
            <Expectations sends={sends} />
          </Stack>
        </PartContext.Provider>
      ) : null}
      {isBag(qa) ? <JsonField path="qa.inputs" label="What happens to every profile" /> : null}
    </Stack>
  );
}

function Devices(): ReactNode {
  const { value, set, error } = useSlot("profile.devices");
  const devices = Array.isArray(value) ? (value as Bag[]) : [];
  return (
    <Rows
      label="Devices"
      error={error}
      count={devices.length}
      add={() => set([...devices, { platform: "ios", permission: true, last_used: "1d" }])}
      remove={(place) => set(devices.length > 1 ? devices.filter((_, here) => here !== place) : undefined)}
      row={(place) => (
        <div className="cells">
          <ChoiceField path={`profile.devices[${place}].platform`} label={`Platform ${place + 1}`} choices={["ios", "android", "web"].map((one) => ({ value: one, label: one }))} />
          <TextField path={`profile.devices[${place}].last_used`} label={`Last used ${place + 1}, before`} placeholder="1d" />
          <FlagField path={`profile.devices[${place}].permission`} label="may notify" />
        </div>
      )}
    />
  );
}

function Expectations({ sends }: { sends: string[] }): ReactNode {
  const { value, set, error } = useSlot("expect");
  const rows = Array.isArray(value) ? (value as Bag[]) : [];
  const choices = (all: string[]) => all.map((one) => ({ value: one, label: one.replaceAll("_", " ") }));
  return (
    <Rows
      label="What must come of it"
      error={error}
      count={rows.length}
      more="Message"
      add={() => set([...rows, { step: sends[0] ?? "", is: "sent" }])}
      remove={(place) => set(rows.filter((_, here) => here !== place))}
      row={(place) => {
        const row = rows[place];
        if (isBag(row) && "run" in row) return <ChoiceField path={`expect[${place}].run`} label={`The run is, ${place + 1}`} choices={choices(RUNS)} />;
        if (isBag(row) && "entered" in row) return <Text size="sm" flex={1}>does not enter</Text>;
        return (
          <div className="cells">
            <ChoiceField path={`expect[${place}].step`} label={`Message ${place + 1}`} choices={sends.map((one) => ({ value: one, label: one }))} />
            <ChoiceField path={`expect[${place}].is`} label={`is ${place + 1}`} choices={choices(MARKS)} />
            <TextField path={`expect[${place}].reason`} label={`because ${place + 1}`} placeholder="no_device" />
          </div>
        );
      }}
    />
  );
}
