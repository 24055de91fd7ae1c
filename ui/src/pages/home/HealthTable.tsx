/** Delivery health of each journey, stage by stage, with its platforms always below it. */
import { Button, Group, Paper, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { metricsPath } from "../../api/questions";
import { Spark } from "../../charts/Spark";
import { ApiCall } from "../../parts/Figure";
import { money, percent, platform, short, valueName } from "../../parts/format";
import { Share } from "../../parts/places";

type Line = Schemas["Line"];

/** What the health of a journey is made of. */
export const MEASURES =
  "reached,sent,delivered,opened,converted,sent/reached,delivered/sent,opened/delivered,converted/delivered,revenue";

const STAGES = [
  { name: "Accepted", factor: "sent", rate: "sent/reached", note: "of those who reached a message step; taken by a provider, which is not reach" },
  { name: "Delivered", factor: "delivered", rate: "delivered/sent", note: "of accepted; a lower bound: only some apps can report" },
  { name: "Opened", factor: "opened", rate: "opened/delivered", note: "of delivered" },
  { name: "Converted", factor: "converted", rate: "converted/delivered", note: "of delivered" },
];

const valueOf = (line: Line, dimension: string): string =>
  line.group.find((value) => value.dimension === dimension)?.value ?? "";

/** What it was; an arrow only where the verdict says that this stage fell. */
function change(before: Schemas["RateAnswer"] | undefined, fell: boolean): string {
  if (before?.value == null) return "";
  return fell ? `▼ from ${percent(before.value)}` : `before ${percent(before.value)}`;
}

/** The stage at which each journey loses, by the server's verdict. */
export type Fallen = Record<string, string | undefined>;

interface Props {
  lines: Line[];
  platforms: Line[];
  before: Line[];
  trend: Line[];
  fallen: Fallen;
  range: string;
}

export function HealthTable({ lines, platforms, before, trend, fallen, range }: Props): ReactNode {
  const [open, dialog] = useDisclosure(false);
  return (
    <Paper withBorder p="md" component="section" aria-label="Delivery health">
      <Group justify="space-between" align="flex-start">
        <div>
          <Title order={2} size="h4">
            Delivery health, last 7 days
          </Title>
          <Text size="sm" c="dimmed" mb="sm">
            Every share with its 95 % interval and what it is a share of; compared with the 7 days before.
          </Text>
        </div>
        <Button size="compact-xs" variant="default" onClick={dialog.open}>
          API call
        </Button>
      </Group>
      <div className="scroll" tabIndex={0} role="region" aria-label="Delivery health, table">
        <Table className="numbers stages" verticalSpacing="xs" horizontalSpacing={8}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Journey</Table.Th>
              <Table.Th>Reached</Table.Th>
              {STAGES.map((stage) => (
                <Table.Th key={stage.name} title={stage.note}>
                  {stage.name}
                </Table.Th>
              ))}
              <Table.Th>Revenue</Table.Th>
              <Table.Th>Delivered, 14 days</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {lines.map((line) => {
              const journey = valueOf(line, "journey");
              const label = line.group[0]?.label ?? journey;
              const shown = valueName("journey", journey, line.group[0]?.label);
              const earlier = before.find((other) => valueOf(other, "journey") === journey);
              const parts = platforms.filter((part) => valueOf(part, "journey") === journey);
              const days = trend.filter((part) => valueOf(part, "journey") === journey);
              return (
                <Fragment key={journey}>
                  <Row
                    line={line}
                    before={earlier}
                    fell={fallen[journey]}
                    head={
                      <Link to="/journeys/$journey" params={{ journey: label }}>
                        {shown}
                      </Link>
                    }
                    spark={
                      <Spark
                        values={days.map((day) => day.rates["delivered/sent"]?.value ?? null)}
                        label={`delivered of accepted by day: ${days
                          .map((day) => percent(day.rates["delivered/sent"]?.value))
                          .join(", ")}`}
                      />
                    }
                  />
                  {parts.map((part) => (
                    <Row
                      key={valueOf(part, "platform")}
                      line={part}
                      part
                      head={
                        <Link to="/log" search={{ journey, platform: valueOf(part, "platform"), range }}>
                          {platform(valueOf(part, "platform"))}
                        </Link>
                      }
                    />
                  ))}
                </Fragment>
              );
            })}
          </Table.Tbody>
        </Table>
      </div>
      <ApiCall call={metricsPath({ measures: MEASURES, by: "journey,platform", range })} open={open} close={dialog.close} />
    </Paper>
  );
}

interface RowProps {
  line: Line;
  head: ReactNode;
  before?: Line | undefined;
  /** The stage that fell. */
  fell?: string | undefined;
  spark?: ReactNode;
  part?: boolean;
}

function Row({ line, head, before, fell, spark, part }: RowProps): ReactNode {
  return (
    <Table.Tr className={part ? "part" : ""}>
      <Table.Th scope="row">{head}</Table.Th>
      <Table.Td>
        {short(line.counts["reached"] ?? 0)}
        {line.settling && !part ? (
          <Text size="xs" title="Receipts and goals of the newest messages are still on their way: figures may grow.">
            … settling
          </Text>
        ) : null}
      </Table.Td>
      {STAGES.map((stage) => (
        <Table.Td key={stage.name}>
          <Share rate={line.rates[stage.rate]} />
          {before ? (
            <Text size="xs">{change(before.rates[stage.rate], fell === stage.factor)}</Text>
          ) : null}
        </Table.Td>
      ))}
      <Table.Td>{money(line.revenue)}</Table.Td>
      <Table.Td>{spark}</Table.Td>
    </Table.Tr>
  );
}
