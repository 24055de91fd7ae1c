//! Track API, versions 1 and 2: each call's answer and its effect (track-api.md 1, 3, 4).

use super::house::{basic, request};
use super::*;

fn meta(message: &str) -> Value {
    json!({"meta": {"errors": [message]}})
}

/// It was taken, in exactly the words of the original.
#[track_caller]
fn done(answer: &Answer) {
    assert_eq!(
        (answer.status.as_u16(), answer.text.as_str()),
        (200, "{}\n")
    );
    assert_eq!(
        answer.headers["content-type"],
        "application/json; charset=utf-8"
    );
}

#[tokio::test]
async fn a_person_lives_and_goes() {
    let house = House::open();
    let call = "PUT /api/v1/customers/u1";
    done(
        &house
            .track(call, r#"{"email":"a@x.io","plan":"pro"}"#)
            .await,
    );
    assert_eq!(house.person("u1").await["attributes"]["plan"], "pro");
    done(&house.track("DELETE /api/v1/customers/u1", "{}").await);
    assert_eq!(house.person("u1").await, Value::Null);
    // Who does not exist can be deleted and told not to be created, all the same.
    done(&house.track("DELETE /api/v1/customers/nobody", "").await);
    done(
        &house
            .track("PUT /api/v1/customers/nobody", r#"{"_update":true,"a":1}"#)
            .await,
    );
    done(
        &house
            .track("PUT /api/v1/customers/cio_0badc0de", r#"{"a":1}"#)
            .await,
    );
    assert_eq!(house.person("nobody").await, Value::Null);
    assert_eq!(house.rejected(1).await, Vec::<Value>::new());
}

#[tokio::test]
async fn suppression_blocks_until_it_is_lifted() {
    let house = House::open();
    done(&house.track("PUT /api/v1/customers/u1", "{}").await);
    done(
        &house
            .track("POST /api/v1/customers/u1/suppress", "{}")
            .await,
    );
    done(&house.track("PUT /api/v1/customers/u1", "{}").await);
    assert_eq!(house.person("u1").await, Value::Null);
    done(
        &house
            .track("POST /api/v1/customers/u1/unsuppress", "")
            .await,
    );
    assert_eq!(house.person("u1").await, Value::Null);
    done(&house.track("PUT /api/v1/customers/u1", "{}").await);
    assert_ne!(house.person("u1").await, Value::Null);
}

#[tokio::test]
async fn devices_come_and_go_under_encoded_paths() {
    let house = House::open();
    let body = r#"{"device":{"id":"tok+/=1:APA","platform":"ios","last_used":1700000000}}"#;
    done(
        &house
            .track("PUT /api/v1/customers/u%201%2F%C3%A9/devices", body)
            .await,
    );
    let person = house.person("u%201%2F%C3%A9").await;
    assert_eq!(person["id"], "u 1/é");
    assert_eq!(person["devices"][0]["id"], "tok+/=1:APA");
    let call = "DELETE /api/v1/customers/u%201%2F%C3%A9/devices/tok+%2F%3D1%3AAPA";
    done(&house.track(call, "{}").await);
    assert_eq!(house.person("u%201%2F%C3%A9").await["devices"], json!([]));
}

#[tokio::test]
async fn events_are_kept_and_an_id_counts_once() {
    let house = House::open();
    for _ in 0..2 {
        let body = r#"{"name":"bought","id":"01J","data":{"sku":7}}"#;
        done(&house.track("POST /api/v1/customers/u1/events", body).await);
    }
    let body = r#"{"name":"Cart","type":"screen"}"#;
    done(&house.track("POST /api/v1/customers/u1/events", body).await);
    let timeline = house.timeline("u1").await;
    let tracked = timeline.iter().filter(|entry| entry.starts_with("tracked"));
    assert_eq!(tracked.count(), 2, "{timeline:?}");

    let body = r#"{"name":"looked","anonymous_id":"v1"}"#;
    done(&house.track("POST /api/v1/events", body).await);
    done(
        &house
            .track("POST /api/v1/events", r#"{"name":"of nobody"}"#)
            .await,
    );
    done(
        &house
            .track("PUT /api/v1/customers/u1", r#"{"anonymous_id":"v1"}"#)
            .await,
    );
    let timeline = house.timeline("u1").await;
    assert!(
        timeline.iter().any(|entry| entry.contains("looked")),
        "{timeline:?}"
    );
}

#[tokio::test]
async fn two_people_become_one() {
    let house = House::open();
    done(
        &house
            .track("PUT /api/v1/customers/a", r#"{"email":"a@x.io"}"#)
            .await,
    );
    done(
        &house
            .track("PUT /api/v1/customers/b", r#"{"plan":"pro"}"#)
            .await,
    );
    let body = r#"{"primary":{"email":"a@x.io"},"secondary":{"id":"b"}}"#;
    done(&house.track("POST /api/v1/merge_customers", body).await);
    assert_eq!(house.person("a").await["attributes"]["plan"], "pro");
    let answer = house
        .track("POST /api/v1/merge_customers", r#"{"primary":{"id":"a"}}"#)
        .await;
    let said = json!({"meta": {"error": "secondary is required"}});
    assert_eq!(answer.said(), (400, said));
}

#[tokio::test]
async fn forms_segments_and_region() {
    let house = House::open();
    let body = r#"{"data":{"email":"a@x.io","size":"M"}}"#;
    let answer = house.track("POST /api/v1/forms/f1/submit", body).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""));
    let answer = house
        .track("POST /api/v1/forms/f1/submit", r#"{"data":{}}"#)
        .await;
    assert_eq!(
        answer.said(),
        (400, meta("one of id, email, phone or cio_id is required"))
    );

    done(&house.track("PUT /api/v1/customers/u1", "{}").await);
    let ids = r#"{"ids":["u1","nobody"]}"#;
    done(
        &house
            .track("POST /api/v1/segments/4/add_customers?id_type=id", ids)
            .await,
    );
    let segment = "4".parse().unwrap();
    let members = || house.workspace(1).store().member_count(segment).unwrap();
    assert_eq!(members(), 1);
    done(
        &house
            .track("POST /api/v1/segments/4/remove_customers", ids)
            .await,
    );
    assert_eq!(members(), 0);
    let bad = [
        (
            "POST /api/v1/segments/four/add_customers",
            400,
            "segment_id must be a number",
        ),
        (
            "POST /api/v1/segments/4/paint_customers",
            404,
            "there is no such call",
        ),
        (
            "POST /api/v1/segments/4/add_customers?id_type=shoe",
            400,
            "id_type must be id, email or cio_id",
        ),
    ];
    for (call, status, message) in bad {
        assert_eq!(house.track(call, ids).await.said(), (status, meta(message)));
    }

    let request = request("GET /api/v1/accounts/region")
        .header("authorization", basic("site-2", "track-2"))
        .header("host", "push.example.org");
    let answer = house.send(request.body("".into()).unwrap()).await;
    let said = json!({"url": "push.example.org", "region": "us", "environment_id": 4_712});
    assert_eq!(answer.said(), (200, said));
}

#[tokio::test]
async fn entities_of_version_2() {
    let house = House::open();
    let call = "POST /api/v2/entity";
    let identify = r#"{"type":"person","action":"identify","identifiers":{"id":"u1"},
        "attributes":{"plan":"pro"}}"#;
    done(&house.track(call, identify).await);
    let device = r#"{"type":"person","action":"add_device","identifiers":{"id":"u1"},
        "device":{"token":"tok","platform":"android"}}"#;
    done(&house.track(call, device).await);
    let person = house.person("u1").await;
    assert_eq!(person["attributes"]["plan"], "pro");
    assert_eq!(person["devices"][0]["platform"], "android");
    let object = r#"{"type":"object","action":"identify","identifiers":{"cio_object_id":"ob1"}}"#;
    done(&house.track(call, object).await);

    let before = house.state(1);
    let nobody = r#"{"type":"person","action":"identify","identifiers":{}}"#;
    let error = json!({"reason": "required", "field": "identifiers",
        "message": "one of id, email, phone or cio_id is required"});
    assert_eq!(
        house.track(call, nobody).await.said(),
        (400, json!({"errors": [error]}))
    );
    assert_eq!(house.state(1), before);
}

#[tokio::test]
async fn batches_of_version_2_are_taken_in_part() {
    let house = House::open();
    let call = "POST /api/v2/batch";
    let good = json!({"type": "person", "action": "identify", "identifiers": {"id": "u1"}});
    let bad = json!({"type": "person", "action": "add_device", "identifiers": {"id": "u2"},
        "device": {"token": "TOKEN", "platform": "fridge"}});
    done(
        &house
            .track(call, json!({"batch": [good, good]}).to_string())
            .await,
    );
    assert_ne!(house.person("u1").await, Value::Null);

    let answer = house
        .track(call, json!({"batch": [good, bad]}).to_string())
        .await;
    let error = |index: usize| {
        json!({"batch_index": index, "reason": "invalid", "field": "device.platform",
               "message": "platform must be ios or android"})
    };
    assert_eq!(answer.said(), (207, json!({"errors": [error(1)]})));
    let answer = house
        .track(call, json!({"batch": [bad, bad]}).to_string())
        .await;
    assert_eq!(
        answer.said(),
        (400, json!({"errors": [error(0), error(1)]}))
    );
    assert_eq!(house.person("u2").await, Value::Null);

    let noted = house.rejected(1).await;
    let statuses: Vec<_> = noted.iter().map(|noted| noted["status"].as_u64()).collect();
    assert_eq!(statuses, [Some(400), Some(400), Some(207)]);
    for noted in noted {
        assert_eq!(noted["surface"], "POST /api/v2/batch");
        assert_eq!(noted["reason"], "invalid");
        let sample = noted["sample"].as_str().unwrap();
        assert!(
            sample.contains("u2") && !sample.contains("TOKEN"),
            "{sample}"
        );
    }
    let empty = json!({"errors": [{"reason": "invalid", "field": "batch",
        "message": "batch must not be empty"}]});
    assert_eq!(
        house.track(call, r#"{"batch":[]}"#).await.said(),
        (400, empty)
    );
}

#[tokio::test]
async fn credentials_are_read_as_clients_write_them() {
    let house = House::open();
    // "site-1:track-1" in both alphabets, padded and not; the scheme in any case.
    for header in ["Basic c2l0ZS0xOnRyYWNrLTE=", "basic c2l0ZS0xOnRyYWNrLTE"] {
        let request = request("GET /api/v1/accounts/region").header("authorization", header);
        let answer = house.send(request.body("".into()).unwrap()).await;
        assert_eq!(answer.status, 200, "{header}");
    }
}
