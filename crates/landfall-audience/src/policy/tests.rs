use serde_json::{Value, json};

use super::{Policy, QuietThen};
use crate::definition::read;

fn over(base: &Policy, policy: &Value) -> Result<Policy, Vec<String>> {
    let read = read(policy, "policy", |place| Policy::parse(place, base));
    read.map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

fn workspace() -> Policy {
    let policy = json!({
        "quiet_hours": {"from": "22:00", "to": "08:00", "days": ["fri", "sat"], "zone": "Europe/Paris", "then": "drop"},
        "caps": [{"max": 3, "within": "7d", "channels": ["push", "sms"], "counts": ["campaign"], "retry": "1d"}],
        "duplicate_within": "6h",
    });
    over(&Policy::default(), &policy).unwrap()
}

#[test]
fn a_message_overrides_part_by_part() {
    let base = workspace();
    assert_eq!(over(&base, &json!({})), Ok(base.clone()));
    let louder = over(&base, &json!({"quiet_hours": null, "caps": []})).unwrap();
    assert_eq!(louder.quiet_hours, None);
    assert!(louder.caps.is_empty());
    assert_eq!(louder.duplicate_within_ms, base.duplicate_within_ms);
    let quieter = over(
        &base,
        &json!({"quiet_hours": {"from": "20:00", "to": "09:00"}}),
    )
    .unwrap();
    let hours = quieter.quiet_hours.unwrap();
    assert_eq!(hours.then, QuietThen::Hold);
    assert_eq!(hours.zone, None);
    assert_eq!(quieter.caps, base.caps);
}

#[test]
fn a_policy_survives_the_way_through_json() {
    for policy in [workspace(), Policy::default()] {
        assert_eq!(over(&workspace(), &policy.to_json()), Ok(policy));
    }
}

#[test]
fn what_cannot_be_kept_is_refused() {
    for (policy, words) in [
        (
            json!({"quiet": {}}),
            "policy.quiet: `quiet` is not known here",
        ),
        (
            json!({"quiet_hours": {"from": "22:00"}}),
            "policy.quiet_hours: `to` is missing",
        ),
        (
            json!({"quiet_hours": {"from": "25:00", "to": "8"}}),
            "policy.quiet_hours.from: the text \"25:00\" is not a time of the day",
        ),
        (
            json!({"quiet_hours": {"from": "08:00", "to": "08:00"}}),
            "policy.quiet_hours: quiet hours that end where they begin",
        ),
        (
            json!({"quiet_hours": {"from": "00:00", "to": "24:00"}}),
            "policy.quiet_hours: these quiet hours never end",
        ),
        (
            json!({"quiet_hours": {"from": "22:00", "to": "08:00", "zone": "Paris"}}),
            "policy.quiet_hours.zone: `Paris` is not a time zone",
        ),
        (
            json!({"quiet_hours": {"from": "22:00", "to": "08:00", "days": []}}),
            "policy.quiet_hours.days: the list is empty",
        ),
        (
            json!({"caps": [{"max": 0, "within": "1d"}]}),
            "policy.caps[0].max: the number 0 is not a whole number from 1 to 100",
        ),
        (
            json!({"caps": {"max": 1, "within": "60d"}}),
            "policy.caps.within: this is too long; write 31d or shorter",
        ),
        (
            json!({"caps": {"within": "1d"}}),
            "policy.caps: `max` is missing",
        ),
        (
            json!({"duplicate_within": "soon"}),
            "policy.duplicate_within: the text \"soon\" is not a duration",
        ),
    ] {
        let told = over(&Policy::default(), &policy).expect_err(words);
        assert!(
            told.iter().any(|told| told.starts_with(words)),
            "{words}: {told:?}"
        );
    }
}
