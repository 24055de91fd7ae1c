// Fills a server with the shop, through the doors that everybody uses.
import { readFileSync } from "node:fs";
import { devices, midnight, people, webhooks, welcome } from "./shop.mjs";

/** People whom the journey without waits greets. */
const SIGNED_UP = 24;
const journeysAt = new URL("../../journeys/", import.meta.url);

async function apply(landfall, definition) {
  const { journey } = await landfall.app("POST", "/landfall/v1/journeys", definition);
  const { names } = await landfall.app("GET", "/landfall/v1/names");
  const step = (part) =>
    names.find((name) => name.source_id === journey.number && name.step_id && name.name.includes(`| ${part} |`))?.step_id;
  return { number: journey.number, slug: journey.id, push: [step("Push 1"), step("Push 2")].filter(Boolean), mail: step("Mail 1") };
}

/** Opens the launch gate of a journey: its test profiles run, and what it has not is waived. */
async function open(landfall, slug) {
  await landfall.app("POST", `/landfall/v1/journeys/${slug}/qa`).catch(() => "it has no test profiles");
  const gate = await landfall.app("GET", `/landfall/v1/journeys/${slug}/gate`);
  for (const { requirement } of gate.requirements.filter((one) => one.state === "missing")) {
    const waiver = { requirement, reason: "a journey of the stories", by: "stories", version: "all" };
    await landfall.app("POST", `/landfall/v1/journeys/${slug}/waivers`, waiver);
  }
}

/** Waits until the server counted the past for a journey's conditions, then lets people in. */
async function begin(landfall, slug) {
  for (;;) {
    const journey = await landfall.app("GET", `/landfall/v1/journeys/${slug}`);
    if (journey.building === undefined) break;
  }
  await open(landfall, slug);
  await landfall.app("POST", `/landfall/v1/journeys/${slug}/start`);
}

export async function seed(landfall, now) {
  const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, journeysAt), "utf8"));
  const plans = [
    { name: "cart-recovery", daily: 110, breaks: 5 },
    { name: "back-in-stock", daily: 55 },
    { name: "win-back", daily: 45 },
  ];
  const journeys = [];
  for (const { name, ...plan } of plans) journeys.push({ ...plan, ...(await apply(landfall, read(name))) });
  await apply(landfall, welcome);
  for (const slug of ["cart-recovery", "back-in-stock", "welcome"]) await begin(landfall, slug);

  const all = people();
  const { platform: _p, token: _t, updates: _u, permission: _e, ...plain } = all[0];
  await landfall.importLines("people", all.map((person) => Object.fromEntries(Object.keys(plain).map((key) => [key, person[key]]))));
  await landfall.importLines("devices", devices(all, false, now));
  await landfall.importLines("webhooks", webhooks(all, journeys, 14, 5, midnight(now)));
  await landfall.importLines("devices", devices(all, true, now));
  await landfall.importLines("webhooks", webhooks(all, journeys, 5, 0, midnight(now)));

  const event = (person, name, data) => landfall.track("POST", `/api/v1/customers/${person}/events`, { name, data });
  for (let at = 0; at < SIGNED_UP; at += 1) {
    await event(`person-${at}`, "cart_updated", { cart_id: `c${at}`, total: 20 + at, url: `https://shop.example/cart/c${at}` });
    await event(`person-${at}`, "signed_up", {});
  }
  await landfall.app("POST", "/landfall/v1/segments", { name: "Gold", description: "Customers of the gold plan", condition: { attribute: "plan", is: "gold" } });
  await landfall.app("POST", "/landfall/v1/segments", { built_in: "no_token", name: "Without a token" });
  // Broken by the app version at fault: the monitor opens an incident at its next look.
  const rule = { metric: "delivered", where: { platform: "ios" }, below: 0.95, over_minutes: 1_440, at_least: 5 };
  await landfall.app("PUT", "/landfall/v1/alert-rules/ios-arrives", rule);
  await receipts(landfall, all.slice(0, SIGNED_UP).filter((person) => person.platform && person.permission).length);
}

/** Phones report what came through the simulated providers, and some of their owners buy. */
async function receipts(landfall, expected) {
  const sent = async () =>
    (await landfall.app("GET", "/landfall/v1/deliveries?journey=Welcome&has=sent&channel=push&limit=100")).deliveries;
  let deliveries = await sent();
  while (deliveries.length < expected) deliveries = await sent();
  for (const [at, delivery] of deliveries.entries()) {
    if (at % 4 === 3) continue;
    const report = { delivery_id: delivery.id, timestamp: Math.floor(Date.now() / 1000) };
    await landfall.track("POST", "/api/v1/metrics", { ...report, metric: "delivered" });
    if (at % 3 === 0) {
      await landfall.track("POST", "/api/v1/metrics", { ...report, metric: "opened" });
      await landfall.track("POST", `/api/v1/customers/${delivery.person}/events`, { name: "order_completed", data: { order_id: `o${at}`, total: 40 + at } });
    }
  }
}
