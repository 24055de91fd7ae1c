/** How a journey stands, as one line of a list. */
import { Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Moment } from "../parts/places";
import type { Judged, Period, Standing } from "./diagnosis";
import { amount, evidence, sentence } from "./words";

const DAY = 86_400_000;

export const SIGN: Record<Standing, string> = { healthy: "✓", losing: "✕", unreported: "!", quieter: "↘", too_little: "○" };
export const COLOR: Record<Standing, string> = { healthy: "good", losing: "bad", unreported: "", quieter: "", too_little: "" };

/** How sure a verdict is: since when it is so, and within which bounds the loss lies. */
export function Certainty({ judged, period }: { judged: Pick<Judged, "verdict" | "unit" | "standing">; period: Period }): ReactNode {
  const { verdict, unit, standing } = judged;
  if (standing === "healthy" || standing === "too_little") return null;
  const days = Math.max(1, Math.round((period.to_ms - period.from_ms) / DAY));
  const { low, high } = verdict.money.interval;
  return (
    <Text size="sm" c="dimmed" component="span">
      Sure: {verdict.confidence}.
      {verdict.since ? (
        <>
          {" "}
          Since <Moment ms={verdict.since.at_ms} />.
        </>
      ) : null}
      {verdict.money.lost > 0 ? ` 95 %: ${amount(low / days, unit)} to ${amount(high / days, unit)} a day.` : null}
    </Text>
  );
}

/** The name by which pages find a journey: what other programs send has a number only. */
export const nameOf = (judged: Pick<Judged, "journey" | "name">): string =>
  judged.journey.startsWith("unknown") ? "Messages outside of journeys" : (judged.name ?? judged.journey);

export function Verdict({ judged, period }: { judged: Judged; period: Period }): ReactNode {
  const { standing } = judged;
  const to = judged.journey.startsWith("unknown") ? judged.journey : (judged.name ?? judged.journey);
  return (
    <li>
      <span className={`mark ${COLOR[standing]}`} aria-hidden>
        {SIGN[standing]}
      </span>
      <span>
        <Link to="/journeys/$journey" params={{ journey: to }}>
          {nameOf(judged)}
        </Link>{" "}
        {sentence(judged, period)}
        {standing === "losing" || standing === "unreported" || standing === "quieter" ? (
          <>
            {". "}
            <Link to="/journeys/$journey" params={{ journey: to }} search={{ tab: "diagnosis" }}>
              Diagnosis
            </Link>
            {" · "}
            <Link to="/log" search={evidence(judged, period)}>
              Show these messages
            </Link>
            <br />
            <Certainty judged={judged} period={period} />
          </>
        ) : null}
      </span>
    </li>
  );
}
