/** What steps and places of coverage are called. */

const PLACES: Record<string, string> = {
  outside: "Not active",
  app_known: "No device ever",
  token: "App without a token",
  valid: "No valid token",
  permission: "Notifications off",
  consent: "Unsubscribed",
  not_stale: "Silent for 30 days",
  reachable: "Within reach",
};

/** Where people are: a step at which they are lost, or within reach. */
export const place = (name: string): string => PLACES[name] ?? name.replaceAll("_", " ");

/** A change of a number of people, with its sign. */
export const change = (people: number): string => (people > 0 ? `+${people.toLocaleString("en")}` : people.toLocaleString("en"));

/** Days of silence in words. */
export function silence(from: number, to: number): string {
  if (from === 0) return "under a day";
  return to - from === 1 ? `${from} d` : `${from}–${to} d`;
}

/** A text as a sentence begins. */
export const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** A text as a sentence. */
export const sentence = (text: string): string => `${capital(text)}.`;

/** How many devices. */
export const devices = (number: number): string => (number === 1 ? "1 device" : `${number.toLocaleString("en")} devices`);
