// Debian's Chromium, driven by playwright-core.
import { chromium } from "playwright-core";
import { APP_KEY } from "./landfall.mjs";
import { ZONE } from "./shop.mjs";

/** Flags for a machine without a network and without a graphics card. */
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--force-color-profile=srgb",
];

export async function open(executablePath) {
  return chromium.launch({ executablePath, args: FLAGS });
}

/** A fresh window; what it must never do is noted: errors of scripts, calls of other hosts, broken policies. */
export async function visit(browser, url, { dark = false, phone = false, signedIn = true, key = APP_KEY } = {}) {
  const context = await browser.newContext({
    baseURL: url,
    viewport: phone ? { width: 390, height: 844 } : { width: 1280, height: 860 },
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
    timezoneId: ZONE,
    locale: "en-GB",
    acceptDownloads: true,
  });
  const faults = [];
  const page = await context.newPage();
  // Generous: a busy machine is slow, and what waits is not wrong.
  page.setDefaultTimeout(60_000);
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    const text = message.text();
    // An answer of 4xx is told on the console, and stories provoke some on purpose.
    if (message.type() === "error" && !text.startsWith("Failed to load resource")) faults.push(`console: ${text}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(data|blob):/.test(request.url())) faults.push(`other host: ${request.url()}`);
  });
  if (signedIn) await context.addInitScript((key) => sessionStorage.setItem("landfall.key", key), key);
  return { page, context, faults };
}
