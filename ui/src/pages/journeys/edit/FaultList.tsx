/** What the server finds wrong, each with its fix and the way to the step. */
import { Anchor, Code, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useEditing } from "./editing";
import type { Housed } from "./model/faults";

export function FaultList({ faults, lead }: { faults: readonly Housed[]; lead?: boolean }): ReactNode {
  const { choose } = useEditing();
  if (faults.length === 0) return null;
  return (
    <ul className="faults" aria-label="What is wrong">
      {faults.map(({ fault, step }) => (
        <li key={fault.path + fault.wrong}>
          <Text size="sm" component="span">
            <span className="bad" aria-hidden>✕</span>{" "}
            {lead && step !== null ? (
              <Anchor component="button" type="button" size="sm" onClick={() => choose(step, true)}>{step}</Anchor>
            ) : (
              <Code>{fault.path || "the definition"}</Code>
            )}{" "}
            {fault.wrong}; {fault.fix}
          </Text>
        </li>
      ))}
    </ul>
  );
}
