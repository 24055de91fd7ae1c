/** Questions about experiments. */
import { queryOptions } from "@tanstack/react-query";
import { api, taken } from "../../api/client";
import type { Line, Whole } from "./report";

export const experiments = () =>
  queryOptions({
    queryKey: ["experiments"],
    queryFn: async () => taken(await api.GET("/landfall/v1/experiments")).experiments as unknown as Line[],
  });

export const experiment = (id: string) =>
  queryOptions({
    queryKey: ["experiments", id],
    queryFn: async () =>
      taken(await api.GET("/landfall/v1/experiments/{experiment}", { params: { path: { experiment: id } } })) as unknown as Whole,
  });
