use serde_json::json;

use super::*;

fn long(count: usize) -> String {
    "ü".repeat(count)
}

fn mrkdwn(count: usize) -> Value {
    json!({"type": "mrkdwn", "text": long(count)})
}

fn button(text: usize, url: usize, value: usize) -> Value {
    json!({"type": "actions", "elements": [{
        "type": "button",
        "text": {"type": "plain_text", "text": long(text)},
        "url": long(url),
        "value": long(value),
    }]})
}

fn header(count: usize) -> Value {
    json!({"type": "header", "text": {"type": "plain_text", "text": long(count)}})
}

fn list(kind: &str, name: &str, element: &Value, count: usize) -> Value {
    json!({"type": kind, name: vec![element.clone(); count]})
}

#[test]
fn each_limit_holds_to_the_last_character() {
    let press = json!({"type": "button", "text": {"type": "plain_text", "text": "Go"}});
    let pairs = [
        (
            json!({"type": "section", "text": mrkdwn(3_000)}),
            json!({"type": "section", "text": mrkdwn(3_001)}),
        ),
        (
            list("section", "fields", &mrkdwn(1), 10),
            list("section", "fields", &mrkdwn(1), 11),
        ),
        (
            list("section", "fields", &mrkdwn(2_000), 1),
            list("section", "fields", &mrkdwn(2_001), 1),
        ),
        (header(150), header(151)),
        (
            list("context", "elements", &mrkdwn(1), 10),
            list("context", "elements", &mrkdwn(1), 11),
        ),
        (
            list("actions", "elements", &press, 25),
            list("actions", "elements", &press, 26),
        ),
        (button(75, 3_000, 2_000), button(76, 1, 1)),
        (button(1, 1, 1), button(1, 3_001, 1)),
        (button(1, 1, 1), button(1, 1, 2_001)),
        (
            json!({"type": "divider", "block_id": long(255)}),
            json!({"type": "divider", "block_id": long(256)}),
        ),
    ];
    for (fits, breaks) in pairs {
        assert_eq!(check(&json!([fits])), Ok(()), "{fits}");
        assert_eq!(
            check(&json!([breaks])),
            Err(Problem::InvalidBlocks),
            "{breaks}"
        );
    }
    let divider = json!({"type": "divider"});
    assert_eq!(check(&json!(vec![&divider; 50])), Ok(()));
    assert_eq!(
        check(&json!(vec![&divider; 51])),
        Err(Problem::InvalidBlocks)
    );
}

#[test]
fn malformed_blocks_are_invalid() {
    for broken in [
        json!({}),
        json!({"type": "marquee"}),
        json!({"type": "section"}),
        json!({"type": "section", "text": "plain"}),
        json!({"type": "section", "text": {"type": "mrkdwn", "text": ""}}),
        json!({"type": "header", "text": {"type": "mrkdwn", "text": "x"}}),
        json!({"type": "context", "elements": []}),
        json!({"type": "image", "image_url": "https://a.example/b.png"}),
        json!({"type": "image", "alt_text": "x"}),
    ] {
        assert_eq!(
            check(&json!([broken])),
            Err(Problem::InvalidBlocks),
            "{broken}"
        );
    }
    assert_eq!(
        check(&json!({"type": "divider"})),
        Err(Problem::InvalidBlocks)
    );
    let twice = json!([{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]);
    assert_eq!(check(&twice), Err(Problem::InvalidBlocks));
    assert_eq!(check(&Value::Null), Ok(()));
}

#[test]
fn blocks_that_fit_one_by_one_can_be_too_long_together() {
    let section = |count| json!({"type": "section", "text": mrkdwn(count)});
    let fits = json!([
        section(3_000),
        section(3_000),
        section(3_000),
        section(3_000),
        section(1_000)
    ]);
    assert_eq!(check(&fits), Ok(()));
    let long = json!([
        section(3_000),
        section(3_000),
        section(3_000),
        section(3_000),
        section(1_001)
    ]);
    assert_eq!(check(&long), Err(Problem::MsgBlocksTooLong));
}
