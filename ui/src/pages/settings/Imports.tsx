/** Files to take in, and how far each is. */
import { Button, FileInput, Group, NativeSelect, Progress, Stack, Table, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { api, type Schemas, taken } from "../../api/client";
import { count } from "../../parts/format";
import { Answer, Problem, State } from "../../parts/places";
import { upload } from "./upload";

type Kind = Schemas["ImportKind"];

const KINDS: { value: Kind; label: string }[] = [
  { value: "deliveries", label: "deliveries, as Customer.io exports them" },
  { value: "webhooks", label: "archive of reporting webhooks" },
  { value: "people", label: "people" },
  { value: "devices", label: "devices with their owners" },
];

export function Imports(): ReactNode {
  const [kind, setKind] = useState<Kind>("deliveries");
  const [file, setFile] = useState<File | null>(null);
  const [report, tell] = useState<Schemas["ImportReport"] | null>(null);
  const queries = useQueryClient();
  const answer = useQuery({
    queryKey: ["imports"],
    queryFn: async () => taken(await api.GET("/landfall/v1/imports")),
    refetchInterval: 5_000,
  });
  const send = useMutation({
    mutationFn: async () => (file ? upload(file, kind, tell) : null),
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <Stack maw={860}>
      <Text>
        CSV or one JSON object a line. Importing twice changes nothing; an import that stopped goes on where it stood when the same
        file is chosen again.
      </Text>
      <Group align="flex-end">
        <NativeSelect label="What is in the file" value={kind} onChange={(event) => setKind(event.currentTarget.value as Kind)} data={KINDS} />
        <FileInput label="File" placeholder="choose a file" accept=".csv,.ndjson,.jsonl" w={260} value={file} onChange={setFile} clearable />
        <Button disabled={!file} loading={send.isPending} onClick={() => send.mutate()}>
          Import
        </Button>
      </Group>
      {report ? (
        <div role="status">
          <Progress value={report.bytes === 0 ? 100 : (report.offset / report.bytes) * 100} aria-label="how far the import is" />
          <Text size="sm">
            {count(report.taken)} taken, {count(report.unchanged)} known before
            {Object.entries(report.skipped).map(([reason, lines]) => `, ${count(lines)} passed over: ${reason.replaceAll("_", " ")}`)}
            {report.done ? ". Done." : ""}
          </Text>
        </div>
      ) : null}
      {send.error ? <Problem error={send.error} /> : null}
      <Answer of={answer}>
        {(data) =>
          data.imports.length === 0 ? (
            <Text c="dimmed">Nothing was imported yet.</Text>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Imports">
              <Table fz="sm">
                <Table.Thead>
                  <Table.Tr>
                    {["File", "State", "Taken", "Known before", "Passed over"].map((title) => (
                      <Table.Th key={title}>{title}</Table.Th>
                    ))}
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {data.imports.map((one) => (
                    <Table.Tr key={one.id}>
                      <Table.Td>{one.name}</Table.Td>
                      <Table.Td>
                        <State name={one.done ? "done" : "pending"} />
                        {one.done ? null : ` ${Math.round((one.offset / Math.max(1, one.bytes)) * 100)} %`}
                      </Table.Td>
                      <Table.Td>{count(one.taken)}</Table.Td>
                      <Table.Td>{count(one.unchanged)}</Table.Td>
                      <Table.Td>
                        {Object.entries(one.skipped)
                          .map(([reason, lines]) => `${count(lines)} ${reason.replaceAll("_", " ")}`)
                          .join(", ") || "0"}
                      </Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </Answer>
    </Stack>
  );
}
