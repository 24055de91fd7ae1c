// After `vite build`: removes what the manifest does not name, and writes a compressed copy beside each text file.
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url).pathname;
const assets = join(dist, "assets");
const manifest = JSON.parse(readFileSync(join(dist, "manifest.json"), "utf8"));
const named = new Set(
  Object.values(manifest).flatMap((entry) => [entry.file, ...(entry.css ?? []), ...(entry.assets ?? [])]),
);

for (const name of readdirSync(assets)) {
  if (!named.has(`assets/${name}`)) rmSync(join(assets, name));
}
for (const name of readdirSync(assets)) {
  const path = join(assets, name);
  if (/\.(js|css|svg|json)$/.test(name)) {
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
  }
}
