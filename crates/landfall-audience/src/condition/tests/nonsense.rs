//! Definitions that make no sense, and people with odd values.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::comparison::WORDS;

fn odd_value() -> impl Strategy<Value = Value> {
    select(vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!(""),
        json!("*"),
        json!("9999-12-31T23:59:59Z"),
        json!("-9999-01-01"),
        json!("3660d"),
        json!("7d"),
        json!("ios"),
        json!("5.2"),
        json!("a[].b[0].c"),
        json!("delivered"),
        json!("\u{1F980}é"),
        json!([]),
        json!({}),
        json!([1, "x", null, [[]]]),
    ])
}

fn nonsense() -> impl Strategy<Value = Value> {
    let mut keys: Vec<&str> = WORDS.to_vec();
    keys.extend([
        "all",
        "any",
        "not",
        "attribute",
        "event",
        "page",
        "message",
        "device",
        "segment",
        "token",
        "consent",
        "reachable",
        "active",
        "this_event",
        "where",
        "count",
        "within",
        "since",
        "first",
        "last",
        "journey",
        "step",
        "channel",
        "name",
        "reason",
        "class",
        "data",
        "explicit",
        "platform",
        "app_version",
        "last_used",
        "permission",
    ]);
    odd_value().prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            3 => prop::collection::vec((select(keys.clone()), inner.clone()), 1..4).prop_map(|entries| {
                let entries = entries.into_iter();
                Value::Object(entries.map(|(key, value)| (key.to_owned(), value)).collect())
            }),
            1 => prop::collection::vec(inner, 0..3).prop_map(Value::Array),
        ]
    })
}

/// A comparison that is likely to be taken.
fn comparison() -> impl Strategy<Value = Value> {
    (select(WORDS.to_vec()), odd_value()).prop_map(|(word, operand)| json!({ (word): operand }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_no_condition_is_refused_with_a_place_and_a_fix(value in nonsense()) {
        match Condition::from_json(&value) {
            Ok(condition) => {
                let again = Condition::from_json(&condition.to_json());
                prop_assert_eq!(again.as_ref(), Ok(&condition));
            }
            Err(faults) => {
                prop_assert!(!faults.is_empty());
                for fault in faults {
                    prop_assert!(!fault.wrong.is_empty() && !fault.fix.is_empty());
                }
            }
        }
    }

    #[test]
    fn odd_values_have_answers(mut condition in comparison(), value in odd_value(), path in select(vec!["x", "x[]", "x[0]", "x.y"])) {
        condition["attribute"] = path.into();
        if Condition::from_json(&condition).is_ok() {
            let stage = Stage::new(&condition, person(json!({ "x": value })));
            let answer = stage.answer(NOON);
            prop_assert_eq!(stage.explain(NOON).holds, answer.holds);
            if let Some(at) = answer.changes_at {
                prop_assert!(at > NOON);
                prop_assert_ne!(stage.answer(at).holds, answer.holds);
                prop_assert_eq!(stage.answer(at.plus_millis(-1)).holds, answer.holds);
            }
        }
    }
}
