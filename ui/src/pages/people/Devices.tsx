/** Devices of a person with the history of their tokens, and a push to try one. */
import { Button, Group, Modal, Paper, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import { api, taken, type Schemas } from "../../api/client";
import { type Customer, timeline } from "../../api/questions";
import { interval, percent, platform } from "../../parts/format";
import { Answer, Empty, Moment, Problem, State } from "../../parts/places";

/** What of a timeline concerns tokens. */
const OF_TOKENS = ["token_move", "device_registered", "device_removed"];

export function ofTokens(entries: Schemas["Entry"][]): Schemas["Entry"][] {
  return entries.filter((entry) => OF_TOKENS.includes(entry.kind));
}

export function Devices({ customer, person, kind }: { customer: Customer; person: string; kind: string }): ReactNode {
  const history = useQuery(timeline(person, kind));
  const liveness = useQuery({
    queryKey: ["liveness", person, kind],
    queryFn: async () =>
      taken(await api.GET("/landfall/v1/people/{id}/liveness", { params: { path: { id: person }, query: { id_type: kind } } })),
  });
  return (
    <Stack>
      {customer.devices.length === 0 ? (
        <Empty title="No device">
          Nothing can be pushed to this person. A device appears when the app registers its token after the person signed
          in. The history below tells whether there was one.
        </Empty>
      ) : null}
      {customer.devices.map((device) => (
        <Paper withBorder p="md" key={device.id} component="section" aria-label={`Device ${device.id}`}>
          <Group justify="space-between" align="flex-start">
            <div>
              <Title order={2} size="h4">
                {platform(device.platform ?? "unknown")} {device.attributes?.["device_model"] ?? ""}
              </Title>
              <Text size="sm" c="dimmed" className="token">
                {device.id}
              </Text>
            </div>
            <TestSend device={device} />
          </Group>
          <Group gap="lg" mt="xs">
            {Object.entries(device.attributes ?? {})
              .filter(([name, value]) => value !== "" && !name.startsWith("_"))
              .map(([name, value]) => (
                <Text size="sm" key={name}>
                  {name.replaceAll("_", " ")}: <b>{value}</b>
                </Text>
              ))}
            {device.attributes?.["_last_status"] ? <State name={device.attributes["_last_status"]} /> : null}
            {device.last_used ? (
              <Text size="sm">
                last used <Moment ms={device.last_used * 1000} />
              </Text>
            ) : null}
          </Group>
          <Alive of={liveness.data?.devices.find((known) => known.token === device.id)} />
        </Paper>
      ))}
      <section aria-label="History of tokens">
        <Title order={2} size="h4" mb="xs">
          History of tokens
        </Title>
        <Answer of={history}>
          {(data) => {
            const moves = ofTokens(data.entries);
            if (moves.length === 0) return <Text>No token was ever seen with this person.</Text>;
            return (
              <div className="scroll" tabIndex={0} role="region" aria-label="History of tokens, table">
                <Table fz="sm">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>When</Table.Th>
                      <Table.Th>What</Table.Th>
                      <Table.Th>From</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {moves.map((entry, at) => (
                      <Table.Tr key={`${entry.received_ms}-${at}`}>
                        <Table.Td>
                          <Moment ms={entry.occurred_ms} />
                        </Table.Td>
                        <Table.Td className="token">{entry.summary}</Table.Td>
                        <Table.Td>{entry.source.replaceAll("_", " ")}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </div>
            );
          }}
        </Answer>
      </section>
    </Stack>
  );
}

function TestSend({ device }: { device: Customer["devices"][number] }): ReactNode {
  const [open, dialog] = useDisclosure(false);
  const [title, setTitle] = useState("A test from Landfall");
  const send = useMutation({
    mutationFn: async () =>
      taken(
        await api.POST("/landfall/v1/test-sends", {
          body: { token: device.id, title, ...(device.platform ? { platform: device.platform } : {}) },
        }),
      ),
  });
  return (
    <>
      <Button size="xs" variant="default" onClick={dialog.open}>
        Send a test
      </Button>
      <Modal opened={open} onClose={dialog.close} title="A push to this device, now">
        <Stack>
          <TextInput label="Title" value={title} onChange={(event) => setTitle(event.currentTarget.value)} />
          {send.error ? <Problem error={send.error} /> : null}
          {send.data ? (
            <Text role="status">
              On its way.{" "}
              <Link to="/log/$delivery" params={{ delivery: send.data.delivery_id }}>
                See what becomes of it
              </Link>
            </Text>
          ) : null}
          <Button loading={send.isPending} onClick={() => send.mutate()}>
            Send
          </Button>
        </Stack>
      </Modal>
    </>
  );
}

/** How likely a device is still there. */
function Alive({ of }: { of: Schemas["DeviceLivenessAnswer"] | undefined }): ReactNode {
  if (!of) return null;
  return (
    <Text size="sm" mt="xs">
      {of.alive ? (
        <>
          still there with a probability of <b>{percent(of.alive.value)}</b> ({interval(of.alive)})
        </>
      ) : of.valid ? (
        "how likely it is still there is not known: too little was learned of such tokens"
      ) : (
        "its provider rejected the token"
      )}
      ; last sign of life <Moment ms={of.last_sign_ms} />
    </Text>
  );
}
