/** The frame around every page: where one is, where one can go, light or dark. */
import {
  ActionIcon, AppShell, Burger, Group, Kbd, Modal, NavLink, Stack, Table, Text, UnstyledButton, useComputedColorScheme,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, type ReactNode } from "react";
import { policy } from "./api/questions";
import { WorkspaceZone } from "./parts/zone";
import { session } from "./session";

const PLACES = [
  { to: "/", name: "Home", key: "h", sign: "◉" },
  { to: "/journeys", name: "Journeys", key: "j", sign: "⇢" },
  { to: "/log", name: "Log", key: "l", sign: "≡" },
  { to: "/alerts", name: "Alerts", key: "a", sign: "△" },
  { to: "/experiments", name: "Experiments", key: "x", sign: "⚖" },
  { to: "/people", name: "People", key: "p", sign: "☺" },
  { to: "/coverage", name: "Coverage", key: "c", sign: "◐" },
  { to: "/segments", name: "Segments", key: "s", sign: "⊂" },
  { to: "/names", name: "Names", key: "n", sign: "¶" },
  { to: "/settings", name: "Settings", key: "e", sign: "⚙" },
] as const;

/** `g` and then a letter goes to a page, as in mail programs. */
function useJumps(help: () => void): void {
  const navigate = useNavigate();
  const armed = useRef(false);
  useHotkeys([
    ["g", () => (armed.current = true)],
    ["?", help],
    ["shift+?", help],
    ["/", () => document.querySelector<HTMLInputElement>("[data-search]")?.focus()],
    ...PLACES.map((place): [string, () => void] => [
      place.key,
      () => {
        if (armed.current) void navigate({ to: place.to });
        armed.current = false;
      },
    ]),
  ]);
}

export function Layout(): ReactNode {
  const [menu, { toggle, close }] = useDisclosure(false);
  const [help, keys] = useDisclosure(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme("light");
  const rules = useQuery(policy());
  useJumps(keys.open);
  useEffect(() => {
    close();
    const place = PLACES.find((known) => known.to !== "/" && path.startsWith(known.to)) ?? PLACES[0];
    document.title = `${place.name} · Landfall`;
  }, [path, close]);
  return (
    <WorkspaceZone.Provider value={rules.data?.zone ?? "UTC"}>
      <AppShell header={{ height: 52 }} navbar={{ width: 190, breakpoint: "sm", collapsed: { mobile: !menu } }} padding="md">
        <AppShell.Header>
          <a className="skip" href="#content">
            Skip to the content
          </a>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Burger opened={menu} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Menu" aria-expanded={menu} />
              <UnstyledButton renderRoot={(props) => <Link to="/" {...props} />} aria-label="Landfall, home">
                <Group gap={8} wrap="nowrap">
                  <img src="/icon.svg" alt="" width={26} height={26} />
                  <Text fw={700}>Landfall</Text>
                </Group>
              </UnstyledButton>
            </Group>
            <Group gap="xs" wrap="nowrap">
              <ActionIcon variant="default" aria-label="Keys of this page" onClick={keys.open}>
                ?
              </ActionIcon>
              <ActionIcon
                variant="default"
                aria-label={scheme === "dark" ? "Use light colours" : "Use dark colours"}
                onClick={() => setColorScheme(scheme === "dark" ? "light" : "dark")}
              >
                {scheme === "dark" ? "☀" : "☾"}
              </ActionIcon>
              <UnstyledButton fz="sm" onClick={() => session.signOut()}>
                Sign out
              </UnstyledButton>
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" aria-label="Pages">
          <Stack gap={2}>
            {PLACES.map((place) => (
              <NavLink
                key={place.to}
                renderRoot={(props) => <Link to={place.to} {...props} />}
                label={place.name}
                active={place.to === "/" ? path === "/" : path.startsWith(place.to)}
                aria-current={(place.to === "/" ? path === "/" : path.startsWith(place.to)) ? "page" : undefined}
                leftSection={<span aria-hidden>{place.sign}</span>}
              />
            ))}
          </Stack>
        </AppShell.Navbar>
        <AppShell.Main id="content" tabIndex={-1}>
          <Outlet />
        </AppShell.Main>
        <Modal opened={help} onClose={keys.close} title="Keys">
          <Table>
            <Table.Tbody>
              {PLACES.map((place) => (
                <Table.Tr key={place.to}>
                  <Table.Td>
                    <Kbd>g</Kbd> <Kbd>{place.key}</Kbd>
                  </Table.Td>
                  <Table.Td>{place.name}</Table.Td>
                </Table.Tr>
              ))}
              <Table.Tr>
                <Table.Td>
                  <Kbd>/</Kbd>
                </Table.Td>
                <Table.Td>Search on this page</Table.Td>
              </Table.Tr>
            </Table.Tbody>
          </Table>
        </Modal>
      </AppShell>
    </WorkspaceZone.Provider>
  );
}
