use landfall_domain::naming::Part;
use serde_json::json;

use super::lint;
use crate::Definition;
use crate::sample::{journey, plan, push};

#[test]
fn names_that_people_write_are_repaired() {
    let cart = Some("Cart Recovery");
    for (name, journey, repair) in [
        (
            "Cart Recovery - Push #1 - 1 hour - Remind",
            None,
            "Cart Recovery | Push 1 | 1h | Remind",
        ),
        (
            "cart_email2_after 2 days_offer",
            None,
            "cart | Mail 2 | 2d | offer",
        ),
        (
            "Push 1 / Remind / immediately",
            cart,
            "Cart Recovery | Push 1 | now | Remind",
        ),
        (
            "Cart Recovery | 1h | Push 1 | Remind",
            None,
            "Cart Recovery | Push 1 | 1h | Remind",
        ),
        (
            "Cart Recovery | Push 1 | Day 3 | Remind",
            None,
            "Cart Recovery | Push 1 | 3d | Remind",
        ),
        (
            "Cart | Push 1 | 1h | Remind | B",
            None,
            "Cart | Push 1 | 1h | Remind, B",
        ),
        (
            "CART RECOVERY: SMS: 24hrs: Last call",
            cart,
            "CART RECOVERY | SMS 1 | 24h | Last call",
        ),
    ] {
        let found = lint(name, journey).unwrap();
        assert_eq!(found.repair, repair, "{name}");
        assert!(
            found.unknown.is_empty() && !found.breaches.is_empty(),
            "{found:?}"
        );
        assert_eq!(lint(&found.repair, journey), None, "{name}");
    }
}

#[test]
fn what_nobody_can_guess_is_left_to_a_human() {
    let found = lint("Spring sale", None).unwrap();
    assert_eq!(found.repair, "- | - | - | Spring sale");
    assert_eq!(found.unknown, [Part::Journey, Part::Step, Part::Delay]);
    let found = lint("", Some("Cart")).unwrap();
    assert_eq!(found.repair, "Cart | - | - | -");
    let found = lint("Pushback on prices", Some("Cart")).unwrap();
    assert_eq!(found.repair, "Cart | - | - | Pushback on prices");
}

#[test]
fn a_name_that_follows_the_convention_is_left_alone() {
    assert_eq!(lint("Cart Recovery | Push 1 | 1h | Remind", None), None);
}

#[test]
fn a_renamed_journey_keeps_ids_and_numbers_and_is_found_by_its_former_names() {
    let before = plan(&journey(
        json!([push("one")]),
        json!({ "naming": { "journey": "Cart" } }),
    ));
    let renamed = before.definition.renamed("Basket");
    let back = renamed.renamed("Cart");
    for name in ["basket", "CART", "cart"] {
        assert!(renamed.is_called(name), "{name}");
    }
    assert_eq!(renamed.naming.aliases, ["Cart"]);
    assert_eq!(back.naming.aliases, ["Basket"]);
    let after = plan(&renamed.to_json());
    assert_eq!(after.definition.id, before.definition.id);
    let number = |plan: &crate::Plan| plan.step("one").map(|step| step.number);
    assert_eq!(number(&after), number(&before));
    assert_eq!(Definition::from_json(&renamed.to_json()), Ok(renamed));
}
