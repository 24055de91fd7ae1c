//! A push as a provider took it, on its way to a phone.

use landfall_domain::time::{SECOND_MS, Timestamp};
use serde_json::Value;

use crate::{apns, fcm};

/// What a provider accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Token that it goes to.
    pub token: String,
    /// `CIO-Delivery-ID`; empty: a push that the SDK does not take for its own, and does not report.
    pub delivery_id: String,
    /// When it is of no use any more; `None`: the provider's longest storage.
    pub expires_at: Option<Timestamp>,
    /// APNs 10 or FCM `HIGH`: wakes the device.
    pub high_priority: bool,
    /// A later push with the same key takes its place.
    pub collapse_key: Option<String>,
    /// Nothing is shown.
    pub silent: bool,
    /// Whether an extension may look at it first (iOS `mutable-content`).
    pub mutable_content: bool,
}

impl Push {
    /// A push that is shown, at high priority, until `expires_at`, as Landfall's senders make it for iPhones:
    /// its collapse key is the delivery's id.
    pub fn shown(token: &str, delivery_id: &str, expires_at: Timestamp) -> Self {
        Self {
            token: token.to_owned(),
            delivery_id: delivery_id.to_owned(),
            expires_at: Some(expires_at),
            high_priority: true,
            collapse_key: Some(delivery_id.to_owned()),
            silent: false,
            mutable_content: true,
        }
    }

    /// As the simulated APNs took it.
    pub fn from_apns(taken: &apns::Accepted) -> Self {
        let payload: Value = serde_json::from_slice(&taken.payload).unwrap_or_default();
        Self {
            token: taken.token.clone(),
            delivery_id: text(&payload["CIO-Delivery-ID"]),
            expires_at: taken.expiration.map(Timestamp::from_seconds),
            high_priority: taken.priority >= 10,
            collapse_key: taken.collapse_id.clone(),
            silent: payload["aps"]["alert"].is_null(),
            mutable_content: payload["aps"]["mutable-content"] == 1,
        }
    }

    /// As the simulated FCM took it; of messages to iPhones through FCM, the part for them is not looked
    /// at. `None`: it goes to a topic or a condition.
    pub fn from_fcm(taken: &fcm::Accepted) -> Option<Self> {
        let message = &taken.message;
        let ttl = message["android"]["ttl"].as_str();
        let ttl = ttl.and_then(|ttl| ttl.strip_suffix('s')?.parse::<f64>().ok());
        let shown = |from: &Value| {
            let texts = [&from["title"], &from["body"]];
            texts.iter().any(|text| !text.is_null())
        };
        taken.target.kind.is_one_device().then(|| Self {
            token: taken.target.value.clone(),
            delivery_id: text(&message["data"]["CIO-Delivery-ID"]),
            expires_at: ttl.map(|seconds| taken.at.plus_millis(millis(seconds))),
            high_priority: message["android"]["priority"] == "HIGH",
            collapse_key: message["android"]["collapse_key"]
                .as_str()
                .map(ToOwned::to_owned),
            silent: !shown(&message["data"]) && !shown(&message["notification"]),
            mutable_content: true,
        })
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "casts from floats saturate, and FCM takes at most four weeks"
)]
fn millis(seconds: f64) -> i64 {
    (seconds * SECOND_MS as f64) as i64
}
