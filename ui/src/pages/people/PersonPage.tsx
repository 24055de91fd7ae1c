/** One person: who, with which devices, what happened, and why something did not. */
import { Group, Tabs, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { customer, segmentsOf } from "../../api/questions";
import { Answer, Heading, State } from "../../parts/places";
import { Devices } from "./Devices";
import { Messages } from "./Messages";
import { Profile } from "./Profile";
import { TimelineTab } from "./TimelineTab";
import { WhyNot } from "./WhyNot";

const route = getRouteApi("/people/$person");

export function PersonPage(): ReactNode {
  const { person } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const kind = search.by ?? "id";
  const answer = useQuery(customer(person, kind));
  const segments = useQuery(segmentsOf(person, kind));
  return (
    <Answer of={answer}>
      {(data) => (
        <>
          <Heading title={String(data.attributes["first_name"] ?? data.identifiers.id ?? person)}>
            <Group gap="xs">
              <span>{data.identifiers.id}</span>
              <span>{data.identifiers.email}</span>
              {data.unsubscribed ? <State name="unsubscribed" /> : null}
              {(segments.data ?? []).map((segment) => (
                <Link key={segment.id} to="/segments/$segment" params={{ segment: String(segment.id) }}>
                  {segment.name}
                </Link>
              ))}
            </Group>
          </Heading>
          <Tabs
            value={search.tab ?? "devices"}
            onChange={(tab) => void navigate({ search: (now) => ({ ...now, tab: tab ?? undefined }), replace: true })}
            keepMounted={false}
          >
            <Tabs.List mb="md">
              <Tabs.Tab value="devices">Devices: {data.devices.length}</Tabs.Tab>
              <Tabs.Tab value="why">Why not?</Tabs.Tab>
              <Tabs.Tab value="messages">Messages</Tabs.Tab>
              <Tabs.Tab value="timeline">Timeline</Tabs.Tab>
              <Tabs.Tab value="profile">Attributes</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="devices">
              <Devices customer={data} person={person} kind={kind} />
            </Tabs.Panel>
            <Tabs.Panel value="why">
              <WhyNot person={person} kind={kind} id={data.identifiers.id} />
            </Tabs.Panel>
            <Tabs.Panel value="messages">
              {data.identifiers.id ? <Messages id={data.identifiers.id} /> : <Text>Messages are found by the person's id, and this one has none.</Text>}
            </Tabs.Panel>
            <Tabs.Panel value="timeline">
              <TimelineTab person={person} kind={kind} />
            </Tabs.Panel>
            <Tabs.Panel value="profile">
              <Profile customer={data} />
            </Tabs.Panel>
          </Tabs>
        </>
      )}
    </Answer>
  );
}
