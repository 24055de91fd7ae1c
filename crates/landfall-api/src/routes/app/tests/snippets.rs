//! Snippets: kept, changed, deleted, and used by what is rendered.

use serde_json::json;

use super::shop::Shop;

#[tokio::test]
async fn snippets_are_made_changed_listed_and_deleted() {
    let shop = Shop::open();
    assert_eq!(shop.get("/v1/snippets").await, json!({ "snippets": [] }));
    let new = json!({ "name": "footer", "value": "Bye, {{ customer.name }}" });
    let made = shop.post("/v1/snippets", new.clone()).await;
    assert_eq!(made["snippet"]["name"], "footer");
    let (status, body) = shop.call("POST", "/v1/snippets", Some(new)).await;
    assert_eq!(status, 422, "{body}");
    for (name, value) in [("footer", "See you"), ("head er/1", "Hello")] {
        let put = json!({ "name": name, "value": value });
        let (status, body) = shop.call("PUT", "/v1/snippets", Some(put)).await;
        assert_eq!(
            (status.as_u16(), &body["snippet"]["value"]),
            (200, &json!(value))
        );
    }
    let shop = shop.reopened();
    let listed = shop.get("/v1/snippets").await;
    let names: Vec<_> = listed["snippets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["name"])
        .collect();
    assert_eq!(names, ["footer", "head er/1"]);
    let (status, _) = shop
        .call("DELETE", "/v1/snippets/head%20er%2F1", None)
        .await;
    assert_eq!(status, 204);
    let (status, _) = shop.call("DELETE", "/v1/snippets/none", None).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn what_is_no_snippet_is_refused() {
    let shop = Shop::open();
    for (status, body) in [
        (400, json!({ "value": "x" })),
        (400, json!({ "name": "a" })),
        (400, json!({ "name": " ", "value": "x" })),
        (400, json!({ "name": "a\nb", "value": "x" })),
        (422, json!({ "name": "a", "value": "{% if %}" })),
    ] {
        let (answered, said) = shop.call("PUT", "/v1/snippets", Some(body)).await;
        assert_eq!(answered, status, "{said}");
    }
    assert_eq!(shop.get("/v1/snippets").await, json!({ "snippets": [] }));
}

#[tokio::test]
async fn a_message_is_rendered_with_the_snippets_of_now() {
    let shop = Shop::open();
    let message = json!({ "name": "Welcome",
        "content": { "channel": "push", "title": "{{ snippets.greeting }}!" } });
    let (status, body) = shop
        .call("PUT", "/landfall/v1/transactional/1", Some(message))
        .await;
    assert_eq!(status, 200, "{body}");
    let path = "/landfall/v1/transactional/1/preview";
    let unknown = shop.post(path, json!({})).await;
    assert_eq!(unknown["reason"], "render_missing_value", "{unknown}");
    for greeting in ["Hi", "Hello"] {
        let put = json!({ "name": "greeting", "value": greeting });
        let (status, _) = shop.call("PUT", "/v1/snippets", Some(put)).await;
        assert_eq!(status, 200);
        let shown = shop.post(path, json!({})).await;
        assert_eq!(shown["content"]["title"], format!("{greeting}!"), "{shown}");
    }
}
