//! What pages ask beside figures: views that somebody keeps, people by a part of a name, names to repair.

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

#[tokio::test]
async fn people_are_found_by_parts_of_what_they_are_called() {
    let house = House::open();
    for (id, first, last) in [
        ("ann-1", "Ann", "Lee"),
        ("leo", "Leo", "Annus"),
        ("bo", "Bo", "Müller"),
    ] {
        let body =
            json!({"email": format!("{id}@shop.example"), "first_name": first, "last_name": last});
        let set = house
            .track(&format!("PUT /api/v1/customers/{id}"), body.to_string())
            .await;
        assert_eq!(set.status, 200, "{}", set.text);
    }
    let ids = async |query: &str| {
        let answer = house
            .own(1, &format!("GET /landfall/v1/people{query}"), "")
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let found = answer.json();
        let people = found["people"].as_array().unwrap().clone();
        people
            .iter()
            .map(|one| one["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, ["ann-1", "leo", "bo"]);
    assert_eq!(
        ids("?q=ann").await,
        ["ann-1", "leo"],
        "in the first or the last name"
    );
    assert_eq!(ids("?q=LEE%20an").await, ["ann-1"], "every word");
    assert_eq!(ids("?q=m%C3%BCll").await, ["bo"]);
    assert_eq!(
        ids("?q=leo").await,
        ["leo"],
        "the whole id comes first, and once"
    );
    assert_eq!(ids("?q=shop.example&limit=2").await, ["ann-1", "leo"]);
    let page = house
        .own(1, "GET /landfall/v1/people?q=shop.example&limit=2", "")
        .await
        .json();
    assert_eq!(page["people"][0]["name"], "Ann Lee");
    let next = page["next"].as_u64().unwrap();
    assert_eq!(
        ids(&format!("?q=shop.example&limit=2&after={next}")).await,
        ["bo"]
    );
    assert_eq!(ids("?q=nobody").await, Vec::<String>::new());
    let bad = house.own(1, "GET /landfall/v1/people?after=x", "").await;
    assert_eq!(bad.status, 400, "{}", bad.text);
}

#[tokio::test]
async fn names_that_depart_come_with_what_they_probably_mean() {
    let house = House::open();
    let named = |step: Option<u64>, name: &str| json!({"source": "campaign", "source_id": 3, "step_id": step, "name": name});
    let names = json!({"names": [
        named(None, "Cart Recovery"),
        named(Some(1), "Cart Recovery | Push 1 | 1h | Remind"),
        named(Some(2), "Cart Recovery - Push 2 - 1d - Help"),
        named(Some(3), "Push 3"),
    ]});
    house
        .own(1, "PUT /landfall/v1/names", names.to_string())
        .await;
    let found = house.own(1, "GET /landfall/v1/names/lint", "").await.json();
    let found = found["departures"].as_array().unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["repair"], "Cart Recovery | Push 2 | 1d | Help");
    assert_eq!(
        (&found[0]["step_id"], &found[0]["unknown"]),
        (&json!(2), &json!([]))
    );
    assert!(
        !found[1]["unknown"].as_array().unwrap().is_empty(),
        "{found:#?}"
    );
}
