use super::*;

fn lived(seed: u64, step_ms: i64) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        people: 300,
        days: 3,
        seed,
        step_ms,
    };
    let outcome = run(&plan, folder.path()).unwrap();
    Outcome {
        took_ms: 0,
        ..outcome
    }
}

#[test]
fn the_ledger_never_says_more_than_what_happened_and_the_books_balance() {
    let outcome = lived(7, 60_000);
    assert!(outcome.is_sound(), "{outcome:#?}");
    let (ledger, truth) = (&outcome.ledger, &outcome.truth);
    assert!(
        ledger.deliveries > 300 && ledger.accepted > 300,
        "{ledger:?}"
    );
    assert!(ledger.accepted <= truth.accepted);
    // What is reported is less than what arrived, or the phones would not be like phones.
    assert!(ledger.delivered > 100 && ledger.delivered < truth.arrived);
    assert!(truth.arrived < truth.accepted);
    assert!(ledger.opened > 5, "{ledger:?}");
    assert!(ledger.tokens_removed > 0 && ledger.tokens_removed == truth.tokens_dead);
}

#[test]
fn the_same_seed_gives_the_same_figures_and_another_seed_others() {
    let one = lived(8, 300_000);
    assert_eq!(one, lived(8, 300_000));
    assert_ne!(one.truth, lived(9, 300_000).truth);
}
