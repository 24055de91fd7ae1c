// How soon the pages are ready in a real browser: home on a cold one, a filter of the log from the click to the drawn
// rows, and how even frames are while somebody scrolls. Arguments: the server's address, its app key.
import { open, visit } from "../../ui/stories/browser.mjs";

const [url, key] = process.argv.slice(2);
const TIMES = 3;
const middle = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const ms = (list) => `median ${middle(list).toFixed(0)} ms, worst ${Math.max(...list).toFixed(0)} ms`;

/** From what is done until everything that it asks the server is answered, and drawn. */
async function settled(page, act) {
  const open = new Set();
  let asked = 0;
  const begin = (request) => request.url().includes("/landfall/v1/") && !request.url().includes("/stream") && (asked += 1) && open.add(request);
  let done;
  const all = new Promise((resolve) => (done = resolve));
  const end = (request) => open.delete(request) && open.size === 0 && done();
  page.on("request", begin).on("requestfinished", end).on("requestfailed", end);
  const since = performance.now();
  await act();
  // What was asked a moment ago is answered from memory, without a request.
  await Promise.race([all, page.waitForTimeout(1_000).then(() => asked === 0 || all)]);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
  const took = performance.now() - since;
  page.off("request", begin).off("requestfinished", end).off("requestfailed", end);
  return { took, asked };
}

const home = [];
for (let time = 0; time < 3; time += 1) {
  const browser = await open(process.env.LANDFALL_CHROMIUM);
  const { page } = await visit(browser, url, { key });
  const since = performance.now();
  await page.goto("/");
  await page.locator('section[aria-label="Verdict"][aria-busy="false"]').waitFor();
  home.push(performance.now() - since);
  await browser.close();
}
console.log(`Home page on a cold browser, from the address to the verdict: ${ms(home)} (wanted: 1,000 ms)`);

const browser = await open(process.env.LANDFALL_CHROMIUM);
const { page } = await visit(browser, url, { key });
const filter = (name) => page.getByRole("complementary", { name: "Filters with counts" }).getByRole("button", { name });
const took = [];
for (let time = 0; time < TIMES; time += 1) {
  // A fresh page remembers no answers.
  await page.goto("/log?range=28d");
  await page.getByRole("table", { name: "Deliveries" }).waitFor();
  for (const name of [/^(✓ )?bounced/i, /^(✓ )?android/i, /^(✓ )?5\.2\.0/]) {
    const clicked = await settled(page, () => filter(name).first().click());
    if (clicked.asked > 0) took.push(clicked.took);
  }
}
console.log(`A filter of the log, from the click to the drawn rows and counts, ${took.length} clicks: ${ms(took)} (wanted: 200 ms)`);

await page.goto("/log?range=28d");
await page.getByRole("table", { name: "Deliveries" }).hover();
await page.evaluate(() => {
  window.frames_ = [];
  let last = performance.now();
  const next = (now) => {
    window.frames_.push(now - last);
    last = now;
    requestAnimationFrame(next);
  };
  requestAnimationFrame(next);
});
for (let turn = 0; turn < 300; turn += 1) {
  await page.mouse.wheel(0, 600);
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
}
const frames = (await page.evaluate(() => window.frames_)).slice(1).sort((a, b) => a - b);
const read = await page.getByRole("status").filter({ hasText: "read so far" }).textContent();
const share = frames.filter((frame) => frame <= 34).length / frames.length;
console.log(
  `Scrolling by 180,000 pixels (${read?.trim()}): frames median ${middle(frames).toFixed(0)} ms, ` +
    `99th percentile ${frames[Math.floor(frames.length * 0.99)].toFixed(0)} ms, ${(share * 100).toFixed(1)} % within two of 60 a second`,
);
await browser.close();
