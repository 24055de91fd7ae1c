/** One delivery: what was decided, for which devices, what providers answered, what phones reported. */
import { Anchor, Badge, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { trail } from "../../api/questions";
import { platform } from "../../parts/format";
import { Answer, Heading, Moment, State } from "../../parts/places";
import { steps } from "./story";

const route = getRouteApi("/log/$delivery");

export function DeliveryPage(): ReactNode {
  const { delivery } = route.useParams();
  const answer = useQuery(trail(delivery));
  return <Answer of={answer}>{(data) => <Whole trail={data} />}</Answer>;
}

function Whole({ trail }: { trail: Schemas["Trail"] }): ReactNode {
  const { delivery } = trail;
  return (
    <Stack>
      <Heading title={delivery.subject || delivery.step_name || `Delivery ${delivery.id}`}>
        <Group gap="xs">
          <State name={delivery.status} />
          <span>{delivery.channel}</span>
          <span>
            to{" "}
            {delivery.person ? (
              <Link to="/people/$person" params={{ person: delivery.person }}>
                {delivery.person}
              </Link>
            ) : (
              "nobody known"
            )}
          </span>
          <span>
            in{" "}
            <Link to="/log" search={{ journey: delivery.journey }}>
              {delivery.journey_name ?? delivery.journey}
            </Link>
          </span>
          <Moment ms={delivery.created_ms} long />
        </Group>
      </Heading>
      <Paper withBorder p="md" component="section" aria-label="In short">
        <Text>
          Outcome <b>{delivery.outcome.replaceAll("_", " ")}</b>
          {delivery.reason ? (
            <>
              , because of <b>{delivery.reason.replaceAll("_", " ")}</b>
            </>
          ) : null}
          . Customer.io would say <b>{trail.customerio_status}</b>.
        </Text>
        {trail.explanation ? <Text mt={4}>{trail.explanation}</Text> : null}
        {trail.failure_message ? (
          <Text mt={4}>
            The provider's words: <q>{trail.failure_message}</q>
          </Text>
        ) : null}
        {trail.run ? (
          <Text mt={4} size="sm" c="dimmed">
            Run {trail.run}
          </Text>
        ) : null}
        <Text size="sm" mt="xs" c="dimmed">
          Delivery {delivery.id}
        </Text>
      </Paper>
      <Targets targets={trail.targets} />
      <Story trail={trail} />
    </Stack>
  );
}

function Targets({ targets }: { targets: Schemas["TargetAnswer"][] }): ReactNode {
  if (targets.length === 0) {
    return <Text>No device and no address was chosen: the message never had anywhere to go.</Text>;
  }
  return (
    <Paper withBorder p="md" component="section" aria-label="Targets">
      <Title order={2} size="h4" mb="xs">
        Targets: {targets.length}
      </Title>
      <div className="scroll" tabIndex={0} role="region" aria-label="Targets, table">
        <Table fz="sm">
          <Table.Thead>
            <Table.Tr>
              {["Address", "Device as it was", "Outcome", "Why", "Marks"].map((title) => (
                <Table.Th key={title}>{title}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {targets.map((target) => (
              <Table.Tr key={target.address}>
                <Table.Td maw={220} className="clip" title={target.address}>
                  {target.address}
                </Table.Td>
                <Table.Td>{target.device ? <Device device={target.device} /> : "–"}</Table.Td>
                <Table.Td>
                  <State name={target.outcome} />
                </Table.Td>
                <Table.Td>
                  {target.reason?.replaceAll("_", " ") ?? "–"}
                  {target.failure_message ? <Text size="xs">{target.failure_message}</Text> : null}
                </Table.Td>
                <Table.Td>
                  <Group gap={4}>
                    {target.marks.map((mark) => (
                      <Badge key={mark.mark} variant="default" tt="none" radius="sm" fw={400}>
                        {mark.mark.replaceAll("_", " ")}
                        {mark.inferred ? " (follows)" : ""}
                      </Badge>
                    ))}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Paper>
  );
}

function Device({ device }: { device: Schemas["DeviceAnswer"] }): ReactNode {
  const parts = [
    device.platform ? platform(device.platform) : null,
    device.app_version ? `app ${device.app_version}` : null,
    device.os_version ? `system ${device.os_version}` : null,
    device.device_model,
    device.permission === false ? "notifications off" : device.permission === true ? "notifications on" : null,
  ].filter(Boolean);
  return (
    <>
      {parts.join(", ") || "no facts"}
      {device.token_registered_ms ? (
        <Text size="xs" c="dimmed">
          token since <Moment ms={device.token_registered_ms} />
        </Text>
      ) : null}
    </>
  );
}

function Story({ trail }: { trail: Schemas["Trail"] }): ReactNode {
  return (
    <Paper withBorder p="md" component="section" aria-label="What happened">
      <Title order={2} size="h4" mb="sm">
        What happened
      </Title>
      <ol className="trail">
        {steps(trail).map((step) => (
          <li key={step.key}>
            <Group gap="xs" align="baseline">
              <Text fw={600}>{step.title}</Text>
              <Moment ms={step.ms} long />
              {step.lag ? (
                <Text size="xs" c="dimmed">
                  {step.lag}
                </Text>
              ) : null}
            </Group>
            <Text size="sm">{step.words}</Text>
            {step.href ? <Anchor size="sm">{step.href}</Anchor> : null}
            {step.raw ? (
              <details>
                <summary>Raw answer</summary>
                <pre className="raw" tabIndex={0}>
                  {JSON.stringify(step.raw, null, 2)}
                </pre>
              </details>
            ) : null}
          </li>
        ))}
      </ol>
    </Paper>
  );
}
