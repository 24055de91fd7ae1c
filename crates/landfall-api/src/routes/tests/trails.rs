//! Deliveries one by one: the list, its pages, the live tail, the trail; people, coverage, books.

use super::house::NOW;
use super::metrics::shop;
use super::*;

async fn get(house: &House, path: &str) -> Value {
    let answer = house.own(1, &format!("GET /landfall/v1/{path}"), "").await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

fn ids(list: &Value) -> Vec<String> {
    let deliveries = list["deliveries"].as_array().unwrap();
    deliveries
        .iter()
        .map(|delivery| delivery["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn the_list_is_newest_first_and_takes_every_filter() {
    let house = shop().await;
    assert_eq!(
        ids(&get(&house, "deliveries").await),
        ["d3", "d2", "d1", "d4"]
    );
    for (filter, expected) in [
        ("outcome=bounced", &["d2"][..]),
        ("person=ann", &["d3", "d1", "d4"]),
        ("person=nobody", &[]),
        ("q=remind", &["d2", "d1"]),
        ("has=delivered&lacks=opened", &["d4"]),
        ("journey=newsletter:5", &["d4"]),
        ("range=yesterday", &["d4"]),
    ] {
        assert_eq!(
            ids(&get(&house, &format!("deliveries?{filter}")).await),
            expected,
            "{filter}"
        );
    }
}

#[tokio::test]
async fn pages_join_up_while_new_deliveries_arrive() {
    let house = House::open();
    for number in 0..23 {
        // Several at the same instant, so that a page ends between equals.
        let at = NOW - 1_000 + number / 4;
        house
            .hook(&push_event(
                &format!("e{number}"),
                "sent",
                &format!("d{number}"),
                at,
            ))
            .await;
    }
    let mut met = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(&house, &format!("deliveries?limit=4{after}")).await;
        met.extend(ids(&page));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        after = format!("&after={next}");
        let number = 100 + met.len();
        house
            .hook(&push_event(
                &format!("n{number}"),
                "sent",
                &format!("new{number}"),
                NOW,
            ))
            .await;
    }
    let mut once = met.clone();
    once.sort();
    once.dedup();
    assert_eq!((met.len(), once.len()), (23, 23), "{met:?}");
}

#[tokio::test]
async fn the_trail_tells_every_fact_with_its_source() {
    let house = shop().await;
    let receipt = json!({"event": "converted", "delivery_id": "d1", "device_id": "tok-ann",
                         "timestamp": NOW - 60});
    house.bare("POST /push/events", receipt.to_string()).await;
    let trail = house.delivery(1, "d1").await;
    assert_eq!(trail["delivery"]["status"], "converted");
    assert_eq!(trail["customerio_status"], "converted");
    let told: Vec<String> = trail["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| {
            format!(
                "{} {}",
                fact["mark"].as_str().unwrap(),
                fact["source"].as_str().unwrap()
            )
        })
        .collect();
    let expected = [
        "sent webhook",
        "delivered webhook",
        "opened webhook",
        "converted receipt",
    ];
    assert_eq!(told, expected);
    let device = &trail["targets"][0]["device"];
    assert_eq!(
        (&device["app_version"], &device["platform"]),
        (&json!("5.2"), &json!("ios"))
    );
    let bounced = house.delivery(1, "d2").await;
    assert_eq!(bounced["targets"][0]["reason"], "token_unregistered");
    assert!(
        bounced["explanation"]
            .as_str()
            .is_some_and(|why| why.len() > 20)
    );
    // Another workspace knows nothing of it.
    let other = house.own(2, "GET /landfall/v1/deliveries/d1", "").await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn the_live_tail_shows_what_passes_the_filter() {
    use axum::body::Body;
    use http_body_util::BodyExt as _;
    let house = House::open();
    let request = super::house::request("GET /landfall/v1/deliveries/stream?outcome=bounced")
        .header("authorization", "Bearer app-1")
        .body(Body::empty())
        .unwrap();
    let mut body = house.stream(request).await;
    house
        .hook(&push_event("e1", "sent", "quiet", NOW - 5))
        .await;
    let mut bounced = push_event("e2", "bounced", "loud", NOW - 4);
    bounced["data"]["recipients"][0]["failure_message"] = "UNREGISTERED".into();
    house.hook(&bounced).await;
    let frame = body.frame().await.unwrap().unwrap();
    let text = String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap();
    assert!(
        text.starts_with("event: delivery\n") && text.contains("\"loud\""),
        "{text}"
    );
    assert!(!text.contains("quiet"), "{text}");
}

#[tokio::test]
async fn a_timeline_has_messages_merges_and_token_moves_in_one_line() {
    let house = shop().await;
    let switch = json!({"device": {"id": "tok-ann", "platform": "ios"}});
    house
        .track("PUT /api/v1/customers/cem/devices", switch.to_string())
        .await;
    let merge = json!({"primary": {"id": "ben"}, "secondary": {"id": "cem"}});
    house
        .track("POST /api/v1/merge_customers", merge.to_string())
        .await;
    let ann = house.timeline("ann").await.join("\n");
    for words in ["token_move", "delivery: push d1: opened"] {
        assert!(ann.contains(words), "{words}: {ann}");
    }
    let ben = house.timeline("ben").await.join("\n");
    for words in ["merged", "token_move", "delivery: push d2: bounced"] {
        assert!(ben.contains(words), "{words}: {ben}");
    }
    let replay = get(&house, "people/ben/replay").await;
    assert_eq!(replay["identical"], true);
}

#[tokio::test]
async fn coverage_says_who_is_reached_and_why_the_others_are_not() {
    let house = shop().await;
    for (person, body) in [
        ("cem", json!({"email": "cem@example.org"})),
        ("dan", json!({"unsubscribed": true})),
    ] {
        house
            .track(&format!("PUT /api/v1/customers/{person}"), body.to_string())
            .await;
    }
    for (person, enabled) in [("dan", "true"), ("eve", "false")] {
        let device = json!({"device": {"id": format!("tok-{person}"), "platform": "ios",
                            "attributes": {"push_enabled": enabled}}});
        let call = format!("PUT /api/v1/customers/{person}/devices");
        house.track(&call, device.to_string()).await;
    }
    // The provider rejects Ben's token after he registered it.
    let mut bounced = push_event("late", "bounced", "d9", NOW);
    bounced["data"]["identifiers"]["id"] = "ben".into();
    bounced["data"]["recipients"][0] = json!({"device_id": "tok-ben", "device_platform": "android", "failure_message": "UNREGISTERED"});
    house.hook(&bounced).await;
    let coverage = get(&house, "coverage").await;
    let group = |name: &str| {
        let groups = coverage["groups"].as_array().unwrap();
        groups
            .iter()
            .find(|group| group["group"] == name)
            .unwrap()
            .clone()
    };
    let expected = json!({"covered": 1, "no_device": 1, "token_invalid": 1, "permission_off": 1,
                          "unsubscribed": 1});
    assert_eq!(
        (&group("all")["active"], &group("all")["by_reach"]),
        (&json!(5), &expected)
    );
    assert_eq!(group("ios")["active"], 3);
    assert_eq!(group("android")["by_reach"]["token_invalid"], 1);
    assert_eq!(group("all")["coverage"]["hits"], 1);
    // The same people in the waterfall; each of two platforms is a slice.
    house.workspace(1).keep_coverage().await.unwrap();
    let sliced = get(&house, "coverage?by=platform").await;
    let fall = &sliced["waterfall"];
    let lost: Vec<u64> = fall["rungs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["lost"].as_u64().unwrap())
        .collect();
    assert_eq!((&fall["active"], lost), (&json!(5), vec![1, 0, 1, 1, 1, 0]));
    assert_eq!(fall["reachable"], 1);
    assert_eq!(sliced["slices"][0]["value"], "ios");
    assert_eq!(sliced["slices"][0]["waterfall"]["active"], 3);
    assert_eq!(sliced["days"][0]["places"]["valid"], 1);
    assert_eq!(sliced["weeks"][0]["places"][7]["now"], 1);
    for wrong in ["since=someday", "by=shoe_size"] {
        let bad = house
            .own(1, &format!("GET /landfall/v1/coverage?{wrong}"), "")
            .await;
        assert_eq!(bad.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_books_balance_and_show_where_they_would_not() {
    let house = shop().await;
    let books = get(&house, "books").await;
    let totals = (
        &books["reached"],
        &books["accounted"],
        &books["difference"],
        &books["stored"],
    );
    assert_eq!(totals, (&json!(4), &json!(4), &json!(0), &json!(4)));
    let lines = books["lines"].as_array().unwrap();
    let of_step = lines.iter().find(|line| line["step"] == "77").unwrap();
    assert_eq!(of_step["outcomes"], json!({"accepted": 1, "bounced": 1}));
    // A delivery that the board loses is missed by the count of the store.
    let key = house
        .workspace(1)
        .store()
        .delivery("d3")
        .unwrap()
        .unwrap()
        .key;
    house
        .workspace(1)
        .board()
        .update(|board| board.remove(&[key]));
    let books = get(&house, "books").await;
    assert_eq!(
        (&books["reached"], &books["stored"]),
        (&json!(3), &json!(4))
    );
}

#[tokio::test]
async fn what_is_known_of_tokens_is_told_and_what_is_not_is_null() {
    let house = shop().await;
    let nothing = get(&house, "coverage/survival").await;
    assert_eq!(nothing["learned_ms"], Value::Null);
    assert!(house.workspace(1).keep_survival().await.unwrap());
    let known = get(&house, "coverage/survival").await;
    assert!(known["learned_ms"].is_i64() && known["people"].as_u64() > Some(0));
    let platform = &known["platforms"][0];
    let why = platform["too_little"].as_str().unwrap();
    assert!(why.starts_with("too little is known of"), "{why}");
    assert_eq!(
        (&known["kinds"], &known["calibration"]),
        (&json!([]), &Value::Null)
    );
    let devices = get(&house, "people/ann/liveness").await;
    let device = &devices["devices"][0];
    assert!(device["last_sign_ms"].as_i64() > Some(0), "{devices}");
    assert_eq!(device["alive"], Value::Null);
    let missing = house
        .own(1, "GET /landfall/v1/people/nobody/liveness", "")
        .await;
    assert_eq!(missing.status, 404);
    let segment = json!({"name": "all", "condition": {"device": {"valid": true}}});
    let made = house
        .own(1, "POST /landfall/v1/segments", segment.to_string())
        .await;
    assert_eq!(made.status, 200);
    let reach = get(&house, "segments/all/reach").await;
    assert!(
        reach["valid"].is_f64() && reach["learned_ms"].is_i64(),
        "{reach}"
    );
}
