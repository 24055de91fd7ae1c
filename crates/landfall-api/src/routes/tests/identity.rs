//! The identity report, repairs and undoing them, as calls.

use super::house::NOW;
use super::*;

const PATH: &str = "/landfall/v1/coverage/identity";

/// A phone whose app registers its token for an anonymous id, and names the person in events only.
async fn strand(house: &House, person: &str, anonymous: &str) {
    let customer = format!("PUT /api/v1/customers/{person}");
    house.track(&customer, "{}").await;
    let device = json!({
        "anonymousId": anonymous, "event": "Device Created or Updated",
        "context": {"device": {"token": format!("tok-{anonymous}"), "type": "ios"}},
    });
    let screen = json!({"userId": person, "anonymousId": anonymous, "name": "cart"});
    for (call, body) in [("POST /v1/track", device), ("POST /v1/screen", screen)] {
        let taken = house.pipelines(call, body.to_string()).await;
        assert_eq!(taken.status, 200, "{}", taken.text);
    }
}

async fn report(house: &House) -> Value {
    let answer = house.own(1, &format!("GET {PATH}?fresh=true"), "").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

async fn post(house: &House, path: &str, body: &Value) -> (u16, Value) {
    let call = format!("POST {PATH}/{path}");
    house.own(1, &call, body.to_string()).await.said()
}

#[tokio::test]
async fn stranded_tokens_are_told_repaired_and_undone() {
    let house = House::open();
    let empty = report(&house).await;
    assert_eq!(
        (&empty["problems"], &empty["complete"]),
        (&json!([]), &json!(true))
    );
    assert_eq!(empty["looked_ms"], NOW * 1_000);
    strand(&house, "ann", "x1").await;
    let told = report(&house).await;
    let problem = &told["problems"][0];
    assert_eq!(problem["kind"], "stranded_token");
    assert_eq!(
        (&problem["count"], &problem["people"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        (&problem["automatic"], &problem["at_risk"]),
        (&json!(1), &Value::Null)
    );
    let finding = &problem["findings"][0];
    assert_eq!(
        (&finding["token"], &finding["person"]["name"]),
        (&json!("tok-x1"), &json!("ann"))
    );
    assert_eq!(
        (&finding["decide"], &finding["costs_reach"]),
        (&Value::Null, &json!(true))
    );
    // Without `fresh` what was found a moment ago is shown.
    strand(&house, "ben", "x2").await;
    let kept = house.own(1, &format!("GET {PATH}"), "").await.json();
    assert_eq!(kept["problems"][0]["count"], 1);

    let before = house.state(1);
    let (status, plan) = post(&house, "repair", &json!({})).await;
    assert_eq!(
        (status, &plan["applied"], &plan["moved"]),
        (200, &json!(false), &json!(2))
    );
    assert_eq!(house.state(1), before, "a plan changes nothing");
    let (_, done) = post(&house, "repair", &json!({"apply": true})).await;
    assert_eq!(
        (&done["applied"], &done["moved"], &done["left"]),
        (&json!(true), &json!(2), &json!(0))
    );
    assert_eq!(done["moves"][0]["to"]["name"], "ann");
    let repaired = report(&house).await;
    assert_eq!(repaired["problems"], json!([]));
    assert_eq!(
        (&repaired["repairs"][0]["id"], &repaired["repairs"][0]["by"]),
        (&done["id"], &json!("app key 2"))
    );
    let covered = house.own(1, "GET /landfall/v1/coverage", "").await.json();
    assert_eq!(covered["groups"][0]["by_reach"]["covered"], 2);
    let timeline = house
        .own(1, "GET /landfall/v1/people/ann/timeline", "")
        .await;
    assert!(
        timeline.text.contains("came by a repair"),
        "{}",
        timeline.text
    );

    let undo = format!("repairs/{}/undo", done["id"]);
    let (_, undone) = post(&house, &undo, &json!({})).await;
    assert_eq!(
        (&undone["undone"]["moved"], &undone["undone"]["kept"]),
        (&json!(2), &json!(0))
    );
    assert_eq!(report(&house).await["problems"][0]["count"], 2);
    let state = house.state(1);
    assert_eq!(post(&house, &undo, &json!({})).await, (200, undone));
    assert_eq!(house.state(1), state, "a second time nothing happens");
}

#[tokio::test]
async fn what_cannot_be_meant_changes_nothing() {
    let house = House::open();
    strand(&house, "ann", "x1").await;
    let before = house.state(1);
    for (body, field) in [
        (json!({"apply": true, "kinds": ["stranded"]}), Some("kinds")),
        (json!({"aply": true}), None),
        (json!({"apply": "yes"}), None),
        (json!([1]), None),
    ] {
        let (status, answer) = post(&house, "repair", &body).await;
        assert_eq!(
            (status, answer["error"]["field"].as_str()),
            (400, field),
            "{body}"
        );
    }
    let (status, nothing) = post(
        &house,
        "repair",
        &json!({"apply": true, "kinds": ["two_owners"]}),
    )
    .await;
    assert_eq!(
        (status, &nothing["id"], &nothing["moves"]),
        (200, &Value::Null, &json!([]))
    );
    for (path, status) in [("repairs/1/undo", 404), ("repairs/x/undo", 404)] {
        assert_eq!(post(&house, path, &json!({})).await.0, status, "{path}");
    }
    for wrong in ["fresh=now", "limit=0"] {
        let answer = house.own(1, &format!("GET {PATH}?{wrong}"), "").await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
    assert_eq!(house.state(1), before);
    let elsewhere = house
        .own(2, &format!("GET {PATH}?fresh=true"), "")
        .await
        .json();
    assert_eq!(elsewhere["problems"], json!([]), "workspaces are apart");
}

#[tokio::test]
async fn viewers_see_the_report_and_editors_repair() {
    let house = House::open();
    strand(&house, "ann", "x1").await;
    for (role, repairs) in [("viewer", 403), ("editor", 200)] {
        let (_, key) = house.user(role, role).await;
        let seen = house
            .with_key(&key, &format!("GET {PATH}"), &json!({}))
            .await;
        assert_eq!(seen.status, 200, "{role}");
        let repair = format!("POST {PATH}/repair");
        let done = house.with_key(&key, &repair, &json!({"apply": true})).await;
        assert_eq!(done.status, repairs, "{role}: {}", done.text);
    }
    let told = report(&house).await;
    assert_eq!(told["repairs"][0]["by"], "editor", "logs know who it was");
}

#[tokio::test]
async fn tokens_are_shortened_in_reports_and_plans() {
    let house = House::open();
    strand(&house, "ann", "of-a-visitor").await;
    let (_, plan) = post(&house, "repair", &json!({})).await;
    let told = report(&house).await;
    for shown in [&told["problems"][0]["findings"][0], &plan["moves"][0]] {
        assert_eq!(shown["token"], "tok-of-a-vis…");
    }
}
