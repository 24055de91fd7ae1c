//! The list of refused inputs.

use super::Harness;
use super::samples::{T0, at};
use super::traits::*;
use crate::RejectedInput;

fn input(number: usize) -> RejectedInput {
    RejectedInput {
        at: at(T0 + number as i64),
        surface: ["POST /v1/batch", "PUT /api/v1/customers/{id}"][number % 2].to_owned(),
        status: 400,
        reason: ["invalid_json", "too_large", "no_person"][number % 3].to_owned(),
        message: format!("line {number}: '\u{0}' is not allowed"),
        sample: "{\"é\":".to_owned(),
    }
}

/// The newest come first, in the reverse of the order in which they were recorded.
pub fn rejected_newest_first(harness: &impl Harness) {
    let store = harness.open();
    assert_eq!(store.rejected(10).unwrap(), []);
    store.record_rejected(&[]).unwrap();
    let inputs: Vec<RejectedInput> = (0..5).map(input).collect();
    store.record_rejected(&inputs[..2]).unwrap();
    store.record_rejected(&inputs[2..]).unwrap();
    let mut newest_first = inputs;
    newest_first.reverse();
    assert_eq!(store.rejected(10).unwrap(), newest_first);
    assert_eq!(store.rejected(2).unwrap(), newest_first[..2]);
    assert_eq!(store.rejected(0).unwrap(), []);
    drop(store);
    assert_eq!(harness.open().rejected(10).unwrap(), newest_first);
}

/// The newest 10,000 stay, however they came.
pub fn rejected_keeps_the_newest(harness: &impl Harness) {
    let store = harness.open();
    let inputs: Vec<RejectedInput> = (0..10_500).map(input).collect();
    let (one_by_one, together) = inputs.split_at(20);
    for one in one_by_one {
        store.record_rejected(std::slice::from_ref(one)).unwrap();
    }
    store.record_rejected(together).unwrap();
    let kept = store.rejected(20_000).unwrap();
    assert_eq!(kept.len(), 10_000);
    assert!(kept.iter().eq(inputs[500..].iter().rev()));
}

/// Counts go on after the inputs themselves have made room.
pub fn rejected_counts(harness: &impl Harness) {
    let store = harness.open();
    assert_eq!(store.rejected_counts().unwrap(), []);
    let inputs: Vec<RejectedInput> = (0..6_000).map(input).collect();
    store.record_rejected(&inputs).unwrap();
    drop(store);
    let store = harness.open();
    store.record_rejected(&inputs).unwrap();
    let counts = store.rejected_counts().unwrap();
    let mut expected = Vec::new();
    for surface in ["POST /v1/batch", "PUT /api/v1/customers/{id}"] {
        for reason in ["invalid_json", "no_person", "too_large"] {
            expected.push((surface.to_owned(), reason.to_owned(), 2_000));
        }
    }
    assert_eq!(counts, expected, "by surface, then reason");
}
