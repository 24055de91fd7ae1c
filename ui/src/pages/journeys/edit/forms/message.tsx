/** The composer of messages: what it says, on what, and under which rules. */
import { Text } from "@mantine/core";
import type { ReactNode } from "react";
import { ConditionField } from "../ConditionField";
import { useSlot } from "../editing";
import { ChoiceField, DurationField, FlagField, JsonField, LongField, PairsField, Rows, TextField } from "../fields";
import type { Bag } from "../model/json";
import { Preview } from "../Preview";

export const CHANNEL_NAMES: Record<string, string> = { push: "Push", sms: "Text message", email: "E-mail", slack: "Slack", webhook: "Webhook" };

/** A fold that one opens. */
export function Fold({ title, open, children }: { title: string; open?: boolean; children: ReactNode }): ReactNode {
  return (
    <details className="fold" open={open}>
      <summary>{title}</summary>
      <div>{children}</div>
    </details>
  );
}

function Actions(): ReactNode {
  const { value, set, error } = useSlot("push.actions");
  const actions = Array.isArray(value) ? (value as Bag[]) : [];
  return (
    <Rows
      label="Buttons"
      hint="iOS shows those of the category that the app registered under these ids"
      error={error}
      count={actions.length}
      add={() => set([...actions, { id: `action-${actions.length + 1}`, title: "Open" }])}
      remove={(place) => set(actions.length > 1 ? actions.filter((_, here) => here !== place) : undefined)}
      row={(place) => (
        <div className="cells">
          <TextField path={`push.actions[${place}].id`} label={`Id ${place + 1}`} needed />
          <TextField path={`push.actions[${place}].title`} label={`Button ${place + 1}`} needed />
          <TextField path={`push.actions[${place}].link`} label={`Link ${place + 1}`} />
        </div>
      )}
    />
  );
}

function PushContent(): ReactNode {
  return (
    <>
      <TextField path="push.title" label="Title" />
      <LongField path="push.body" label="Text" rows={2} />
      <TextField path="push.link" label="Link" hint="Where a tap leads: https:// or the app's own" code />
      <TextField path="push.image" label="Image" hint="Address of a picture that phones load" code />
      <Actions />
      <Fold title="More about this push">
        <TextField path="push.subtitle" label="Subtitle (iOS)" />
        <div className="cells">
          <TextField path="push.sound" label="Sound" placeholder="default" />
          <TextField path="push.badge" label="Badge (iOS)" />
          <TextField path="push.thread" label="Thread (iOS)" />
          <TextField path="push.category" label="Category (iOS)" />
          <TextField path="push.channel_id" label="Channel (Android)" />
          <TextField path="push.collapse_key" label="Collapse key" />
        </div>
        <ChoiceField path="push.interruption_level" label="Interruption level (iOS)" choices={["", "passive", "active", "time-sensitive", "critical"].map((value) => ({ value, label: value || "as the app has it" }))} />
        <ChoiceField path="push.priority" label="Priority" choices={[{ value: "", label: "as the provider has it" }, { value: "high", label: "high" }, { value: "normal", label: "normal" }]} />
        <FlagField path="push.silent" label="Silent: wakes the app, shows nothing" />
        <PairsField path="push.data" label="Data for the app" />
        <JsonField path="push.custom_payload" label="Payload of your own" hint='{ "ios": …, "android": …, "web": … } is merged into the provider’s' rows={2} />
      </Fold>
    </>
  );
}

function EmailContent(): ReactNode {
  return (
    <>
      <TextField path="email.subject" label="Subject" />
      <TextField path="email.preheader" label="Preheader" hint="What mailboxes show behind the subject" />
      <LongField path="email.body" label="Text (HTML)" rows={6} />
      <LongField path="email.body_plain" label="Text without HTML" rows={2} />
      <Fold title="More about this mail">
        <div className="cells">
          <TextField path="email.from" label="From" />
          <TextField path="email.reply_to" label="Answers to" />
          <TextField path="email.to" label="To" placeholder="the person's address" />
          <TextField path="email.cc" label="Copy to" />
          <TextField path="email.bcc" label="Blind copy to" />
          <TextField path="email.unsubscribe_url" label="Unsubscribe address" />
        </div>
        <FlagField path="email.fake_bcc" label="Send the blind copy as a mail of its own" />
        <PairsField path="email.headers" label="Headers" />
        <PairsField path="email.attachments" label="Attachments" name="File" text="Content, Base64" />
        <LongField path="email.body_amp" label="AMP" rows={2} />
      </Fold>
    </>
  );
}

function OtherContent({ channel }: { channel: string }): ReactNode {
  if (channel === "sms") {
    return (
      <>
        <LongField path="sms.body" label="Text" rows={3} needed />
        <div className="cells">
          <TextField path="sms.from" label="From" />
          <TextField path="sms.to" label="To" placeholder="the person's phone" />
        </div>
      </>
    );
  }
  if (channel === "slack") {
    return (
      <>
        <LongField path="slack.text" label="Text" rows={3} />
        <JsonField path="slack.blocks" label="Blocks" hint="Slack's Block Kit" />
      </>
    );
  }
  return (
    <>
      <ChoiceField path="webhook.method" label="Method" choices={["", "GET", "POST", "PUT", "PATCH", "DELETE"].map((value) => ({ value, label: value || "POST unless said otherwise" }))} />
      <TextField path="webhook.url" label="Address" needed code />
      <LongField path="webhook.body" label="Body" rows={4} />
      <PairsField path="webhook.headers" label="Headers" />
    </>
  );
}

/** A message: a step of its own, or a channel of a reach step. */
export function MessageForm({ channel }: { channel: string }): ReactNode {
  return (
    <>
      {channel === "push" ? <PushContent /> : channel === "email" ? <EmailContent /> : <OtherContent channel={channel} />}
      <Preview channel={channel} />
      <div>
        <Text size="sm" fw={500}>Name</Text>
        <Text size="xs" c="dimmed">journey | step | delay | intent: reports and the log find it by this</Text>
        <div className="cells">
          <TextField path="name.step" label="Step" placeholder="Push 1" needed />
          <TextField path="name.delay" label="Delay" placeholder="1h" needed />
          <TextField path="name.intent" label="Intent" placeholder="Remind" needed />
        </div>
      </div>
      <Fold title="When and to which devices">
        <ConditionField path="when" label="Only if" hint="Whoever does not pass gets a delivery that says so" />
        <DurationField path="ttl" label="Of use for" placeholder="1d" hint="A day unless you say otherwise; at most 28 days" />
        <ChoiceField path="sending" label="Sending" choices={[{ value: "", label: "automatic" }, { value: "automatic", label: "automatic (written)" }, { value: "draft", label: "draft: held until somebody releases it" }, { value: "off", label: "off" }]} />
        {channel === "push" ? (
          <ChoiceField path="to" label="To" choices={[{ value: "", label: "the device that was used last" }, { value: "last_used", label: "the device that was used last (written)" }, { value: "all", label: "every device" }]} />
        ) : null}
        <JsonField path="policy" label="Rules of its own" hint="quiet_hours, caps and duplicate_within where they differ from the journey's" rows={2} />
      </Fold>
    </>
  );
}
