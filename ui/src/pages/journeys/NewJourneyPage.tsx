/** A new journey, from one of the ready ones or from nothing. */
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, type ReactNode } from "react";
import { Answer, Heading } from "../../parts/places";
import { Ready } from "./JourneysPage";
import { readyText } from "./ready";

const Editor = lazy(() => import("./edit/Editor"));

const route = getRouteApi("/journeys/new");

export function NewJourneyPage(): ReactNode {
  const { from } = route.useSearch();
  const text = useQuery({ queryKey: ["ready", from], queryFn: () => readyText(from ?? ""), enabled: Boolean(from) });
  return (
    <>
      <Heading title="New journey">The same JSON as <code>landfall apply -f</code> takes.</Heading>
      {from ? <Answer of={text}>
          {(known) => (
            <Suspense fallback={<p role="status">loading…</p>}>
              <Editor key={from} text={known} />
            </Suspense>
          )}
        </Answer> : <Ready />}
    </>
  );
}
