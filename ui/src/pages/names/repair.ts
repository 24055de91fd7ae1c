/** Repairing many names at once: what the server suggests, changed by hand where it cannot guess. */
import type { Schemas } from "../../api/client";
import { wrongWith } from "../naming";

export type Departure = Schemas["Departure"];

export const keyOf = (name: Pick<Departure, "source" | "source_id" | "step_id" | "variant_id">): string =>
  `${name.source}:${name.source_id}:${name.step_id ?? ""}:${name.variant_id ?? ""}`;

/** What was typed over suggestions, and what was chosen or left out by hand. */
export interface Choice {
  texts: Record<string, string>;
  chosen: Record<string, boolean>;
}

export const textOf = (departure: Departure, choice: Choice): string => choice.texts[keyOf(departure)] ?? departure.repair;

/** Why a text cannot be given; the dash stands for a part that nobody could guess. */
export function lacks(text: string): string | null {
  const open = text.split("|").map((part) => part.trim()).filter((part) => part === "-").length;
  if (open > 0) return open === 1 ? "one part is open: write it in the place of the dash" : `${open} parts are open: write them in the place of the dashes`;
  return wrongWith(text);
}

/** Chosen by hand, or else because nothing is open. */
export function isChosen(departure: Departure, choice: Choice): boolean {
  return choice.chosen[keyOf(departure)] ?? lacks(textOf(departure, choice)) === null;
}

/** Names to give: chosen ones that keep to the convention. */
export function given(departures: Departure[], choice: Choice): Schemas["Named"][] {
  return departures
    .filter((departure) => isChosen(departure, choice) && lacks(textOf(departure, choice)) === null)
    .map((departure) => {
      const { source, source_id, step_id, variant_id } = departure;
      return { source, source_id, ...(step_id == null ? {} : { step_id }), ...(variant_id == null ? {} : { variant_id }), name: textOf(departure, choice) };
    });
}
