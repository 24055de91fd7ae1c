/** Questions about alerts. */
import { queryOptions } from "@tanstack/react-query";
import { api, taken } from "../../api/client";

export const incidents = (state: string) =>
  queryOptions({
    queryKey: ["incidents", "list", state],
    queryFn: async () => taken(await api.GET("/landfall/v1/incidents", { params: { query: { state, limit: 100 } } })),
    refetchInterval: 30_000,
  });

export const incident = (id: string) =>
  queryOptions({
    queryKey: ["incidents", "one", id],
    queryFn: async () => taken(await api.GET("/landfall/v1/incidents/{id}", { params: { path: { id } } })),
    refetchInterval: 30_000,
  });

export const rules = () =>
  queryOptions({ queryKey: ["alert-rules"], queryFn: async () => taken(await api.GET("/landfall/v1/alert-rules")) });

export const channels = () =>
  queryOptions({ queryKey: ["alert-channels"], queryFn: async () => taken(await api.GET("/landfall/v1/alert-channels")) });
