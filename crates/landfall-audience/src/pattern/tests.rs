use landfall_domain::activity::EventKind;
use landfall_domain::event_data::EventData;
use serde_json::{Value, json};

use super::{EventFilter, Pattern, PatternId, Patterns};
use crate::condition::Condition;
use crate::definition::read;
use crate::happening::Happening;
use crate::sample::NOON;

fn pattern(condition: &Value) -> Pattern {
    let condition = Condition::from_json(condition).unwrap();
    let [pattern] = condition.patterns() else {
        panic!("one pattern")
    };
    pattern.clone()
}

#[test]
fn ids_stay_as_they_are() {
    // Profiles store them: another id means that everything is counted anew.
    let conditions = [
        json!({"event": "purchase"}),
        json!({"event": "purchase", "where": [{"data": "total", "at_least": 50}], "within": "30d"}),
        json!({"page": "https://*", "count": {"at_least": 7}, "within": "1d"}),
        json!({"message": "failed", "channel": "push", "reason": ["no_device"], "name": {"intent": "remind"}}),
    ];
    let ids = conditions.map(|condition| pattern(&condition).id().0);
    let expected: [u64; 4] = [
        2_884_450_649_091_950_214,
        13_041_635_865_256_222_833,
        4_686_891_343_108_603_425,
        8_958_954_447_386_689_322,
    ];
    assert_eq!(ids, expected);
}

#[test]
fn what_is_counted_alike_is_counted_once() {
    let same = [
        json!({"event": "purchase", "within": "7d"}),
        json!({"event": "purchase", "within": "30d"}),
        json!({"event": "purchase", "since": "2026-05-01", "count": {"is": 1}}),
        json!({"event": "purchase", "last": {"older_than": "30d"}}),
        json!({"event": "purchase", "count": {"at_least": 1_000}}),
    ];
    for other in &same {
        assert_eq!(pattern(other), pattern(&same[0]), "{other}");
    }
    let others = [
        json!({"event": "purchase", "count": {"at_least": 3}, "within": "7d"}),
        json!({"screen": "purchase"}),
        json!({"event": "purchases"}),
        json!({"event": "purchase", "where": [{"data": "a", "is": 1}]}),
        json!({"event": "purchase", "where": [{"data": "a", "is": "1"}]}),
    ];
    let mut ids: Vec<PatternId> = others.iter().map(|other| pattern(other).id()).collect();
    ids.push(pattern(&same[0]).id());
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), others.len() + 1);
}

#[test]
fn as_many_times_are_kept_as_comparisons_need() {
    for (count, keeps) in [
        (json!({"at_least": 2}), 2),
        (json!({"is": 2}), 5),
        (json!({"at_most": 4}), 5),
        (json!({"at_least": 6}), 11),
        (json!({"at_most": 100}), 101),
    ] {
        let condition = json!({"event": "x", "within": "7d", "count": count});
        assert_eq!(pattern(&condition).keeps(), keeps, "{condition}");
    }
}

#[test]
fn a_happening_finds_the_patterns_that_it_matches() {
    let conditions = [
        json!({"event": "shop_a"}),
        json!({"event": "shop_*"}),
        json!({"event": "shop_a", "where": [{"data": "n", "is": 1}]}),
        json!({"screen": "shop_a"}),
        json!({"message": "sent"}),
    ];
    let list: Vec<Pattern> = conditions.iter().map(pattern).collect();
    let patterns: Patterns = list.iter().collect();
    let found = |name: &str, data: Value| {
        let data = EventData::from(&data);
        let mut found = Vec::new();
        let did = Happening::Did {
            kind: EventKind::Event,
            name,
            data: &data,
            at: NOON,
        };
        patterns.each_match(&did, &mut |pattern| found.push(pattern.id()));
        found
    };
    let ids = |indexes: &[usize]| indexes.iter().map(|i| list[*i].id()).collect::<Vec<_>>();
    assert_eq!(found("shop_a", json!({"n": 1})), ids(&[0, 2, 1]));
    assert_eq!(found("shop_a", json!({"n": 2})), ids(&[0, 1]));
    assert_eq!(found("shop_b", json!(null)), ids(&[1]));
    assert_eq!(found("other", json!(null)), ids(&[]));
    assert!(patterns.counts_event(EventKind::Event, "shop_c"));
    assert!(!patterns.counts_event(EventKind::Page, "shop_c"));
    assert_eq!(patterns.get(list[3].id()), Some(&list[3]));
}

#[test]
fn an_event_filter_stands_alone_too() {
    let json = json!({"event": "purchase", "where": {"data": "total", "at_least": 50}});
    let filter = read(&json, "", EventFilter::parse).unwrap();
    assert_eq!(filter.to_json(), json);
    assert_eq!(filter.exact_name(), Some("purchase"));
    assert_eq!(filter.describe(), "purchase where total at least 50");
    let matches =
        |name, total: i64| filter.matches(EventKind::Event, name, &json!({"total": total}), NOON);
    assert!(matches("purchase", 50));
    assert!(!matches("purchase", 49));
    assert!(!matches("refund", 50));
    assert!(read(&json!({"event": "x", "count": {}}), "", EventFilter::parse).is_err());
}
