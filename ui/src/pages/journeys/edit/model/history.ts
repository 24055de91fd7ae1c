/** What was done, so that it can be undone: a list of states with what led to each. */

export interface Moment<T> {
  state: T;
  /** What made this state, as one says it: "add a delay". */
  did: string;
  /** Edits with the same key follow each other as one, such as letters typed into a field. */
  key?: string;
}

export interface History<T> {
  past: readonly Moment<T>[];
  now: Moment<T>;
  future: readonly Moment<T>[];
}

/** Most steps back. */
const PAST_MAX = 300;

export const begin = <T>(state: T): History<T> => ({ past: [], now: { state, did: "open" }, future: [] });

/** A new state. The future is forgotten; a state that is the same one changes nothing. */
export function commit<T>(history: History<T>, state: T, did: string, key?: string): History<T> {
  if (state === history.now.state) return history;
  const now: Moment<T> = key === undefined ? { state, did } : { state, did, key };
  const joins = key !== undefined && history.now.key === key;
  const past = joins ? history.past : [...history.past, history.now].slice(-PAST_MAX);
  return { past, now, future: [] };
}

/** Ends a row of edits that count as one. */
export function seal<T>(history: History<T>): History<T> {
  if (history.now.key === undefined) return history;
  const { state, did } = history.now;
  return { ...history, now: { state, did } };
}

export function undo<T>(history: History<T>): History<T> {
  const before = history.past.at(-1);
  if (!before) return history;
  return { past: history.past.slice(0, -1), now: seal({ ...history, now: before }).now, future: [history.now, ...history.future] };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (!next) return history;
  return { past: [...history.past, history.now], now: seal({ ...history, now: next }).now, future };
}
