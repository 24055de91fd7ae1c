/** Every type of step to choose from. */
import { Modal, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { KINDS } from "./model/kinds";

const GROUPS = ["Message", "Wait", "Decide", "Act"] as const;

export function Palette({ where, pick, close }: { where: string | null; pick: (kind: string) => void; close: () => void }): ReactNode {
  return (
    <Modal opened={where !== null} onClose={close} title={`Add a step ${where ?? ""}`} size="lg">
      <Choices key={where} pick={pick} />
    </Modal>
  );
}

function Choices({ pick }: { pick: (kind: string) => void }): ReactNode {
  const [text, setText] = useState("");
  const fits = (words: string) => words.toLowerCase().includes(text.trim().toLowerCase());
  const found = KINDS.filter((kind) => fits(`${kind.title} ${kind.says} ${kind.name}`));
  return (
    <Stack gap="sm">
      <TextInput
        data-autofocus
        label="Find"
        placeholder="push, wait, split…"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => { if (event.key === "Enter" && found[0]) pick(found[0].name); }}
      />
      {GROUPS.map((group) => {
        const kinds = found.filter((kind) => kind.group === group);
        if (kinds.length === 0) return null;
        return (
          <section key={group} aria-label={group}>
            <Text size="sm" fw={600} mb={4}>{group}</Text>
            <div className="palette">
              {kinds.map((kind) => (
                <UnstyledButton key={kind.name} onClick={() => pick(kind.name)}>
                  <span className="sign" aria-hidden>{kind.sign}</span>
                  <span>
                    <b>{kind.title}</b>
                    <small>{kind.says}</small>
                  </span>
                </UnstyledButton>
              ))}
            </div>
          </section>
        );
      })}
      {found.length === 0 ? <Text c="dimmed">No type is called so.</Text> : null}
    </Stack>
  );
}
