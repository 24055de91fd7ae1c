//! The OpenAPI document: committed as it is generated, and true.

use super::*;

#[test]
fn the_committed_document_is_the_generated_one() {
    let committed = include_str!("../../../../../docs/api/openapi.json");
    assert!(
        committed.trim() == crate::openapi_json().trim(),
        "docs/api/openapi.json is out of date: run `cargo x openapi`"
    );
}

#[tokio::test]
async fn every_documented_call_is_there_and_wants_a_key() {
    let house = House::open();
    let document: Value = serde_json::from_str(&crate::openapi_json()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.len() >= 14, "{}", paths.len());
    for (path, calls) in paths {
        for (method, call) in calls.as_object().unwrap() {
            let path = path.replace("{id}", "1").replace("{name}", "one");
            let answer = house
                .bare(&format!("{} {path}", method.to_uppercase()), "{}")
                .await;
            assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text);
            let responses = call["responses"].as_object().unwrap();
            assert!(
                responses.contains_key("401"),
                "{method} {path} hides that it wants a key"
            );
            assert!(
                !call["summary"]
                    .as_str()
                    .or(call["description"].as_str())
                    .unwrap_or_default()
                    .is_empty()
            );
        }
    }
}
