//! Views that somebody keeps.

use super::house::NOW;
use super::*;

fn call(name: &str, query: &str) -> String {
    json!({"name": name, "page": "log", "query": query, "by": "Lea"}).to_string()
}

#[tokio::test]
async fn a_view_is_kept_renamed_and_deleted_for_its_workspace_alone() {
    let house = House::open();
    let kept = house
        .own(
            1,
            "POST /landfall/v1/views",
            call("Bounces", "status=bounced&range=7d"),
        )
        .await;
    assert_eq!(kept.status, 201, "{}", kept.text);
    let mut expected = json!({"number": 1, "name": "Bounces", "page": "log",
        "query": "status=bounced&range=7d", "by": "Lea", "at_ms": NOW * 1000});
    assert_eq!(kept.json(), expected);
    let again = house
        .own(1, "POST /landfall/v1/views", call("Bounces", ""))
        .await;
    assert_eq!(again.status, 409, "{}", again.text);
    let renamed = house
        .own(
            1,
            "PUT /landfall/v1/views/1",
            call("iOS bounces", "status=bounced&platform=ios"),
        )
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    expected["name"] = json!("iOS bounces");
    expected["query"] = json!("status=bounced&platform=ios");
    let list = house.own(1, "GET /landfall/v1/views", "").await.json();
    assert_eq!(list, json!({"views": [expected]}));
    let other = house.own(2, "GET /landfall/v1/views", "").await.json();
    assert_eq!(other, json!({"views": []}));
    for status in [204, 404] {
        let gone = house.own(1, "DELETE /landfall/v1/views/1", "").await;
        assert_eq!(gone.status, status, "{}", gone.text);
    }
}

#[tokio::test]
async fn what_is_no_view_is_refused_with_what_to_write() {
    let house = House::open();
    for (body, field) in [
        (call(" ", ""), "name"),
        (call("a", "?status=bounced"), "query"),
        (call("a", &"x".repeat(4_001)), "query"),
        (
            json!({"name": "a", "page": "Log/x", "query": ""}).to_string(),
            "page",
        ),
    ] {
        let refused = house.own(1, "POST /landfall/v1/views", body).await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert_eq!(refused.json()["error"]["field"], field);
    }
    let nothing = house
        .own(1, "PUT /landfall/v1/views/7", call("a", ""))
        .await;
    assert_eq!(nothing.status, 404, "{}", nothing.text);
}
