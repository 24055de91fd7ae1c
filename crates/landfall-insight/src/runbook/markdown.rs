//! A runbook as Markdown, with boxes to tick off and links to the rows.

use std::fmt::Write as _;

use super::{Finding, Runbook};
use crate::verdict::{Diagnosis, Rows};

/// Rows as the query of a link.
pub fn query(rows: &Rows) -> String {
    let pairs = rows
        .0
        .iter()
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Percent-encoding of everything but unreserved characters (RFC 3986, 2.3) and what reads better
/// plain in queries.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b',' => {
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
    out
}

/// A box that was ticked off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The check, by its `id`.
    pub check: String,
    /// One of its steps, word for word; without one, the check itself.
    pub step: Option<String>,
}

/// The diagnosis and its runbook. `title` names the journey and the period; `done` are the boxes that
/// are ticked; links lead to `base` followed by `?` and the query of the rows, such as
/// `/landfall/v1/deliveries`.
pub fn markdown(
    title: &str,
    diagnosis: &Diagnosis,
    runbook: &Runbook,
    done: &[Done],
    base: &str,
) -> String {
    let mut text = format!("# {title}\n\n**{}**\n", runbook.says);
    if !diagnosis.verdict.facts.is_empty() {
        text.push_str("\n## What it rests on\n\n");
    }
    for fact in &diagnosis.verdict.facts {
        let _ = writeln!(text, "- {} ({})", fact.says, link(base, &fact.rows));
    }
    text.push_str("\n## Where the money went\n\n| stage | contributed | 95 % interval | |\n|---|--:|---|---|\n");
    for line in &diagnosis.stages {
        let clear = if line.interval.holds_zero() {
            "not distinguishable"
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "| {} | {:+.2} {} | {:+.2} to {:+.2} | {clear} |",
            line.factor.name(),
            line.money,
            diagnosis.unit,
            line.interval.low,
            line.interval.high
        );
    }
    checks(&mut text, runbook, done, base);
    text
}

fn checks(text: &mut String, runbook: &Runbook, done: &[Done], base: &str) {
    text.push_str("\n## What to check\n");
    for check in &runbook.checks {
        let box_of = |step: Option<&str>| {
            let is_it = |one: &Done| one.check == check.id && one.step.as_deref() == step;
            if done.iter().any(is_it) { "[x]" } else { "[ ]" }
        };
        let _ = write!(
            text,
            "\n- {} **{}. {}** {}\n",
            box_of(None),
            check.number,
            check.asks,
            found(check.finding)
        );
        for figure in &check.figures {
            let _ = writeln!(
                text,
                "  - {}: {} before, {} now ({})",
                figure.name,
                figure.before,
                figure.after,
                link(base, &figure.rows)
            );
        }
        for step in &check.steps {
            let _ = writeln!(text, "  - {} {step}", box_of(Some(step)));
        }
    }
}

fn link(base: &str, rows: &Rows) -> String {
    format!("[rows]({base}?{})", query(rows))
}

const fn found(finding: Finding) -> &'static str {
    match finding {
        Finding::Suspect => "The verdict points here.",
        Finding::Changed => "Changed beyond chance.",
        Finding::Fine => "As before.",
        Finding::Look => "The figures cannot tell: look.",
    }
}
