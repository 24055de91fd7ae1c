use landfall_domain::content::{EmailContent, PushContent};
use landfall_domain::ids::PersonKey;
use landfall_domain::person::{Attribute, Consent, Standing};
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_795_440_600);

fn ann() -> Person {
    let attribute = |value| Attribute { value, set_at: NOW };
    Person {
        key: PersonKey(1),
        cio_id: "c1".to_owned(),
        standing: Standing::Known,
        id: Some("ann".to_owned()),
        email: Some("ann@example.org".to_owned()),
        phone: None,
        anonymous_ids: BTreeMap::new(),
        created_at: NOW,
        active_at: NOW,
        attributes: [
            ("first_name".to_owned(), attribute(json!("Ann"))),
            ("gone".to_owned(), attribute(Value::Null)),
        ]
        .into(),
        consent: Consent::default(),
        devices: BTreeMap::new(),
        segments: std::collections::BTreeSet::new(),
        absorbed: Vec::new(),
    }
}

fn fill(content: Content, data: &Value) -> Result<Content, Answer> {
    let ann = ann();
    let occasion = Occasion {
        person: Some(&ann),
        data,
        delivery_id: "d1",
        links: &Value::Null,
        now: NOW,
    };
    let mut content = content;
    Renderer::default().fill(&mut content, &occasion)?;
    Ok(content)
}

fn titled(title: &str) -> Content {
    Content::Push(Box::new(PushContent {
        title: Some(title.to_owned()),
        ..PushContent::default()
    }))
}

#[test]
fn person_and_data_are_filled_in() {
    let mut content = titled("Hi {{ customer.first_name }}, {{ trigger.item.name }} is back");
    if let Content::Push(push) = &mut content {
        push.data = [("sku".to_owned(), "{{ event.item.sku }}".to_owned())].into();
        push.body = Some("{{ customer.nickname | default: customer.email }}".to_owned());
    }
    let data = json!({"item": {"name": "Tea", "sku": 7}});
    let Ok(Content::Push(push)) = fill(content, &data) else {
        panic!("it renders");
    };
    assert_eq!(push.title.as_deref(), Some("Hi Ann, Tea is back"));
    assert_eq!(push.body.as_deref(), Some("ann@example.org"));
    assert_eq!(push.data["sku"], "7");
}

#[test]
fn the_failure_of_the_message_before_is_filled_in_beside_the_event() {
    let title = "{{ event.item }}: {{ failure.reason | default: 'none' }}";
    for (data, expected) in [
        (
            json!({ "item": "shirt", "failure": { "reason": "no_device" } }),
            "shirt: no_device",
        ),
        (json!({ "item": "shirt" }), "shirt: none"),
    ] {
        let filled = fill(titled(title), &data).unwrap();
        assert_eq!(filled.subject(), Some(expected));
    }
}

#[test]
fn a_missing_value_names_field_line_and_variable() {
    let email = Content::Email(Box::new(EmailContent {
        body: Some("one\ntwo {{ customer.gone }}".to_owned()),
        ..EmailContent::default()
    }));
    let refused = fill(email, &Value::Null).expect_err("a value is missing");
    assert_eq!(refused.reason(), Some(Reason::RenderMissingValue));
    let said = refused.message.expect("it says what");
    assert!(said.starts_with("body, line 2: customer.gone"), "{said}");
}

#[test]
fn a_text_that_is_no_template_names_field_and_line() {
    let refused = fill(titled("{% if %}"), &Value::Null).expect_err("no template");
    assert_eq!(refused.reason(), Some(Reason::RenderError));
    let said = refused.message.expect("it says what");
    assert!(said.starts_with("title, line 1"), "{said}");
}

#[test]
fn snippets_are_shared() {
    let renderer = Renderer::default();
    renderer.set_snippets([(
        "greeting".to_owned(),
        "Dear {{ customer.first_name }}".to_owned(),
    )]);
    let ann = ann();
    let occasion = Occasion {
        person: Some(&ann),
        data: &Value::Null,
        delivery_id: "d1",
        links: &Value::Null,
        now: NOW,
    };
    let line = renderer.line("title", "{{ snippets.greeting }}!", &occasion);
    assert_eq!(line.as_deref(), Ok("Dear Ann!"));
}
