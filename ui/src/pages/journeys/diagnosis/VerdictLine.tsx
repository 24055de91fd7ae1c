/** The answer above the pictures of a journey. */
import { Button, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, type ReactNode } from "react";
import { diagnosis } from "../../../api/questions";
import { COLOR, SIGN } from "../../../verdict/VerdictLine";
import { sentence } from "../../../verdict/words";
import { compared, DAYS } from "../../home/windows";
import { judgedOf } from "./DiagnosisTab";

export function VerdictLine({ source, name, diagnose }: { source: string; name: string; diagnose: () => void }): ReactNode {
  const asked = useMemo(() => compared(new Date(), DAYS), []);
  const { data } = useQuery(diagnosis(source, asked));
  if (!data) return null;
  return (
    <Group mb="md" gap="sm" component="section" aria-label="Verdict">
      <Text fw={600}>
        <span className={`mark ${COLOR[data.standing]}`} aria-hidden>
          {SIGN[data.standing]}
        </span>
        {name} {sentence(judgedOf(data), data.period)}.
      </Text>
      <Button size="compact-sm" variant="default" onClick={diagnose}>
        Why, and what to check
      </Button>
    </Group>
  );
}
