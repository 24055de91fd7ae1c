/** A new journey, from one of the ready ones or from nothing. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Answer, Heading } from "../../parts/places";
import { Editor } from "./Editor";
import { Ready } from "./JourneysPage";
import { readyText } from "./ready";

const route = getRouteApi("/journeys/new");

export function NewJourneyPage(): ReactNode {
  const { from } = route.useSearch();
  const text = useQuery({ queryKey: ["ready", from], queryFn: () => readyText(from ?? ""), enabled: Boolean(from) });
  return (
    <>
      <Heading title="New journey">The same JSON as <code>landfall apply -f</code> takes.</Heading>
      {from ? <Answer of={text}>{(known) => <Editor key={from} text={known} />}</Answer> : <Ready />}
    </>
  );
}
