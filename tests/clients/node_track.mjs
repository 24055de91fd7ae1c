// Drives the official Node client; prints what each call answered as JSON.
import { createRequire } from "node:module";
const require = createRequire(process.env.CLIENTS + "/package.json");
const { TrackClient, APIClient, PipelinesClient } = require("customerio-node");

const url = process.env.LANDFALL_URL;
const track = new TrackClient("site-test", "track-test", { url: url + "/api/v1" });
const answers = {};
const call = async (name, work) => {
  try {
    answers[name] = { ok: (await work()) ?? null };
  } catch (error) {
    answers[name] = { error: String(error.message ?? error), status: error.statusCode };
  }
};

await call("identify", () => track.identify("n 1/ö", { email: "nora@example.org", plan: "pro" }));
await call("addDevice", () =>
  track.addDevice("n 1/ö", "tok+/=1", "ios", { last_used: 1790000000, app_version: "5.1", push_enabled: true }));
await call("track", () => track.track("n 1/ö", { name: "added_to_cart", data: { sku: "A" } }));
await call("trackAnonymous", () => track.trackAnonymous("anon-node", { name: "viewed_product", data: { sku: "B" } }));
await call("attach", () => track.identify("n2", { anonymous_id: "anon-node", email: "n2@example.org" }));
await call("page", () => track.trackPageView("n2", "https://shop.example/p"));
await call("push", () => track.trackPush({ delivery_id: "dn1", event: "opened", device_id: "tok", timestamp: 1790000000 }));
await call("merge", () => track.mergeCustomers("id", "n 1/ö", "id", "n2"));
await call("tooLong", () => track.identify("n3", { note: "x".repeat(1001) }));
await call("suppress", () => track.suppress("n4"));
await call("deleteDevice", () => track.deleteDevice("n 1/ö", "tok+/=1"));
const wrong = new TrackClient("site-test", "wrong", { url: url + "/api/v1" });
await call("wrongKey", () => wrong.identify("n5", {}));
const api = new APIClient("app-test", { url: url + "/v1" });
await call("getCustomersByEmail", () => api.getCustomersByEmail("nora@example.org"));
await call("getAttributes", () => api.getAttributes("n 1/ö", "id"));
if (PipelinesClient) {
  const pipelines = new PipelinesClient("write-test", { url: url + "/v1", strictMode: true });
  await call("pipelinesIdentify", () => pipelines.identify({ userId: "np1", traits: { email: "np1@example.org" } }));
  await call("pipelinesTrack", () => pipelines.track({ userId: "np1", event: "ordered", properties: { total: 7 } }));
}
console.log(JSON.stringify(answers));
