/** Rules of one's own: before one is kept, it is tried on the past. */
import { Button, Group, Stack, Table, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api } from "../../api/client";
import { Answer, Empty, Moment, Problem, State } from "../../parts/places";
import { draftOf, EMPTY, ruleInWords, whole } from "./alerts";
import { rules } from "./questions";
import { RuleForm } from "./RuleForm";

interface Props {
  /** The rule that is open: its id, or `new`. */
  open: string | undefined;
  choose: (rule: string | undefined) => void;
}

export function Rules({ open, choose }: Props): ReactNode {
  const answer = useQuery(rules());
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: async (id: string) => void (await api.DELETE("/landfall/v1/alert-rules/{id}", { params: { path: { id } } })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["alert-rules"] }),
  });
  return (
    <Answer of={answer}>
      {(data) => {
        const own = data.rules.map((one) => ({ ...one, rule: whole(one.rule) }));
        const opened = own.find((one) => one.rule.id === open);
        if (open === "new" || opened) {
          return <RuleForm key={open} begin={opened ? draftOf(opened.rule) : EMPTY} known={opened !== undefined} close={() => choose(undefined)} />;
        }
        return (
          <Stack>
            <Group justify="flex-end">
              <Button size="xs" onClick={() => choose("new")}>
                New rule
              </Button>
            </Group>
            {remove.error ? <Problem error={remove.error} /> : null}
            {own.length === 0 ? (
              <Empty title="No rule of your own">
                What leaves its usual bounds is found without rules. Write one for what you promised somebody: “delivered on iOS
                stays above 60 %”. Before it is kept, you see when it would have sounded in the last weeks.
              </Empty>
            ) : (
              <div className="scroll" tabIndex={0} role="region" aria-label="Rules, table">
                <Table verticalSpacing="xs">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>State</Table.Th>
                      <Table.Th>Rule</Table.Th>
                      <Table.Th>Tells</Table.Th>
                      <Table.Th>Judged</Table.Th>
                      <Table.Th aria-label="Actions" />
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {own.map(({ rule, state, words, judged_ms: judged }) => (
                      <Table.Tr key={rule.id}>
                        <Table.Td>
                          <State name={state} />
                        </Table.Td>
                        <Table.Td>
                          <b>{rule.id}</b>
                          <Text size="sm">{ruleInWords(rule)}</Text>
                          {words ? (
                            <Text size="xs" c="dimmed">
                              {words}
                            </Text>
                          ) : null}
                        </Table.Td>
                        <Table.Td className="token">{rule.notify.join(", ") || "owners and channels"}</Table.Td>
                        <Table.Td>{judged ? <Moment ms={judged} /> : "not yet"}</Table.Td>
                        <Table.Td>
                          <Group gap={4} wrap="nowrap">
                            <Button size="compact-xs" variant="default" onClick={() => choose(rule.id)} aria-label={`Change ${rule.id}`}>
                              Change
                            </Button>
                            <Button
                              size="compact-xs"
                              variant="default"
                              color="red"
                              aria-label={`Delete ${rule.id}`}
                              onClick={() => window.confirm(`Delete the rule “${rule.id}”?`) && remove.mutate(rule.id)}
                            >
                              Delete
                            </Button>
                          </Group>
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
            )}
          </Stack>
        );
      }}
    </Answer>
  );
}
