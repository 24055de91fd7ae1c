/** Views that somebody kept: filters with a name, for everybody of the workspace. */
import { ActionIcon, Button, Group, Menu, Modal, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type FormEvent, type ReactNode } from "react";
import { api, type Schemas, taken } from "../../api/client";
import { views } from "../../api/questions";
import { Problem } from "../../parts/places";
import { readSearch, writeSearch } from "../../search";
import type { Filters } from "./filters";

const PAGE = "log";

/** The state of the page as a view keeps it: what is live is of the moment. */
export const queryOf = (search: Filters): string => writeSearch({ ...search, tail: undefined }).replace(/^\?/, "");

export function Views({ search }: { search: Filters }): ReactNode {
  const answer = useQuery(views());
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [naming, dialog] = useDisclosure(false);
  const own = (answer.data?.views ?? []).filter((view) => view.page === PAGE);
  const here = own.find((view) => view.query === queryOf(search));
  const refresh = () => queries.invalidateQueries({ queryKey: views().queryKey });
  const remove = useMutation({
    mutationFn: async (view: Schemas["ViewAnswer"]) =>
      void (await api.DELETE("/landfall/v1/views/{id}", { params: { path: { id: view.number } } })),
    onSettled: refresh,
  });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button size="xs" variant="default">
            {here ? `View: ${here.name}` : "Views"}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {own.length === 0 ? <Menu.Label>No view was kept yet</Menu.Label> : <Menu.Label>Views of the workspace</Menu.Label>}
          {own.map((view) => (
            <Group key={view.number} gap={2} wrap="nowrap">
              <Menu.Item
                aria-current={view === here ? "true" : undefined}
                onClick={() => void navigate({ to: "/log", search: readSearch(view.query) })}
                title={`kept by ${view.by}`}
              >
                {view.name}
              </Menu.Item>
              <ActionIcon
                variant="subtle"
                color="gray"
                aria-label={`Delete the view ${view.name}`}
                onClick={() => window.confirm(`Delete the view “${view.name}” for everybody?`) && remove.mutate(view)}
              >
                ✕
              </ActionIcon>
            </Group>
          ))}
          <Menu.Divider />
          <Menu.Item onClick={dialog.open}>Keep this view…</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={naming} onClose={dialog.close} title="Keep this view">
        <Keep query={queryOf(search)} known={own} done={() => (dialog.close(), refresh())} />
      </Modal>
    </>
  );
}

interface KeepProps {
  query: string;
  known: Schemas["ViewAnswer"][];
  done: () => void;
}

function Keep({ query, known, done }: KeepProps): ReactNode {
  const [name, setName] = useState("");
  const same = known.find((view) => view.name === name.trim());
  const keep = useMutation({
    mutationFn: async () => {
      const body = { name: name.trim(), page: PAGE, query };
      if (same) return taken(await api.PUT("/landfall/v1/views/{id}", { params: { path: { id: same.number } }, body }));
      return taken(await api.POST("/landfall/v1/views", { body }));
    },
    onSuccess: done,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate();
  };
  return (
    <form onSubmit={submit}>
      <TextInput label="Name" data-autofocus placeholder="iOS bounces" value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Text size="sm" c="dimmed" mt="xs">
        Filters, range and columns are kept for everybody of the workspace. {same ? `“${same.name}” is replaced.` : ""}
      </Text>
      {keep.error ? <Problem error={keep.error} /> : null}
      <Button type="submit" mt="sm" size="xs" loading={keep.isPending} disabled={name.trim() === ""}>
        {same ? "Replace" : "Keep"}
      </Button>
    </form>
  );
}
