// The `web-push` package, unmodified, against the simulated push service. Its orders come as JSON in
// ORDERS: a list of {name, subscription, payload, options}. It prints what it was answered, by name, and
// the VAPID key that it used.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.CLIENTS}/`);
const webpush = require("web-push");

const keys = webpush.generateVAPIDKeys();
const answers = { key: keys.publicKey };

for (const { name, subscription, payload, options } of JSON.parse(process.env.ORDERS)) {
  const vapidDetails = {
    subject: "mailto:push@example.org",
    publicKey: keys.publicKey,
    privateKey: keys.privateKey,
  };
  try {
    const answer = await webpush.sendNotification(subscription, payload, { vapidDetails, ...options });
    answers[name] = { status: answer.statusCode, headers: answer.headers };
  } catch (error) {
    answers[name] = { status: error.statusCode, headers: error.headers, body: error.body };
  }
}
console.log(JSON.stringify(answers));
