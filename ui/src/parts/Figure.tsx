/** A picture of figures that can also be read as a table, copied as an image, and asked for by hand. */
import { Button, Code, Group, Modal, Paper, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useRef, useState, type ReactNode } from "react";

export interface Grid {
  columns: string[];
  rows: (string | number | null)[][];
}

interface Props {
  title: string;
  note?: ReactNode;
  grid: Grid;
  /** Path of the call that answers this, with its parameters. */
  call: string;
  /** Whether the picture is drawn on a canvas, and can be copied as one. */
  drawn?: boolean;
  children: ReactNode;
}

/** The same call for a terminal. */
export function commandOf(call: string, origin: string): string {
  return `curl -H "Authorization: Bearer $LANDFALL_APP_KEY" '${origin}${call.replaceAll("'", "%27")}'`;
}

/** A table that says what a picture shows. */
export function GridTable({ grid, label }: { grid: Grid; label: string }): ReactNode {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-label={label}>
      <Table striped withRowBorders={false} fz="sm">
        <Table.Thead>
          <Table.Tr>
            {grid.columns.map((column) => (
              <Table.Th key={column}>{column}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {grid.rows.map((row, at) => (
            // Rows have no identity but their place.
            <Table.Tr key={`${at}-${row[0]}`}>
              {row.map((cell, column) => (
                <Table.Td key={grid.columns[column]}>
                  {typeof cell === "number" ? cell.toLocaleString("en") : (cell ?? "–")}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

/** Puts the picture on the clipboard where the browser allows that, else into a file. */
async function copyPicture(holder: HTMLElement, name: string): Promise<string> {
  const canvas = holder.querySelector("canvas");
  if (!canvas) return "there is no picture to copy: use the table";
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) return "the picture cannot be read";
  try {
    await navigator.clipboard.write([new ClipboardItem({ "image/png": blob })]);
    return "copied";
  } catch {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = `${name}.png`;
    link.click();
    URL.revokeObjectURL(link.href);
    return "saved as a file";
  }
}

export function Figure({ title, note, grid, call, drawn, children }: Props): ReactNode {
  const [table, setTable] = useState(false);
  const [open, dialog] = useDisclosure(false);
  const [said, say] = useState("");
  const holder = useRef<HTMLDivElement>(null);
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <div className="figure-head">
        <div>
          <Title order={2} size="h4">
            {title}
          </Title>
          {note ? (
            <Text size="sm" c="dimmed" component="div">
              {note}
            </Text>
          ) : null}
        </div>
        <Group gap={4}>
          <Button size="compact-xs" variant="default" aria-pressed={table} onClick={() => setTable(!table)}>
            {table ? "Picture" : "Table"}
          </Button>
          {drawn && !table ? (
            <Button
              size="compact-xs"
              variant="default"
              onClick={() => holder.current && void copyPicture(holder.current, title).then(say)}
            >
              Copy image
            </Button>
          ) : null}
          <Button size="compact-xs" variant="default" onClick={dialog.open}>
            API call
          </Button>
        </Group>
      </div>
      <Text size="xs" role="status">
        {said}
      </Text>
      <div ref={holder}>{table ? <GridTable grid={grid} label={`${title}, as a table`} /> : children}</div>
      <ApiCall call={call} open={open} close={dialog.close} />
    </Paper>
  );
}

export function ApiCall({ call, open, close }: { call: string; open: boolean; close: () => void }): ReactNode {
  const command = commandOf(call, location.origin);
  return (
    <Modal opened={open} onClose={close} title="The call behind this figure" size="lg">
      <Text size="sm" mb="xs">
        The same answer as JSON, with your app key in <Code>LANDFALL_APP_KEY</Code>:
      </Text>
      <Code block tabIndex={0}>
        {command}
      </Code>
      <Button mt="sm" variant="default" onClick={() => void navigator.clipboard?.writeText(command)}>
        Copy
      </Button>
    </Modal>
  );
}
