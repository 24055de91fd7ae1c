/** Forms of steps from which several ways go on. */
import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useContext, type ReactNode } from "react";
import { PartContext, useEditing, useSlot } from "../editing";
import { ConditionField } from "../ConditionField";
import { NumberField, TextField } from "../fields";
import { type Bag, isBag } from "../model/json";
import { change, everyStep, type Step } from "../model/steps";

export function BranchForm(): ReactNode {
  return (
    <>
      <ConditionField path="branch.if" label="Yes, if" needed />
      <Text size="sm" c="dimmed">
        Everybody else goes the way “no”. Add steps to the ways in the picture; both go on with what stands below.
      </Text>
    </>
  );
}

const stepsIn = (way: unknown): number => everyStep({ steps: isBag(way) ? way["steps"] : [] } as Bag).length;

/** Exchanges two neighbours. */
function swapped<T>(list: T[], place: number): T[] {
  const next = [...list];
  [next[place - 1], next[place]] = [next[place] as T, next[place - 1] as T];
  return next;
}

function asksFirst(way: unknown, label: string): boolean {
  const inside = stepsIn(way);
  return inside === 0 || window.confirm(`Remove ${label} with ${inside === 1 ? "its step" : `its ${inside} steps`}?`);
}

export function MultiBranchForm(): ReactNode {
  const { value, set } = useSlot("multi_branch.paths");
  const paths = Array.isArray(value) ? (value as unknown[]) : [];
  return (
    <>
      <Text size="sm" c="dimmed">
        The first way whose condition holds is taken; without any, the way “otherwise”.
      </Text>
      {paths.map((path, place) => (
        <Paper key={place} withBorder p="xs">
          <Stack gap="xs">
            <Group justify="space-between">
              <Text size="sm" fw={600}>way {place + 1}</Text>
              <Group gap={4}>
                {place > 0 ? (
                  <Button size="compact-xs" variant="default" aria-label={`Ask way ${place + 1} earlier`} onClick={() => set(swapped(paths, place))}>↑</Button>
                ) : null}
                {paths.length > 1 ? (
                  <Button size="compact-xs" variant="default" aria-label={`Remove way ${place + 1}`} onClick={() => asksFirst(path, `way ${place + 1}`) && set(paths.filter((_, here) => here !== place))}>✕</Button>
                ) : null}
              </Group>
            </Group>
            <ConditionField path={["multi_branch", "paths", place, "if"]} label={`If (way ${place + 1})`} needed />
          </Stack>
        </Paper>
      ))}
      <Group>
        <Button size="compact-sm" variant="default" onClick={() => set([...paths, { if: { attribute: "plan", exists: true }, steps: [] }])}>+ Way</Button>
      </Group>
    </>
  );
}

/** An id like `c` that no way has. */
function freshWay(ways: unknown[]): string {
  const taken = new Set(ways.map((way) => (isBag(way) ? way["id"] : undefined)));
  const letter = [..."abcdefghijklmnopqrstuvwxyz"].find((one) => !taken.has(one));
  return letter ?? `way-${ways.length + 1}`;
}

/** Equal shares that add up to 100, in hundredths. */
export function evenShares(count: number): number[] {
  const each = Math.floor(10_000 / count);
  return Array.from({ length: count }, (_, place) => (each + (place < 10_000 - each * count ? 1 : 0)) / 100);
}

export function SharesForm({ kind, ways: key, word }: { kind: "split" | "ab_test"; ways: "paths" | "variants"; word: string }): ReactNode {
  const { value, set } = useSlot([kind, key]);
  const whole = useSlot([kind, key], false);
  const ways = Array.isArray(value) ? (value as Bag[]) : [];
  const sum = ways.reduce((total, way) => total + Number.parseFloat(String(way["percent"] ?? 0)), 0);
  return (
    <>
      <Text size="sm" c="dimmed">
        Chance is a hash of journey, step and person: whoever went left goes left again.
      </Text>
      {ways.map((way, place) => (
        <Group key={place} gap="xs" wrap="nowrap" align="flex-end">
          <TextField path={[kind, key, place, "id"]} label={`${word} ${place + 1}`} needed />
          <NumberField path={[kind, key, place, "percent"]} label={`Percent ${place + 1}`} needed />
          {ways.length > 1 ? (
            <Button size="compact-xs" variant="default" mb={6} aria-label={`Remove ${word} ${place + 1}`} onClick={() => asksFirst(way, `${word} ${place + 1}`) && set(ways.filter((_, here) => here !== place))}>✕</Button>
          ) : null}
        </Group>
      ))}
      <Text size="sm" className={Math.abs(sum - 100) < 0.005 ? "good" : "bad"} role="status">
        {Math.abs(sum - 100) < 0.005 ? "✓ They add up to 100 %." : `✕ They add up to ${Math.round(sum * 100) / 100} % instead of 100 %.`}
      </Text>
      {whole.error ? <Text size="xs" className="bad">{whole.error}</Text> : null}
      <Group gap="xs">
        <Button size="compact-sm" variant="default" onClick={() => set([...ways, { id: freshWay(ways), percent: 0, steps: [] }])}>+ {word}</Button>
        <Button size="compact-sm" variant="default" onClick={() => { const even = evenShares(ways.length); set(ways.map((way, place) => ({ ...way, percent: even[place] }))); }}>Even shares</Button>
      </Group>
    </>
  );
}

export function HoldoutForm(): ReactNode {
  return (
    <>
      <NumberField path="holdout" label="Percent who get nothing" needed />
      <Text size="sm" c="dimmed">
        From here on they get no message. Their deliveries are made and refused with the reason holdout, and what they buy is
        counted, to compare with.
      </Text>
    </>
  );
}

/** On to a later step. */
export function GoToForm({ step }: { step: Step }): ReactNode {
  const editing = useEditing();
  const part = useContext(PartContext);
  const all = everyStep(editing.draft);
  const own = all.findIndex((placed) => placed.step.id === step.id);
  const target = String(step["go_to"] ?? "");
  const later = all.slice(own + 1).map((placed) => placed.step.id);
  const data = later.includes(target) ? later : [target, ...later];
  const wrong = part?.faults.map(({ fault }) => `${fault.wrong}; ${fault.fix}`).join(" · ");
  return (
    <label className="native">
      <span>Goes on at</span>
      <select
        value={target}
        aria-invalid={Boolean(wrong)}
        onChange={(event) => editing.edit(change(editing.draft, step.id, ["go_to"], event.currentTarget.value), `send ${step.id} on to ${event.currentTarget.value}`)}
      >
        {data.map((id) => (
          <option key={id} value={id}>{id || "choose a later step"}</option>
        ))}
      </select>
      {wrong ? <span className="bad">{wrong}</span> : null}
    </label>
  );
}
