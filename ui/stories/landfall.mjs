// A running Landfall with simulated providers behind it, in a folder that is removed at the end.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const APP_KEY = "app-key-of-the-stories";
const SITE = ["site-stories", "track-stories"];

/** Starts a program and gives its lines until one fits. */
function start(binary, args, fits) {
  const child = spawn(binary, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, LANDFALL_LOG: "error" } });
  // Nothing stays behind, however the stories end.
  process.on("exit", () => child.kill());
  const seen = [];
  const ready = new Promise((done, failed) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      seen.push(line);
      const found = fits(line);
      if (found) done(found);
    });
    child.on("exit", (code) => failed(new Error(`${args[0]} ended with ${code}: ${seen.join("\n")}`)));
  });
  return { child, ready, seen };
}

function run(binary, args, data) {
  const done = spawnSync(binary, args, { encoding: "utf8", env: { ...process.env, LANDFALL_DATA: data } });
  if (done.status !== 0) throw new Error(`landfall ${args.join(" ")}: ${done.stdout}${done.stderr}`);
}

/** Words of a printed command line. */
function words(line) {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]);
}

export async function serve(binary) {
  const folder = mkdtempSync(join(tmpdir(), "landfall-stories-"));
  const data = join(folder, "data");
  const keys = ["--site-id", SITE[0], "--track-key", SITE[1], "--app-key", APP_KEY, "--write-key", "write-stories"];
  run(binary, ["init", "--workspace", "shop", ...keys], data);
  const out = join(folder, "providers");
  const providers = start(binary, ["sim", "providers", "--apns", "0", "--fcm", "0", "--smtp", "0", "--out", out], (line) =>
    line.startsWith("Ctrl-C"),
  );
  await providers.ready;
  for (const line of providers.seen.filter((line) => line.startsWith("landfall credentials add"))) {
    run(binary, words(line).slice(1), data);
  }
  const server = start(
    binary,
    ["serve", "--data", data, "--listen", "127.0.0.1:0", "--allow-private-addresses"],
    (line) => /http:\/\/\S+/.exec(line)?.[0],
  );
  const url = await server.ready;
  const stop = async () => {
    const running = [server.child, providers.child].filter((child) => child.exitCode === null);
    const ended = running.map((child) => once(child, "exit"));
    for (const child of running) child.kill();
    await Promise.all(ended);
    rmSync(folder, { recursive: true, force: true });
  };
  return { url, stop, ...doors(url) };
}

/** The calls that stories prepare things with. */
function doors(url) {
  const ask = async (method, path, body, authorization) => {
    const text = typeof body === "string" ? body : body === undefined ? undefined : JSON.stringify(body);
    const answer = await fetch(url + path, { method, body: text, headers: { authorization, "content-type": "application/json" } });
    const said = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${said}`);
    return said ? JSON.parse(said) : null;
  };
  const basic = `Basic ${Buffer.from(SITE.join(":")).toString("base64")}`;
  return {
    app: (method, path, body) => ask(method, path, body, `Bearer ${APP_KEY}`),
    track: (method, path, body) => ask(method, path, body, basic),
    /** As the SDKs in apps call. */
    sdk: (path, body) => ask("POST", path, body, `Basic ${Buffer.from("write-stories:").toString("base64")}`),
    /** Sends lines as `landfall import` does, in one piece. */
    importLines: async (kind, lines) => {
      const text = `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`;
      const bytes = Buffer.byteLength(text);
      const begun = { kind, format: "ndjson", bytes, name: `${kind}.ndjson`, fingerprint: `${kind}-${bytes}-${lines.length}`, header: [] };
      const { id } = await ask("POST", "/landfall/v1/imports", begun, `Bearer ${APP_KEY}`);
      return ask("POST", `/landfall/v1/imports/${id}/lines?offset=0&end=${bytes}`, text, `Bearer ${APP_KEY}`);
    },
  };
}
