//! The links in mails by which people opt out.

use super::*;

async fn sent(house: &House, delivery: &str) {
    let event = push_event(delivery, "sent", delivery, house::NOW - 600);
    assert_eq!(house.hook(&event).await.status, 200);
}

/// The path of the link for a delivery of the first workspace.
fn path(house: &House, delivery: &str) -> String {
    let link = house.links().unsubscribe("ws_1", delivery);
    let path = link.strip_prefix("https://push.example.org");
    path.expect("it begins with the public address").to_owned()
}

#[tokio::test]
async fn a_look_changes_nothing_and_the_button_opts_out_through_the_delivery() {
    let house = House::open();
    sent(&house, "D1").await;
    let path = path(&house, "D1");
    let before = house.state(1);
    let page = house.bare(&format!("GET {path}"), "").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("<form method=\"post\">"),
        "{}",
        page.text
    );
    let headers =
        ["content-type", "cache-control", "referrer-policy"].map(|name| &page.headers[name]);
    assert_eq!(
        headers,
        ["text/html; charset=utf-8", "no-store", "no-referrer"]
    );
    assert_eq!(house.state(1), before, "scanners of mail follow links");

    // As mail programs do it (RFC 8058 section 3.2), and without a redirect.
    let one_click = "List-Unsubscribe=One-Click";
    let done = house.bare(&format!("POST {path}"), one_click).await;
    assert_eq!(done.status, 200);
    assert!(done.text.contains("You are unsubscribed"), "{}", done.text);
    assert_eq!(house.person("u-42").await["unsubscribed"], json!(true));
    let trail = house.delivery(1, "D1").await;
    let marks: Vec<&Value> = trail["marks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mark| &mark["mark"])
        .collect();
    assert!(marks.contains(&&json!("unsubscribed")), "{trail}");
}

#[tokio::test]
async fn who_subscribed_again_can_opt_out_again() {
    let house = House::open();
    sent(&house, "D1").await;
    let call = format!("POST {}", path(&house, "D1"));
    assert_eq!(house.bare(&call, "").await.status, 200);
    let back = json!({ "unsubscribed": false }).to_string();
    assert_eq!(
        house.track("PUT /api/v1/customers/u-42", back).await.status,
        200
    );
    assert_eq!(house.person("u-42").await["unsubscribed"], json!(false));
    house.pass(60);
    assert_eq!(house.bare(&call, "").await.status, 200);
    assert_eq!(house.person("u-42").await["unsubscribed"], json!(true));
}

#[tokio::test]
async fn a_link_that_was_not_made_here_opts_nobody_out() {
    let house = House::open();
    sent(&house, "D1").await;
    sent(&house, "D2").await;
    let own = path(&house, "D1");
    let signature = own.rsplit('/').next().unwrap();
    let before = house.state(1);
    for path in [
        format!("/unsubscribe/ws_1/D2/{signature}"),
        format!("/unsubscribe/ws_2/D1/{signature}"),
        "/unsubscribe/ws_1/D1/AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        format!("/unsubscribe/ws_1/D1/{}", &signature[1..]),
        "/unsubscribe/ws_1/%FF/x".to_owned(),
    ] {
        for method in ["GET", "POST"] {
            let answer = house.bare(&format!("{method} {path}"), "").await;
            assert_eq!(answer.status, 404, "{method} {path}");
        }
    }
    assert_eq!(house.state(1), before);
}
