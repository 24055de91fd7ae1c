use std::collections::BTreeMap;

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
        listed: Vec::new(),
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

fn directory() -> crate::Directory {
    let master = crate::seal::MasterKey::new(&[7; 32]).unwrap();
    let path = std::path::PathBuf::from("landfall.json");
    crate::Directory::new(
        path,
        crate::directory::DirectoryFile::default(),
        Vec::new(),
        master,
    )
    .unwrap()
}

fn linking() -> Renderer {
    let links = Links::new(&directory(), "https://push.example.org").unwrap();
    Renderer::linking(Some(links), "ws_1")
}

#[test]
fn templates_know_where_to_opt_out() {
    let renderer = linking();
    let line = |text: &str| {
        let links = renderer.links("d1");
        let occasion = Occasion {
            person: None,
            data: &Value::Null,
            delivery_id: "d1",
            links: &links,
            now: NOW,
        };
        renderer.line("body", text, &occasion)
    };
    let url = line("{{ unsubscribe_url }}").unwrap();
    assert!(
        url.starts_with("https://push.example.org/unsubscribe/ws_1/d1/"),
        "{url}"
    );
    assert_eq!(line("{% unsubscribe_url %}").as_deref(), Ok(&*url));
    let link = format!("<a href=\"{url}\">Unsubscribe</a>");
    assert_eq!(line("{% unsubscribe %}"), Ok(link));
}

#[test]
fn without_a_public_address_a_template_that_needs_it_says_what_is_missing() {
    let refused = fill(titled("{{ unsubscribe_url }}"), &Value::Null).expect_err("nobody knows");
    assert_eq!(refused.reason(), Some(Reason::RenderMissingValue));
    assert!(refused.message.unwrap().contains("unsubscribe_url"));
}

#[test]
fn a_mail_offers_to_opt_out_unless_it_does_so_itself() {
    let renderer = linking();
    let offered = |email: EmailContent| {
        let mut content = Content::Email(Box::new(email));
        offer_opting_out(&mut content, &renderer.links("d1"));
        let Content::Email(email) = content else {
            panic!("it stays a mail");
        };
        email.unsubscribe_url
    };
    let url = offered(EmailContent::default()).expect("an address");
    assert!(url.starts_with("https://push.example.org/unsubscribe/ws_1/d1/"));
    let own = EmailContent {
        unsubscribe_url: Some("https://shop.example/out".to_owned()),
        ..EmailContent::default()
    };
    assert_eq!(offered(own).as_deref(), Some("https://shop.example/out"));
    let headers = [(
        "list-unsubscribe".to_owned(),
        "<mailto:out@shop.example>".to_owned(),
    )];
    let own = EmailContent {
        headers: headers.into(),
        ..EmailContent::default()
    };
    assert_eq!(offered(own), None);
}
