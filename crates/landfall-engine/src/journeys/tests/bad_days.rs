//! Bad days: stores that fail, clocks that jump, people who merge, are deleted and come back, definitions
//! that change under way, and all of it in a random order. Afterwards the books balance, no run is stuck,
//! and no step was done twice.

mod books;
mod control;
mod edits;
mod lives;
mod loops;
mod plug;
pub(super) mod providers;
mod random;

use landfall_domain::event_data::EventData;
use landfall_domain::input::{Body, Claims, Input};
use serde_json::{Value, json};

pub(super) use self::books::runs;
use self::books::{balance, comes_to_an_end, memberships, recount, told};
use crate::tests::shop::{input, who};

/// An hour after the cart changed: a push to members, then a reach with push and SMS, and a purchase within
/// three days that is worth something.
fn whole() -> Value {
    json!({
        "id": "whole",
        "name": "Cart Recovery",
        "trigger": {"event": "cart_updated"},
        "entry": {"frequency": "every_time"},
        "exit": {"on": [{"event": "cart_emptied"}]},
        "goal": {"event": "order_placed", "within": "3d", "basis": "delivered", "value": "total",
            "currency": "currency",
            "refund": {"event": "order_refunded", "value": "total", "same": "order_id"}},
        "steps": [
            {"id": "wait", "delay": "1h"},
            {"id": "member", "branch": {"if": {"attribute": "plan", "is": "gold"},
                "then": [{"id": "thanks", "push": {"body": "For members"},
                    "name": {"step": "Push 1", "delay": "1h", "intent": "Thank"}}]}},
            {"id": "pause", "delay": "1h"},
            {"id": "remind", "reach": {"channels": [
                {"push": {"body": "Your cart waits"}, "ttl": "12h", "not_delivered_within": "30m",
                    "name": {"step": "Push 2", "delay": "2h", "intent": "Remind"}},
                {"sms": {"body": "Your cart waits"}, "ttl": "12h",
                    "name": {"step": "SMS 1", "delay": "2h", "intent": "Remind"}}
            ]}},
            {"id": "end", "delay": "1d"}
        ]
    })
}

/// A member with a phone number.
fn member(at: i64, id: &str, phone: &str) -> Input {
    let body = Body::Identify {
        who: who(id),
        claims: Claims {
            phone: Some(phone.to_owned()),
            ..Claims::default()
        },
        attributes: [("plan".to_owned(), json!("gold"))].into(),
        update_only: false,
    };
    input(at, body)
}

pub(super) fn did(at: i64, id: &str, name: &str, data: &Value) -> Input {
    let body = Body::Track {
        who: Some(who(id)),
        anonymous_id: None,
        event: landfall_domain::activity::EventKind::Event,
        name: name.to_owned(),
        id: None,
        data: EventData::from(data),
    };
    input(at, body)
}

fn order(at: i64, id: &str, order: &str) -> Input {
    let data = json!({"total": 89.9, "currency": "EUR", "order_id": order});
    did(at, id, "order_placed", &data)
}

/// The same input, known by a key when it comes again.
fn known(input: Input, key: &str) -> Input {
    Input {
        dedupe_key: Some(key.to_owned()),
        ..input
    }
}
