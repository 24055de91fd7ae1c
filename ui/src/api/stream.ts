/** Server-sent events over fetch: `EventSource` cannot send the key. */

/** One event. */
export interface Sent {
  name: string;
  data: string;
}

/** Cuts a stream of text into events (https://html.spec.whatwg.org/multipage/server-sent-events.html); keeps what is not whole yet. */
export class Cutter {
  private rest = "";

  push(text: string): Sent[] {
    this.rest += text.replace(/\r\n?/g, "\n");
    const blocks = this.rest.split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.flatMap((block) => {
      const lines = block.split("\n");
      const of = (field: string) =>
        lines
          .filter((line) => line.startsWith(`${field}:`))
          .map((line) => line.slice(field.length + 1).replace(/^ /, ""));
      const data = of("data");
      return data.length > 0 ? [{ name: of("event").at(-1) ?? "message", data: data.join("\n") }] : [];
    });
  }
}

/** Reads events until the signal ends it. */
export async function follow(
  path: string,
  key: string,
  signal: AbortSignal,
  take: (event: Sent) => void,
): Promise<void> {
  const response = await fetch(path, { headers: { authorization: `Bearer ${key}` }, signal });
  if (!response.ok || !response.body) throw new Error(`the live log answered ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const cutter = new Cutter();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    cutter.push(value).forEach(take);
  }
}
