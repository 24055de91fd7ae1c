// @parse/node-apn as fast as it goes: AT_ONCE pushes at the same time over one connection.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(process.env.CLIENTS + "/package.json");
const apn = require("@parse/node-apn");

const [pushes, atOnce] = [Number(process.env.PUSHES), Number(process.env.AT_ONCE)];
const payload = JSON.parse(process.env.PAYLOAD);
const provider = new apn.Provider({
  token: { key: process.env.KEY_FILE, keyId: process.env.KEY_ID, teamId: process.env.TEAM_ID },
  address: "localhost",
  port: Number(process.env.PORT),
  ca: readFileSync(process.env.CA_FILE, "utf8"),
  production: true,
});
let [next, taken] = [0, 0];
const send = async () => {
  while (next < pushes) {
    const number = next++;
    const token = number.toString(16).padStart(64, "0");
    const note = new apn.Notification();
    note.rawPayload = payload;
    note.topic = process.env.TOPIC;
    note.pushType = "alert";
    note.priority = 10;
    note.collapseId = `b1-19ad5c2f3e8-${number.toString(16)}`;
    const { sent, failed } = await provider.send(note, token);
    if (failed.length) console.error(failed[0]);
    taken += sent.length;
  }
};
const begin = performance.now();
await Promise.all(Array.from({ length: atOnce }, send));
const seconds = (performance.now() - begin) / 1000;
await provider.shutdown();
console.log(JSON.stringify({ taken, seconds }));
