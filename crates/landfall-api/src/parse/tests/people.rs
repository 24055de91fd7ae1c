//! Track API, version 1: people and their devices (track-api.md 3).

use landfall_domain::identifier::IdentifierKind;

use super::*;
use crate::parse::track;

fn u1() -> Identifier {
    Identifier::new(IdentifierKind::Id, "u1").unwrap()
}

#[test]
fn identify() {
    let rows = [
        (
            json!({"email": "a@x.io", "plan": "pro", "_timestamp": 1_790_000_000}),
            json!({"source": "track_v1", "at": 1_790_000_000_000_i64,
                   "body": super::identify(id("u1"), json!({"email": "a@x.io"}), json!({"plan": "pro"}))}),
        ),
        (
            json!({}),
            json!({"source": "track_v1", "body": super::identify(id("u1"), json!({}), json!({}))}),
        ),
        (
            json!({"_update": true, "anonymous_id": "v1"}),
            json!({"source": "track_v1", "body": {"kind": "identify", "who": id("u1"),
                   "claims": {"anonymous_id": "v1"}, "attributes": {}, "update_only": true}}),
        ),
        (
            json!({"cio_subscription_preferences.topics.topic_7": false, "unsubscribed": "TRUE",
                   "cio_relationships": {"action": "add_relationships", "relationships": []}}),
            json!({"source": "track_v1", "body": super::identify(id("u1"), json!({}), json!({
                   "cio_subscription_preferences.topics.topic_7": false, "unsubscribed": "TRUE"}))}),
        ),
    ];
    for (body, expected) in rows {
        assert_eq!(stored(track::identify(u1(), &body)), expected, "{body}");
    }
    let why = |body: Value| refused(track::identify(u1(), &body));
    assert_eq!(why(json!([])), ("invalid", "body".to_owned()));
    assert_eq!(
        why(json!({"_timestamp": "soon"})),
        ("invalid", "_timestamp".to_owned())
    );
    assert_eq!(why(json!({"a": long(1_001)})), ("too_long", "a".to_owned()));
}

#[test]
fn devices() {
    let body =
        json!({"device": {"id": "tok:1", "platform": "android", "last_used": 1_700_000_000}});
    let expected = json!({"source": "track_v1", "body": {"kind": "add_device", "who": id("u1"),
        "device": {"app": "", "platform": "android", "token": "tok:1",
                   "last_used": 1_700_000_000_000_i64, "attributes": {}}}});
    assert_eq!(stored(track::add_device(u1(), &body)), expected);
    let why = |body: Value| refused(track::add_device(u1(), &body));
    assert_eq!(why(json!({})), ("required", "device".to_owned()));
    assert_eq!(
        why(json!({"device": "tok"})),
        ("invalid", "device".to_owned())
    );
    assert_eq!(
        why(json!({"device": {"id": "t"}})),
        ("required", "device.platform".to_owned())
    );

    let expected = json!({"source": "track_v1", "body": {"kind": "delete_device", "who": id("u1"),
        "token": "tok+/=1"}});
    assert_eq!(stored(track::delete_device(u1(), "tok+/=1")), expected);
    assert_eq!(
        refused(track::delete_device(u1(), &long(4_097))).0,
        "too_long"
    );
}

#[test]
fn merge() {
    let rows = [
        (json!({"id": "a"}), json!({"id": "b"}), id("a"), id("b")),
        (
            json!({"email": "A@x.io"}),
            json!({"cio_id": "0b"}),
            named("email", "a@x.io"),
            named("cio_id", "0b"),
        ),
    ];
    for (primary, secondary, survives, goes) in rows {
        let body = json!({"primary": primary, "secondary": secondary});
        let expected = json!({"source": "track_v1", "body": {"kind": "merge", "primary": survives,
            "secondary": goes, "create_primary": false}});
        assert_eq!(stored(track::merge(&body)), expected);
    }
    let why = |body: Value| refused(track::merge(&body));
    assert_eq!(
        why(json!({"primary": {"id": "a"}})),
        ("required", "secondary".to_owned())
    );
    assert_eq!(
        why(json!({"primary": {"id": "a"}, "secondary": {}})),
        ("required", "secondary".to_owned())
    );
    assert_eq!(
        why(json!({"primary": {"id": "a"}, "secondary": {"id": "a"}})),
        ("invalid", "secondary".to_owned())
    );
    assert_eq!(
        why(json!({"primary": {"id": "a", "email": "a@x.io"}, "secondary": {"id": "b"}})),
        ("invalid", "primary".to_owned())
    );
}

#[test]
fn a_form_is_a_person_and_an_event() {
    let body = json!({"data": {"email": "a@x.io", "size": "M", "form_url": "ignored"}});
    let inputs: Vec<Value> = track::form("f1", &body)
        .unwrap()
        .into_iter()
        .map(|input| stored(Ok(input)))
        .collect();
    let who = named("email", "a@x.io");
    let expected = [
        json!({"source": "track_v1",
               "body": super::identify(who.clone(), json!({"email": "a@x.io"}), json!({"size": "M"}))}),
        json!({"source": "track_v1", "body": {"kind": "track", "who": who, "event": "event",
               "name": "form_submitted",
               "data": {"email": "a@x.io", "size": "M", "form_id": "f1"}}}),
    ];
    assert_eq!(inputs, expected);
    let why = |body: Value| refused(track::form("f1", &body));
    assert_eq!(why(json!({})), ("required", "data".to_owned()));
    assert_eq!(
        why(json!({"data": {"size": "M"}})),
        ("required", "data".to_owned())
    );
    assert_eq!(
        why(json!({"data": {"id": "a", "email": "a@x.io"}})),
        ("invalid", "data".to_owned())
    );
}

#[test]
fn segments() {
    let body = json!({"ids": ["u1", 7, "", null, long(151)]});
    let ids = json!([id("u1"), id("7")]);
    for (id_type, add) in [("", true), ("id", false)] {
        let expected = json!({"source": "track_v1",
            "body": {"kind": "edit_segment", "segment": 4, "who": ids, "add": add}});
        assert_eq!(
            stored(track::segment(segment_id(), id_type, add, &body)),
            expected
        );
    }
    let by_email = track::segment(segment_id(), "email", true, &json!({"ids": ["A@x.io"]}));
    assert_eq!(
        stored(by_email)["body"]["who"],
        json!([named("email", "a@x.io")])
    );
    let by_cio_id = track::segment(segment_id(), "cio_id", true, &json!({"ids": ["0a"]}));
    assert_eq!(
        stored(by_cio_id)["body"]["who"],
        json!([named("cio_id", "0a")])
    );

    let why = |id_type, body: Value| refused(track::segment(segment_id(), id_type, true, &body));
    assert_eq!(
        why("phone", json!({"ids": []})),
        ("invalid", "id_type".to_owned())
    );
    assert_eq!(why("", json!({})), ("required", "ids".to_owned()));
    let many: Vec<String> = (0..1_001).map(|n| n.to_string()).collect();
    assert_eq!(
        why("", json!({ "ids": many })),
        ("too_large", "ids".to_owned())
    );
}

fn segment_id() -> landfall_domain::ids::SegmentId {
    "4".parse().unwrap()
}
