//! Two records become one (semantics.md 4.3).

use super::*;
use crate::person::Standing;

#[test]
fn the_primary_keeps_what_it_has_and_takes_what_it_lacks() {
    let mut world = World::default();
    world.apply(
        &identify_with(id("ann"), Claims::default(), &json!({"plan": "pro"})),
        sec(0),
    );
    world.apply(
        &identify_with(
            email("ann@example.org"),
            Claims::default(),
            &json!({"plan": "free", "city": "Oslo"}),
        ),
        sec(1),
    );
    world.apply(&register(email("ann@example.org"), "t1"), sec(2));
    world.apply(&merge(id("ann"), email("ann@example.org")), sec(3));
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(ann.email.as_deref(), Some("ann@example.org"));
    assert_eq!(ann.attributes["plan"].value, json!("pro"));
    assert_eq!(ann.attributes["city"].value, json!("Oslo"));
    assert_eq!(ann.devices.len(), 1);
    let gone = &world.people[&crate::ids::PersonKey(1)];
    assert_eq!(gone.standing, Standing::Merged(ann.key));
    let old = known(IdentifierKind::CioId, "000700000001");
    assert_eq!(world.who(&old).unwrap().key, ann.key);
}

#[test]
fn identifiers_that_the_primary_has_already_are_free_again() {
    let mut world = World::default();
    world.apply(&identify(id("ann")), sec(0));
    world.apply(&identify(id("old")), sec(1));
    world.apply(&merge(id("ann"), id("old")), sec(2));
    assert!(world.who(&id("old")).is_none());
    world.apply(&identify(id("old")), sec(3));
    assert_ne!(
        world.who(&id("old")).unwrap().key,
        world.who(&id("ann")).unwrap().key
    );
}

#[test]
fn chains_of_merges_lead_to_the_last_survivor() {
    let mut world = World::default();
    for name in ["a", "b", "c"] {
        world.apply(&identify(id(name)), sec(0));
    }
    world.apply(&merge(id("b"), id("a")), sec(1));
    world.apply(&merge(id("c"), id("b")), sec(2));
    let first = known(IdentifierKind::CioId, "000700000000");
    assert_eq!(world.who(&first).unwrap().id.as_deref(), Some("c"));
    assert_eq!(world.who(&id("c")).unwrap().absorbed.len(), 2);
}

#[test]
fn merging_with_nobody_oneself_or_the_blocked_changes_nothing() {
    let mut world = World::default();
    world.apply(&identify(id("ann")), sec(0));
    world.apply(&input(Body::Suppress { who: id("eve") }), sec(0));
    for (primary, secondary) in [
        ("ann", "nobody"),
        ("nobody", "ann"),
        ("ann", "ann"),
        ("ann", "eve"),
    ] {
        let before = world.clone();
        assert_eq!(
            world.one(&merge(id(primary), id(secondary)), sec(1)),
            Taken::Ignored
        );
        assert_eq!(world, before, "{primary} {secondary}");
    }
}

#[test]
fn a_call_that_names_an_id_and_an_address_of_two_halves_makes_one() {
    let mut world = World::default();
    world.apply(&identify(email("ann@example.org")), sec(0));
    world.apply(&identify(id("ann")), sec(1));
    world.apply(
        &identify_with(id("ann"), claims_email("ann@example.org"), &json!({})),
        sec(2),
    );
    let ann = world.who(&id("ann")).unwrap();
    assert_eq!(world.who(&email("ann@example.org")).unwrap().key, ann.key);
    assert_eq!(ann.email.as_deref(), Some("ann@example.org"));
}

#[test]
fn the_internal_id_of_a_merged_record_leads_nowhere_once_the_survivor_is_deleted() {
    let mut world = World::default();
    world.apply(&identify(id("old")), sec(0));
    world.apply(&identify(id("ann")), sec(0));
    world.apply(&merge(id("ann"), id("old")), sec(1));
    world.apply(&input(Body::Delete { who: id("ann") }), sec(2));
    let old = known(IdentifierKind::CioId, "000700000000");
    assert_eq!(world.one(&identify(old), sec(3)), Taken::Ignored);
}
