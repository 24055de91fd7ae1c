/** Names of messages: `journey | step | delay | intent`. */

export interface Parts {
  journey: string;
  step: string;
  delay: string;
  intent: string;
}

/** The parts of a name that keeps to the convention. */
export function partsOf(name: string): Parts | null {
  const parts = name.split("|").map((part) => part.trim());
  const [journey, step, delay, intent] = parts;
  if (parts.length !== 4 || !journey || !step || !delay || !intent) return null;
  return { journey, step, delay, intent };
}

/** Why a name departs from the convention; nothing when it keeps to it. */
export function wrongWith(name: string): string | null {
  const parts = name.split("|").map((part) => part.trim());
  if (parts.length !== 4) return `has ${parts.length} ${parts.length === 1 ? "part" : "parts"}, not four`;
  if (parts.some((part) => part === "")) return "has an empty part";
  const delay = parts[2] ?? "";
  return /^(now|\d+[smhdw](\d+[smhdw])*)$/.test(delay) ? null : `its delay “${delay}” is not written like 30m, 1h or 2d`;
}
