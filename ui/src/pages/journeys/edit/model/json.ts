/** JSON as a value that never changes: each edit gives a new one and shares what it did not touch. */

export type Bag = Record<string, unknown>;
export type Path = readonly (string | number)[];

export const isBag = (value: unknown): value is Bag =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** What stands at a path; undefined where nothing does. */
export function at(value: unknown, path: Path): unknown {
  let here = value;
  for (const key of path) {
    if (typeof here !== "object" || here === null) return undefined;
    here = (here as Record<string | number, unknown>)[key];
  }
  return here;
}

/**
 * The value with `next` at a path; `undefined` takes away what is there. Keys keep their order, and objects on the way
 * that are not there are made.
 */
export function put(value: unknown, path: Path, next: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return next;
  if (Array.isArray(value)) {
    const list: unknown[] = [...value];
    const inner = put(list[Number(key)], rest, next);
    if (inner === undefined) list.splice(Number(key), 1);
    else list[Number(key)] = inner;
    return list;
  }
  const bag: Bag = isBag(value) ? { ...value } : {};
  const inner = put(bag[key], rest, next);
  if (inner === undefined) delete bag[key];
  else bag[key] = inner;
  return bag;
}

/** Whether two values say the same; the order of keys says nothing. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, place) => same(item, other[place]));
  }
  if (!isBag(one) || !isBag(other)) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && same(one[key], other[key]));
}

/** A path as the server writes it: `steps[1].reach.channels[0].push.title`. */
export function readPath(text: string): Path {
  return [...text.matchAll(/\[(\d+)\]|\["([^"]*)"\]|([^.[\]]+)/g)].map((part) =>
    part[1] === undefined ? (part[2] ?? part[3] ?? "") : Number(part[1]),
  );
}
