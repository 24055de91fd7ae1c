/** One intent over several channels, in order. */
import { Button, Group, Stack, Text } from "@mantine/core";
import { useContext, useState, type ReactNode } from "react";
import { inside, PartContext, useEditing, useSlot } from "../editing";
import { DurationField, FlagField, NumberField, TextField } from "../fields";
import { type Bag, isBag } from "../model/json";
import { freshName, newContent } from "../model/kinds";
import { find } from "../model/steps";
import { CHANNEL_NAMES, MessageForm } from "./message";

const CHANNELS = Object.keys(CHANNEL_NAMES);
export const channelOf = (of: unknown): string => CHANNELS.find((name) => isBag(of) && name in of) ?? "push";

export function ReachForm({ id }: { id: string }): ReactNode {
  const editing = useEditing();
  const part = useContext(PartContext);
  const { value, set, error } = useSlot("reach.channels");
  const [open, setOpen] = useState(0);
  const channels = Array.isArray(value) ? (value as Bag[]) : [];
  const shown = Math.min(open, channels.length - 1);
  const spot = find(editing.draft, id)?.spot;
  const add = (channel: string) => {
    if (!spot) return;
    set([...channels, { [channel]: newContent(channel), name: freshName(editing.draft, spot, channel), ...(channel === "sms" ? { needs_opt_in: true } : {}) }]);
    setOpen(channels.length);
  };
  const shift = (by: -1 | 1) => {
    const next = [...channels];
    const [one, other] = [next[shown], next[shown + by]];
    if (!one || !other) return;
    [next[shown], next[shown + by]] = [other, one];
    set(next);
    setOpen(shown + by);
  };
  return (
    <>
      <Text size="sm" c="dimmed">
        Channels are tried in order; never two at once. One that is closed, fails, or is not confirmed in time passes on to
        the next.
      </Text>
      <Group gap={4} role="group" aria-label="Channels">
        {channels.map((channel, place) => (
          <Button key={place} size="compact-sm" variant={place === shown ? "filled" : "default"} aria-pressed={place === shown} onClick={() => setOpen(place)}>
            {place + 1}. {CHANNEL_NAMES[channelOf(channel)]}
          </Button>
        ))}
      </Group>
      <Group gap={4}>
        {CHANNELS.map((channel) => (
          <Button key={channel} size="compact-xs" variant="default" aria-label={`Add ${CHANNEL_NAMES[channel]} as the next channel`} onClick={() => add(channel)}>
            + {CHANNEL_NAMES[channel]}
          </Button>
        ))}
      </Group>
      {error ? <Text size="xs" className="bad" role="alert">{error}</Text> : null}
      {part && channels[shown] ? (
        <PartContext.Provider key={shown} value={inside(part, ["reach", "channels", shown])}>
          <Stack gap="sm" className="channel" role="group" aria-label={`Channel ${shown + 1}: ${CHANNEL_NAMES[channelOf(channels[shown])]}`}>
            <Group justify="space-between">
              <Text fw={600} size="sm">{CHANNEL_NAMES[channelOf(channels[shown])]}, {shown === 0 ? "first" : `after ${CHANNEL_NAMES[channelOf(channels[shown - 1])]}`}</Text>
              <Group gap={4}>
                {shown > 0 ? <Button size="compact-xs" variant="default" aria-label="Try this channel earlier" onClick={() => shift(-1)}>↑</Button> : null}
                {shown < channels.length - 1 ? <Button size="compact-xs" variant="default" aria-label="Try this channel later" onClick={() => shift(1)}>↓</Button> : null}
                {channels.length > 1 ? (
                  <Button size="compact-xs" variant="default" aria-label="Remove this channel" onClick={() => set(channels.filter((_, here) => here !== shown))}>✕</Button>
                ) : null}
              </Group>
            </Group>
            <div className="cells">
              <DurationField path="not_delivered_within" label="Next, if not delivered within" placeholder="30m" />
              <DurationField path="not_opened_within" label="Next, if not opened within" placeholder="1d" />
            </div>
            <FlagField path="needs_opt_in" label="Needs a yes (opt-in), not only the absence of a no" />
            <MessageForm channel={channelOf(channels[shown])} />
            <div className="cells">
              <NumberField path="cost" label="Price of one message" placeholder="0.07" />
              <TextField path="id" label="Id of the channel" placeholder={channelOf(channels[shown])} />
            </div>
          </Stack>
        </PartContext.Provider>
      ) : null}
      <FlagField path="reach.allow_second_exposure" label="May follow people who have the message already" hint="“Not opened within” needs this: it is a second exposure" />
    </>
  );
}
