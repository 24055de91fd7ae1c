/** How many members of a segment a push is expected to reach. */
import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { api, taken } from "../../api/client";
import { count } from "../../parts/format";
import { Answer } from "../../parts/places";

export function ReachOf({ number }: { number: string }): ReactNode {
  const answer = useQuery({
    queryKey: ["segments", number, "reach"],
    queryFn: async () => taken(await api.GET("/landfall/v1/segments/{segment}/reach", { params: { path: { segment: number } } })),
  });
  const people = (value: number) => count(Math.round(value));
  return (
    <Answer of={answer}>
      {(data) => (
        <section aria-label="Reach">
          <Text>
            {data.expected ? (
              <>
                A push is expected to reach <b>{people(data.expected.people)}</b> ({people(data.expected.low)} to {people(data.expected.high)}) of{" "}
                {people(data.valid)} people whose token the provider takes and who allow it.
              </>
            ) : (
              <>
                The provider takes tokens of {people(data.valid)} people who allow pushes. How many are still there is not known: too little was
                learned of how long tokens live.
              </>
            )}
          </Text>
        </section>
      )}
    </Answer>
  );
}
