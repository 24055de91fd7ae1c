// Drives the official Node analytics client; prints what it delivered as JSON.
import { createRequire } from "node:module";
const require = createRequire(process.env.CLIENTS + "/package.json");
const { Analytics } = require("@customerio/cdp-analytics-node");

const analytics = new Analytics({
  writeKey: "write-test",
  host: process.env.LANDFALL_URL,
  path: "/v1/batch",
  flushAt: 1,
});
const failures = [];
analytics.on("error", (error) => failures.push(String(error.reason ?? error.code ?? error)));
analytics.identify({ userId: "na1", traits: { email: "na1@example.org", tier: "gold" } });
analytics.track({ userId: "na1", event: "checkout_started", properties: { total: 42 } });
analytics.track({
  userId: "na1",
  event: "Device Created or Updated",
  context: { device: { token: "na-token", type: "android" } },
  properties: { app_version: "7.0", push_enabled: true },
});
analytics.page({ userId: "na1", name: "Home" });
await analytics.closeAndFlush();
console.log(JSON.stringify({ failures }));
