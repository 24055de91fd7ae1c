/** The journeys that come with Landfall; their definitions are loaded when one is chosen. */

export const READY = [
  { id: "cart-recovery", name: "Cart recovery", says: "Somebody leaves a cart: a reminder after an hour, help a day later." },
  { id: "browse-abandonment", name: "Browse abandonment", says: "Somebody looked at a product again and again and did not take it." },
  { id: "back-in-stock", name: "Back in stock", says: "A product that somebody waited for can be had again." },
  { id: "price-drop", name: "Price drop", says: "A product of interest costs less." },
  { id: "replenishment", name: "Replenishment", says: "What was bought is used up about now." },
  { id: "win-back", name: "Win-back", says: "A buyer was not seen for two months." },
  { id: "release-check", name: "Release check", says: "The app was updated: a push that nobody sees asks whether its token lives." },
] as const;

const FILES: Record<string, () => Promise<unknown>> = import.meta.glob("../../../../journeys/*.json", { import: "default" });

/** A journey from nothing: it begins when somebody signs up, and does nothing yet. */
export const BLANK = "blank";
const EMPTY = { id: "new-journey", name: "New journey", trigger: { event: "signed_up" }, steps: [] };

/** The definition of a ready journey as a text to edit. */
export async function readyText(id: string): Promise<string> {
  if (id === BLANK) return JSON.stringify(EMPTY, null, 2);
  const load = FILES[`../../../../journeys/${id}.json`];
  if (!load) return "";
  const { $schema: _, ...definition } = (await load()) as Record<string, unknown>;
  return JSON.stringify(definition, null, 2);
}
