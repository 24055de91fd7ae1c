/** What the server's verdicts mean, in sentences. Nothing is judged here: the rule is the server's. */
import { count, money as asMoney, platform, short, valueName } from "../parts/format";
import type { Factor, Judged, Period, Slice, Standing, Verdict } from "./diagnosis";

const DAY = 86_400_000;

export const STAGES: Record<Factor, string> = {
  qualified: "people who reached it",
  coverage: "reachable",
  eligible: "not held back",
  devices: "devices each",
  mix: "mix of platforms",
  sent: "accepted",
  delivered: "delivered",
  opened: "opened",
  converted: "orders",
  value: "money per order",
};

/** Amounts in the unit of a diagnosis: a currency in its major units, or opens or orders. */
export function amount(value: number, unit: string, sign = false): string {
  const mark = sign && value > 0 ? "+" : "";
  if (!/^[A-Z]{3}$/.test(unit)) {
    const few = Math.abs(value) < 10;
    const number = few ? Math.round(value * 10) / 10 : Math.round(value);
    // An order is one order, opens are opens: the unit comes in the plural.
    return `${mark}${few ? String(number) : short(number)} ${number === 1 ? unit.replace(/s$/, "") : unit}`;
  }
  const digits = new Intl.NumberFormat("en", { style: "currency", currency: unit }).resolvedOptions().maximumFractionDigits ?? 2;
  const whole = Math.abs(value) >= 100 ? Math.round(value) : value;
  const text = asMoney({ [unit]: Math.round(whole * 10 ** digits) });
  return `${mark}${Math.abs(value) >= 100 ? text.replace(/\.0+$/, "") : text}`;
}

const DIMENSIONS: Record<string, string> = {
  os_version: "system", device_model: "device", sdk_version: "SDK", app: "app", step: "step", provider: "provider",
  token_age: "age of the token", name_step: "step", variant: "variant",
};

/** Where, as people say it: "iOS 5.2, system 19.1". Empty: everywhere. */
export function where(slice: Slice): string {
  const several = (value: string, name: (one: string) => string) => value.split(",").map(name).join(" or ");
  const version = slice["app_version"] ? several(slice["app_version"], (one) => valueName("app_version", one)) : "";
  const parts: string[] = [];
  if (slice["platform"]) parts.push(`${several(slice["platform"], platform)}${version ? ` ${version}` : ""}`);
  else if (version) parts.push(`app version ${version}`);
  for (const [dimension, value] of Object.entries(slice)) {
    if (dimension === "platform" || dimension === "app_version") continue;
    parts.push(`${DIMENSIONS[dimension] ?? dimension.replaceAll("_", " ")} ${several(value, (one) => valueName(dimension, one))}`);
  }
  return parts.join(", ");
}

/** Whether the rate fell to less than half of what it was. */
function collapsed(verdict: Verdict): boolean {
  return verdict.rates !== null && verdict.rates.after < verdict.rates.before / 2;
}

const CAUSES: Record<string, string> = {
  token_churn: "tokens became invalid",
  credential: "the provider refuses the key",
  configuration: "app, sender and provider do not fit together",
  provider: "the provider is down or limits us",
  payload: "the content is refused",
  time_to_live: "messages expire before they arrive",
  permission_change: "fewer devices permit notifications",
  tokens_missing: "more people have no known device",
  cap: "a cap holds more messages back",
  quiet_hours: "quiet hours hold more messages back",
  consent: "more people opted out or are suppressed",
  audience_shrink: "fewer people start the journey",
  mix: "people moved between platforms",
};

const PROBLEMS: Record<string, string> = {
  coverage: "fewer people can be reached",
  eligibility: "more messages are held back, or fewer people start",
  engagement: "messages arrive and are opened less",
  offer: "messages are opened as before, and less is bought",
};

/** What happened, without the money. */
export function what(verdict: Verdict): string {
  const place = where(verdict.place.slice);
  const on = place ? ` on ${place}` : "";
  if (verdict.problem === "delivery" && !(verdict.cause in CAUSES)) {
    const stage = verdict.factor === "sent" ? ["is hardly accepted", "is accepted less"] : ["does not deliver", "delivers less"];
    const verb = collapsed(verdict) ? stage[0] : stage[1];
    return place ? `${place} ${verb}` : verdict.factor === "sent" ? "fewer messages are accepted" : "less is delivered";
  }
  if (verdict.problem === "offer" && verdict.cause === "order_value") return `orders are worth less${on}`;
  return `${CAUSES[verdict.cause] ?? PROBLEMS[verdict.problem] ?? verdict.says}${on}`;
}

/** Loss of one day. */
export const aDay = (verdict: Verdict, period: Period): number =>
  verdict.money.lost / Math.max(1, Math.round((period.to_ms - period.from_ms) / DAY));

/** What follows a journey's name. */
export function sentence(judged: Pick<Judged, "standing" | "verdict" | "unit" | "people" | "people_before">, period: Period): string {
  const { standing, verdict, unit, people, people_before: before } = judged;
  switch (standing) {
    case "losing": {
      const least = /^[A-Z]{3}$/.test(unit) ? 0.01 : 0.05;
      const lost = aDay(verdict, period);
      if (lost >= least) return `is losing ${amount(lost, unit)} a day: ${what(verdict)}`;
      // Where nothing would be lost without the other channels either, they catch nothing.
      return `has a problem${verdict.money.gross > 0 ? " that other channels catch" : ""}: ${what(verdict)}`;
    }
    case "unreported": {
      if (verdict.problem === "order_tracking") return "has orders that are not reported, by every channel: they are missing here, not lost";
      const place = where(verdict.place.slice);
      return `arrives, but receipts are missing${place ? ` on ${place}` : ""}: messages are opened as before`;
    }
    case "quieter":
      return "is quieter, like everything else: the season, not the journey";
    case "healthy":
      return "is healthy";
    case "too_little":
      return `has too few people to judge (${count(people)}, before ${count(before)})`;
  }
}

const some = (n: number, one: string, many: string) => (n === 1 ? `1 journey ${one}` : `${n} journeys ${many}`);

/** The first line of the page. */
export function headline(list: { verdicts: Judged[]; pending: unknown[] }, period: Period): string {
  const of = (standing: Standing) => list.verdicts.filter((one) => one.standing === standing);
  const [first, ...others] = of("losing").sort((a, b) => b.verdict.money.lost - a.verdict.money.lost);
  const rest = [
    others.length > 0 ? some(others.length, "more is ill", "more are ill") : "",
    of("unreported").length > 0 ? some(of("unreported").length, "is not reported fully", "are not reported fully") : "",
    of("quieter").length > 0 ? some(of("quieter").length, "is quieter", "are quieter") : "",
    of("healthy").length > 0 ? some(of("healthy").length, "is healthy", "are healthy") : "",
    of("too_little").length > 0 ? some(of("too_little").length, "has too little to judge", "have too little to judge") : "",
    list.pending.length > 0 ? some(list.pending.length, "is being judged", "are being judged") : "",
  ].filter(Boolean);
  const counts = rest.length > 0 ? `${rest.join(", ")}.` : "";
  if (first) return [`${first.name ?? first.journey} ${sentence(first, period)}.`, counts].filter(Boolean).join(" ");
  return counts || "No push was sent in the last two weeks.";
}

/** Stages whose mark tells who fell out. */
const LACKS: Partial<Record<Factor, string>> = {
  sent: "sent", delivered: "delivered", opened: "opened", converted: "converted",
};

/** The rows of the log that a verdict speaks of: those that lack what fell. */
export function evidence(judged: Pick<Judged, "journey" | "verdict">, period: Period): Record<string, string> {
  const { journey, verdict } = judged;
  const lacks = verdict.factor ? LACKS[verdict.factor] : undefined;
  return {
    journey,
    channel: "push",
    range: `${Math.floor(period.from_ms / 1000)}..${Math.floor(period.to_ms / 1000)}`,
    ...verdict.place.slice,
    ...(lacks ? { lacks } : {}),
  };
}

/** A query of rows as the state of the log. */
export const rowsOf = (query: string): Record<string, string> => Object.fromEntries(new URLSearchParams(query));
