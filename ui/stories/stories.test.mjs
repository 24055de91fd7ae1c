// Stories in a real browser against the real server with a simulated shop in it. Pictures of every page are made on
// the way, and every page is checked for accessibility in light and dark and on a phone.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { open, visit } from "./browser.mjs";
import { editorStories } from "./editor.mjs";
import { APP_KEY, serve } from "./landfall.mjs";
import { seed } from "./seed.mjs";
import { people } from "./shop.mjs";

const BINARY = process.env.LANDFALL_BINARY;
const CHROMIUM = process.env.LANDFALL_CHROMIUM ?? "/usr/bin/chromium";
const PICTURES = process.env.LANDFALL_PICTURES ?? new URL("../../docs/screenshots", import.meta.url).pathname;
/** Most bytes that the home page may load at first, compressed. */
const FIRST_LOAD = 300_000;

/** Somebody with a phone that shows notifications. */
const reachable = people().find((person) => person.platform && person.permission);

/** Every page, each with words that it shows when it is ready. */
const PAGES = [
  ["home", "/", "Delivery health"],
  ["journeys", "/journeys", "Cart Recovery"],
  ["journey", "/journeys/cart-recovery", "What became of everybody"],
  ["journey-diagnosis", "/journeys/cart-recovery?tab=diagnosis", "What to check"],
  ["journey-flow", "/journeys/cart-recovery?tab=flow", "holdout 5 %"],
  ["journey-runs", "/journeys/welcome?tab=runs", "which people enter"],
  ["journey-launch", "/journeys/win-back?tab=launch", "Launch gate of version"],
  ["journey-definition", "/journeys/cart-recovery?tab=definition&panel=json", "The server finds nothing wrong"],
  ["journey-settings", "/journeys/cart-recovery?tab=definition&panel=journey", "The server finds nothing wrong"],
  ["journey-versions", "/journeys/cart-recovery?tab=versions", "A version never changes"],
  ["journey-new", "/journeys/new", "Seven journeys are ready"],
  ["log", "/log?range=7d", "Messages by day"],
  ["alerts", "/alerts", "delivered on platform ios"],
  ["incident", "/alerts/inc-1", "Who was told"],
  ["alert-rules", "/alerts?tab=rules", "ios-arrives"],
  ["alert-rule-new", "/alerts?tab=rules&rule=new", "What it would have done"],
  ["alert-channels", "/alerts?tab=channels", "retention@shop.example"],
  ["experiments", "/experiments", "How many people does a test need?"],
  ["experiment", "/experiments/cart-recovery%3Acompare", "Were the arms delivered alike?"],
  ["people", "/people", "person-0@shop.example"],
  ["person", `/people/${reachable.id}`, "Send a test"],
  ["person-why", "/people/person-0?tab=why", "What journeys checked"],
  ["person-timeline", "/people/person-1?tab=timeline", "attributes set"],
  ["coverage", "/coverage", "Do old tokens still deliver?"],
  ["segments", "/segments", "qualified but did not receive"],
  ["segment", "/segments/1", "Members"],
  ["names", "/names", "keep to the convention"],
  ["settings", "/settings", "What the server checks"],
  ["settings-imports", "/settings?tab=imports", "webhooks.ndjson"],
  ["settings-webhooks", "/settings?tab=out", "Nothing is told to anybody"],
  ["settings-rejected", "/settings?tab=rejected", "Nothing was refused"],
  ["settings-users", "/settings?tab=users", "Everybody shares one key"],
];

let landfall;
let browser;

before(async () => {
  assert.ok(BINARY, "LANDFALL_BINARY names the program to test: `cargo x test` sets it");
  mkdirSync(PICTURES, { recursive: true });
  landfall = await serve(BINARY);
  await seed(landfall, Math.floor(Date.now() / 1000));
  browser = await open(CHROMIUM);
});

after(async () => {
  await browser?.close();
  await landfall?.stop();
});

/** A story in a window of its own; the window must not have done what it must never do. */
function story(name, tell, options) {
  test(name, async () => {
    const { page, context, faults } = await visit(browser, landfall.url, options);
    try {
      await tell(page);
      assert.deepEqual(faults, []);
    } finally {
      await context.close();
    }
  });
}

const see = (page, words) => page.getByText(words).filter({ visible: true }).first().waitFor();

/** Waits until the page shows `words` and every question is answered and drawn. */
async function ready(page, path, words) {
  await page.goto(path);
  await see(page, words);
  await page.waitForLoadState("networkidle");
  await page.waitForFunction(() => !document.querySelector(".mantine-Loader-root, .mantine-Skeleton-root"));
}

/** Findings of axe that would keep people out; all its rules, or those that are named. */
async function barriers(page, rules) {
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  return violations
    .filter((finding) => finding.impact === "serious" || finding.impact === "critical")
    .map((finding) => `${finding.id}: ${finding.nodes.map((node) => node.html).slice(0, 3).join(" | ")}`);
}

/** A value to filter by, beside the log. */
const facet = (page, name, value) =>
  page.getByRole("region", { name, exact: true }).getByRole("button", { name: value });

const picture = (page, name) => page.screenshot({ path: join(PICTURES, `${name}.png`) });

story(
  "a wrong key is told apart from a right one",
  async (page) => {
    await page.goto("/");
    await page.getByLabel("App key").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await see(page, "No workspace has this key");
    await page.locator('button[type="submit"]:not([data-loading])').waitFor();
    assert.deepEqual(await barriers(page), []);
    await picture(page, "sign-in");
    await page.getByLabel("App key").fill(APP_KEY);
    await page.getByRole("button", { name: "Sign in" }).click();
    await see(page, "Delivery health");
  },
  { signedIn: false },
);

story("from the verdict to one message of the app version at fault in two clicks", async (page) => {
  await page.goto("/");
  // The shop sells nothing by its pushes, so what is lost is counted in opens.
  await see(page, /^Cart Recovery is losing [\d,.]+ \w+ a day: iOS 5\.2 does not deliver\. 2 journeys are healthy/);
  await page.getByRole("link", { name: "Show these messages" }).click();
  await page.waitForURL(/app_version=5\.2/);
  const rows = page.getByRole("table", { name: "Deliveries" });
  await rows.getByRole("cell", { name: "Cart Recovery", exact: true }).first().waitFor();
  await rows.getByRole("link").first().click();
  await see(page, "What happened");
  await see(page, /app 5\.2/);
  await see(page, "told by Customer.io's webhook");
});

story("the journey's diagnosis is the home page's verdict, with facts that open their rows and a runbook that stays ticked", async (page) => {
  await page.goto("/");
  const line = page.getByRole("listitem").filter({ hasText: "does not deliver" });
  const verdict = /is losing [^:]+: iOS 5\.2 does not deliver/.exec(await line.textContent())?.[0];
  await line.getByRole("link", { name: "Diagnosis" }).click();
  await page.getByRole("heading", { name: `Cart Recovery ${verdict}` }).waitFor();
  const facts = page.getByRole("region", { name: "Verdict" }).getByRole("listitem");
  assert.equal(await facts.count(), 3);
  // The picture says the same as its table: the stage at fault, with its interval.
  const figure = page.getByRole("region", { name: /^Where the / });
  await figure.getByRole("button", { name: "Table" }).click();
  await figure.getByRole("row", { name: /^delivered .* changed$/ }).waitFor();
  await figure.getByRole("button", { name: "Picture" }).click();
  await page.getByRole("region", { name: "By platform and app version" }).getByRole("link", { name: "iOS 5.2" }).waitFor();
  const first = page.getByRole("checkbox", { name: /^1\. Do they arrive/ });
  await first.click();
  await see(page, /1 of 9 done/);
  await see(page, /app key \d+, /);
  await page.reload();
  await page.waitForFunction((box) => box?.checked, await first.elementHandle());
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export as Markdown" }).click();
  const file = readFileSync(await (await download).path(), "utf8");
  assert.match(file, /- \[x\] \*\*1\. Do they arrive/);
  await first.click();
  await see(page, /0 of 9 done/);
  await facts.first().getByRole("link").click();
  await page.waitForURL(/\/log\?.*app_version=5\.2/);
  await page.getByRole("table", { name: "Deliveries" }).getByRole("link").first().waitFor();
});

story("a rule is kept once its back-test says how often it would have sounded", async (page) => {
  await page.goto("/alerts?tab=rules");
  await page.getByRole("button", { name: "New rule" }).click();
  await page.getByLabel("Platform").selectOption("ios");
  await page.getByLabel("Per cent").fill("60");
  await page.getByLabel("From this many cases").fill("5");
  await page.getByLabel("Over minutes").fill("1440");
  await page.getByLabel("Name").fill("promised-to-marketing");
  await see(page, /Sounds when delivered of accepted on iOS is below 60 %, over 1440 min, from 5 cases on/);
  // Two weeks were well until iOS 5.2 came out, and it was not well since. From noon on they count as fifteen days.
  await see(page, /It would have sounded (once|[2-5] times) in 1[45] days/);
  await page.getByRole("button", { name: "Table" }).click();
  await page.getByRole("region", { name: "What it would have done, as a table" }).getByRole("cell", { name: "yes" }).first().waitFor();
  await page.getByRole("button", { name: "Keep the rule" }).click();
  await page.getByRole("row", { name: /promised-to-marketing/ }).waitFor();
  await page.getByRole("button", { name: "Change promised-to-marketing" }).click();
  await page.waitForURL(/rule=promised-to-marketing/);
  assert.equal(await page.getByLabel("Per cent").inputValue(), "60");
});

story("an incident is found, acknowledged and written about, and leads to the diagnosis", async (page) => {
  await page.goto("/alerts");
  await page.getByRole("link", { name: "delivered on platform ios" }).first().click();
  await see(page, /instead of 95\.0 % on platform ios/);
  await page.getByRole("button", { name: "Acknowledge" }).click();
  await see(page, "acknowledged");
  await page.getByLabel("Note").fill("iOS 5.2 swallows the pushes: rolled back.");
  await page.getByRole("button", { name: "Add the note" }).click();
  const timeline = page.getByRole("region", { name: "Timeline" });
  await timeline.getByText("rolled back").waitFor();
  await page.goto("/");
  await page.getByRole("region", { name: "Open incidents" }).getByText("acknowledged").waitFor();
  await page.getByRole("link", { name: "delivered on platform ios" }).click();
  await timeline.getByText("rolled back").waitFor();
  await page.getByRole("link", { name: "Diagnosis of Cart Recovery" }).click();
  await see(page, "What to check");
});

story("the home page loads little, and its first load holds no chart library", async (page) => {
  const loaded = [];
  page.on("response", (response) => loaded.push(response));
  await ready(page, "/", "Delivery health");
  const assets = loaded.filter((response) => /\/assets\/|\/$/.test(new URL(response.url()).pathname));
  let bytes = 0;
  for (const response of assets) bytes += (await response.request().sizes()).responseBodySize;
  assert.ok(bytes > 50_000 && bytes < FIRST_LOAD, `${bytes} bytes`);
  assert.ok(!assets.some((response) => response.url().includes("echarts")));
});

story("why one person got nothing", async (page) => {
  await page.goto("/people");
  await page.getByLabel("Who").fill("person-0@shop.example");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("link", { name: "person-0", exact: true }).click();
  await page.getByRole("tab", { name: "Why not?" }).click();
  await see(page, /Notifications are switched off on the device/);
  await page.getByLabel("Journey").selectOption("cart-recovery");
  await see(page, /hour: time/);
  await page.reload();
  await see(page, /hour: time/);
});

story("what a provider answered, word for word", async (page) => {
  await page.goto("/log?journey=Welcome&has=sent&channel=push");
  await page.getByRole("table", { name: "Deliveries" }).getByRole("link").first().click();
  await page.getByText("Raw answer").first().click();
  await see(page, /"status": 200/);
  await picture(page, "delivery");
  assert.deepEqual(await barriers(page), []);
});

story("filters narrow the log, and the file holds what the list shows", async (page) => {
  await page.goto("/log?range=4w");
  await facet(page, "Journey", /^Back in Stock/).click();
  await page.waitForURL(/journey=campaign/);
  await facet(page, "Status", /^bounced/).click();
  await page.waitForURL(/status=bounced/);
  const said = await page.getByText(/^\d+ messages$/).first().textContent();
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Export CSV" }).click();
  const file = readFileSync(await (await download).path(), "utf8");
  assert.equal(`${file.trim().split("\r\n").length - 1} messages`, said);
});

story("a view of the log is kept for everybody, opened again from elsewhere, and deleted", async (page) => {
  await page.goto("/log?range=4w&status=bounced&platform=android");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Keep this view" }).click();
  await page.getByRole("dialog").getByLabel("Name").fill("Android bounces");
  await page.getByRole("button", { name: "Keep", exact: true }).click();
  await page.getByRole("button", { name: "View: Android bounces" }).waitFor();
  await page.goto("/log");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("menuitem", { name: "Android bounces" }).click();
  await page.waitForURL(/range=4w&status=bounced&platform=android/);
  page.on("dialog", (dialog) => void dialog.accept());
  await page.getByRole("button", { name: "View: Android bounces" }).click();
  await page.getByRole("button", { name: "Delete the view Android bounces" }).click();
  await page.getByRole("button", { name: "Views", exact: true }).waitFor();
});

story("somebody is found by a part of the name, and times tell the workspace's zone on hover", async (page) => {
  await landfall.app("PUT", "/landfall/v1/policy", { zone: "America/New_York" });
  await page.goto("/people");
  await page.getByLabel("Who").fill("fatm shop.ex");
  await page.getByRole("button", { name: "Find" }).click();
  await page.getByRole("row", { name: /^person-5 Fatma person-5@shop\.example/ }).waitFor();
  assert.equal(await page.getByRole("cell", { name: "Ann", exact: true }).count(), 0);
  assert.match(await page.getByRole("row", { name: /^person-5 / }).locator("time").getAttribute("title"), /America\/New_York$/);
  await landfall.app("PUT", "/landfall/v1/policy", {});
});

story("names of an import are repaired together, as the server guesses them", async (page) => {
  const named = (step_id, name) => ({ source: "campaign", source_id: 78, ...(step_id ? { step_id } : {}), name });
  await landfall.app("PUT", "/landfall/v1/names", { names: [named(0, "Summer"), named(1, "Summer - Push 1 - 1h - Remind"), named(2, "Push 2")] });
  await page.goto("/names");
  const repair = page.getByRole("region", { name: "Repair", exact: true });
  assert.equal(await repair.getByLabel("Name for Summer - Push 1 - 1h - Remind").inputValue(), "Summer | Push 1 | 1h | Remind");
  await repair.getByText(/parts are open/).waitFor();
  await repair.getByRole("button", { name: "Give 1 name" }).waitFor();
  await repair.getByLabel("Name for Push 2").fill("Summer | Push 2 | 1d | Urge");
  assert.deepEqual(await barriers(page), []);
  await picture(page, "names-repair");
  await repair.getByRole("button", { name: "Give 2 names" }).click();
  await see(page, /All \d+ messages keep to the convention/);
});

story("the live log shows what comes in just now", async (page) => {
  await page.goto("/log?range=1h&tail=1&journey=Welcome");
  await see(page, /live, 0 changed since/);
  await landfall.track("POST", "/api/v1/customers/person-50/events", { name: "signed_up" });
  await page.getByRole("cell", { name: "person-50" }).first().waitFor();
  await see(page, /live, [1-9]\d* changed since/);
});

story("a journey is edited under the server's eyes, applied, paused and started", async (page) => {
  await page.goto("/journeys/welcome?tab=definition&panel=json");
  const text = page.getByRole("textbox", { name: "Definition" });
  const definition = JSON.parse(await text.inputValue());
  await text.fill(JSON.stringify({ ...definition, titel: "x" }));
  await see(page, /`titel` is not known here/);
  assert.ok(await page.getByRole("button", { name: "Apply" }).isDisabled());
  await text.fill(JSON.stringify({ ...definition, description: "Greets people." }));
  await see(page, "The server finds nothing wrong");
  await page.getByRole("button", { name: "Apply" }).click();
  await see(page, "version 2");
  await page.getByRole("button", { name: "Pause" }).click();
  await see(page, "paused");
  await page.getByRole("button", { name: "Start" }).click();
  await see(page, "running");
});

editorStories({ story, see, barriers, picture, landfall: () => landfall });

story("a ready journey becomes a draft, and may start when its test profiles went through", async (page) => {
  await page.goto("/journeys/new");
  await page.getByRole("link", { name: "Price drop" }).click();
  await see(page, "The server finds nothing wrong");
  await page.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/journeys\/price-drop/);
  await see(page, "draft");
  await page.getByRole("tab", { name: "Launch" }).click();
  await see(page, "It may not start yet");
  await page.getByRole("button", { name: "Run the test profiles" }).click();
  await see(page, /test profiles ran .* everything as expected/);
  await see(page, "It may start.");
});

story("a segment is built, and says why somebody is in it", async (page) => {
  await page.goto("/segments");
  await page.getByRole("button", { name: "New segment" }).click();
  await page.getByLabel("Name").fill("Basic");
  await page.getByLabel("Attribute", { exact: true }).fill("plan");
  await page.getByLabel("Value").fill("basic");
  await see(page, "The server understands it");
  await picture(page, "segment-new");
  await page.getByRole("button", { name: "Make it" }).click();
  await see(page, "Members");
  await page.getByLabel("Is this person in it, and why?").fill("person-3");
  await page.getByRole("button", { name: "Explain" }).click();
  await see(page, "✓ in it");
});

story("a file is imported, and importing it again changes nothing", async (page) => {
  const file = { name: "new-people.csv", mimeType: "text/csv", buffer: Buffer.from("id,email,plan\nzoe,zoe@shop.example,gold\nyan,yan@shop.example,basic\n") };
  await page.goto("/settings?tab=imports");
  await page.getByLabel("What is in the file").selectOption("people");
  await page.locator('input[type="file"]').setInputFiles(file);
  await page.getByRole("button", { name: "Import" }).click();
  await see(page, /2 taken, 0 known before\. Done\./);
  await page.goto("/people/zoe?tab=profile");
  await see(page, "zoe@shop.example");
});

story("coverage is told by slice, day and week, each picture as a table too", async (page) => {
  await page.goto("/coverage");
  await see(page, "From active people to those within reach");
  await see(page, "What the gaps are worth");
  await page.getByLabel("Divide people").selectOption("lifecycle");
  await page.getByRole("region", { name: "Where people of each slice are lost" }).getByText("new", { exact: true }).waitFor();
  assert.match(page.url(), /by=lifecycle/);
  await see(page, /Coverage over time/);
  // Where people went in the week, as soon as they were counted once: then, and in, less out, is now.
  await see(page, /From week to week|What a week changes/);
  const places = page.getByRole("region", { name: "How places changed in the week" }).locator("tbody tr");
  for (const row of await places.all()) {
    const cells = await row.locator("td").allTextContents();
    const [then, came, left, now] = cells.map((text) => Number(text.trim().split(" ")[0].replaceAll(",", "")));
    assert.equal(then + came - left, now);
  }
  await see(page, /How long tokens live/);
  assert.deepEqual(await barriers(page), []);
});

story("stranded tokens are shown, previewed, repaired and given back", async (page) => {
  // An app that registers its token before anybody signs in, and tells what is done but never who it is.
  for (const [person, anonymous] of [["stray-1", "anon-1"], ["stray-2", "anon-2"]]) {
    await landfall.track("PUT", `/api/v1/customers/${person}`, { email: `${person}@shop.example` });
    const device = { token: `token-of-${anonymous}`, type: "ios" };
    await landfall.sdk("/v1/track", { anonymousId: anonymous, event: "Device Created or Updated", context: { device } });
    await landfall.sdk("/v1/screen", { userId: person, anonymousId: anonymous, name: "cart" });
  }
  await landfall.app("GET", "/landfall/v1/coverage/identity?fresh=true");
  await page.goto("/coverage");
  const problems = page.getByRole("region", { name: "Problems of identities" });
  const stranded = problems.getByRole("row", { name: /Tokens stranded on anonymous profiles/ });
  await stranded.getByRole("cell", { name: "2", exact: true }).first().waitFor();
  const examples = page.getByRole("region", { name: "Examples with evidence" });
  await examples.getByRole("link", { name: "stray-1" }).waitFor();
  await examples.scrollIntoViewIfNeeded();
  await page.waitForLoadState("networkidle");
  assert.deepEqual(await barriers(page), []);
  await picture(page, "coverage-identity");
  await page.getByRole("button", { name: "Preview the repair" }).click();
  const preview = page.getByRole("dialog");
  await preview.getByText("The token goes from the anonymous profile to stray-1.").waitFor();
  assert.deepEqual(await barriers(page), []);
  await preview.getByRole("button", { name: /^Move 2 devices/ }).click();
  const repairs = page.getByRole("region", { name: "Repairs" });
  await repairs.getByText(/2 devices moved/).waitFor();
  const reached = await landfall.app("GET", "/landfall/v1/people/stray-1/liveness");
  assert.deepEqual(reached.devices.map((known) => known.token), ["token-of-anon-1"]);
  assert.deepEqual(await barriers(page), []);
  await repairs.getByRole("button", { name: /^Undo repair/ }).click();
  await repairs.getByText(/2 devices moved back/).waitFor();
  await stranded.waitFor();
  await examples.getByRole("link", { name: "stray-1" }).click();
  await see(page, "stray-1@shop.example");
});

story("a device gets a test, and a message that breaks the convention gets a name", async (page) => {
  await page.goto(`/people/${reachable.id}`);
  await page.getByRole("button", { name: "Send a test" }).first().click();
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await see(page, "On its way.");
  await landfall.app("PUT", "/landfall/v1/names", { names: [{ source: "campaign", source_id: 77, step_id: 1, name: "Spring - Push" }] });
  await page.goto("/names");
  await see(page, "has 1 part, not four");
  await page.getByRole("button", { name: "Rename Spring - Push" }).click();
  await page.getByLabel("Name", { exact: true }).fill("Spring | Push 1 | now | Tell");
  await page.getByRole("button", { name: "Save" }).click();
  await see(page, /All \d+ messages keep to the convention/);
});

story("keys move between pages, and every picture can be read as a table", async (page) => {
  await ready(page, "/", "Delivery health");
  await page.keyboard.press("g");
  await page.keyboard.press("l");
  await page.waitForURL(/\/log/);
  await see(page, "Messages by day");
  await page.keyboard.press("/");
  assert.equal(await page.evaluate(() => document.activeElement?.hasAttribute("data-search")), true);
  await page.getByRole("button", { name: "Table" }).first().click();
  await page.getByRole("region", { name: "Messages by day, as a table" }).waitFor();
  await page.getByRole("button", { name: "API call" }).first().click();
  await see(page, /curl -H "Authorization: Bearer \$LANDFALL_APP_KEY"/);
  await page.keyboard.press("Escape");
});

// What is dark differs in its colours only, and what is narrow in what can be reached.
for (const [look, options, rules] of [
  ["light", {}, undefined],
  ["dark", { dark: true }, ["color-contrast"]],
  ["phone", { phone: true }, ["button-name", "link-name", "label", "scrollable-region-focusable", "target-size"]],
]) {
  story(
    `every page is open to everybody: ${look}`,
    async (page) => {
      const found = {};
      for (const [name, path, words] of PAGES) {
        await ready(page, path, words);
        const here = await barriers(page, rules);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (wide > 0) here.push(`${wide} pixels wider than the window`);
        if (here.length > 0) found[name] = here;
        if (look === "light" || ["home", "log", "journey-flow", "journey-definition"].includes(name)) {
          await picture(page, look === "light" ? name : `${name}-${look}`);
        }
      }
      assert.deepEqual(found, {});
    },
    options,
  );
}
