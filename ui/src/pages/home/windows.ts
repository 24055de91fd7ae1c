/** The two windows that are compared: the last seven whole days, and the seven before. */

export const DAYS = 7;

/** A day of the viewer's calendar, `back` days before the one of `now`. */
export function dayBefore(now: Date, back: number): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - back);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** The window of `days` whole days before today and the one to compare with, as the diagnosis takes them. */
export function compared(now: Date, days: number): { from: string; to: string; against: string } {
  const [end, middle, start] = [dayBefore(now, 0), dayBefore(now, days), dayBefore(now, 2 * days)];
  return { from: middle, to: end, against: `${start}..${middle}` };
}

/** Ranges as the API takes them; today is left out, because most of its receipts are still on their way. */
export function windows(now: Date): { now: string; before: string; both: string } {
  const [end, middle, start] = [dayBefore(now, 0), dayBefore(now, DAYS), dayBefore(now, 2 * DAYS)];
  return { now: `${middle}..${end}`, before: `${start}..${middle}`, both: `${start}..${end}` };
}
