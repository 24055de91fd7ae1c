/** Questions to the server as queries: what is asked is the key, so equal questions are asked once. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import type { Diagnosis, Judged, Runbook, Standing } from "../verdict/diagnosis";
import { api, call, type Schemas, taken } from "./client";

/** Parameters as they stand in the address; undefined ones are left out. */
export type Asked = Record<string, string | undefined>;

/** The viewer's time zone: days begin there. */
export const zone: string = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** Parameters without the empty ones. */
export function given(asked: Asked): Record<string, string> {
  return Object.fromEntries(
    Object.entries(asked).filter((pair): pair is [string, string] => Boolean(pair[1])),
  );
}

/** The call behind a figure, as its path with parameters. */
export function pathOf(path: string, asked: Asked = {}): string {
  const query = new URLSearchParams(given(asked)).toString();
  return query ? `${path}?${query}` : path;
}

/** The call behind a question about metrics. */
export function metricsPath(asked: Asked): string {
  return pathOf("/landfall/v1/metrics", { tz: zone, ...asked });
}

// The document does not list every dimension as a parameter, so the types know only a part of them.
function loose(asked: Asked): never {
  return given(asked) as never;
}

export const metrics = (asked: Asked) =>
  queryOptions({
    queryKey: ["metrics", given(asked)],
    queryFn: async ({ signal }) =>
      taken(await api.GET("/landfall/v1/metrics", { params: { query: loose({ tz: zone, ...asked }) }, signal })),
  });

export async function deliveriesPage(asked: Asked, signal?: AbortSignal): Promise<Schemas["DeliveryList"]> {
  const query = loose({ tz: zone, ...asked });
  return taken(await api.GET("/landfall/v1/deliveries", { params: { query }, ...(signal ? { signal } : {}) }));
}

export const deliveries = (asked: Asked) =>
  queryOptions({
    queryKey: ["deliveries", given(asked)],
    queryFn: ({ signal }) => deliveriesPage(asked, signal),
  });

export const trail = (id: string) =>
  queryOptions({
    queryKey: ["trail", id],
    queryFn: async () => taken(await api.GET("/landfall/v1/deliveries/{id}", { params: { path: { id } } })),
  });

export const health = () =>
  queryOptions({ queryKey: ["health"], queryFn: async () => taken(await api.GET("/landfall/v1/health")) });

export const coverage = (since: string, by?: string) =>
  queryOptions({
    queryKey: ["coverage", since, by],
    placeholderData: (before) => before,
    queryFn: async () => taken(await api.GET("/landfall/v1/coverage", { params: { query: by ? { since, by } : { since } } })),
  });

/** How every journey stands. The document says that verdicts are objects; `verdict/diagnosis.ts` says which. */
export interface Verdicts extends Omit<Schemas["VerdictList"], "verdicts"> {
  verdicts: Judged[];
}

export const verdicts = (asked: Asked) =>
  queryOptions({
    queryKey: ["verdicts", given(asked)],
    queryFn: async () => {
      const query = loose({ tz: zone, ...asked });
      return taken(await api.GET("/landfall/v1/verdicts", { params: { query } })) as unknown as Verdicts;
    },
    // Journeys that the server still judges are asked for again.
    refetchInterval: (query) => ((query.state.data?.pending.length ?? 0) > 0 ? 1_000 : false),
  });

export interface Diagnosed extends Omit<Schemas["DiagnosisAnswer"], "diagnosis" | "runbook" | "standing"> {
  standing: Standing;
  diagnosis: Diagnosis;
  runbook: Runbook;
}

export const diagnosisPath = (journey: string, asked: Asked) =>
  pathOf(`/landfall/v1/journeys/${encodeURIComponent(journey)}/diagnosis`, { tz: zone, ...asked });

export const diagnosis = (journey: string, asked: Asked) =>
  queryOptions({
    queryKey: ["diagnosis", journey, given(asked)],
    queryFn: async () => {
      const query = loose({ tz: zone, ...asked });
      const params = { path: { journey }, query };
      return taken(await api.GET("/landfall/v1/journeys/{journey}/diagnosis", { params })) as unknown as Diagnosed;
    },
  });

export const journeys = () =>
  queryOptions({ queryKey: ["journeys"], queryFn: async () => taken(await api.GET("/landfall/v1/journeys")) });

export const journey = (name: string) =>
  queryOptions({
    queryKey: ["journeys", name],
    queryFn: async () =>
      taken(await api.GET("/landfall/v1/journeys/{journey}", { params: { path: { journey: name } } })),
  });

export const books = (asked: Asked) =>
  queryOptions({
    queryKey: ["books", given(asked)],
    queryFn: async () => taken(await api.GET("/landfall/v1/books", { params: { query: loose(asked) } })),
  });

export const runsOf = (name: string) =>
  queryOptions({
    queryKey: ["runs", name],
    queryFn: async () =>
      taken(
        await api.GET("/landfall/v1/journeys/{journey}/runs", {
          params: { path: { journey: name }, query: { limit: 200 } },
        }),
      ),
  });

export const segments = () =>
  queryOptions({ queryKey: ["segments"], queryFn: async () => taken(await api.GET("/landfall/v1/segments")) });

export const segment = (name: string) =>
  queryOptions({
    queryKey: ["segments", name],
    queryFn: async () =>
      taken(await api.GET("/landfall/v1/segments/{segment}", { params: { path: { segment: name } } })),
  });

export const builtIns = () =>
  queryOptions({
    queryKey: ["built-in-segments"],
    queryFn: async () => taken(await api.GET("/landfall/v1/built-in-segments")),
  });

export const names = () =>
  queryOptions({ queryKey: ["names"], queryFn: async () => taken(await api.GET("/landfall/v1/names")) });

/** The workspace's rules of sending; its zone is among them. */
export const policy = () =>
  queryOptions({
    queryKey: ["policy"],
    queryFn: async () => taken(await api.GET("/landfall/v1/policy")),
    staleTime: 600_000,
  });

export const views = () =>
  queryOptions({ queryKey: ["views"], queryFn: async () => taken(await api.GET("/landfall/v1/views")) });

export const departures = () =>
  queryOptions({ queryKey: ["names", "lint"], queryFn: async () => taken(await api.GET("/landfall/v1/names/lint")) });

export const timeline = (id: string, kind: string) =>
  queryOptions({
    queryKey: ["timeline", id, kind],
    queryFn: async () =>
      taken(
        await api.GET("/landfall/v1/people/{id}/timeline", {
          params: { path: { id }, query: { id_type: kind, limit: 500 } },
        }),
      ),
  });

export const runsOfPerson = (id: string, kind: string, journey?: string) =>
  queryOptions({
    queryKey: ["runs-of-person", id, kind, journey],
    queryFn: async () =>
      taken(
        await api.GET("/landfall/v1/people/{id}/runs", {
          params: { path: { id }, query: { id_type: kind, ...(journey ? { journey } : {}) } },
        }),
      ),
  });

/** A person as the App API shows one. */
export interface Customer {
  id: string;
  attributes: Record<string, unknown>;
  identifiers: { id?: string; email?: string; cio_id?: string };
  devices: { id: string; platform?: string; last_used?: number; attributes?: Record<string, string> }[];
  unsubscribed: boolean;
}

export interface Found {
  identifiers: { id?: string; email?: string; cio_id?: string }[];
  next?: string;
}

/** People by a part of what they are called; each page goes on where the one before ended. */
export const findPeople = (q: string) =>
  infiniteQueryOptions({
    queryKey: ["people", "part", q],
    initialPageParam: undefined as number | undefined,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: 100, ...(q ? { q } : {}), ...(pageParam === undefined ? {} : { after: pageParam }) };
      return taken(await api.GET("/landfall/v1/people", { params: { query }, signal }));
    },
    getNextPageParam: (last) => last.next ?? undefined,
  });

/** People who have this attribute, such as `plan = gold`. */
export const search = (text: string) =>
  queryOptions({
    queryKey: ["people", "attribute", text],
    queryFn: () => {
      const [field, value] = text.split(/\s*=\s*/, 2);
      const filter = { attribute: { field: field?.trim() ?? "", operator: "eq", value: value ?? "" } };
      return call<Found>("POST", "/v1/customers?limit=100", { filter });
    },
  });

export const customer = (id: string, kind: string) =>
  queryOptions({
    queryKey: ["customer", id, kind],
    queryFn: async () =>
      (
        await call<{ customer: Customer }>(
          "GET",
          `/v1/customers/${encodeURIComponent(id)}/attributes?id_type=${kind}`,
        )
      ).customer,
  });

export const segmentsOf = (id: string, kind: string) =>
  queryOptions({
    queryKey: ["customer-segments", id, kind],
    queryFn: async () =>
      (
        await call<{ segments: { id: number; name: string }[] }>(
          "GET",
          `/v1/customers/${encodeURIComponent(id)}/segments?id_type=${kind}`,
        )
      ).segments,
  });
