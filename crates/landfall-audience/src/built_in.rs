//! Segments that every workspace has: conditions by name, each with the sentence that says what it
//! means. They are written in the grammar of conditions, so that anybody can take one and change it.

#[cfg(test)]
mod tests;

use serde_json::{Value, json};

use crate::condition::Condition;
use crate::definition::Fault;

/// A segment that comes with the program.
#[derive(Clone, Debug, PartialEq)]
pub struct BuiltIn {
    /// Its stable name, such as `has_token`.
    pub name: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// The condition as JSON.
    pub json: Value,
}

impl BuiltIn {
    /// The condition.
    ///
    /// # Errors
    /// Never, as a test makes sure; told like those of every other condition.
    pub fn condition(&self) -> Result<Condition, Vec<Fault>> {
        Condition::from_json(&self.json)
    }

    /// How far back it looks, such as `7d`; `None`: it does not depend on time.
    pub fn window(&self) -> Option<&str> {
        window(&self.json)
    }

    /// The condition, looking back so far instead; as it is, when it does not depend on time. Whether the
    /// text is a duration is found when the condition is read.
    pub fn json_within(&self, window: &str) -> Value {
        let mut json = self.json.clone();
        set_window(&mut json, window);
        json
    }
}

/// Where conditions say how far back they look.
const WINDOWS: [&str; 2] = ["within", "older_than"];

fn window(json: &Value) -> Option<&str> {
    match json {
        Value::Object(object) => {
            let own = WINDOWS.iter().find_map(|key| object.get(*key)?.as_str());
            own.or_else(|| object.values().find_map(window))
        }
        Value::Array(list) => list.iter().find_map(window),
        _ => None,
    }
}

fn set_window(json: &mut Value, to: &str) {
    match json {
        Value::Object(object) => {
            for (key, value) in object {
                match value {
                    Value::String(text) if WINDOWS.contains(&key.as_str()) => to.clone_into(text),
                    other => set_window(other, to),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|one| set_window(one, to)),
        _ => {}
    }
}

/// The built-in segment of a name.
pub fn named(name: &str) -> Option<BuiltIn> {
    all().into_iter().find(|segment| segment.name == name)
}

/// Every built-in segment.
pub fn all() -> Vec<BuiltIn> {
    let mut all = tokens();
    all.extend(received());
    all.extend(failures());
    all.extend(people());
    all
}

fn built_in(name: &'static str, meaning: &'static str, json: Value) -> BuiltIn {
    BuiltIn {
        name,
        meaning,
        json,
    }
}

fn tokens() -> Vec<BuiltIn> {
    vec![
        built_in(
            "has_token",
            "At least one valid push token whose app is not known to have notifications switched off.",
            json!({"token": "has"}),
        ),
        built_in(
            "no_token",
            "No such token, for whatever reason: everybody who is not in `has_token`.",
            json!({"token": "none"}),
        ),
        built_in(
            "no_token_never_registered",
            "No app of theirs ever registered a token: they do not have the app, or it does not \
             register after login.",
            json!({"token": "never"}),
        ),
        built_in(
            "no_token_suspended",
            "Tokens, all of which the provider rejected; they count again when the app registers.",
            json!({"token": "suspended"}),
        ),
        built_in(
            "no_token_unregistered",
            "No token any more: the provider said of the last one that it is gone, which mostly \
             means that the app was removed.",
            json!({"token": "unregistered"}),
        ),
        built_in(
            "no_token_removed",
            "No token any more: the last one left by logout, rotation, account switch or call.",
            json!({"token": "removed"}),
        ),
        built_in(
            "no_token_permission_off",
            "Valid tokens, but notifications are switched off on every device.",
            json!({"token": "permission_off"}),
        ),
    ]
}

fn received() -> Vec<BuiltIn> {
    let push =
        |mark: &str, within: &str| json!({"message": mark, "channel": "push", "within": within});
    vec![
        built_in(
            "received_push_last_7_days",
            "A device reported the receipt of a push within the last 7 days. A lower bound: \
             devices that cannot report are not in it.",
            push("delivered", "7d"),
        ),
        built_in(
            "qualified_but_did_not_receive",
            "A journey or broadcast meant a push for them within the last 7 days, and no device \
             reported the receipt of any: not sent, failed, or received by a device that cannot say so.",
            json!({"all": [push("created", "7d"), {"not": push("delivered", "7d")}]}),
        ),
        built_in(
            "recently_delivered",
            "A message of any channel was reported as delivered within the last 24 hours.",
            json!({"message": "delivered", "within": "1d"}),
        ),
        built_in(
            "receipt_capable",
            "A valid token, and a device that has shown within the last 90 days that it reports \
             receipts: the base of an honest delivered rate (semantics.md 2.9).",
            json!({"all": [{"token": "has"}, push("delivered", "90d")]}),
        ),
    ]
}

/// The marks of a message that did not go out for a reason that counts as a failure.
const FAILURES: [&str; 4] = ["bounced", "failed", "dropped", "expired"];

fn failed(classes: &[&str]) -> Value {
    let failed = FAILURES.iter().map(|mark| {
        let mut one = json!({"message": mark, "within": "7d"});
        if !classes.is_empty() {
            one["class"] = classes.into();
        }
        one
    });
    json!({ "any": failed.collect::<Vec<_>>() })
}

fn failures() -> Vec<BuiltIn> {
    vec![
        built_in(
            "delivery_failures",
            "A message bounced, failed, expired or was dropped within the last 7 days, for whatever \
             reason.",
            failed(&[]),
        ),
        built_in(
            "delivery_failures_token",
            "The same, because a token or address is not one or no longer one.",
            failed(&["invalid_token", "unregistered", "recipient_invalid"]),
        ),
        built_in(
            "delivery_failures_suppressed",
            "The same, because a suppression list or an earlier rejection holds the address.",
            failed(&["suppressed", "opted_out", "complaint"]),
        ),
        built_in(
            "delivery_failures_setup",
            "The same, because credentials, environment or settings are wrong.",
            failed(&["credentials", "config", "wrong_environment"]),
        ),
        built_in(
            "delivery_failures_content",
            "The same, because of the message: its template, size, form or wording.",
            failed(&["payload", "content_filtered"]),
        ),
        built_in(
            "delivery_failures_provider",
            "The same, because a provider or the network was down, slow or limited us.",
            failed(&[
                "provider_outage",
                "transport",
                "quota",
                "device_rate",
                "expired_ttl",
            ]),
        ),
    ]
}

fn people() -> Vec<BuiltIn> {
    // Segment's and Shopify's names beside the plain one.
    let orders = [
        "purchase",
        "order_completed",
        "Order Completed",
        "checkout_completed",
    ];
    let ordered = orders.map(|name| json!({ "event": name }));
    vec![
        built_in(
            "lapsed",
            "Nothing was seen of them for 30 days: no event, no login, no registration of a device.",
            json!({"active": {"older_than": "30d"}}),
        ),
        built_in(
            "guest_checkout",
            "They ordered and left an address but have no account: an e-mail address or phone \
             number, no id of the application, and an event `purchase`, `order_completed`, \
             `Order Completed` or `checkout_completed`.",
            json!({"all": [
                {"attribute": "id", "exists": false},
                {"any": [{"attribute": "email", "exists": true}, {"attribute": "phone", "exists": true}]},
                {"any": ordered},
            ]}),
        ),
    ]
}
