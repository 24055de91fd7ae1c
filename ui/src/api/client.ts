/** The one way to the server: the typed client with the session's key, and its errors. */
import createClient, { type Middleware } from "openapi-fetch";
import { session } from "../session";
import { ApiProblem, problemOf } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

const proof: Middleware = {
  onRequest({ request }) {
    const key = session.key();
    if (key) request.headers.set("authorization", `Bearer ${key}`);
    return request;
  },
  async onResponse({ response }) {
    if (response.ok) return undefined;
    // A key that was revoked is asked for again; the page that was open stays in the address.
    if (response.status === 401) session.signOut();
    throw problemOf(response.status, await response.json().catch(() => null));
  },
};

export const api = createClient<paths>({ baseUrl: typeof location === "undefined" ? "/" : location.origin });
api.use(proof);

/** The body of an answer; errors were thrown before. */
export function taken<T>(answer: { data?: T }): T {
  if (answer.data === undefined) throw new ApiProblem(0, "empty", "the server answered nothing");
  return answer.data;
}

/** A call that the document does not describe: the App API, which belongs to Customer.io's clients. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const headers: Record<string, string> = { authorization: `Bearer ${session.key() ?? ""}` };
  if (body !== undefined) headers["content-type"] = "application/json";
  const response = await fetch(path, {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
  });
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response.status, answer);
  return answer as T;
}

/** An answer that is a text and not JSON. */
export async function text(path: string): Promise<string> {
  const response = await fetch(path, { headers: { authorization: `Bearer ${session.key() ?? ""}` } });
  if (!response.ok) throw problemOf(response.status, await response.json().catch(() => null));
  return response.text();
}

/** Whether a key opens a workspace. */
export async function opens(key: string): Promise<boolean> {
  const response = await fetch("/landfall/v1/names", { headers: { authorization: `Bearer ${key}` } });
  if (response.status === 401) return false;
  if (!response.ok) throw problemOf(response.status, await response.json().catch(() => null));
  return true;
}
