//! Reporting webhooks: signature, duplicates, disorder, what is not known (reporting-webhooks.md 1, 2).

use super::house::{NOW, SOURCE, push_event, request, signed};
use super::*;

/// Every order of a few things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let grown = |order: &Vec<usize>, place: usize| {
        let mut order = order.clone();
        order.insert(place, count - 1);
        order
    };
    let places = 0..count;
    shorter
        .iter()
        .flat_map(|order| {
            places
                .clone()
                .map(|place| grown(order, place))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// What a trail says, without what tells arrival: the order of the facts.
fn settled(mut trail: Value) -> Value {
    let facts = trail["facts"].as_array_mut().unwrap();
    facts.sort_by_key(Value::to_string);
    trail
}

#[tokio::test]
async fn only_signed_events_are_taken() {
    let house = House::open();
    let body = push_event("E1", "sent", "D1", NOW - 60).to_string();
    let before = house.state(1);
    let good = signed(SOURCE, body.clone().into_bytes());
    let signature = good.headers()["x-cio-signature"]
        .to_str()
        .unwrap()
        .to_owned();
    let with = |at: Option<&str>, signature: Option<&str>| {
        let mut request = request(&format!("POST {SOURCE}"));
        for (name, value) in [("x-cio-timestamp", at), ("x-cio-signature", signature)] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.body(body.clone().into()).unwrap()
    };
    let at = NOW.to_string();
    let later = (NOW + 1).to_string();
    let rows = [
        (None, None),
        (Some(at.as_str()), None),
        (None, Some(signature.as_str())),
        (Some(at.as_str()), Some("")),
        (Some(at.as_str()), Some("zz")),
        (Some(at.as_str()), Some(&signature[2..])),
        (Some(later.as_str()), Some(signature.as_str())),
    ];
    let count = rows.len();
    for (at, signature) in rows {
        let answer = house.send(with(at, signature)).await;
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["error"]["code"], "bad_signature");
    }
    assert_eq!(house.state(1), before);
    let noted = house.rejected(1).await;
    assert_eq!(noted.len(), count);
    for noted in noted {
        assert_eq!(
            (&noted["reason"], &noted["sample"]),
            (&json!("bad_signature"), &json!(""))
        );
    }
    assert_eq!(house.send(good).await.said(), (200, json!({})));
    let prefixed = with(Some(&at), Some(&format!("v0={signature}")));
    assert_eq!(house.send(prefixed).await.said(), (200, json!({})));
    assert_eq!(
        house.delivery(1, "D1").await["delivery"]["journey"],
        "campaign:31"
    );
}

#[tokio::test]
async fn a_source_must_exist() {
    let house = House::open();
    for path in ["/hooks/customerio/elsewhere", "/hooks/customerio/%FF"] {
        let answer = house.send(signed(path, b"{}".to_vec())).await;
        assert_eq!(answer.status, 404);
        assert_eq!(answer.json()["error"]["code"], "not_found");
    }
}

/// Sends the events of a delivery in an order, some of them again, and tells its trail.
async fn told(house: &House, delivery: &str, metrics: &[&str], order: &[usize]) -> Value {
    for (place, index) in order.iter().enumerate() {
        let at = NOW - 600 + i64::try_from(*index).unwrap() * 60;
        let id = format!("{delivery}-{index}");
        let event = push_event(&id, metrics[*index], delivery, at);
        house.hook(&event).await;
        match place % 3 {
            0 => {
                house.hook(&event).await;
            }
            // The same event under another id is the same event.
            1 => {
                let again = push_event(&format!("{id}-again"), metrics[*index], delivery, at);
                house.hook(&again).await;
            }
            _ => {}
        }
    }
    let trail = house.delivery(1, delivery).await.to_string();
    let nameless = trail.replace(&format!("\"{delivery}\""), "\"D\"");
    settled(serde_json::from_str(&nameless).unwrap())
}

#[tokio::test]
async fn disorder_and_duplicates_end_in_the_same_state() {
    let house = House::open();
    let rows: [&[&str]; 4] = [
        &["attempted", "sent", "delivered", "opened", "converted"],
        &["drafted", "attempted", "failed"],
        &["sent", "bounced", "opened"],
        &["attempted", "undeliverable", "dropped"],
    ];
    for (row, metrics) in rows.into_iter().enumerate() {
        let mut reference = None;
        for (number, order) in orders(metrics.len()).into_iter().enumerate() {
            let trail = told(&house, &format!("D{row}-{number}"), metrics, &order).await;
            assert_eq!(trail["facts"].as_array().unwrap().len(), metrics.len());
            let reference = reference.get_or_insert_with(|| trail.clone());
            assert_eq!(&trail, reference, "{metrics:?} {order:?}");
        }
    }
    assert_eq!(house.rejected(1).await, Vec::<Value>::new());
}

#[tokio::test]
async fn opting_out_in_any_order_ends_in_the_same_state() {
    let house = House::open();
    let rows = [
        ("unsubscribed", json!({}), "unsubscribed", true),
        (
            "cio_subscription_preferences_changed",
            json!({"content": "{\"topics\":{\"topic_1\":false}}"}),
            "topic_unsubscribed",
            false,
        ),
    ];
    for (metric, more, mark, unsubscribed) in rows {
        for (number, order) in orders(3).into_iter().enumerate() {
            let delivery = format!("{metric}-{number}");
            let mut opt_out = push_event("", "delivered", &delivery, NOW - 300);
            opt_out["object_type"] = "customer".into();
            opt_out["metric"] = metric.into();
            let data = opt_out["data"].as_object_mut().unwrap();
            data.extend(more.as_object().unwrap().clone());
            let mut events = [
                push_event("", "sent", &delivery, NOW - 600),
                push_event("", "opened", &delivery, NOW - 400),
                opt_out,
            ];
            for index in order {
                let event = &mut events[index];
                event["event_id"] = format!("{delivery}-{index}").into();
                event["data"]["identifiers"]["id"] = delivery.clone().into();
                assert_eq!(house.hook(event).await.said(), (200, json!({})));
            }
            let person = house.person(&delivery).await;
            assert_eq!(person["unsubscribed"], unsubscribed, "{delivery}");
            let marks = house.delivery(1, &delivery).await["marks"].to_string();
            assert!(
                marks.contains(&format!("\"{mark}\"")),
                "{delivery}: {marks}"
            );
            let timeline = house.timeline(&delivery).await;
            let chosen = timeline
                .iter()
                .filter(|entry| entry.starts_with("subscription_changed"));
            assert_eq!(chosen.count(), 1, "{timeline:?}");
        }
    }
}

#[tokio::test]
async fn unknown_events_are_kept_and_counted_and_never_answered_with_an_error() {
    let house = House::open();
    let before = house.state(1);
    let mut hologram = push_event("E1", "sent", "D1", NOW);
    hologram["object_type"] = "hologram".into();
    let rows = [
        (hologram.to_string(), "unknown_event"),
        (
            push_event("E2", "teleported", "D1", NOW).to_string(),
            "unknown_event",
        ),
        (push_event("E3", "sent", "", NOW).to_string(), "required"),
        ("[]".to_owned(), "invalid"),
        ("{".to_owned(), "malformed"),
        ("[".repeat(10_000), "malformed"),
    ];
    for (body, reason) in rows {
        let answer = house.send(signed(SOURCE, body.into_bytes())).await;
        assert_eq!(answer.said(), (200, json!({})));
        let noted = &house.rejected(1).await[0];
        assert_eq!(
            (&noted["reason"], &noted["status"]),
            (&json!(reason), &json!(200))
        );
    }
    assert_eq!(house.state(1), before);
    let noted = house.rejected(1).await;
    let kept = noted.last().unwrap()["sample"].as_str().unwrap();
    assert!(
        kept.contains("hologram") && !kept.contains("tok-1"),
        "{kept}"
    );
    let list = house
        .own(1, "GET /landfall/v1/rejected?limit=1", "")
        .await
        .json();
    assert_eq!(list["rejected"].as_array().unwrap().len(), 1);
    let count = list["counts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|count| count["reason"] == "unknown_event");
    assert_eq!(count.unwrap()["count"], 2);
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_and_noted() {
    let house = House::open();
    let mut broken = signed(SOURCE, b"not gzip".to_vec());
    broken
        .headers_mut()
        .insert("content-encoding", "gzip".parse().unwrap());
    assert_eq!(house.send(broken).await.status, 400);
    let answer = house.send(signed(SOURCE, vec![b' '; (8 << 20) + 1])).await;
    assert_eq!(answer.status, 413);
    let reasons: Vec<Value> = house
        .rejected(1)
        .await
        .iter()
        .map(|noted| noted["reason"].clone())
        .collect();
    assert_eq!(reasons, ["too_large", "malformed"]);
}

#[tokio::test]
async fn journeys_and_steps_appear_by_number_and_get_their_names() {
    let house = House::open();
    house.hook(&push_event("E1", "sent", "D1", NOW - 60)).await;
    let delivery = house.delivery(1, "D1").await["delivery"].clone();
    assert_eq!(
        (&delivery["journey"], &delivery["step"]),
        (&json!("campaign:31"), &json!(77))
    );
    assert_eq!(
        (&delivery["journey_name"], &delivery["step_name"]),
        (&Value::Null, &Value::Null)
    );
    let names = json!({"names": [
        {"source": "campaign", "source_id": 31, "name": "Cart Recovery"},
        {"source": "campaign", "source_id": 31, "step_id": 77, "name": "Cart Recovery | Push 1 | 30 min | remind"},
    ]});
    let answer = house
        .own(1, "PUT /landfall/v1/names", names.to_string())
        .await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let delivery = house.delivery(1, "D1").await["delivery"].clone();
    assert_eq!(delivery["journey_name"], "Cart Recovery");
    assert_eq!(
        delivery["step_name"],
        "Cart Recovery | Push 1 | 30 min | remind"
    );
}
