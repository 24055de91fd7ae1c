use landfall_domain::channel::Platform;
use landfall_domain::device::LastStatus;

use super::*;
use crate::sample::{NOON, days, device};

fn kind(reports: Option<bool>, app_version: Option<&str>, alive: [Option<f64>; 3]) -> LessonOfKind {
    LessonOfKind {
        platform: "ios".to_owned(),
        reports,
        app_version: app_version.map(str::to_owned),
        alive: alive.to_vec(),
    }
}

fn lesson(since: Timestamp, kinds: Vec<LessonOfKind>) -> Lesson {
    Lesson {
        since,
        ends: vec![7, 30, 90],
        kinds,
    }
}

const AT_LEAST_HALF: Bounds = Bounds {
    at_least: Some(0.5),
    less_than: None,
};

#[test]
fn an_answer_changes_at_the_end_of_an_interval_and_when_a_new_lesson_counts() {
    // Used ten days ago.
    let phone = device(1, Platform::Ios, &[]);
    let silent = Silent::new(&phone, None);
    let used = NOON.plus_millis(-days(10));
    let sure = [Some(0.9), Some(0.6), Some(0.2)];
    let learned = Liveness::new(vec![lesson(
        NOON.plus_millis(-days(2)),
        vec![kind(None, None, sure)],
    )]);
    let ends = used.plus_millis(days(30));
    assert_eq!(
        learned.answer(&silent, &AT_LEAST_HALF, NOON),
        Answer::until(true, ends)
    );
    assert_eq!(
        learned.answer(&silent, &AT_LEAST_HALF, ends),
        Answer::of(false)
    );
    // Before anything was learned nothing holds, until something was.
    let early = NOON.plus_millis(-days(3));
    let from = NOON.plus_millis(-days(2));
    assert_eq!(
        learned.answer(&silent, &AT_LEAST_HALF, early),
        Answer::until(false, from)
    );
    // A later lesson thinks less of such tokens.
    let later = NOON.plus_millis(days(1));
    let unsure = [Some(0.9), Some(0.4), Some(0.2)];
    let both = Liveness::new(vec![
        lesson(later, vec![kind(None, None, unsure)]),
        lesson(from, vec![kind(None, None, sure)]),
    ]);
    assert_eq!(
        both.answer(&silent, &AT_LEAST_HALF, NOON),
        Answer::until(true, later)
    );
    assert_eq!(both.newest().map(|lesson| lesson.since), Some(later));
}

#[test]
fn the_finest_kind_counts_and_a_receipt_is_a_sign_of_life() {
    let phone = device(1, Platform::Ios, &[("app_version", "5.2")]);
    let learned = Liveness::new(vec![lesson(
        NOON.plus_millis(-days(1)),
        vec![
            kind(None, None, [Some(0.9), Some(0.5), None]),
            kind(Some(true), None, [Some(0.8), Some(0.3), None]),
            kind(Some(false), Some("5.2"), [Some(0.7), Some(0.1), None]),
        ],
    )]);
    let alive = |receipt, at| learned.alive(&Silent::new(&phone, receipt), at);
    assert_eq!(alive(None, NOON), Some(0.1));
    let old = NOON.plus_millis(-days(20));
    assert_eq!(alive(Some(old), NOON), Some(0.3));
    assert_eq!(alive(Some(NOON), NOON), Some(0.8));
    assert_eq!(alive(Some(NOON), NOON.plus_millis(days(40))), None);
    let other = device(1, Platform::Android, &[]);
    assert_eq!(learned.alive(&Silent::new(&other, None), NOON), None);
    let mut rejected = phone.clone();
    rejected.last_status = LastStatus::Bounced;
    assert_eq!(
        learned.alive(&Silent::new(&rejected, None), NOON),
        Some(0.0)
    );
}
