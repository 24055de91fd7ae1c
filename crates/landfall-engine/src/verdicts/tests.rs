//! What is kept, and when it is made anew.

use landfall_domain::message::SourceKind;
use landfall_domain::time::DAY_MS;

use super::*;

fn at(day: i64) -> Timestamp {
    Timestamp::from_millis(1_788_134_400_000 + day * DAY_MS)
}

fn request(journey: u64) -> Request {
    let period = Period {
        start: at(7),
        end: at(14),
    };
    Request {
        journey: vec![Value::Source(SourceKind::Campaign, journey)],
        name: format!("campaign:{journey}"),
        period,
        against: period.previous(),
        changes: Vec::new(),
        seed: 1,
    }
}

fn size(sent: u64) -> Size {
    Size {
        qualified: 2 * sent,
        sent,
        delivered: sent / 2,
        ..Size::default()
    }
}

fn entry(journey: u64, sent: u64) -> Entry {
    let board = Board::new();
    let report = diagnose(&board, &[], &request(journey), at(14), 1).expect("a diagnosis");
    Entry {
        request: request(journey),
        sizes: (size(sent), size(sent)),
        at: at(14),
        report: Arc::new(report),
    }
}

#[test]
fn a_diagnosis_is_kept_while_few_receipts_trickle_in() {
    let kept = Kept::default();
    kept.put(entry(1, 10_000));
    let now = at(14).plus_millis(HOUR_MS - 1);
    let held = |before, after| kept.get(&request(1), (before, after), now).is_some();
    assert!(held(size(10_000), size(10_000)));
    assert!(held(size(10_000), size(10_090)));
    assert!(!held(size(10_000), size(10_200)), "too much came in");
    assert!(!held(size(9_000), size(10_000)), "the past was imported");
    assert!(
        kept.get(&request(2), (size(10_000), size(10_000)), now)
            .is_none(),
        "another journey"
    );
}

#[test]
fn any_receipt_counts_where_there_are_few() {
    let kept = Kept::default();
    kept.put(entry(1, 50));
    let more = Size {
        opened: 1,
        ..size(50)
    };
    assert!(
        kept.get(&request(1), (size(50), size(50)), at(14))
            .is_some()
    );
    assert!(kept.get(&request(1), (size(50), more), at(14)).is_none());
}

#[test]
fn an_hour_later_and_with_other_changes_it_is_made_anew() {
    let kept = Kept::default();
    kept.put(entry(1, 10_000));
    let sizes = (size(10_000), size(10_000));
    let later = at(14).plus_millis(HOUR_MS);
    assert!(kept.get(&request(1), sizes, later).is_none());
    let mut changed = request(1);
    changed.changes.push(landfall_insight::verdict::Change {
        at: at(10),
        what: "version 2 of the journey was applied".to_owned(),
    });
    assert!(kept.get(&changed, sizes, at(14)).is_none());
}

#[test]
fn no_more_is_kept_than_there_is_room_for() {
    let kept = Kept::default();
    let first = entry(0, 100);
    for journey in 0..=KEPT_MAX as u64 {
        kept.put(Entry {
            request: request(journey),
            ..first.clone()
        });
    }
    let sizes = (size(100), size(100));
    assert!(
        kept.get(&request(0), sizes, at(14)).is_none(),
        "the oldest went"
    );
    assert!(kept.get(&request(1), sizes, at(14)).is_some());
}
