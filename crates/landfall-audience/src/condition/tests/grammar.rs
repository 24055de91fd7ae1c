use super::*;
use crate::policy::Policy;
use crate::{built_in, definition};

/// Conditions of every sort, each written in its shortest form.
fn conditions() -> Vec<Value> {
    vec![
        json!({"attribute": "plan", "is": "gold"}),
        json!({"attribute": "age", "at_least": 18, "less_than": 65}),
        json!({"attribute": "a.b[].c", "not_in": ["x", 2, true]}),
        json!({"attribute": "born", "before": "2000-01-01", "is_timestamp": true}),
        json!({"attribute": "ends", "within_next": "3d"}),
        json!({"event": "purchase"}),
        json!({"event": "purchase", "count": {"is": 0}, "within": "30d"}),
        json!({"event": "shop_*", "where": [{"data": "n", "is": 1}, {"not": {"data": "m", "exists": true}}]}),
        json!({"event": "x", "first": {"within_last": "7d"}, "last": {"older_than": "1d"}}),
        json!({"page": "https://shop.example/*", "since": "2026-05-01T00:00:00Z"}),
        json!({"screen": "Cart", "count": {"at_least": 2, "at_most": 5}}),
        json!({"message": "delivered", "channel": "push", "within": "7d"}),
        json!({"message": "failed", "journey": 4, "step": 2, "reason": ["no_device"]}),
        json!({"message": "opened", "name": {"journey": "Cart*", "intent": "remind"}}),
        json!({"message": "bounced", "class": ["unregistered", "invalid_token"]}),
        json!({"message": "sent", "source": "newsletter"}),
        json!({"device": {"platform": {"is": "ios"}}}),
        json!({"device": {"all": [{"permission": "denied"}, {"last_used": {"older_than": "60d"}}]}}),
        json!({"device": {"any": [{"os": {"at_least": "17.2"}}, {"not": {"valid": true}}]}}),
        json!({"segment": 3}),
        json!({"consent": "push"}),
        json!({"consent": "topic_1", "explicit": true}),
        json!({"reachable": "sms"}),
        json!({"token": "none"}),
        json!({"token": ["suspended", "unregistered"]}),
        json!({"active": {"older_than": "30d"}}),
        json!({"this_event": "cart.total", "greater_than": 50}),
    ]
}

fn read(condition: &Value) -> Condition {
    Condition::from_json(condition).unwrap_or_else(|faults| panic!("{condition}: {faults:?}"))
}

#[test]
fn a_condition_survives_the_way_through_json() {
    let all = json!({ "all": conditions() });
    let mixed = json!({ "any": [{ "not": all }, conditions()[0]] });
    for condition in conditions().into_iter().chain([mixed]) {
        let once = read(&condition);
        assert_eq!(once.to_json(), condition);
        assert_eq!(read(&once.to_json()), once);
        assert!(!once.describe().is_empty());
        let text = serde_json::to_string(&once).unwrap();
        assert_eq!(serde_json::from_str::<Condition>(&text).unwrap(), once);
    }
}

#[test]
fn short_and_long_forms_mean_the_same() {
    let same = [
        (
            json!({"device": {"platform": "ios"}}),
            json!({"device": {"platform": {"is": "ios"}}}),
        ),
        (
            json!({"device": {"platform": "ios", "permission": "granted"}}),
            json!({"device": {"all": [{"platform": "ios"}, {"permission": "granted"}]}}),
        ),
        (
            json!({"event": "x", "count": {"more_than": 2}}),
            json!({"event": "x", "count": {"at_least": 3}}),
        ),
        (
            json!({"event": "x", "where": [{"data": "a", "is": 1}], "within": "1w"}),
            json!({"event": "x", "where": [{"data": "a", "is": 1}], "within": "7d", "count": {"at_least": 1}}),
        ),
        (
            json!({"message": "sent", "journey": "Cart"}),
            json!({"message": "sent", "name": {"journey": "Cart"}}),
        ),
    ];
    for (short, long) in same {
        assert_eq!(read(&short).to_json(), read(&long).to_json());
        assert_eq!(read(&short).patterns(), read(&long).patterns());
    }
}

#[track_caller]
fn faults(condition: &Value) -> Vec<String> {
    let faults = Condition::from_json(condition).expect_err("this must be refused");
    faults.iter().map(ToString::to_string).collect()
}

#[test]
fn every_fault_is_told_with_place_and_fix() {
    let told = faults(&json!({"all": [
        {"attribut": "plan", "is": "gold"},
        {"attribute": "plan", "atleast": 5},
        {"event": "x", "within": "soon", "count": {"at_least": "2"}},
        {"message": "deliverd", "channel": "pidgin"},
        {"device": {"platfrom": "ios"}},
        {"token": "maybe"},
        {"segment": "three"},
        {"any": []},
        {"event": "x", "page": "y"},
        {"attribute": "a..b", "exists": true},
    ]}));
    let expected = [
        "all[0]: `attribut` is not known here; did you mean `attribute`?",
        "all[1].atleast: `atleast` is not known here; did you mean `at_least`?",
        "all[1]: nothing says what must be true of it",
        "all[2].within: the text \"soon\" is not a duration",
        "all[2].count.at_least: the text \"2\" is not a whole number",
        "all[3].message: `deliverd` is not known here; did you mean `delivered`?",
        "all[3].channel: `pidgin` is not known here; write one of: push, email",
        "all[4].device.platfrom: `platfrom` is not known here; did you mean `platform`?",
        "all[5].token: `maybe` is not known here",
        "all[6].segment: the text \"three\" is not a whole number",
        "all[7].any: the list is empty",
        "all[8]: event and page exclude each other",
        "all[9].attribute: `a..b` is not a path",
    ];
    for expected in expected {
        let found = told.iter().any(|told| told.starts_with(expected));
        assert!(found, "{expected}\n{told:#?}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    for (condition, words) in [
        (json!([]), "a list is not an object"),
        (json!({}), "nothing here says what is asked about"),
        (json!({"all": [], "any": []}), "exclude each other"),
        (
            json!({"not": [{"segment": 1}]}),
            "not: a list is not an object",
        ),
        (
            json!({"event": "x", "count": {"at_least": 0}}),
            "always true",
        ),
        (
            json!({"event": "x", "count": {"at_least": 3, "at_most": 2}}),
            "no number is both",
        ),
        (
            json!({"event": "x", "count": {"at_least": 101}, "within": "7d"}),
            "goes up to 100",
        ),
        (
            json!({"event": "x", "within": "7d", "since": "2026-05-01"}),
            "exclude each other",
        ),
        (json!({"event": "x", "within": "0"}), "too short"),
        (
            json!({"attribute": "x", "between": [6, 5]}),
            "no number is between these",
        ),
        (
            json!({"attribute": "x", "not_exists": false}),
            "says no twice",
        ),
        (
            json!({"attribute": "_last_status", "exists": true}),
            "reserved",
        ),
        (
            json!({"attribute": "x", "is": null}),
            "nothing says what must be true",
        ),
        (
            json!({"attribute": "x", "before": "yesterday"}),
            "is not a date",
        ),
        (
            json!({"device": {"app_version": {"at_least": "new"}}}),
            "is not a version",
        ),
    ] {
        let told = faults(&condition);
        let found = told.iter().any(|told| told.contains(words));
        assert!(found, "{condition}: {told:?}");
    }
    read(&json!({"event": "x", "count": {"at_least": 100_000}}));
}

#[test]
fn depth_and_size_are_bounded() {
    let leaf = json!({"segment": 1});
    let nested = |levels| (1..levels).fold(leaf.clone(), |inner, _| json!({ "not": inner }));
    read(&nested(DEPTH_MAX));
    assert!(faults(&nested(DEPTH_MAX + 1))[0].contains("levels deep"));
    let wide = |checks| json!({ "any": vec![leaf.clone(); checks] });
    read(&wide(NODES_MAX - 1));
    assert!(faults(&wide(NODES_MAX))[0].contains("more than"));
    let inner = json!({"event": "x", "where": vec![json!({"data": "a", "is": 1}); NODES_MAX]});
    assert!(
        faults(&inner)[0].contains("more than"),
        "checks of data count too"
    );
}

#[test]
fn every_example_in_the_documentation_is_understood() {
    let page = include_str!("../../../../../docs/concepts/segments.md");
    let (mut conditions, mut policies) = (0, 0);
    for block in page.split("```json").skip(1) {
        let (kind, rest) = block.split_once('\n').unwrap();
        let body = rest.split("```").next().unwrap();
        let examples = serde_json::Deserializer::from_str(body).into_iter::<Value>();
        for example in examples.map(Result::unwrap) {
            if kind.trim() == "policy" {
                let base = Policy::default();
                assert!(
                    definition::read(&example, "", |place| Policy::parse(place, &base)).is_ok()
                );
                policies += 1;
            } else if kind.trim() != "rules" {
                // Rules of a workspace are read where they are stored.
                // A file with a whole segment holds its condition.
                let whole = example["segment"].get("condition");
                read(whole.unwrap_or(&example));
                conditions += 1;
            }
        }
    }
    assert!(
        conditions > 30 && policies == 1,
        "{conditions} and {policies}"
    );
    for segment in built_in::all() {
        let name = format!("`{}`", segment.name);
        assert!(page.contains(&name), "{name} is documented");
    }
}
