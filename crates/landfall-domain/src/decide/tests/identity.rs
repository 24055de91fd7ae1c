//! Who is made, found, and given which identifier (semantics.md 4.1).

use super::*;
use crate::activity::PersonInput;
use crate::person::Standing;

#[test]
fn the_first_call_makes_a_person_and_the_second_finds_it() {
    let mut world = World::default();
    world.apply(
        &identify_with(id("ann"), Claims::default(), &json!({"plan": "pro"})),
        sec(0),
    );
    world.apply(
        &identify_with(id("ann"), Claims::default(), &json!({"city": "Oslo"})),
        sec(9),
    );
    assert_eq!(world.people.len(), 1);
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(ann.attributes["plan"].value, json!("pro"));
    assert_eq!(ann.attributes["city"].set_at, sec(9));
    assert_eq!(ann.cio_id, "000700000000");
}

#[test]
fn a_lacking_identifier_is_added_and_one_that_is_set_stays() {
    let mut world = World::default();
    world.apply(
        &identify_with(id("ann"), claims_email("Ann@Example.org"), &json!({})),
        sec(0),
    );
    assert_eq!(
        world.who(&email("ann@example.org")).unwrap().id.as_deref(),
        Some("ann")
    );
    world.apply(
        &identify_with(id("ann"), claims_email("other@example.org"), &json!({})),
        sec(1),
    );
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(ann.email.as_deref(), Some("ann@example.org"));
    assert!(world.who(&email("other@example.org")).is_none());
    let last = world.activities_of(ann.key).pop().unwrap().input;
    assert!(matches!(
        last,
        PersonInput::IdentifierRefused { held_by: None, .. }
    ));
}

#[test]
fn an_identifier_of_somebody_else_is_refused_and_the_rest_is_applied() {
    let mut world = World::default();
    world.apply(
        &identify_with(id("ann"), claims_email("ann@example.org"), &json!({})),
        sec(0),
    );
    world.apply(&identify(id("ben")), sec(1));
    world.apply(
        &identify_with(
            id("ben"),
            claims_email("ann@example.org"),
            &json!({"plan": "pro"}),
        ),
        sec(2),
    );
    let (ann, ben) = (
        world.who(&id("ann")).unwrap(),
        world.who(&id("ben")).unwrap(),
    );
    assert_eq!(ann.email.as_deref(), Some("ann@example.org"));
    assert_eq!(
        (ben.email.as_deref(), &ben.attributes["plan"].value),
        (None, &json!("pro"))
    );
    let refused = world
        .activities_of(ben.key)
        .into_iter()
        .find_map(|activity| match activity.input {
            PersonInput::IdentifierRefused { held_by, .. } => Some(held_by),
            _ => None,
        });
    assert_eq!(refused, Some(Some(ann.key)));
}

#[test]
fn only_the_internal_id_may_change_an_identifier() {
    let mut world = World::default();
    world.apply(&identify(id("ann")), sec(0));
    let internal = known(
        IdentifierKind::CioId,
        &world.who(&id("ann")).unwrap().cio_id.clone(),
    );
    let renamed = Claims {
        id: Some("anna".to_owned()),
        ..Claims::default()
    };
    world.apply(&identify_with(internal, renamed, &json!({})), sec(1));
    assert!(world.who(&id("ann")).is_none());
    assert_eq!(world.who(&id("anna")).unwrap().cio_id, "000700000000");
}

#[test]
fn an_unknown_internal_id_makes_nobody() {
    let mut world = World::default();
    let unknown = known(IdentifierKind::CioId, "ffff00000001");
    for input in [
        identify(unknown.clone()),
        track(Some(unknown.clone()), None, "viewed"),
        register(unknown, "t1"),
    ] {
        assert_eq!(world.one(&input, sec(0)), Taken::Ignored);
    }
    assert!(world.people.is_empty());
}

#[test]
fn an_update_of_nobody_makes_nobody() {
    let mut world = World::default();
    let update = input(Body::Identify {
        who: id("ann"),
        claims: Claims::default(),
        attributes: [("plan".to_owned(), json!("pro"))].into(),
        update_only: true,
    });
    assert_eq!(world.one(&update, sec(0)), Taken::Ignored);
    assert!(world.people.is_empty());
    world.apply(&identify(id("ann")), sec(1));
    world.apply(&update, sec(2));
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(ann.attributes["plan"].value, json!("pro"));
}

#[test]
fn older_attributes_that_arrive_late_lose() {
    let mut world = World::default();
    let plan = |plan: &str| identify_with(id("ann"), Claims::default(), &json!({ "plan": plan }));
    world.apply(&at(sec(100), plan("pro")), sec(100));
    world.apply(&at(sec(50), plan("free")), sec(110));
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(ann.attributes["plan"].value, json!("pro"));
    // A removal that is newer than a value is not undone by it.
    world.apply(&at(sec(200), plan("")), sec(200));
    world.apply(&at(sec(150), plan("gold")), sec(210));
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(ann.attributes["plan"].value, Value::Null);
}

#[test]
fn a_time_in_the_future_counts_as_now() {
    let mut world = World::default();
    let input = identify_with(id("ann"), Claims::default(), &json!({"plan": "pro"}));
    world.apply(&at(sec(10_000_000), input), sec(5));
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(ann.attributes["plan"].set_at, sec(5));
}

#[test]
fn the_deleted_are_gone_and_may_come_back_as_somebody_new() {
    let mut world = World::default();
    world.apply(
        &identify_with(
            id("ann"),
            claims_email("ann@example.org"),
            &json!({"plan": "pro"}),
        ),
        sec(0),
    );
    world.apply(&register(id("ann"), "t1"), sec(1));
    world.apply(&input(Body::Delete { who: id("ann") }), sec(2));
    let gone = &world.people[&crate::ids::PersonKey(0)];
    assert_eq!(gone.standing, Standing::Deleted);
    assert!(gone.attributes.is_empty() && gone.devices.is_empty() && gone.email.is_none());
    assert!(world.holders.is_empty());
    assert_eq!(world.tokens[&crate::ids::DeviceKey(0)].owner, None);
    world.apply(&identify(id("ann")), sec(3));
    assert_eq!(world.who(&id("ann")).unwrap().cio_id, "000700000001");
}

#[test]
fn the_suppressed_stay_away_until_the_block_is_lifted() {
    let mut world = World::default();
    world.apply(
        &identify_with(id("ann"), claims_email("ann@example.org"), &json!({})),
        sec(0),
    );
    world.apply(&input(Body::Suppress { who: id("ann") }), sec(1));
    let calls = [
        identify(id("ann")),
        identify(email("ann@example.org")),
        track(Some(id("ann")), None, "viewed"),
        register(id("ann"), "t1"),
    ];
    for call in calls {
        assert_eq!(world.one(&call, sec(2)), Taken::Ignored);
        world.check();
    }
    world.apply(&input(Body::Unsuppress { who: id("ann") }), sec(3));
    world.apply(&identify(id("ann")), sec(4));
    // The address was blocked by itself, and still is.
    assert_eq!(
        world.one(&identify(email("ann@example.org")), sec(5)),
        Taken::Ignored
    );
}

#[test]
fn blocking_somebody_unknown_blocks_the_identifier() {
    let mut world = World::default();
    world.apply(&input(Body::Suppress { who: id("eve") }), sec(0));
    assert_eq!(world.one(&identify(id("eve")), sec(1)), Taken::Ignored);
    let again = input(Body::Suppress { who: id("eve") });
    assert_eq!(world.one(&again, sec(2)), Taken::Ignored);
}
