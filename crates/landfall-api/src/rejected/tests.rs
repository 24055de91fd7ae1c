//! What is kept of a refused body.

use serde_json::json;

use super::*;

#[test]
fn push_tokens_and_credentials_are_not_kept() {
    let rows = [
        // Track API, version 1: the token is the device's id, with or without the wrapper.
        json!({"device": {"id": "SECRET", "platform": "ios", "attributes": {"a": "kept"}}}),
        json!({"id": "SECRET", "platform": "ios", "note": "kept"}),
        // Version 2, and its batch.
        json!({"batch": [{"device": {"token": "SECRET", "platform": "kept"}}]}),
        json!({"attributes": {"device_token": "SECRET"}, "name": "kept"}),
        // Receipts.
        json!({"delivery_id": "kept", "device_id": "SECRET", "event": "opened"}),
        json!({"delivery_id": "kept", "recipient": "SECRET"}),
        // Pipelines.
        json!({"writeKey": "SECRET", "batch": [
            {"context": {"device": {"token": "SECRET", "type": "kept"}}}]}),
        json!({"properties": {"device": {"token": "SECRET", "type": "kept"}}}),
        json!({"properties": {"recipient": "SECRET", "deliveryId": "kept"}}),
        json!({"properties": {"pushToStartToken": "SECRET", "instanceToken": "SECRET",
               "deviceId": "SECRET", "platform": "kept"}}),
        // Webhooks.
        json!({"data": {"recipients": [{"device_id": "SECRET", "device_platform": "kept"}]}}),
        // A token that is not even a string.
        json!({"device": {"id": ["SECRET"], "platform": "kept"}}),
    ];
    for row in rows {
        let sample = sample(row.to_string().as_bytes());
        assert!(!sample.contains("SECRET"), "{sample}");
        assert!(sample.contains("kept"), "{sample}");
        assert_eq!(sample, sample_of(&row));
    }
}

#[test]
fn ids_of_people_and_nulls_stay_readable() {
    let row = json!({"identifiers": {"id": "u1"}, "device": {"token": null}});
    assert_eq!(sample_of(&row), row.to_string());
}

#[test]
fn samples_are_short_and_whole_characters() {
    let row = json!({ "text": "ä".repeat(SAMPLE_BYTES) });
    let sample = sample_of(&row);
    assert!((SAMPLE_BYTES - 3..=SAMPLE_BYTES).contains(&sample.len()));
    assert!(row.to_string().starts_with(&sample));
}

#[test]
fn what_is_not_json_is_kept_as_its_length() {
    assert_eq!(sample(b"token=SECRET"), "(12 bytes that are not JSON)");
    assert_eq!(sample(b""), "");
}
