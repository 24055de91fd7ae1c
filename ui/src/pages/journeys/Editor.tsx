/** The definition as JSON, checked by the server while one types. */
import { Button, Code, Group, List, SimpleGrid, Text, Textarea } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState, type ReactNode } from "react";
import { api, taken } from "../../api/client";
import { ApiProblem } from "../../api/problem";
import { Problem } from "../../parts/places";
import type { Definition } from "./definition";
import { flowOf } from "./flow";

const FlowView = lazy(() => import("./FlowView"));

/** Reads JSON; what is wrong with it is told in words. */
export function parsed(text: string): { value?: Record<string, unknown>; wrong?: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return { wrong: "a definition is an object: { … }" };
    return { value: value as Record<string, unknown> };
  } catch (error) {
    return { wrong: (error as Error).message };
  }
}

/** The part that can be drawn, if any. */
function drawable(value: Record<string, unknown> | undefined): Definition | null {
  try {
    const definition = value as unknown as Definition;
    flowOf(definition);
    return Array.isArray(definition.steps) ? definition : null;
  } catch {
    return null;
  }
}

export function Editor({ text: begun }: { text: string }): ReactNode {
  const [text, setText] = useState(begun);
  const [settled] = useDebouncedValue(text, 500);
  const { value, wrong } = parsed(settled);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const check = useQuery({
    queryKey: ["check", settled],
    enabled: value !== undefined,
    queryFn: async () =>
      taken(await api.POST("/landfall/v1/journeys", { params: { query: { check: true } }, body: (value ?? {}) as never })),
  });
  const apply = useMutation({
    mutationFn: async () => taken(await api.POST("/landfall/v1/journeys", { body: (parsed(text).value ?? {}) as never })),
    onSuccess: async (applied) => {
      await queries.invalidateQueries({ queryKey: ["journeys"] });
      await navigate({ to: "/journeys/$journey", params: { journey: applied.journey.id }, search: { tab: "definition" } });
    },
  });
  const drawn = useMemo(() => drawable(value), [settled]);
  return (
    <SimpleGrid cols={{ base: 1, lg: 2 }}>
      <div>
        <Textarea
          label="Definition"
          description="Checked by the server as you type; nothing is stored before you apply it."
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          autosize
          minRows={18}
          maxRows={34}
          spellCheck={false}
          classNames={{ input: "code" }}
        />
        <Group mt="xs">
          <Button onClick={() => apply.mutate()} loading={apply.isPending} disabled={!value || Boolean(check.error)}>
            Apply
          </Button>
          <Verdict wrong={wrong} error={check.error} fine={check.isSuccess} />
        </Group>
        {apply.error ? <Problem error={apply.error} /> : null}
        {apply.data && !apply.data.changed ? <Text role="status">The newest version says the same: nothing changed.</Text> : null}
      </div>
      <div>{drawn ? <Suspense>{<FlowView definition={drawn} numbers={{}} />}</Suspense> : null}</div>
    </SimpleGrid>
  );
}

function Verdict({ wrong, error, fine }: { wrong: string | undefined; error: Error | null; fine: boolean }): ReactNode {
  if (wrong) return <Text role="status">✕ Not JSON yet: {wrong}</Text>;
  if (error instanceof ApiProblem && error.faults.length > 0) {
    return (
      <div role="status">
        <Text>✕ {error.faults.length === 1 ? "One thing is" : `${error.faults.length} things are`} wrong:</Text>
        <List size="sm">
          {error.faults.map((fault) => (
            <List.Item key={fault.path + fault.wrong}>
              <Code>{fault.path}</Code>: {fault.wrong}; {fault.fix}
            </List.Item>
          ))}
        </List>
      </div>
    );
  }
  if (error) return <Problem error={error} />;
  return fine ? <Text role="status">✓ The server finds nothing wrong.</Text> : <Text role="status">checking…</Text>;
}
