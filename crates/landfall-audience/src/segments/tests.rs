use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{SegmentChange, Segments};
use crate::condition::Condition;
use crate::happening::Happening;
use crate::profile::Profile;
use crate::sample::{NOON, days, hours, person};
use crate::touched::{Cause, Touched};
use crate::zone::Zone;

mod histories;
mod world;

fn compile(definitions: &[(u32, Value)]) -> Result<Segments, Vec<String>> {
    let read = |(id, condition): &(u32, Value)| {
        let read = Condition::from_json(condition);
        (*id, read.unwrap_or_else(|f| panic!("{condition}: {f:?}")))
    };
    let compiled = Segments::compile(definitions.iter().map(read), &BTreeSet::from([7, 8]));
    compiled.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn entered(segment: u32) -> SegmentChange {
    SegmentChange {
        segment,
        entered: true,
    }
}

#[test]
fn segments_that_have_no_order_are_refused() {
    let table = [
        (
            vec![(1, json!({"segment": 1}))],
            "segment 1: it depends on itself: 1 → 1",
        ),
        (
            vec![
                (1, json!({"segment": 3})),
                (2, json!({"not": {"segment": 1}})),
                (3, json!({"segment": 2})),
            ],
            "segment 1: it depends on itself: 1 → 3 → 2 → 1",
        ),
        (
            vec![(1, json!({"segment": 9}))],
            "segment 1: it asks about segment 9, which does not exist",
        ),
        (
            vec![(7, json!({"segment": 8}))],
            "segment 7: there is a segment 7 already",
        ),
        (
            vec![(1, json!({"this_event": "total", "at_least": 1}))],
            "segment 1: a segment has no event in hand",
        ),
    ];
    for (definitions, expected) in table {
        let faults = compile(&definitions).expect_err(expected);
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(faults[0].starts_with(expected), "{faults:?}");
    }
}

#[test]
fn a_chain_of_segments_changes_in_one_review() {
    let segments = compile(&[
        (1, json!({"all": [{"segment": 2}, {"segment": 7}]})),
        (2, json!({"not": {"segment": 3}})),
        (3, json!({"attribute": "plan", "is": "gold"})),
        (4, json!({"segment": 1})),
    ])
    .unwrap();
    let zone = Zone::utc();
    let mut profile = Profile::default();
    let ann = person(json!({}));
    let changes = segments.review_all(&ann, &mut profile, NOON, zone);
    assert_eq!(changes, [entered(2), entered(1), entered(4)]);
    let gold = person(json!({"plan": "gold"}));
    let mut touched = Touched::nothing();
    profile.absorb(
        &segments.patterns(),
        &Happening::Attribute("plan"),
        &mut touched,
    );
    let changes = segments.review(&gold, &mut profile, &touched, NOON, zone);
    let left = |segment| SegmentChange {
        segment,
        entered: false,
    };
    assert_eq!(changes, [entered(3), left(2), left(1), left(4)]);
    assert_eq!(profile.memberships(), [(3, NOON)]);
}

#[test]
fn a_timer_of_a_segment_that_is_no_more_fires_once_and_is_forgotten() {
    let silent = json!({"not": {"event": "purchase", "within": "30d"}});
    let segments = compile(&[(1, silent)]).unwrap();
    let mut profile = Profile::default();
    let mut touched = Touched::nothing();
    let bought = Happening::Did {
        kind: landfall_domain::activity::EventKind::Event,
        name: "purchase",
        data: &landfall_domain::event_data::EventData::NONE,
        at: NOON,
    };
    profile.absorb(&segments.patterns(), &bought, &mut touched);
    let ann = person(json!({}));
    segments.review_all(&ann, &mut profile, NOON, Zone::utc());
    let later = NOON.plus_millis(days(30));
    assert_eq!(profile.due(), Some(later));
    let none = compile(&[]).unwrap();
    let changes = none.review_due(&ann, &mut profile, later, Zone::utc());
    assert_eq!((changes, profile.due()), (vec![], None));
}

#[test]
fn only_what_is_touched_is_evaluated() {
    let segments = compile(&[
        (1, json!({"attribute": "plan", "is": "gold"})),
        (2, json!({"attribute": "city", "is": "Lyon"})),
    ])
    .unwrap();
    let ann = person(json!({"plan": "gold", "city": "Lyon"}));
    let mut profile = Profile::default();
    let mut touched = Touched::nothing();
    touched.add(Cause::attribute("plan"));
    let changes = segments.review(&ann, &mut profile, &touched, NOON, Zone::utc());
    assert_eq!(changes, [entered(1)], "nobody said that the city changed");
}

#[test]
fn what_a_timer_changes_reaches_segments_that_ask_about_it() {
    let segments = compile(&[
        (1, json!({"attribute": "seen", "older_than": "1d"})),
        (2, json!({"segment": 1})),
    ])
    .unwrap();
    let ann = person(json!({"seen": NOON.plus_millis(-hours(20)).seconds()}));
    let mut profile = Profile::default();
    let zone = Zone::utc();
    assert_eq!(segments.review_all(&ann, &mut profile, NOON, zone), []);
    let due = profile.due().unwrap();
    assert_eq!(due, NOON.plus_millis(hours(4)));
    assert_eq!(
        segments.review_due(&ann, &mut profile, due.plus_millis(-1), zone),
        []
    );
    assert_eq!(
        segments.review_due(&ann, &mut profile, due, zone),
        [entered(1), entered(2)]
    );
    assert_eq!(profile.due(), None);
}

#[test]
fn a_visitor_is_in_no_segment_and_a_deleted_person_leaves_all() {
    use landfall_domain::person::Standing;
    let segments = compile(&[(1, json!({"attribute": "x", "exists": false}))]).unwrap();
    let mut ann = person(json!({}));
    let mut profile = Profile::default();
    ann.standing = Standing::Visitor;
    assert_eq!(
        segments.review_all(&ann, &mut profile, NOON, Zone::utc()),
        []
    );
    ann.standing = Standing::Known;
    assert_eq!(
        segments.review_all(&ann, &mut profile, NOON, Zone::utc()),
        [entered(1)]
    );
    ann.standing = Standing::Deleted;
    let changes = segments.review_all(&ann, &mut profile, NOON.plus_millis(days(1)), Zone::utc());
    assert_eq!(
        changes,
        [SegmentChange {
            segment: 1,
            entered: false
        }]
    );
}

#[test]
fn more_segments_than_one_word_of_bits_are_reviewed() {
    let definitions: Vec<(u32, Value)> = (100..300)
        .map(|id| {
            (
                id,
                json!({"attribute": format!("a{}", id % 7), "exists": true}),
            )
        })
        .collect();
    let segments = compile(&definitions).unwrap();
    let ann = person(json!({"a3": 1}));
    let mut profile = Profile::default();
    let changes = segments.review_all(&ann, &mut profile, NOON, Zone::utc());
    let expected: Vec<_> = (100..300).filter(|id| id % 7 == 3).map(entered).collect();
    assert_eq!(changes, expected);
}
