/** Small things that every page uses: times, rates, badges, empty states, problems. */
import { Alert, Anchor, Box, Code, Group, Loader, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { Schemas } from "../api/client";
import { ApiProblem } from "../api/problem";
import { useWorkspaceZone } from "./zone";
import { atLength, inShort, interval, inZone, percent } from "./format";

/** A moment in the viewer's zone; in the workspace's zone on hover. */
export function Moment({ ms, long }: { ms: number; long?: boolean }): ReactNode {
  const zone = useWorkspaceZone();
  return (
    <time dateTime={new Date(ms).toISOString()} title={inZone(ms, zone)}>
      {long ? atLength(ms) : inShort(ms)}
    </time>
  );
}

/** A share with its interval and its denominator: never a bare number. */
export function Share({ rate, settling }: { rate: Schemas["RateAnswer"] | undefined; settling?: boolean }): ReactNode {
  if (!rate || rate.of === 0) return <Text c="dimmed">no data</Text>;
  return (
    <Box>
      <Text fw={600} component="span">
        {percent(rate.value)}
      </Text>
      {settling ? (
        <Text component="span" size="xs" title="receipts are still on their way: the figure may still grow">
          {" "}
          … settling
        </Text>
      ) : null}
      <Text size="xs" c="dimmed">
        {interval(rate)} of {rate.of.toLocaleString("en")}
      </Text>
    </Box>
  );
}

const SIGNS: Record<string, { sign: string; color: string }> = {
  good: { sign: "✓", color: "light-dark(#087f5b, #63e6be)" },
  bad: { sign: "✕", color: "light-dark(#c92a2a, #ff8787)" },
  warn: { sign: "!", color: "light-dark(#b34700, #ffc078)" },
  idle: { sign: "○", color: "dimmed" },
};

const MOODS: Record<string, keyof typeof SIGNS> = {
  ok: "good", delivered: "good", opened: "good", clicked: "good", converted: "good", running: "good", done: "good",
  sent: "idle", accepted: "idle", queued: "idle", attempted: "idle", created: "idle", draft: "idle", pending: "idle",
  alarm: "bad", missing: "bad", met: "good", waived: "warn", bounced: "bad", failed: "bad", expired: "bad", spammed: "bad", dropped: "bad", refused: "bad",
  open: "bad", acknowledged: "warn", snoozed: "idle", resolved: "good", broken: "bad", kept: "good", too_little: "idle", held: "warn",
  clear: "good", "not clear": "idle",
  suspect: "bad", changed: "warn", fine: "good", look: "idle",
  warning: "warn", undeliverable: "warn", suppressed: "warn", paused: "warn", deferred: "warn", unsubscribed: "warn",
};

/** A state in words, with a sign; colour only repeats what the sign says. */
export function State({ name }: { name: string }): ReactNode {
  const { sign, color } = SIGNS[MOODS[name] ?? "idle"] ?? { sign: "○", color: "dimmed" };
  return (
    <span className="state">
      <Text component="span" c={color} size="sm" fw={700} aria-hidden>
        {sign}
      </Text>{" "}
      {name.replaceAll("_", " ")}
    </span>
  );
}

/** Nothing here yet: what would be here, and how it comes. */
export function Empty({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <Box className="empty">
      <Title order={2} size="h4" mb="xs">
        {title}
      </Title>
      <Text component="div" c="dimmed" maw="60ch">
        {children}
      </Text>
    </Box>
  );
}

/** What went wrong and what to do, with every fault that the server named. */
export function Problem({ error }: { error: unknown }): ReactNode {
  const problem = error instanceof ApiProblem ? error : null;
  const message = problem?.message ?? (error instanceof Error ? error.message : String(error));
  const unreachable = error instanceof TypeError;
  return (
    <Alert color="red" title={unreachable ? "The server cannot be reached" : "The server refused"} role="alert">
      <Text>{unreachable ? "Check that Landfall runs and that this machine reaches it; the page tries again." : message}</Text>
      {problem?.faults.map((fault) => (
        <Text key={`${fault.path}${fault.wrong}`} size="sm" mt="xs">
          <Code>{fault.path}</Code> {fault.wrong}; {fault.fix}
        </Text>
      ))}
    </Alert>
  );
}

interface Asking<T> {
  data: T | undefined;
  error: Error | null;
  isPending: boolean;
}

/** The answer to a question, or that it is on its way, or why there is none. */
export function Answer<T>({ of, children }: { of: Asking<T>; children: (data: T) => ReactNode }): ReactNode {
  if (of.data !== undefined) return children(of.data);
  if (of.error) return <Problem error={of.error} />;
  return (
    <Group p="md" role="status">
      <Loader size="sm" aria-hidden /> <Text c="dimmed">asking the server…</Text>
    </Group>
  );
}

/** The head of a page. */
export function Heading({ title, children, actions }: { title: ReactNode; children?: ReactNode; actions?: ReactNode }): ReactNode {
  return (
    <Group justify="space-between" align="flex-start" mb="md" gap="sm">
      <Stack gap={2}>
        <Title order={1} size="h2">
          {title}
        </Title>
        {children ? (
          <Text c="dimmed" maw="75ch" component="div">
            {children}
          </Text>
        ) : null}
      </Stack>
      {actions ? <Group gap="xs">{actions}</Group> : null}
    </Group>
  );
}

/** A link that leaves the application. */
export function Documents({ to, children }: { to: string; children: ReactNode }): ReactNode {
  return <Anchor href={to}>{children}</Anchor>;
}
