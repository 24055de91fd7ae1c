/** The definition as JSON, beside its picture: the same that `landfall apply` takes. */
import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import type { ReactNode } from "react";

export function JsonPanel({ text, write, wrong, id }: { text: string; write: (text: string) => void; wrong: string | undefined; id: string }): ReactNode {
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${text}\n`], { type: "application/json" }));
    link.download = `${id || "journey"}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <Stack gap="xs">
      <Textarea
        label="Definition"
        description="Checked by the server as you type; nothing is stored before you apply it."
        value={text}
        onChange={(event) => write(event.currentTarget.value)}
        autosize
        minRows={18}
        maxRows={30}
        spellCheck={false}
        error={wrong}
        classNames={{ input: "code" }}
      />
      <Group justify="space-between">
        <Text size="xs" c="dimmed">The same as <code>landfall apply -f {id || "journey"}.json</code></Text>
        <Button size="compact-xs" variant="default" onClick={save}>Save as a file</Button>
      </Group>
    </Stack>
  );
}
