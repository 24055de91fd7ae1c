/** The form of the step that is chosen. */
import { Button, Group, NativeSelect, Stack, Text, TextInput } from "@mantine/core";
import { useEffect, useState, type ReactNode } from "react";
import { PartContext, partOf, useEditing } from "./editing";
import { JsonField } from "./fields";
import { EmitEventForm, SegmentForm, UpdatePersonForm } from "./forms/acts";
import { BranchForm, GoToForm, HoldoutForm, MultiBranchForm, SharesForm } from "./forms/decide";
import { MessageForm } from "./forms/message";
import { ReachForm } from "./forms/reach";
import { DelayForm, WaitUntilForm, WindowForm } from "./forms/waits";
import { kindOf } from "./model/kinds";
import { places } from "./model/layout";
import { everyStep, find, fits, move, rename, shift, type Step, staysAt, stepsOf } from "./model/steps";
import { FaultList } from "./FaultList";

export interface StepActions {
  duplicate: (id: string) => void;
  remove: (id: string) => void;
}

export function StepPanel({ id, actions }: { id: string; actions: StepActions }): ReactNode {
  const editing = useEditing();
  const placed = find(editing.draft, id);
  if (!placed) return null;
  const { step } = placed;
  const kind = kindOf(step);
  const faults = editing.faults.filter((one) => one.step === id);
  return (
    <section aria-label={`Step ${id}`}>
      <Stack gap="sm" onBlur={editing.pause}>
        <Group justify="space-between" align="flex-start" wrap="nowrap">
          <div>
            <h2 className="panel-title" id="panel-title" tabIndex={-1}>
              <span aria-hidden>{kind?.sign}</span> {kind?.title ?? "A step of no known type"}
            </h2>
            <Text size="xs" c="dimmed">{kind?.says}</Text>
          </div>
          <Group gap={4} wrap="nowrap">
            <Button size="compact-xs" variant="default" onClick={() => actions.duplicate(id)}>Duplicate</Button>
            <Button size="compact-xs" variant="default" onClick={() => actions.remove(id)}>Delete</Button>
          </Group>
        </Group>
        <FaultList faults={faults} />
        <IdField id={id} />
        <Place id={id} />
        <PartContext.Provider value={partOf(editing, id, step)}>
          <Form step={step} />
        </PartContext.Provider>
      </Stack>
    </section>
  );
}

function Form({ step }: { step: Step }): ReactNode {
  const kind = kindOf(step);
  switch (kind?.name) {
    case "delay": case "until": case "by": return <DelayForm />;
    case "window": return <WindowForm />;
    case "wait_until": return <WaitUntilForm />;
    case "branch": return <BranchForm />;
    case "multi_branch": return <MultiBranchForm />;
    case "split": return <SharesForm kind="split" ways="paths" word="Way" />;
    case "ab_test": return <SharesForm kind="ab_test" ways="variants" word="Variant" />;
    case "holdout": return <HoldoutForm />;
    case "update_person": return <UpdatePersonForm />;
    case "emit_event": return <EmitEventForm />;
    case "segment_add": return <SegmentForm edit="add" />;
    case "segment_remove": return <SegmentForm edit="remove" />;
    case "go_to": return <GoToForm step={step} />;
    case "exit": return <Text size="sm" c="dimmed">Whoever comes here leaves the journey.</Text>;
    case "reach": return <ReachForm key={step.id} id={step.id} />;
    case undefined: return <JsonField path={[]} label="The step, as JSON" rows={6} />;
    default: return <MessageForm channel={kind?.key ?? "push"} />;
  }
}

/** The id, which takes effect when one leaves the field: half an id would be another step. */
function IdField({ id }: { id: string }): ReactNode {
  const editing = useEditing();
  const [text, setText] = useState(id);
  useEffect(() => setText(id), [id]);
  const taken = everyStep(editing.draft).some(({ step }) => step.id === text && text !== id);
  const wrong = taken ? "another step has this id" : /^[a-z0-9][a-z0-9_-]{0,63}$/.test(text) ? undefined : "lower-case letters, digits, - and _";
  const take = () => {
    if (text === id) return;
    if (wrong) setText(id);
    else editing.edit(rename(editing.draft, id, text), `rename ${id}`, { choose: text });
  };
  return (
    <TextInput
      label="Id"
      description="Numbers in statistics hang on it: a renamed step begins anew"
      value={text}
      error={text === id ? undefined : wrong}
      spellCheck={false}
      onChange={(event) => setText(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => { if (event.key === "Enter") take(); }}
    />
  );
}

/** Where the step stands, and the ways to move it without dragging. */
function Place({ id }: { id: string }): ReactNode {
  const editing = useEditing();
  const placed = find(editing.draft, id);
  if (!placed) return null;
  const all = places(editing.draft);
  const open = all.filter(({ spot }) => fits(editing.draft, id, spot) && !staysAt(placed, spot));
  const neighbours = stepsOf(editing.draft, placed.spot.way).length;
  return (
    <Group gap={6} align="flex-end" wrap="nowrap">
      <NativeSelect
        flex={1}
        size="xs"
        label="Move it"
        value=""
        data={[{ value: "", label: open.length > 0 ? "to another place…" : "there is no other place" }, ...open.map(({ says }, place) => ({ value: String(place), label: says }))]}
        onChange={(event) => {
          const target = open[Number(event.currentTarget.value)];
          if (event.currentTarget.value && target) editing.edit(move(editing.draft, id, target.spot), `move ${id} ${target.says}`);
        }}
      />
      <Button size="compact-sm" variant="default" aria-label="Move one place up" disabled={placed.spot.at === 0} onClick={() => editing.edit(shift(editing.draft, id, -1), `move ${id} up`)}>↑</Button>
      <Button size="compact-sm" variant="default" aria-label="Move one place down" disabled={placed.spot.at >= neighbours - 1} onClick={() => editing.edit(shift(editing.draft, id, 1), `move ${id} down`)}>↓</Button>
    </Group>
  );
}
