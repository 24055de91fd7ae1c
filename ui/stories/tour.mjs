// Pictures of a running demo for docs/tour.md: `node stories/tour.mjs URL APP-KEY`.
import { open, visit } from "./browser.mjs";

const [url, key] = process.argv.slice(2);
const FOLDER = new URL("../../docs/screenshots/", import.meta.url).pathname;
const answer = await fetch(`${url}/landfall/v1/incidents?state=all`, { headers: { authorization: `Bearer ${key}` } });
const { incidents } = await answer.json();
const first = incidents.at(-1)?.id;

/** Each page with words that it shows when it is ready. */
const PAGES = [
  ["tour-home", "/", "Delivery health"],
  ...(first ? [["tour-incident", `/alerts/${first}`, "Who was told"]] : []),
  ["tour-diagnosis", "/journeys/cart-recovery?tab=diagnosis", "What to check"],
];

const browser = await open(process.env.LANDFALL_CHROMIUM ?? "/usr/bin/chromium");
try {
  for (const [name, path, words] of PAGES) {
    const { page, context } = await visit(browser, url, { signedIn: false });
    await context.addInitScript((given) => sessionStorage.setItem("landfall.key", given), key);
    await page.goto(path);
    await page.getByText(words).first().waitFor();
    await page.waitForLoadState("networkidle");
    await page.screenshot({ path: `${FOLDER}${name}.png` });
    await context.close();
  }
} finally {
  await browser.close();
}
