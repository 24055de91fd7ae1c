/** What somebody would get: filled in by the server with a real person's data, on a drawn phone. */
import { Button, Code, Group, NativeSelect, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useContext, useState, type ReactNode } from "react";
import { api, taken } from "../../../api/client";
import { ApiProblem } from "../../../api/problem";
import { PartContext, useEditing } from "./editing";
import { LiquidHelp } from "./LiquidHelp";
import { at, type Bag, isBag } from "./model/json";
import { personOf, profileData, readableHtml, sampleData } from "./model/preview";
import { parsed } from "../parsed";

/** Whom previews are for is kept while one goes from message to message. */
const kept = { who: "", look: "light", phone: "ios", data: "" };

export function Preview({ channel }: { channel: string }): ReactNode {
  const part = useContext(PartContext);
  const { draft } = useEditing();
  const [who, setWho] = useState(kept.who);
  const [look, setLook] = useState(kept.look);
  const [phone, setPhone] = useState(kept.phone);
  const [own, setOwn] = useState(kept.data);
  Object.assign(kept, { who, look, phone, data: own });
  const content = at(part?.value, [channel]);
  const [asked] = useDebouncedValue(JSON.stringify(content ?? {}), 350);
  const [person] = useDebouncedValue(who, 350);
  const ask = (data: unknown, identifiers: unknown) =>
    api.POST("/landfall/v1/preview", {
      body: { content: { channel, ...(JSON.parse(asked) as Bag) }, identifiers, data: { ...(data as Bag), failure: { reason: "no_device", explanation: "there is no device" } } } as never,
    });
  const answer = useQuery({
    queryKey: ["preview", channel, asked, person, own, draft["qa"]],
    placeholderData: (before) => before,
    queryFn: async () => {
      const first = taken(await ask({}, null));
      const data = sampleData(first.reads, own ? parsed(own).value : profileData(draft["qa"]));
      const shown = taken(await ask(data, personOf(person) ?? null));
      return { ...shown, data };
    },
  });
  const filled = isBag(answer.data?.content) ? answer.data.content : undefined;
  const raw = isBag(content) ? content : {};
  return (
    <Stack gap="xs" component="section" aria-label="Preview" className="preview">
      <Group justify="space-between" align="flex-end" gap="xs">
        <TextInput size="xs" flex={1} label="Preview with the data of" placeholder="id or e-mail of a person" value={who} onChange={(event) => setWho(event.currentTarget.value)} />
        {channel === "push" ? (
          <NativeSelect size="xs" aria-label="Phone" value={phone} onChange={(event) => setPhone(event.currentTarget.value)} data={[{ value: "ios", label: "iOS" }, { value: "android", label: "Android" }]} />
        ) : null}
        <Button size="xs" variant="default" aria-pressed={look === "dark"} onClick={() => setLook(look === "dark" ? "light" : "dark")}>{look === "dark" ? "Light" : "Dark"}</Button>
      </Group>
      <Trouble error={answer.error} reason={answer.data?.message ?? undefined} nobody={person.trim() === ""} />
      <div className={`phone ${channel === "push" ? phone : channel} ${look}`} role="img" aria-label={`${channel === "push" ? (phone === "ios" ? "iOS" : "Android") : channel} preview: ${spoken(filled ?? raw)}`}>
        <Shown channel={channel} phone={phone} content={filled ?? raw} />
      </div>
      <Text size="xs" c="dimmed">
        {filled ? (person.trim() ? "Filled in by the server, as it would be sent." : "Filled in by the server, with nobody's data.") : "The templates as they are written."}{" "}
        {channel === "push" && raw["image"] ? "The picture itself is loaded by phones only." : ""}
      </Text>
      <details className="fold">
        <summary>Liquid: what it reads, and what it can do</summary>
        <div>
          <Reads reads={answer.data?.reads ?? []} />
          <Textarea size="xs" label="Data of the event, for the preview" description="Made up from what is read, unless you write it; {{ event.… }} reads it" value={own} placeholder={JSON.stringify(answer.data?.data ?? {}, null, 2)} autosize minRows={3} maxRows={8} spellCheck={false} classNames={{ input: "code" }} onChange={(event) => setOwn(event.currentTarget.value)} />
          <LiquidHelp />
        </div>
      </details>
    </Stack>
  );
}

/** The first words of a message. */
const spoken = (content: Bag): string =>
  [content["title"], content["subject"], content["body"], content["text"], content["url"]].filter((one) => typeof one === "string" && one).slice(0, 2).join(". ");

function Trouble({ error, reason, nobody }: { error: Error | null; reason: string | undefined; nobody: boolean }): ReactNode {
  if (error instanceof ApiProblem) {
    const field = error.field?.replace(/^content\./, "");
    return <Text size="xs" className="bad" role="alert">✕ {field ? <><Code>{field}</Code>: </> : null}{error.message}</Text>;
  }
  if (!reason) return null;
  return (
    <Text size="xs" className={nobody ? undefined : "bad"} role="status">
      {nobody ? "Without a person some values are missing: " : "✕ This person would not get it: "}{reason}
    </Text>
  );
}

function Reads({ reads }: { reads: readonly string[] }): ReactNode {
  if (reads.length === 0) return <Text size="sm">It reads nothing: everybody gets the same.</Text>;
  return (
    <div>
      <Text size="sm">It reads {reads.map((read, place) => <span key={read}>{place > 0 ? ", " : ""}<Code>{read}</Code></span>)}.</Text>
      <Text size="xs" c="dimmed">A value that is missing fails the message: write {"{{ … | default: \"…\" }}"} where some people lack it.</Text>
    </div>
  );
}

const text = (content: Bag, key: string): string => (typeof content[key] === "string" ? (content[key] as string) : "");

function Shown({ channel, phone, content }: { channel: string; phone: string; content: Bag }): ReactNode {
  if (channel === "push") return phone === "ios" ? <IosPush content={content} /> : <AndroidPush content={content} />;
  if (channel === "sms") return <p className="bubble">{text(content, "body")}</p>;
  if (channel === "email") {
    return (
      <div className="mail">
        <b>{text(content, "subject") || "(no subject)"}</b>
        <small>{text(content, "preheader")}</small>
        <p>{readableHtml(text(content, "body")) || text(content, "body_plain")}</p>
      </div>
    );
  }
  if (channel === "slack") return <div className="mail"><b>Slack</b><p>{text(content, "text") || "blocks only"}</p></div>;
  return <div className="mail"><b>{text(content, "method") || "POST"} {text(content, "url")}</b><p className="code">{text(content, "body")}</p></div>;
}

const buttons = (content: Bag): string[] => (Array.isArray(content["actions"]) ? content["actions"].map((action) => (isBag(action) ? String(action["title"] ?? "") : "")) : []);

function IosPush({ content }: { content: Bag }): ReactNode {
  return (
    <>
      <div className="clock"><b>9:41</b></div>
      <div className="note">
        <span className="icon" />
        <div>
          <div className="top"><b>{text(content, "title") || "Your app"}</b><small>now</small></div>
          {text(content, "subtitle") ? <b className="second">{text(content, "subtitle")}</b> : null}
          <p>{text(content, "body")}</p>
        </div>
        {content["image"] ? <span className="thumb" title={text(content, "image")}>▧</span> : null}
      </div>
      {buttons(content).length > 0 ? <div className="menu">{buttons(content).map((title, place) => <span key={place}>{title}</span>)}</div> : null}
    </>
  );
}

function AndroidPush({ content }: { content: Bag }): ReactNode {
  return (
    <>
      <div className="clock"><b>9:41</b></div>
      <div className="note">
        <div className="top"><span className="icon" /><small>Your app · now</small></div>
        <b>{text(content, "title")}</b>
        <p>{text(content, "body")}</p>
        {content["image"] ? <span className="wide-picture" title={text(content, "image")}>▧ picture</span> : null}
        {buttons(content).length > 0 ? <div className="row">{buttons(content).map((title, place) => <span key={place}>{title}</span>)}</div> : null}
      </div>
    </>
  );
}
