use super::*;

fn reads(json: &Value) -> SendingRules {
    SendingRules::from_json(json).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

#[test]
fn rules_read_back_as_what_they_were_written_of() {
    let json = json!({
        "zone": "Europe/Berlin",
        "quiet_hours": {"from": "21:00", "to": "08:00", "then": "hold"},
        "caps": [{"max": 3, "within": "7d", "channels": ["push", "sms"], "retry": "1d"}],
        "duplicate_within": "1h",
        "alive_at_least": 0.25,
        "topics": {
            "news": {"name": "News", "description": "What is new", "subscribed_by_default": false},
            "topic_1": {"name": "Offers", "description": null, "subscribed_by_default": true},
        },
    });
    let rules = reads(&json);
    assert_eq!(rules.to_json(), json);
    assert_eq!(reads(&rules.to_json()), rules);
    assert_eq!(rules.opt_in_topics(), ["news".to_owned()].into());
}

#[test]
fn the_example_of_the_documentation_is_understood() {
    let page = include_str!("../../../../docs/concepts/segments.md");
    let example = page.split("```json rules\n").nth(1).expect("an example");
    let example = example.split("```").next().expect("an end");
    let rules = reads(&serde_json::from_str(example).expect("is JSON"));
    assert_eq!(rules.opt_in_topics(), ["news".to_owned()].into());
    assert_eq!(rules.policy.caps.len(), 1);
}

#[test]
fn what_rules_leave_out_there_is_not() {
    let rules = reads(&json!({"topics": {"news": {}}}));
    assert_eq!(rules.policy, Policy::default());
    assert_eq!(rules.zone, Zone::UTC);
    let news = &rules.topics["news"];
    assert_eq!(news.name, "news");
    assert!(news.subscribed_by_default);
    assert_eq!(reads(&json!({})), SendingRules::default());
}

#[test]
fn every_fault_is_told_with_its_place_and_the_fix() {
    let faults = SendingRules::from_json(&json!({
        "zone": "Europe/berlin",
        "quiet_hours": {"from": "25:00", "to": "08:00"},
        "caps": [{"max": 0, "within": "7d"}],
        "duplicate_within": 60,
        "topics": {"a.b": {}, "news": {"default": true}},
        "quiet_hour": {},
    }));
    let faults: Vec<String> = faults
        .expect_err("has faults")
        .iter()
        .map(ToString::to_string)
        .collect();
    for part in [
        "zone: `Europe/berlin` is not a time zone",
        "quiet_hours.from:",
        "caps[0].max:",
        "duplicate_within:",
        "topics.a.b: `a.b` is no identifier of a topic",
        "topics.news.default: `default` is not known here",
        "quiet_hour: `quiet_hour` is not known here; did you mean `quiet_hours`?",
    ] {
        let found = faults.iter().any(|fault| fault.starts_with(part));
        assert!(found, "{part}: {faults:#?}");
    }
}
