// Drives firebase-admin for Node over HTTP/1.1, unmodified, against a simulated FCM; prints how it read each
// answer as JSON. It has no setting for its endpoints, so that redirect_google.cjs must be loaded before it.
import { createRequire } from "node:module";
const require = createRequire(process.env.CLIENTS + "/package.json");
const { cert, initializeApp } = require("firebase-admin/app");
const { getMessaging } = require("firebase-admin/messaging");

const plan = JSON.parse(process.env.PLAN);
const messaging = getMessaging(initializeApp({ credential: cert(process.env.KEY_FILE) }));
messaging.enableLegacyHttpTransport();

const message = (push) => ({
  ...Object.fromEntries(["token", "topic", "condition"].flatMap((k) => (push[k] ? [[k, push[k]]] : []))),
  data: push.data ?? { k: "v" },
  notification: { title: "hello", body: "grüße", imageUrl: "https://example.org/i.png" },
  android: {
    collapseKey: "c1",
    priority: "high",
    ttl: 3_600_000,
    notification: { channelId: "news", clickAction: "open", notificationCount: 3 },
    fcmOptions: { analyticsLabel: "journey-1.step_2" },
  },
  apns: { headers: { "apns-priority": "5" }, payload: { aps: { badge: 2, mutableContent: true } } },
  webpush: { headers: { TTL: "60" }, fcmOptions: { link: "https://example.org/" } },
  fcmOptions: { analyticsLabel: "journey-1.step_2" },
});
const refusal = (error) => ({ error: error.code, text: error.message });

const results = [];
for (const push of plan) {
  try {
    results.push({ name: await messaging.send(message(push), push.dry_run ?? false) });
  } catch (error) {
    results.push(refusal(error));
  }
}
const batch = await messaging.sendEach(plan.map(message));
for (const answer of batch.responses) {
  results.push(answer.success ? { name: answer.messageId } : refusal(answer.error));
}
console.log(JSON.stringify(results));
process.exit(0);
