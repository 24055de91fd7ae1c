/** What a workspace sends with, what comes in and goes out, and how to get a key. */
import { Code, Stack, Tabs, Text } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { zone } from "../../api/questions";
import { Heading } from "../../parts/places";
import { Imports } from "./Imports";
import { Providers } from "./Providers";
import { Rejected } from "./Rejected";
import { Sources } from "./Sources";
import { Users } from "./Users";
import { Webhooks } from "./Webhooks";

const route = getRouteApi("/settings");

const TABS = [
  { value: "providers", title: "Providers", body: <Providers /> },
  { value: "imports", title: "Imports", body: <Imports /> },
  { value: "in", title: "Webhooks in", body: <Sources /> },
  { value: "out", title: "Webhooks out", body: <Webhooks /> },
  { value: "rejected", title: "Rejected inputs", body: <Rejected /> },
  { value: "users", title: "Users", body: <Users /> },
  { value: "keys", title: "Keys", body: <Keys /> },
];

export function SettingsPage(): ReactNode {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <Heading title="Settings">Times are shown in {zone}.</Heading>
      <Tabs
        value={search.tab ?? "providers"}
        onChange={(tab) => void navigate({ search: { tab: tab ?? undefined }, replace: true })}
        keepMounted={false}
      >
        <Tabs.List mb="md">
          {TABS.map((tab) => (
            <Tabs.Tab key={tab.value} value={tab.value}>
              {tab.title}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map((tab) => (
          <Tabs.Panel key={tab.value} value={tab.value}>
            {tab.body}
          </Tabs.Panel>
        ))}
      </Tabs>
    </>
  );
}

function Keys(): ReactNode {
  return (
    <Stack gap="xs" maw={720}>
      <Text>
        People get keys of their own under Users. Keys of servers, apps and scripts are made and revoked on the server, because
        whoever holds one can do everything in the workspace. They are kept as hashes and cannot be shown again.
      </Text>
      <Code block tabIndex={0}>
        {"landfall keys --data DIR\nlandfall keys --data DIR add --workspace NAME --kind app\nlandfall keys --data DIR revoke NUMBER"}
      </Code>
      <Text size="sm" c="dimmed">
        <b>track</b>: calls of your backend and apps; <b>write</b>: the Pipelines API and its SDKs; <b>app</b>: this page, the App
        API and the command line. A running server takes a change within two seconds.
      </Text>
    </Stack>
  );
}
