/** Every test, split and holdout: how far it is, and what can be said. */
import { Button, Group, NativeSelect, NumberInput, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent, type ReactNode } from "react";
import { api, taken } from "../../api/client";
import { journeys } from "../../api/questions";
import { count, percent } from "../../parts/format";
import { Answer, Empty, Heading, Moment, State } from "../../parts/places";
import { experiments } from "./questions";

export function ExperimentsPage(): ReactNode {
  const answer = useQuery(experiments());
  return (
    <Stack>
      <Heading title="Experiments">
        Judged per person, per delivered message, and on those who were reached. Intervals hold at every look, so you may look
        as often as you like.
      </Heading>
      <Answer of={answer}>
        {(list) =>
          list.length === 0 ? (
            <Empty title="No experiment yet">
              A journey with an <code>ab_test</code> or <code>split</code> step, or with a holdout, appears here as soon as it is
              applied. <Link to="/journeys">Go to the journeys</Link>.
            </Empty>
          ) : (
            <div className="scroll" tabIndex={0} role="region" aria-label="Experiments, table">
              <Table verticalSpacing="xs">
                <Table.Thead>
                  <Table.Tr>
                    <Table.Th>Experiment</Table.Th>
                    <Table.Th>State</Table.Th>
                    <Table.Th>Result</Table.Th>
                    <Table.Th>Arms</Table.Th>
                    <Table.Th>Since</Table.Th>
                  </Table.Tr>
                </Table.Thead>
                <Table.Tbody>
                  {list.map((one) => (
                    <Table.Tr key={one.id}>
                      <Table.Td>
                        <Link to="/experiments/$experiment" params={{ experiment: one.id }}>
                          {one.journey.name}: {one.step}
                        </Link>
                        <Text size="xs" c="dimmed">
                          {one.kind === "ab_test" ? "A/B test" : one.kind}
                        </Text>
                      </Table.Td>
                      <Table.Td>
                        <State name={one.state} />
                        {one.hold ? <Text size="xs">{one.hold.reason}</Text> : null}
                      </Table.Td>
                      <Table.Td maw={380}>{one.verdict.says}</Table.Td>
                      <Table.Td>
                        {one.arms.map((arm) => (
                          <Text size="sm" key={arm.name}>
                            {arm.name}: {count(arm.people)} <span title="share by design">({percent(arm.share)})</span>
                            {arm.silent ? ", sends nothing" : ""}
                          </Text>
                        ))}
                      </Table.Td>
                      <Table.Td>{one.since_ms ? <Moment ms={one.since_ms} /> : "nobody yet"}</Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </div>
          )
        }
      </Answer>
      <Power />
    </Stack>
  );
}

/** How many people a test needs. */
function Power(): ReactNode {
  const all = useQuery(journeys());
  const [form, setForm] = useState({ journey: "", rate: 4, effect: 10 });
  const [asked, ask] = useState<typeof form | null>(null);
  const answer = useQuery({
    queryKey: ["power", asked],
    enabled: asked !== null,
    retry: false,
    queryFn: async () => {
      const { journey, rate, effect } = asked ?? form;
      const query = { effect: effect / 100, ...(journey ? { journey } : { rate: rate / 100 }) };
      return taken(await api.GET("/landfall/v1/experiments/power", { params: { query } }));
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    ask(form);
  };
  const number = (value: string | number) => (typeof value === "number" ? value : 0);
  return (
    <Paper withBorder p="md" component="section" aria-label="How many people">
      <Title order={2} size="h4">
        How many people does a test need?
      </Title>
      <form onSubmit={submit}>
        <Group align="flex-end" mt="xs">
          <NativeSelect
            label="Rate of"
            size="xs"
            value={form.journey}
            onChange={(event) => setForm({ ...form, journey: event.currentTarget.value })}
            data={[{ value: "", label: "a rate that I write" }, ...(all.data?.journeys ?? []).map((one) => ({ value: one.id, label: `${one.name}, last 28 days` }))]}
          />
          {form.journey ? null : (
            <NumberInput label="Rate in per cent" size="xs" w={130} min={0.01} max={99} decimalScale={2} value={form.rate} onChange={(value) => setForm({ ...form, rate: number(value) })} />
          )}
          <NumberInput label="Rise to find, in per cent of it" size="xs" w={190} min={0.1} max={1000} decimalScale={1} value={form.effect} onChange={(value) => setForm({ ...form, effect: number(value) })} />
          <Button type="submit" size="xs" loading={answer.isFetching}>
            Reckon
          </Button>
        </Group>
      </form>
      {asked ? (
        <Answer of={answer}>
          {(power) => (
            <Text mt="sm" role="status">
              {power.people_needed == null
                ? "No number of people shows that."
                : `${count(power.people_needed)} people in both arms together, at a rate of ${percent(power.rate)}, with a power of ${percent(power.power)}.`}
              {power.weeks_needed == null ? "" : ` At ${count(power.per_week ?? 0)} a week that takes ${Math.ceil(power.weeks_needed)} weeks.`}
            </Text>
          )}
        </Answer>
      ) : null}
    </Paper>
  );
}
