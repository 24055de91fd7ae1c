// The `web-push-testing` package, unmodified: a push service that opens what it is sent. It subscribes one
// browser for the VAPID key in KEY and prints the subscription; then every line on its input is an order,
// `messages` (what the browser got) or `expire` (the subscription ends), answered by one line of JSON.
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { createInterface } from "node:readline";

const require = createRequire(`${process.env.CLIENTS}/`);
const Service = require("web-push-testing/src/server.js");
const { PushApiModel } = require("web-push-testing/src/PushApiModel.js");

const port = await new Promise((resolve) => {
  const probe = createServer();
  probe.listen(0, () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});
new Service(new PushApiModel(), port).startServer();

async function ask(path, body) {
  const answer = await fetch(`http://localhost:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return text.startsWith("{") ? JSON.parse(text).data : null;
}

const subscription = await ask("/subscribe", {
  userVisibleOnly: "true",
  applicationServerKey: process.env.KEY,
});
console.log(JSON.stringify(subscription));

for await (const order of createInterface({ input: process.stdin })) {
  if (order === "expire") {
    await ask(`/expire-subscription/${subscription.clientHash}`, {});
    console.log(JSON.stringify({ expired: true }));
  } else {
    const got = await ask("/get-notifications", { clientHash: subscription.clientHash });
    console.log(JSON.stringify(got));
  }
}
process.exit(0);
