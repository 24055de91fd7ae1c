/** The door: an app key opens its workspace. */
import { Button, Center, Checkbox, Code, Paper, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { opens } from "../api/client";
import { session } from "../session";

export function SignIn(): ReactNode {
  const [key, setKey] = useState("");
  const [keep, setKeep] = useState(false);
  const [wrong, setWrong] = useState("");
  const [busy, setBusy] = useState(false);
  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setWrong("");
    try {
      if (await opens(key.trim())) session.signIn(key.trim(), keep);
      else setWrong("No workspace has this key. App keys were printed when the workspace was made.");
    } catch (error) {
      setWrong(error instanceof TypeError ? "The server cannot be reached." : String((error as Error).message));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Center mih="100vh" p="md" component="main">
      <Paper withBorder p="xl" w="100%" maw={460} component="form" onSubmit={(event: FormEvent) => void enter(event)}>
        <Stack>
          <Title order={1} size="h2">
            Did the push land?
          </Title>
          <Text>Sign in with the app key of your workspace.</Text>
          <PasswordInput
            label="App key"
            name="key"
            autoComplete="current-password"
            value={key}
            onChange={(event) => setKey(event.currentTarget.value)}
            error={wrong}
            required
            data-autofocus
          />
          <Checkbox
            label="Keep me signed in on this device"
            checked={keep}
            onChange={(event) => setKeep(event.currentTarget.checked)}
          />
          <Button type="submit" loading={busy}>
            Sign in
          </Button>
          <Text size="sm" c="dimmed">
            No key at hand? On the server: <Code>landfall keys add --kind app --workspace NAME --data DIR</Code>
          </Text>
        </Stack>
      </Paper>
    </Center>
  );
}
