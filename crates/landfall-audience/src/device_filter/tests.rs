use landfall_domain::channel::Platform;
use landfall_domain::device::LastStatus;
use serde_json::{Value, json};

use super::DeviceFilter;
use crate::answer::Answer;
use crate::definition::read;
use crate::profile::Profile;
use crate::sample::{NOON, days, device};

fn filter(json: &Value) -> DeviceFilter {
    read(json, "", DeviceFilter::parse).unwrap_or_else(|faults| panic!("{json}: {faults:?}"))
}

#[test]
fn a_device_is_asked_about_what_it_reports_and_what_it_is() {
    let mut phone = device(
        1,
        Platform::Ios,
        &[
            ("app_version", "5.10.0"),
            ("device_os", "17.2"),
            ("cio_sdk_version", "3.1.0"),
            ("device_model", "iPhone15,2"),
            ("device_locale", "fr-FR"),
            ("push_enabled", "true"),
            ("environment", "sandbox"),
            ("beta", "1"),
        ],
    );
    phone.last_status = LastStatus::Bounced;
    for (json, expected) in [
        (json!({"platform": "ios"}), true),
        (json!({"platform": ["android", "web"]}), false),
        (json!({"app": "shop.example"}), true),
        (json!({"app_version": "5.10"}), true),
        (
            json!({"app_version": {"at_least": "5.9", "less_than": "6"}}),
            true,
        ),
        (json!({"app_version": {"between": ["5.1", "5.9"]}}), false),
        (json!({"os": {"greater_than": "17"}}), true),
        (json!({"sdk": {"less_than": 3}}), false),
        (json!({"model": {"starts_with": "iPhone"}}), true),
        (json!({"locale": {"matches": "fr*"}}), true),
        (json!({"environment": "sandbox"}), true),
        (json!({"last_status": "bounced"}), true),
        (json!({"valid": false}), true),
        (json!({"permission": "granted"}), true),
        (json!({"permission": "unknown"}), false),
        (json!({"attribute": "beta", "is": 1}), true),
        (json!({"attribute": "gamma", "exists": true}), false),
        (
            json!({"not": {"platform": "android", "valid": false}}),
            true,
        ),
    ] {
        assert_eq!(
            filter(&json).answer(&phone, &Profile::default(), NOON),
            Answer::of(expected),
            "{json}"
        );
    }
}

#[test]
fn the_age_of_a_token_counts_from_its_last_registration() {
    let phone = device(1, Platform::Android, &[]);
    let fresh = filter(&json!({"refreshed": {"within_last": "30d"}}));
    assert_eq!(
        fresh.answer(&phone, &Profile::default(), NOON),
        Answer::until(true, NOON.plus_millis(days(20)))
    );
    let old =
        filter(&json!({"registered": {"older_than": "30d"}, "last_used": {"older_than": "20d"}}));
    assert_eq!(
        old.answer(&phone, &Profile::default(), NOON),
        Answer::until(false, NOON.plus_millis(days(10)))
    );
}

#[test]
fn a_filter_survives_the_way_through_json() {
    for json in [
        json!({"platform": {"is": "ios"}}),
        json!({"all": [{"permission": "denied"}, {"attribute": "beta", "is": 1}, {"valid": true}]}),
        json!({"any": [{"last_used": {"older_than": "60d"}}, {"not": {"app": {"exists": false}}}]}),
    ] {
        assert_eq!(filter(&json).to_json(), json);
        assert_eq!(filter(&filter(&json).to_json()), filter(&json));
    }
}
