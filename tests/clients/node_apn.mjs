// Drives @parse/node-apn, unmodified, against a simulated APNs; prints how it read each answer as JSON.
// PLAN is a list of steps, each a list of pushes that are sent at the same time.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const require = createRequire(process.env.CLIENTS + "/package.json");
const apn = require("@parse/node-apn");

const plan = JSON.parse(process.env.PLAN);
const provider = new apn.Provider({
  token: { key: process.env.KEY_FILE, keyId: process.env.KEY_ID, teamId: process.env.TEAM_ID },
  address: "localhost",
  port: Number(process.env.PORT),
  ca: readFileSync(process.env.CA_FILE, "utf8"),
  production: true,
});

const send = async (push) => {
  const note = new apn.Notification();
  note.rawPayload = push.payload ?? { aps: { alert: "hello" } };
  note.topic = push.topic ?? "org.example.app";
  note.pushType = push.push_type ?? "alert";
  if (push.priority) note.priority = push.priority;
  if (push.collapse_id) note.collapseId = push.collapse_id;
  if (push.expiration !== undefined) note.expiry = push.expiration;
  if (push.id) note.id = push.id;
  const { sent, failed } = await provider.send(note, push.token);
  if (sent.length) return { token: push.token, status: 200 };
  const [{ status, response, error }] = failed;
  if (!response) return { token: push.token, status: 0, error: String(error?.message ?? error) };
  return {
    token: push.token,
    status: Number(status),
    reason: response.reason ?? null,
    timestamp: response.timestamp ?? null,
  };
};

const results = [];
for (const step of plan) results.push(...(await Promise.all(step.map(send))));
await provider.shutdown();
console.log(JSON.stringify(results));
