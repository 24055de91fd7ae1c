//! What a webhook can subscribe to: names of events, `<object>_<metric>` (app-api.md 11).

/// Objects with their metrics. `slack_undeliverable` is missing in Customer.io's list of names and has a
/// payload all the same (reporting-webhooks.md 6.6), so it can be asked for here.
const METRICS: [(&str, &[&str]); 8] = [
    (
        "customer",
        &[
            "subscribed",
            "unsubscribed",
            "subscription_preferences_changed",
        ],
    ),
    (
        "push",
        &[
            "drafted",
            "attempted",
            "sent",
            "delivered",
            "opened",
            "clicked",
            "converted",
            "bounced",
            "dropped",
            "failed",
            "undeliverable",
        ],
    ),
    (
        "email",
        &[
            "drafted",
            "attempted",
            "sent",
            "delivered",
            "opened",
            "clicked",
            "converted",
            "bounced",
            "dropped",
            "deferred",
            "spammed",
            "failed",
            "unsubscribed",
            "undeliverable",
        ],
    ),
    (
        "in_app",
        &[
            "drafted",
            "attempted",
            "sent",
            "opened",
            "clicked",
            "converted",
            "failed",
            "undeliverable",
        ],
    ),
    (
        "sms",
        &[
            "drafted",
            "attempted",
            "sent",
            "delivered",
            "clicked",
            "converted",
            "bounced",
            "dropped",
            "failed",
            "undeliverable",
            "replied",
        ],
    ),
    (
        "whatsapp",
        &[
            "drafted",
            "attempted",
            "sent",
            "delivered",
            "opened",
            "clicked",
            "converted",
            "bounced",
            "dropped",
            "failed",
            "undeliverable",
            "replied",
        ],
    ),
    (
        "slack",
        &[
            "drafted",
            "attempted",
            "sent",
            "clicked",
            "converted",
            "failed",
            "undeliverable",
        ],
    ),
    (
        "webhook",
        &[
            "drafted",
            "attempted",
            "sent",
            "clicked",
            "converted",
            "failed",
            "undeliverable",
        ],
    ),
];

/// Whether an object has a metric.
pub(super) fn has_metric(object: &str, metric: &str) -> bool {
    let found = METRICS.iter().find(|(known, _)| *known == object);
    found.is_some_and(|(_, metrics)| metrics.contains(&metric))
}

/// Every name that can be subscribed to.
pub fn all() -> impl Iterator<Item = String> {
    METRICS
        .iter()
        .flat_map(|(object, metrics)| metrics.iter().map(move |metric| name(object, metric)))
}

/// The name of an object's metric.
pub(super) fn name(object: &str, metric: &str) -> String {
    format!("{object}_{metric}")
}
