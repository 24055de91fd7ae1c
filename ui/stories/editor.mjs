// Stories of the editor of journeys: with a mouse, and with keys alone.
import assert from "node:assert/strict";

/** A step in the picture, by its id. */
const step = (page, id) => page.locator(`[data-edit="${id}"]`);
/** The button that adds a step at a place. */
const place = (page, where) => page.getByRole("button", { name: `Add a step ${where}`, exact: true });
const form = (page) => page.getByRole("region", { name: "Form" });
const fine = (page, see) => see(page, "The server finds nothing wrong");

async function add(page, where, type) {
  await place(page, where).click();
  await page.getByRole("dialog").getByRole("button", { name: type }).click();
}

/** The definition as the editor shows it. */
async function json(page) {
  await page.getByRole("tab", { name: "JSON" }).click();
  return JSON.parse(await page.getByRole("textbox", { name: "Definition" }).inputValue());
}

/** Steps with their ways, as ids. */
const outline = (steps) =>
  steps.map((one) => (one.branch ? [one.id, outline(one.branch.then ?? []), outline(one.branch.else ?? [])] : one.id));

/** Lets go of a step over a place. */
async function drag(page, id, where) {
  const from = await step(page, id).boundingBox();
  const to = await place(page, where).boundingBox();
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2);
  await page.mouse.down();
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2 + 12, { steps: 3 });
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 8 });
  await page.locator(".edit-spot.target").waitFor();
  await page.mouse.up();
}

export function editorStories({ story, see, barriers, picture, landfall }) {
  story("a journey is built in the picture: added, dragged, filled in, undone, checked and applied", async (page) => {
    await page.goto("/journeys/new?from=blank");
    await add(page, "at the beginning", "Delay Waits for a time");
    await form(page).getByRole("textbox", { name: "How long" }).fill("2h");
    await add(page, "after delay", "Branch Yes or no");
    await form(page).getByRole("textbox", { name: "Attribute" }).fill("plan");
    await add(page, "at the beginning of branch: yes", "Reach with fallback");
    await form(page).getByRole("textbox", { name: "Title" }).fill("Hello {{ customer.first_name | default: 'you' }}");
    await add(page, "after branch", "Exit Ends the run");
    await fine(page, see);
    assert.deepEqual(outline((await json(page)).steps), ["delay", ["branch", ["reach"], []], "exit"]);
    await drag(page, "delay", "at the beginning of branch: no");
    assert.deepEqual(outline((await json(page)).steps), [["branch", ["reach"], ["delay"]], "exit"]);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("button", { name: "Undo" }).click();
    assert.deepEqual(outline((await json(page)).steps), ["delay", ["branch", ["reach"], []]]);
    await page.getByRole("button", { name: "Redo" }).click();
    assert.deepEqual(outline((await json(page)).steps), ["delay", ["branch", ["reach"], []], "exit"]);
    await step(page, "reach").click();
    await picture(page, "journey-editor");
    assert.deepEqual(await barriers(page), []);
    await page.getByRole("tab", { name: "Journey", exact: true }).click();
    await form(page).getByRole("textbox", { name: "Name", exact: true }).fill("Hello again");
    await form(page).getByRole("textbox", { name: "Id", exact: true }).fill("hello-again");
    await fine(page, see);
    await page.getByRole("button", { name: "Apply" }).click();
    await page.waitForURL(/journeys\/hello-again/);
    const stored = await landfall().app("GET", "/landfall/v1/journeys/hello-again");
    assert.deepEqual(outline(stored.definition.steps), ["delay", ["branch", ["reach"], []], "exit"]);
    assert.equal(stored.definition.steps[0].delay, "2h");
  });

  story("what is wrong stands at the step that it is about, and is gone when it is mended", async (page) => {
    await page.goto("/journeys/cart-recovery?tab=definition&step=hour");
    await fine(page, see);
    const howLong = form(page).getByRole("textbox", { name: "How long" });
    await howLong.fill("soon");
    await page.getByRole("button", { name: /^Wait, hour: .* One thing is wrong$/ }).waitFor();
    assert.ok(await page.getByRole("button", { name: "Apply" }).isDisabled());
    await see(page, /is not a duration|no duration|duration/);
    await picture(page, "journey-editor-fault");
    await howLong.fill("3h");
    await fine(page, see);
    assert.equal((await json(page)).steps[0].delay, "3h");
    await page.getByRole("button", { name: "Undo" }).click();
    assert.equal((await json(page)).steps[0].delay, "1h");
  });

  story("with keys alone a step is opened, moved, copied, removed and brought back", async (page) => {
    await page.goto("/journeys/welcome?tab=definition&panel=json");
    await step(page, "greet").waitFor();
    const ids = async () => outline(JSON.parse(await page.getByRole("textbox", { name: "Definition" }).inputValue()).steps);
    const all = ["greet", ["loyal", ["gift"], ["day"]], "again"];
    assert.deepEqual(await ids(), all);
    await step(page, "greet").focus();
    await page.keyboard.press("Alt+ArrowDown");
    await page.waitForFunction(() => document.activeElement?.dataset.edit === "greet");
    assert.deepEqual(await ids(), [["loyal", ["gift"], ["day"]], "greet", "again"]);
    await page.getByRole("status").getByText("Done: move greet down").waitFor({ state: "attached" });
    await page.keyboard.press("Control+z");
    assert.deepEqual(await ids(), all);
    await step(page, "again").focus();
    await page.keyboard.press("Delete");
    await page.waitForFunction(() => document.activeElement?.ariaLabel === "Add a step after loyal");
    await page.keyboard.press("Control+z");
    assert.deepEqual(await ids(), all);
    await page.keyboard.press("Control+Shift+Z");
    assert.deepEqual(await ids(), all.slice(0, 2));
    await page.keyboard.press("Control+z");
    await step(page, "gift").focus();
    await page.keyboard.press("ArrowUp");
    await page.waitForFunction(() => document.activeElement?.ariaLabel === "Add a step at the beginning of loyal: yes");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByLabel("Find").fill("until");
    await page.keyboard.press("Enter");
    await page.getByRole("region", { name: "Step until" }).waitFor();
    await form(page).getByLabel("Move it").selectOption({ label: "after day" });
    assert.deepEqual(outline((await json(page)).steps), ["greet", ["loyal", ["gift"], ["day", "until"]], "again"]);
  });

  story("the end of a way is connected to a later step by dragging", async (page) => {
    await page.goto("/journeys/cart-recovery?tab=definition&panel=json");
    const text = page.getByRole("textbox", { name: "Definition" });
    const definition = JSON.parse(await text.inputValue());
    const [first, ...rest] = definition.steps;
    const fork = { id: "fork", branch: { if: { attribute: "plan", is: "gold" }, then: [{ id: "gift", delay: "1m" }], else: [] } };
    await text.fill(JSON.stringify({ ...definition, steps: [fork, first, ...rest] }));
    const dot = await page.locator('.react-flow__node[data-id="gift"] .react-flow__handle-bottom').boundingBox();
    const to = await step(page, rest[0].id).boundingBox();
    await page.mouse.move(dot.x + dot.width / 2, dot.y + dot.height / 2);
    await page.mouse.down();
    await page.mouse.move(to.x + to.width / 2, to.y - 20, { steps: 6 });
    await page.mouse.move(to.x + to.width / 2, to.y + 2, { steps: 6 });
    await page.mouse.up();
    await page.locator(`[data-edit="to-${rest[0].id}"]`).waitFor();
    const { steps } = JSON.parse(await text.inputValue());
    assert.deepEqual(steps[0].branch.then[1], { id: `to-${rest[0].id}`, go_to: rest[0].id });
    await fine(page, see);
  });

  story("a message is shown as a real person would get it, on both phones", async (page) => {
    await page.goto("/journeys/welcome?tab=definition&step=greet");
    await page.getByRole("img", { name: /^iOS preview: Welcome, friend/ }).waitFor();
    await page.getByLabel("Preview with the data of").fill("person-1@shop.example");
    await page.getByRole("img", { name: /^iOS preview: Welcome, Ben/ }).waitFor();
    await page.getByLabel("Phone").selectOption("android");
    await page.getByRole("button", { name: "Dark", exact: true }).click();
    await page.getByRole("img", { name: /^Android preview: Welcome, Ben/ }).scrollIntoViewIfNeeded();
    await page.getByText("Liquid: what it reads").click();
    await see(page, "customer.first_name");
    await picture(page, "journey-message");
    assert.deepEqual(await barriers(page), []);
    const title = form(page).getByRole("textbox", { name: "Title" });
    await title.fill("Hello {{ customer.surname }}");
    await see(page, /This person would not get it/);
    await title.fill("Hello {{ customer.");
    await page.getByRole("alert").getByText("title").waitFor();
  });

  story("test profiles go through a draft and show who got what when", async (page) => {
    await page.goto("/journeys/cart-recovery?tab=definition&panel=try");
    await page.getByRole("button", { name: "Run them" }).click();
    await see(page, /profiles went through, everything as expected/);
    await page.getByRole("region", { name: "Test profiles, table" }).getByText("remind/push").first().waitFor();
    await page.getByRole("button", { name: "Forecast it" }).click();
    await page.getByRole("row", { name: /^would enter/ }).waitFor();
    await picture(page, "journey-try");
    assert.deepEqual(await barriers(page), []);
  });

  story("an old version is compared with the newest and brought back", async (page) => {
    const versions = (title) => ({
      id: "compared", name: "Compared", trigger: { event: "compared" },
      steps: [{ id: "say", push: { title }, name: { step: "Push 1", delay: "now", intent: "Tell" } }],
    });
    for (const title of ["Old words", "New words"]) await landfall().app("POST", "/landfall/v1/journeys", versions(title));
    await page.goto("/journeys/compared?tab=versions");
    const changes = page.getByRole("region", { name: "What changed, table" });
    await changes.getByRole("row", { name: /say push\.title Old words New words/ }).waitFor();
    await page.getByLabel("Show").selectOption("1");
    await changes.getByRole("row", { name: /say push\.title/ }).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Edit from version 1" }).click();
    await see(page, "This is what version 1 says");
    await fine(page, see);
    await page.getByRole("button", { name: "Apply" }).click();
    await see(page, "version 3");
    const stored = await landfall().app("GET", "/landfall/v1/journeys/compared");
    assert.equal(stored.definition.steps[0].push.title, "Old words");
  });

  story("the flow tells who stands where now, also as a table", async (page) => {
    await page.goto("/journeys/cart-recovery?tab=flow");
    await see(page, /◔ \d+ here now/);
    await see(page, /people are on the way now/);
    await page.getByRole("button", { name: "Table" }).click();
    const table = page.getByRole("region", { name: "What happens at each step, as a table" });
    await table.getByRole("columnheader", { name: "People here now" }).waitFor();
    await table.getByRole("row", { name: /^hour wait 1h \d+/ }).waitFor();
    await table.getByText(/\d+ no device/).first().waitFor();
  });

  story("every type of step can be added, and the server takes each as it comes", async (page) => {
    await page.goto("/journeys/new?from=blank");
    await place(page, "at the beginning").click();
    const types = page.getByRole("dialog").locator(".palette button");
    await types.first().waitFor();
    const names = await types.allInnerTexts();
    assert.equal(names.length, 22);
    await page.keyboard.press("Escape");
    // Segments are numbers of this workspace, and behind an exit nobody comes by.
    for (const name of names.filter((one) => !/segment|^■/i.test(one))) {
      await place(page, "at the beginning").click();
      await types.filter({ hasText: name.split("\n").at(-1) }).first().click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    await fine(page, see);
    const { steps } = await json(page);
    assert.equal(steps.length, 19);
    assert.equal(new Set(steps.map((one) => one.id)).size, 19);
  });

  story("a change of a running journey that the launch gate forbids is refused with what is missing", async (page) => {
    await page.goto("/journeys/cart-recovery?tab=definition&panel=journey");
    await form(page).getByText("Goal and revenue").click();
    await form(page).getByLabel("Met when").selectOption("");
    await form(page).getByText("When it ends early").click();
    await form(page).getByLabel("When the goal is met").uncheck();
    await fine(page, see);
    await page.getByRole("button", { name: "Apply" }).click();
    await page.getByRole("alert").getByText(/must not go to people yet/).waitFor();
    await form(page).getByText("✕ Goal and revenue").waitFor();
    const { version } = await landfall().app("GET", "/landfall/v1/journeys/cart-recovery");
    assert.equal(version, 1);
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByRole("alert").waitFor({ state: "detached" });
  });
}
