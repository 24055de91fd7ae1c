//! `docs/states.md`.

use std::fmt::Write;

use super::{Outcome, Status};
use crate::marks::Mark;

#[test]
fn the_document_lists_every_outcome_and_status() {
    crate::drift::assert_current("states.md", &document());
}

fn document() -> String {
    let mut text = String::from(
        "# States of a delivery\n\n\
         Generated from `landfall-domain`; the numbers and names are stable.\n\n\
         ## Marks\n\n\
         What can be reported about a delivery or one of its targets. Marks are only ever added;\n\
         each keeps its first time. Everything below is computed from them.\n\n\
         | bit | mark |\n|---|---|\n",
    );
    for mark in Mark::ALL {
        let _ = writeln!(text, "| {} | `{mark}` |", mark.index());
    }
    text.push_str(
        "\n## Outcomes\n\n\
         Every delivery, and every target, has exactly one at each moment: people who reached a\n\
         message are the sum of the outcomes. *Final* ones wait for nothing.\n\n\
         | code | outcome | final | meaning |\n|---|---|---|---|\n",
    );
    for outcome in Outcome::ALL {
        let says = outcome.explanation();
        let settled = if outcome.is_final() { "yes" } else { "no" };
        let _ = writeln!(
            text,
            "| {} | `{outcome}` | {settled} | {says} |",
            outcome.code()
        );
    }
    text.push_str(
        "\n## Statuses\n\n\
         The single word that is shown. The highest rank reached counts, not the last report. Words\n\
         of equal rank exclude each other; the outcome decides between them. Customer.io's API never\n\
         shows the words marked *Landfall*: there, partially sent and unconfirmed read `sent`, and\n\
         expired reads `failed`.\n\n\
         | code | status | rank | whose word | meaning |\n|---|---|---|---|---|\n",
    );
    for status in Status::ALL {
        let ours = [Status::PartiallySent, Status::Unconfirmed, Status::Expired];
        let whose = if ours.contains(status) {
            "Landfall"
        } else {
            "Customer.io"
        };
        let (rank, says) = (status.rank(), status.explanation());
        let _ = writeln!(
            text,
            "| {} | `{status}` | {rank} | {whose} | {says} |",
            status.code()
        );
    }
    text
}
