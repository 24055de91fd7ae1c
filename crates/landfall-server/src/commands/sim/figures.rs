//! What a scenario came to, as tables.

use comfy_table::Cell;

use crate::commands::ask::show;
use crate::scenario::Outcome;

/// Prints the figures of a scenario.
pub(super) fn print(outcome: &Outcome) {
    println!(
        "{} days of {} people with {} phones in {}.{:03} s (seed {}): {} inputs, {} requests to providers\n",
        outcome.days,
        show::grouped(u64::from(outcome.people)),
        show::grouped(outcome.phones),
        outcome.took_ms / 1_000,
        outcome.took_ms % 1_000,
        outcome.seed,
        show::grouped(outcome.inputs),
        show::grouped(outcome.requests),
    );
    pushes(outcome);
    let (ledger, truth) = (&outcome.ledger, &outcome.truth);
    let mut table = show::table(["deliveries", ""]);
    for (name, count) in &ledger.outcomes {
        table.add_row([Cell::new(name.replace('_', " ")), show::number(*count)]);
    }
    println!("{table}\n");
    let mut table = show::table(["never arrived, really", ""]);
    for (why, count) in &truth.lost {
        table.add_row([Cell::new(why), show::number(*count)]);
    }
    table.add_row([Cell::new("still on the way"), show::number(truth.waiting)]);
    println!("{table}\n");
    let word = |good: bool| if good { "yes" } else { "NO" };
    println!("books balance          {}", word(outcome.books_balance));
    println!(
        "nobody got one twice   {}",
        word(outcome.contradictions.shown_twice == 0)
    );
    println!("ledger fits the truth  {}", word(outcome.is_sound()));
}

/// What the ledger says beside what really happened.
fn pushes(outcome: &Outcome) {
    let (ledger, truth) = (&outcome.ledger, &outcome.truth);
    let mut table = show::table(["pushes", "ledger", "truth", ""]);
    for (what, said, really, remark) in [
        (
            "accepted",
            ledger.accepted,
            truth.accepted,
            "some answers were lost",
        ),
        (
            "arrived",
            ledger.delivered,
            truth.arrived,
            "only what is reported is known",
        ),
        (
            "  reported",
            ledger.delivered,
            truth.arrivals_reported,
            "must be the same",
        ),
        ("opened", ledger.opened, truth.tapped, ""),
        (
            "  reported",
            ledger.opened,
            truth.taps_reported,
            "must be the same",
        ),
        (
            "dead tokens",
            ledger.tokens_removed,
            truth.tokens_dead,
            "must be the same",
        ),
    ] {
        table.add_row([
            Cell::new(what),
            show::number(said),
            show::number(really),
            Cell::new(remark),
        ]);
    }
    println!("{table}\n");
}
