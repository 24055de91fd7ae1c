//! The troubleshooting flow as code: what to check first, second, third, with this journey's figures.
//!
//! The flow asks whether the figures can be trusted, whether messages leave, whether they arrive, whether
//! people can be reached, whether rules hold them back, whether they are opened, whether the offer
//! holds, whether orders are reported, and whether it is only the season. What the verdict points to
//! comes first; the rest follows in that order, so that nothing is skipped.

#[cfg(test)]
mod document;
mod markdown;
#[cfg(test)]
mod tests;

pub use markdown::{Done, markdown, query};

use landfall_domain::reason::Reason;
use serde::Serialize;

use crate::decompose::funnel::Factor;
use crate::verdict::{Cause, Diagnosis, Problem, Rows, StageLine};

/// What a check came to, as far as the figures tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The verdict points here.
    Suspect,
    /// Something changed here beyond chance.
    Changed,
    /// Nothing changed here beyond chance.
    Fine,
    /// The figures cannot tell: somebody has to look.
    Look,
}

/// One figure in both periods.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// As it was, in words with its denominator.
    pub before: String,
    /// As it is.
    pub after: String,
    /// The rows behind it.
    pub rows: Rows,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Position in this runbook, from 1.
    pub number: usize,
    /// Stable name, for ticking off.
    pub id: &'static str,
    /// What to check.
    pub asks: &'static str,
    /// What it came to.
    pub finding: Finding,
    /// Figures of this journey.
    pub figures: Vec<Figure>,
    /// What to do, in order.
    pub steps: Vec<String>,
}

/// The flow of one diagnosis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Runbook {
    /// The verdict in one sentence.
    pub says: String,
    /// The checks, the most promising first.
    pub checks: Vec<Check>,
}

/// A check as it stands in the flow.
struct Entry {
    id: &'static str,
    asks: &'static str,
    problem: Problem,
    factors: &'static [Factor],
    steps: &'static [&'static str],
}

/// The flow, in the order of its questions.
const FLOW: &[Entry] = &[
    Entry {
        id: "measurement",
        asks: "Can the figures be trusted: do opens agree with receipts?",
        problem: Problem::Measurement,
        factors: &[Factor::Delivered, Factor::Opened],
        steps: &[
            "Compare opened of sent before and after: if it stayed while delivered fell, receipts are lost and messages arrive.",
            "Ask for delivered by sdk_version and app_version; look for a release that stopped to report.",
            "Judge by opens and orders until the SDK reports again.",
        ],
    },
    Entry {
        id: "accepted",
        asks: "Do providers take the messages?",
        problem: Problem::Delivery,
        factors: &[Factor::Devices, Factor::Sent],
        steps: &[
            "Run `landfall doctor`: credentials, rates, breakers.",
            "Open the refused rows by reason, then by platform and app version.",
        ],
    },
    Entry {
        id: "arrives",
        asks: "Do they arrive on devices?",
        problem: Problem::Delivery,
        factors: &[Factor::Delivered],
        steps: &[
            "Send a test to a phone of the slice: `landfall send test`.",
            "Compare device models, versions of the system and the age of tokens.",
            "Check the time to live and the priority of the step.",
        ],
    },
    Entry {
        id: "coverage",
        asks: "Can people be reached at all?",
        problem: Problem::Coverage,
        factors: &[Factor::Coverage],
        steps: &[
            "Run `landfall coverage`: no device, invalid token, permission off.",
            "Look for a release that changed the prompt for permission, or login and logout.",
        ],
    },
    Entry {
        id: "eligibility",
        asks: "Do as many people start, and do rules hold back more of them?",
        problem: Problem::Eligibility,
        factors: &[Factor::Qualified, Factor::Eligible, Factor::Mix],
        steps: &[
            "Compare the versions of the journey and of its segments over the time of the change.",
            "Check caps and quiet hours, and the zone that they are in.",
        ],
    },
    Entry {
        id: "engagement",
        asks: "Are arrived messages opened as before?",
        problem: Problem::Engagement,
        factors: &[Factor::Opened],
        steps: &[
            "Compare opens by step and variant: a new text shows in its step only.",
            "Compare the hours at which messages went out.",
        ],
    },
    Entry {
        id: "offer",
        asks: "Is as much bought, for as much?",
        problem: Problem::Offer,
        factors: &[Factor::Converted, Factor::Value],
        steps: &[
            "Check price, discount, stock and the page that the message leads to.",
            "Compare with e-mail of the same journey: the same fall there is the offer's.",
        ],
    },
    Entry {
        id: "orders",
        asks: "Are orders still reported?",
        problem: Problem::OrderTracking,
        factors: &[Factor::Converted],
        steps: &[
            "Compare orders with the shop's own books for a day.",
            "Check that purchase events still arrive, by every channel.",
        ],
    },
    Entry {
        id: "season",
        asks: "Is it the season?",
        problem: Problem::Seasonality,
        factors: &[Factor::Qualified],
        steps: &["Compare with other journeys, and with the same weeks of the year before."],
    },
];

/// The flow with this journey's figures, what the verdict points to first.
pub fn runbook(diagnosis: &Diagnosis) -> Runbook {
    let verdict = &diagnosis.verdict;
    let suspect = |entry: &Entry| {
        let shows = verdict.factor.is_none_or(|f| entry.factors.contains(&f));
        entry.problem == verdict.problem && shows
    };
    let mut entries: Vec<&Entry> = FLOW.iter().collect();
    let order = |entry: &&Entry| (!suspect(entry), !changed(diagnosis, entry));
    // A stable sort: within equals the order of the flow stays.
    entries.sort_by_key(order);
    let checks = entries.into_iter().zip(1..).map(|(entry, number)| Check {
        number,
        id: entry.id,
        asks: entry.asks,
        finding: finding(diagnosis, entry, suspect(entry)),
        figures: lines(diagnosis, entry).map(figure).collect(),
        steps: steps(diagnosis, entry, suspect(entry)),
    });
    Runbook {
        says: verdict.says.clone(),
        checks: checks.collect(),
    }
}

fn lines<'d>(diagnosis: &'d Diagnosis, entry: &Entry) -> impl Iterator<Item = &'d StageLine> {
    let factors = entry.factors;
    let stages = diagnosis.stages.iter();
    stages.filter(move |line| factors.contains(&line.factor))
}

fn changed(diagnosis: &Diagnosis, entry: &Entry) -> bool {
    lines(diagnosis, entry).any(|line| line.distinguishable)
}

fn finding(diagnosis: &Diagnosis, entry: &Entry, suspect: bool) -> Finding {
    let asks_people = matches!(entry.problem, Problem::OrderTracking | Problem::Seasonality);
    match (suspect, changed(diagnosis, entry)) {
        (true, _) => Finding::Suspect,
        (false, true) if asks_people => Finding::Look,
        (false, true) => Finding::Changed,
        (false, false) => Finding::Fine,
    }
}

/// What to do: first what the reason or cause asks for, then the steps of the flow.
fn steps(diagnosis: &Diagnosis, entry: &Entry, suspect: bool) -> Vec<String> {
    let mut steps = Vec::new();
    if suspect {
        let verdict = &diagnosis.verdict;
        if let Some(reason) = verdict.reason.and_then(Reason::named) {
            steps.push(format!("{}: {}", reason.name(), reason.fix()));
        }
        steps.extend(first_aid(verdict.cause).map(str::to_owned));
        for change in &verdict.coincides {
            steps.push(format!(
                "It began when this changed: {}. Take it back and see.",
                change.what
            ));
        }
        if let Some(release) = &verdict.release {
            steps.push(format!(
                "It came with {} {}: stop the roll-out, and fix that version.",
                release.platform, release.version
            ));
        }
    }
    steps.extend(entry.steps.iter().map(|step| (*step).to_owned()));
    steps
}

/// What helps at once, where no reason says it.
const fn first_aid(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::TokenChurn => {
            "Let the app register its token at every start; the tokens come back as people open it."
        }
        Cause::Credential => "Check the key with `landfall credentials check`, and replace it.",
        Cause::NotReceived => {
            "Route people of the slice to another channel until the devices receive again."
        }
        Cause::PermissionChange => {
            "Put the prompt for permission back, at a moment that explains it."
        }
        Cause::Cap => "Compare the cap with what it was, or exempt this journey.",
        Cause::QuietHours => {
            "Check the zone of the quiet hours, and whether messages wait or are dropped."
        }
        Cause::AudienceShrink => "Compare the trigger and its conditions with the version before.",
        Cause::ReceiptsLost => "Fix the SDK's set-up in that version; sending needs no change.",
        Cause::OrdersUnreported => {
            "Fix the purchase event first: every figure of revenue is too low meanwhile."
        }
        _ => return None,
    })
}

fn figure(line: &StageLine) -> Figure {
    let (hits, of) = (line.ratio.hits, line.ratio.of);
    let say = |hits: f64, of: f64| match line.factor {
        Factor::Qualified => format!("{hits:.0}"),
        _ if of <= 0.0 => "nobody".to_owned(),
        Factor::Devices | Factor::Value => format!("{:.2}", hits / of),
        _ => format!("{:.1} % of {of:.0}", 100.0 * hits / of),
    };
    Figure {
        name: line.factor.name(),
        before: say(hits.before, of.before),
        after: say(hits.after, of.after),
        rows: line.rows.clone(),
    }
}
