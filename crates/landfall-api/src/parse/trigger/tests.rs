use serde_json::json;

use landfall_domain::identifier::Identifier;

use super::*;

fn who(kind: IdentifierKind, value: &str) -> Identifier {
    Identifier::new(kind, value).expect("not blank")
}

fn people(call: &TriggerCall) -> Vec<(Identifier, Value)> {
    match &call.audience {
        Some(Audience::People { people, .. }) => people
            .iter()
            .map(|person| (person.who.clone(), person.data.clone()))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_form_of_an_audience_is_understood() {
    let filter =
        call(&json!({"recipients": {"segment": {"id": 7}}, "data": {"a": 1}})).expect("a call");
    assert_eq!(filter.audience, Some(Audience::Filter(Filter::Segment(7))));
    assert_eq!(filter.data, json!({"a": 1}));
    let ids = call(&json!({"ids": ["u1", 2], "id_ignore_missing": true})).expect("a call");
    let expected = [who(IdentifierKind::Id, "u1"), who(IdentifierKind::Id, "2")];
    assert_eq!(
        people(&ids)
            .into_iter()
            .map(|(who, _)| who)
            .collect::<Vec<_>>(),
        expected
    );
    let emails =
        call(&json!({"emails": ["A@x.io"], "email_add_duplicates": true})).expect("a call");
    assert!(matches!(
        emails.audience,
        Some(Audience::People {
            duplicates: true,
            ..
        })
    ));
    assert_eq!(people(&emails)[0].0, who(IdentifierKind::Email, "a@x.io"));
    let personal =
        json!({"per_user_data": [{"id": "u1", "data": {"code": "X"}}, {"email": "b@x.io"}]});
    let personal = call(&personal).expect("a call");
    assert_eq!(people(&personal)[0].1, json!({"code": "X"}));
    let file = call(&json!({"data_file_url": "https://x.io/f.json"})).expect("a call");
    assert!(
        matches!(file.audience, Some(Audience::File { url, .. }) if url == "https://x.io/f.json")
    );
    // Node with no data sends `{}`; Go sends `data: null` (app-api.md 6.1).
    for nothing in [json!({}), json!({"data": null})] {
        assert_eq!(call(&nothing).expect("a call").audience, None);
    }
}

#[test]
fn what_cannot_be_taken_says_where() {
    for (body, field) in [
        (json!([]), "data"),
        (json!({"ids": ["a"], "emails": ["b"]}), "emails"),
        (json!({"ids": "a"}), "ids"),
        (json!({"ids": ["a", ""]}), "ids[1]"),
        (json!({"per_user_data": [{"data": {}}]}), "per_user_data[0]"),
        (json!({"recipients": {"nonsense": 1}}), "recipients"),
        (json!({"data": {"x": "y".repeat(50_001)}}), "data"),
        (json!({"ids": vec!["a"; 10_001]}), "ids"),
    ] {
        assert_eq!(call(&body).expect_err("it cannot be taken").field, field);
    }
}
