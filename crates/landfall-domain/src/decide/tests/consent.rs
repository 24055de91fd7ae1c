//! What people agreed to, by the later choice (semantics.md 6.8), and manual segments.

use super::*;
use crate::input::PersonHandle;

fn choice(subscribed: bool) -> Input {
    input(Body::Subscription {
        person: PersonHandle {
            id: Some("ann".to_owned()),
            ..PersonHandle::default()
        },
        subscribed: Some(subscribed),
        topics: [("topic_1".to_owned(), subscribed)].into(),
        delivery_id: None,
    })
}

#[test]
fn the_later_choice_wins_whatever_arrives_last() {
    let mut world = World::default();
    world.apply(&at(sec(100), choice(false)), sec(100));
    world.apply(&at(sec(50), choice(true)), sec(110));
    let ann = world.who(&id("ann")).unwrap();
    assert!(ann.is_unsubscribed());
    assert!(!ann.consent.topics["topic_1"].subscribed);
    world.apply(&at(sec(200), choice(true)), sec(200));
    assert!(!world.who(&id("ann")).unwrap().is_unsubscribed());
}

#[test]
fn the_attribute_is_the_switch() {
    let mut world = World::default();
    for (value, off) in [
        (json!(true), true),
        (json!("false"), false),
        (json!("True"), true),
        (json!(0), false),
        (json!(1), true),
    ] {
        let attributes = json!({ "unsubscribed": value });
        world.apply(
            &identify_with(id("ann"), Claims::default(), &attributes),
            sec(0),
        );
        let ann = world.who(&id("ann")).unwrap();
        assert_eq!(ann.is_unsubscribed(), off, "{attributes}");
        assert!(!ann.attributes.contains_key("unsubscribed"));
    }
}

#[test]
fn segments_take_people_who_exist_once() {
    let mut world = World::default();
    world.apply(&identify(id("ann")), sec(0));
    let edit = |add| {
        input(Body::EditSegment {
            segment: 4,
            who: vec![id("ann"), id("nobody")],
            add,
        })
    };
    world.apply(&edit(true), sec(1));
    assert_eq!(world.one(&edit(true), sec(2)), Taken::Ignored);
    assert_eq!(world.members.len(), 1);
    assert_eq!(world.people.len(), 1);
    world.apply(&edit(false), sec(3));
    assert!(world.members.is_empty());
}
