/** What a preview asks the server, and what it shows of the answer. */
import { type Bag, isBag, type Path, put } from "./json";

/** The data of an event in which every path that templates read has a value, as far as nothing is known of it. */
export function sampleData(reads: readonly string[], known: unknown): Bag {
  let data: unknown = isBag(known) ? known : {};
  for (const read of reads) {
    const [root, ...rest] = read.replaceAll("[]", ".0").split(".");
    if ((root !== "event" && root !== "trigger") || rest.length === 0) continue;
    const path: Path = rest.map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    data = missing(data, path, sampleOf(rest.at(-1) ?? ""));
  }
  return data as Bag;
}

/** The value with a sample at a path where nothing stands; lists are made where numbers are asked for. */
function missing(value: unknown, path: Path, sample: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value === undefined ? sample : value;
  if (typeof key === "number") {
    const list = Array.isArray(value) ? [...(value as unknown[])] : [];
    list[key] = missing(list[key], rest, sample);
    return list;
  }
  const bag = isBag(value) ? value : {};
  return put(bag, [key], missing(bag[key], rest, sample));
}

/** Something that may stand under such a name. */
function sampleOf(name: string): unknown {
  if (/url|link/i.test(name)) return "https://shop.example/item";
  if (/total|price|amount|was|count|quantity|stock|days/i.test(name)) return 49.9;
  if (/image|picture/i.test(name)) return "https://shop.example/item.jpg";
  return name.replaceAll("_", " ");
}

/** The data with which the test profiles set the journey off, if there are any. */
export function profileData(qa: unknown): unknown {
  const inputs = isBag(qa) ? qa["inputs"] : Array.isArray(qa) && isBag(qa[0]) ? qa[0]["inputs"] : undefined;
  const first: unknown = Array.isArray(inputs) ? inputs.find((input) => isBag(input) && input["data"] !== undefined) : undefined;
  return isBag(first) ? first["data"] : undefined;
}

/** A person by what somebody typed: an address is an e-mail, anything else an id. */
export function personOf(text: string): Bag | undefined {
  const who = text.trim();
  if (!who) return undefined;
  return who.includes("@") ? { email: who } : { id: who };
}

/** HTML as a text to read; no script of it runs, and nothing of it is loaded. */
export function readableHtml(html: string): string {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const gone of page.querySelectorAll("style, script, head")) gone.remove();
  for (const block of page.querySelectorAll("p, div, br, li, h1, h2, h3, tr")) block.append("\n");
  for (const link of page.querySelectorAll("a[href]")) link.append(` (${link.getAttribute("href") ?? ""})`);
  return (page.body.textContent ?? "").replace(/\n\s*\n+/g, "\n").trim();
}
