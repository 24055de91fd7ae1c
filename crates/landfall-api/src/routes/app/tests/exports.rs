use axum::body::Body as HttpBody;
use axum::http::{Request, StatusCode};
use landfall_domain::marks::Mark;
use landfall_store::DocumentKind;
use serde_json::{Value, json};

use super::shop::{DAY, NOW, Shop, push};

/// Asks until the export has ended. Ends by itself, because exports do.
async fn ended(shop: &Shop, id: u64) -> Value {
    loop {
        let export = shop.get(&format!("/v1/exports/{id}")).await["export"].clone();
        if export["status"] != "pending" {
            return export;
        }
        tokio::task::yield_now().await;
    }
}

async fn file(shop: &Shop, url: &str) -> (StatusCode, String) {
    let path = url.strip_prefix("http://landfall.example").unwrap_or(url);
    let request = Request::builder()
        .uri(path)
        .body(HttpBody::empty())
        .unwrap();
    let (status, bytes) = shop.raw(request).await;
    (status, String::from_utf8(bytes).unwrap())
}

async fn url(shop: &Shop, id: u64) -> String {
    let answer = shop.get(&format!("/v1/exports/{id}/download")).await;
    answer["url"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn people_come_as_a_file() {
    let shop = Shop::open();
    shop.identify(
        "u1",
        json!({ "email": "ann@shop.example", "plan": "pro", "note": "a,\"b\"\nc" }),
    )
    .await;
    shop.identify("u2", json!({ "plan": "free" })).await;
    let filter = json!({ "attribute": { "field": "plan", "operator": "exists" } });
    let begun = shop
        .post("/v1/exports/customers", json!({ "filters": filter }))
        .await;
    assert_eq!(begun["export"]["type"], "customers");
    let export = ended(&shop, 1).await;
    assert_eq!(export["status"], "done");
    assert_eq!(
        (&export["failed"], &export["total"]),
        (&json!(false), &json!(2))
    );

    let url = url(&shop, 1).await;
    let (status, text) = file(&shop, &url).await;
    assert_eq!(status, StatusCode::OK);
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "id,email,phone,cio_id,created_at,unsubscribed,note,plan"
    );
    assert!(
        lines[1].starts_with("u1,ann@shop.example,,"),
        "{}",
        lines[1]
    );
    assert!(
        lines[1].ends_with(",false,\"a,\"\"b\"\"\nc\",pro"),
        "{}",
        lines[1]
    );
    assert!(lines[2].ends_with(",false,,free"), "{}", lines[2]);
    assert_eq!(lines[3..], [""], "every line ends with CRLF");
    assert_eq!(shop.get("/v1/exports/1").await["export"]["downloads"], 1);

    let (status, _) = file(&shop, &url.replace("signature=", "signature=A")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let (status, _) = file(&shop, &url.replace("/1?", "/2?")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    shop.clock.advance(16 * 60 * 1_000);
    let (status, _) = file(&shop, &url).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "links do not last");
}

#[tokio::test]
async fn deliveries_come_as_a_file() {
    let shop = Shop::open();
    shop.identify("u1", json!({ "plan": "pro" })).await;
    let at = NOW - DAY;
    shop.report(push(
        "d1",
        "u1",
        &[(Mark::Created, at), (Mark::Sent, at + 2)],
    ))
    .await;
    shop.report(push(
        "d2",
        "u2",
        &[(Mark::Created, at), (Mark::Failed, at + 1)],
    ))
    .await;
    let body = json!({ "campaign_id": 31, "metric": "sent", "attributes": ["plan", "city"] });
    shop.post("/v1/exports/deliveries", body).await;
    assert_eq!(ended(&shop, 1).await["total"], 1);
    let (_, text) = file(&shop, &url(&shop, 1).await).await;
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let row: std::collections::HashMap<String, String> = csv.deserialize().next().unwrap().unwrap();
    for (column, value) in [
        ("delivery_id", "d1"),
        ("type", "push"),
        ("campaign_id", "31"),
        ("newsletter_id", ""),
        ("action_id", "12"),
        ("customer_id", "u1"),
        ("status", "sent"),
        ("created", &at.to_string()),
        ("sent", &(at + 2).to_string()),
        ("failed", ""),
        ("plan", "pro"),
        ("city", ""),
    ] {
        assert_eq!(row[column], value, "{column}");
    }
    for body in [
        json!({}),
        json!({ "campaign_id": 31, "newsletter_id": 8 }),
        json!({ "campaign_id": "x" }),
        json!({ "campaign_id": 31, "metric": "read" }),
        json!({ "campaign_id": 31, "start": NOW, "end": NOW - DAY }),
        json!({ "campaign_id": 31, "start": NOW - 400 * DAY }),
    ] {
        let (status, _) = shop
            .call("POST", "/v1/exports/deliveries", Some(body.clone()))
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn an_unfinished_export_is_taken_up_after_a_restart() {
    let shop = Shop::open();
    shop.identify("u1", json!({ "plan": "pro" })).await;
    let filters = json!({ "attribute": { "field": "plan", "operator": "exists" } });
    shop.post("/v1/exports/customers", json!({ "filters": filters }))
        .await;
    ended(&shop, 1).await;
    // What a process leaves behind that ends in the middle: pending, and no file.
    let store = shop.workspace().store();
    let document = store.document(DocumentKind::Export, 1).unwrap().unwrap();
    let pending = document.body.replace("\"done\"", "\"pending\"");
    assert!(
        store
            .replace_document(DocumentKind::Export, 1, &pending)
            .unwrap()
    );
    let shop = shop.reopened();
    assert_eq!(ended(&shop, 1).await["status"], "done");
    assert_eq!(file(&shop, &url(&shop, 1).await).await.0, StatusCode::OK);
    assert_eq!(
        shop.get("/v1/exports").await["exports"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(shop.refused("/v1/exports/2").await.0, 404);
}

#[tokio::test]
async fn an_export_that_cannot_be_written_says_so() {
    let shop = Shop::open();
    shop.identify("u1", json!({ "plan": "pro" })).await;
    // A file where the folder should be.
    std::fs::write(shop.folder().join("exports"), "in the way").unwrap();
    let filters = json!({ "attribute": { "field": "plan", "operator": "exists" } });
    shop.post("/v1/exports/customers", json!({ "filters": filters }))
        .await;
    let export = ended(&shop, 1).await;
    assert_eq!(
        (&export["status"], &export["failed"]),
        (&json!("failed"), &json!(true))
    );
    assert!(
        export["error"]
            .as_str()
            .unwrap()
            .contains("cannot be written")
    );
    assert_eq!(shop.refused("/v1/exports/1/download").await.0, 404);
}
