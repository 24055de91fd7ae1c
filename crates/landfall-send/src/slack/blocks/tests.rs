use super::*;

fn units(value: &Value) -> usize {
    value.as_str().expect("a text").encode_utf16().count()
}

fn one(block: &Value) -> Value {
    let mut blocks = fitted(&json!([block])).expect("blocks");
    blocks.remove(0)
}

#[test]
fn what_fits_is_not_changed() {
    let blocks = json!([
        {"type": "header", "text": {"type": "plain_text", "text": "Alert"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*Bounces* up"}},
        {"type": "divider"},
    ]);
    assert_eq!(fitted(&blocks).map(Value::Array), Ok(blocks));
}

#[test]
fn every_text_is_cut_at_its_own_limit() {
    let long = "ä".repeat(5_000);
    let text = json!({"type": "mrkdwn", "text": long});
    let section = one(&json!({
        "type": "section", "text": text, "fields": [text],
        "accessory": {"type": "button", "text": text},
    }));
    assert_eq!(units(&section["text"]["text"]), 3_000);
    assert_eq!(units(&section["fields"][0]["text"]), 2_000);
    assert_eq!(units(&section["accessory"]["text"]["text"]), 75);
    let header = one(&json!({"type": "header", "text": text}));
    assert_eq!(units(&header["text"]["text"]), 150);
    assert!(
        header["text"]["text"]
            .as_str()
            .expect("text")
            .ends_with('…')
    );
    let actions = one(&json!({
        "type": "actions", "elements": [{"type": "button", "text": text}],
    }));
    assert_eq!(units(&actions["elements"][0]["text"]["text"]), 75);
    let context = one(&json!({"type": "context", "elements": [text]}));
    assert_eq!(units(&context["elements"][0]["text"]), 2_000);
}

#[test]
fn lists_are_cut_at_their_limits() {
    let text = json!({"type": "plain_text", "text": "x"});
    let many = vec![text; 60];
    let section = one(&json!({"type": "section", "fields": many}));
    assert_eq!(section["fields"].as_array().map(Vec::len), Some(10));
    let context = one(&json!({"type": "context", "elements": many}));
    assert_eq!(context["elements"].as_array().map(Vec::len), Some(10));
    let actions = one(&json!({"type": "actions", "elements": many}));
    assert_eq!(actions["elements"].as_array().map(Vec::len), Some(25));
}

#[test]
fn more_than_fifty_blocks_end_with_how_many_are_missing() {
    let many = vec![json!({"type": "divider"}); 60];
    let blocks = fitted(&Value::Array(many)).expect("blocks");
    assert_eq!(blocks.len(), 50);
    let last = blocks[49]["elements"][0]["text"].as_str().expect("text");
    assert!(last.contains("11 more"), "{last}");
    let fifty = vec![json!({"type": "divider"}); 50];
    assert_eq!(
        fitted(&json!(fifty)).map(Value::Array),
        Ok(Value::Array(fifty))
    );
}

#[test]
fn blocks_come_as_list_as_object_or_as_text() {
    let list = json!([{"type": "divider"}]);
    let expected = fitted(&list);
    assert_eq!(fitted(&json!({ "blocks": list })), expected);
    assert_eq!(fitted(&json!(list.to_string())), expected);
    assert_eq!(fitted(&json!("")), Ok(Vec::new()));
    assert_eq!(fitted(&Value::Null), Ok(Vec::new()));
}

#[test]
fn what_is_no_list_of_blocks_is_refused() {
    for given in [
        json!("[{"),
        json!("\"[]\""),
        json!(5),
        json!({"a": 1}),
        json!(["text"]),
    ] {
        assert!(fitted(&given).is_err(), "{given}");
    }
}

#[test]
fn a_cut_leaves_characters_and_entities_whole() {
    assert_eq!(shortened("abcdef", 6), "abcdef");
    assert_eq!(shortened("abcdef", 5), "abcd…");
    // A pair of surrogates that does not fit is left out.
    assert_eq!(shortened("ab🙂cd", 4), "ab…");
    assert_eq!(shortened("ab &amp; cd", 7), "ab…");
    assert_eq!(shortened("ab & cd & ef", 10), "ab & cd…");
}
