//! Visitors, and the windows in which what they did becomes somebody's (semantics.md 4.2).

use super::*;
use crate::person::Standing;

fn named(world: &World, who: &Identifier, event: &str) -> bool {
    let Some(person) = world.who(who) else {
        return false;
    };
    let own = world.activities_of(person.key);
    own.iter().any(|activity| {
        matches!(&activity.input, crate::activity::PersonInput::Tracked { name, .. } if name == event)
    })
}

#[test]
fn a_visitor_is_kept_but_is_nobody_yet() {
    let mut world = World::default();
    world.apply(&track(None, Some("a1"), "viewed"), sec(0));
    world.apply(&register(anonymous("a1"), "t1"), sec(1));
    let visitor = world.who(&anonymous("a1")).unwrap();
    assert_eq!(visitor.standing, Standing::Visitor);
    assert!(!visitor.is_known());
    assert_eq!(visitor.devices.len(), 1);
}

#[test]
fn login_makes_the_visitors_history_traits_and_devices_the_persons() {
    let mut world = World::default();
    world.apply(
        &identify_with(anonymous("a1"), Claims::default(), &json!({"city": "Oslo"})),
        sec(0),
    );
    world.apply(&register(anonymous("a1"), "t1"), sec(1));
    world.apply(
        &identify_with(id("ann"), claims_anonymous("a1"), &json!({})),
        sec(2),
    );
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(world.who(&anonymous("a1")).unwrap().key, ann.key);
    assert_eq!(ann.attributes["city"].value, json!("Oslo"));
    assert_eq!(ann.devices.len(), 1);
    let absorbed = &ann.absorbed[0];
    assert_eq!(absorbed.history_from, sec(2).plus_millis(-30 * DAY_MS));
}

#[test]
fn an_anonymous_id_never_moves_to_another_person() {
    let mut world = World::default();
    world.apply(
        &identify_with(id("ann"), claims_anonymous("a1"), &json!({})),
        sec(0),
    );
    world.apply(
        &identify_with(id("ben"), claims_anonymous("a1"), &json!({})),
        sec(1),
    );
    let ann = world.who(&id("ann")).unwrap().key;
    assert_eq!(world.who(&anonymous("a1")).unwrap().key, ann);
    assert_ne!(world.who(&id("ben")).unwrap().key, ann);
}

#[test]
fn events_attach_for_thirty_days_after_the_latest_call_that_named_both() {
    let mut world = World::default();
    world.apply(
        &identify_with(id("ann"), claims_anonymous("a1"), &json!({})),
        sec(0),
    );
    let days = |days: i64| sec(0).plus_millis(days * DAY_MS);
    world.apply(&track(None, Some("a1"), "within"), days(30));
    assert!(named(&world, &id("ann"), "within"));
    world.apply(
        &track(None, Some("a1"), "after"),
        days(30).plus_millis(HOUR_MS),
    );
    assert!(!named(&world, &id("ann"), "after"));
    let last = world.activities.last().unwrap();
    assert_eq!(last.person, None, "kept, for nobody");
    world.apply(
        &identify_with(id("ann"), claims_anonymous("a1"), &json!({})),
        days(40),
    );
    world.apply(&track(None, Some("a1"), "renewed"), days(69));
    assert!(named(&world, &id("ann"), "renewed"));
}

#[test]
fn an_event_that_names_a_user_is_the_users_whatever_anonymous_id_comes_along() {
    let mut world = World::default();
    world.apply(
        &identify_with(id("ann"), claims_anonymous("a1"), &json!({})),
        sec(0),
    );
    world.apply(&track(Some(id("ben")), Some("a1"), "bought"), sec(1));
    assert!(named(&world, &id("ben"), "bought"));
    assert!(!named(&world, &id("ann"), "bought"));
}
