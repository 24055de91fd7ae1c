//! The whole trail of a delivery: decision, targets, attempts and receipts, each with its times and
//! where it came from.

use landfall_domain::delivery::{Delivery, Said, Snapshot, Target};
use landfall_domain::fact::{Fact, TargetKey};
use landfall_domain::ids::DeviceKey;
use landfall_domain::marks::MarksView;
use landfall_domain::reason::Reason;
use landfall_domain::status::{self, Confirmation};
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_engine::Catalogue;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// After this long without a receipt an accepted push is shown as unconfirmed. Half of the settling
/// time of receipts would hide those that wait for the app to be opened (semantics.md 2.9).
const CONFIRMATION_MS: i64 = 3 * DAY_MS;

/// One delivery in lists.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeliverySummary {
    /// Its id.
    pub id: String,
    /// When it was created, in milliseconds since the epoch.
    pub created_ms: i64,
    /// Landfall's status: `sent`, `partially_sent`, `unconfirmed`, `delivered`, ...
    pub status: &'static str,
    /// The one outcome that the books count.
    pub outcome: &'static str,
    /// Why, when the outcome has a why.
    pub reason: Option<&'static str>,
    /// Over which channel.
    pub channel: &'static str,
    /// What sent it, such as `campaign:31`.
    pub journey: String,
    /// The name that people gave to the journey.
    pub journey_name: Option<String>,
    /// Number of the step.
    pub step: Option<u64>,
    /// The name that people gave to the step.
    pub step_name: Option<String>,
    /// For whom: the application's id, or else the e-mail address, or else the internal id.
    pub person: Option<String>,
    /// Subject or title.
    pub subject: Option<String>,
    /// How many devices or addresses it was meant for.
    pub targets: usize,
}

/// One delivery with everything known about it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Trail {
    /// The delivery.
    pub delivery: DeliverySummary,
    /// Status as Customer.io would show it.
    pub customerio_status: &'static str,
    /// What the reason means and what to do about it.
    pub explanation: Option<String>,
    /// Marks with their first times.
    pub marks: Vec<MarkAnswer>,
    /// The run (Customer.io: journey id).
    pub run: Option<String>,
    /// Failure text as reported.
    pub failure_message: Option<String>,
    /// Devices and addresses.
    pub targets: Vec<TargetAnswer>,
    /// Every fact, in the order in which it was stored.
    pub facts: Vec<FactAnswer>,
}

/// One mark.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct MarkAnswer {
    /// Its name.
    pub mark: &'static str,
    /// When it first happened, in milliseconds since the epoch.
    pub at_ms: i64,
    /// Nobody reported it: it follows from another mark.
    pub inferred: bool,
    /// The reported time lay before the delivery began and is shown as the beginning.
    pub clamped: bool,
}

/// One device or address.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TargetAnswer {
    /// Device token (shortened) or address.
    pub address: String,
    /// Outcome of this one.
    pub outcome: &'static str,
    /// Why.
    pub reason: Option<&'static str>,
    /// Failure text as reported.
    pub failure_message: Option<String>,
    /// Marks with their first times.
    pub marks: Vec<MarkAnswer>,
    /// The device as it was when it was targeted.
    pub device: Option<DeviceAnswer>,
}

/// A device as it was when it was targeted.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct DeviceAnswer {
    /// Platform.
    pub platform: Option<&'static str>,
    /// App version.
    pub app_version: Option<String>,
    /// OS version.
    pub os_version: Option<String>,
    /// SDK version.
    pub sdk_version: Option<String>,
    /// Model.
    pub device_model: Option<String>,
    /// Whether notifications were permitted, if the app said.
    pub permission: Option<bool>,
    /// When the token was last registered, in milliseconds since the epoch.
    pub token_registered_ms: Option<i64>,
}

/// One fact.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FactAnswer {
    /// What happened.
    pub mark: &'static str,
    /// To which device or address; null: the delivery as a whole.
    pub address: Option<String>,
    /// Why.
    pub reason: Option<&'static str>,
    /// The reporter's own words.
    pub detail: Option<String>,
    /// The attempt that this is the answer to, when Landfall sent it itself: id, number, provider, times,
    /// the provider's status, code and id.
    #[schema(value_type = Option<Object>)]
    pub attempt: Option<Value>,
    /// The link, for clicks.
    pub href: Option<String>,
    /// When it happened by the reporter's clock, in milliseconds since the epoch.
    pub occurred_ms: i64,
    /// When we took it.
    pub received_ms: i64,
    /// Which door it came through.
    pub source: &'static str,
    /// It arrived more than a day after it happened.
    pub late: bool,
    /// Its time lay in the future and was set to its arrival.
    pub clamped: bool,
}

/// Names that deliveries refer to by key.
#[derive(Debug, Default)]
pub struct Names {
    /// Push tokens.
    pub tokens: BTreeMap<DeviceKey, String>,
    /// What to call the person.
    pub person: Option<String>,
}

/// Shortens a push token so that pages and logs do not carry it whole: its first characters tell
/// devices apart.
pub fn shortened(token: &str) -> String {
    const SHOWN: usize = 12;
    match token.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &token[..end]),
        None => token.to_owned(),
    }
}

/// Shapes a delivery for lists.
pub fn summary(
    delivery: &Delivery,
    person: Option<String>,
    catalogue: &Catalogue,
    now: Timestamp,
) -> DeliverySummary {
    let message = catalogue.message(delivery.message);
    DeliverySummary {
        id: delivery.id.clone(),
        created_ms: delivery.created_at.millis(),
        status: status::landfall_status(delivery, confirmation(delivery, now)).name(),
        outcome: status::outcome(delivery).name(),
        reason: status::reason(delivery).map(Reason::name),
        channel: delivery.channel.name(),
        journey: message.map_or_else(String::new, |m| format!("{}:{}", m.source, m.source_id)),
        journey_name: message
            .and_then(|m| catalogue.journey_name(m))
            .map(str::to_owned),
        step: message.and_then(|m| m.step_id),
        step_name: message
            .and_then(|m| catalogue.step_name(m))
            .map(str::to_owned),
        person,
        subject: text(delivery.about.subject.as_ref()),
        targets: delivery.targets.len(),
    }
}

/// Shapes everything known about a delivery.
pub fn trail(
    delivery: &Delivery,
    facts: &[Fact],
    names: &Names,
    catalogue: &Catalogue,
    now: Timestamp,
) -> Trail {
    let explain = |reason: Reason| format!("{} {}", reason.explanation(), reason.fix());
    Trail {
        delivery: summary(delivery, names.person.clone(), catalogue, now),
        customerio_status: status::customerio_status(delivery).name(),
        explanation: status::reason(delivery).map(explain),
        marks: marks(&delivery.view()),
        run: text(delivery.about.run.as_ref()),
        failure_message: text(delivery.about.failure_message.as_ref()),
        targets: delivery
            .targets
            .iter()
            .map(|t| target(delivery, t, names))
            .collect(),
        facts: facts.iter().map(|fact| shaped(fact, names)).collect(),
    }
}

fn target(delivery: &Delivery, target: &Target, names: &Names) -> TargetAnswer {
    TargetAnswer {
        address: address(&target.key, names),
        outcome: status::target_outcome(delivery, target).name(),
        reason: status::target_reason(delivery, target).map(Reason::name),
        failure_message: text(target.failure_message.as_ref()),
        marks: marks(&delivery.target_view(target)),
        device: target.snapshot.as_ref().map(device),
    }
}

fn device(snapshot: &Snapshot) -> DeviceAnswer {
    DeviceAnswer {
        platform: snapshot
            .platform
            .map(landfall_domain::channel::Platform::name),
        app_version: snapshot.app_version.clone(),
        os_version: snapshot.os_version.clone(),
        sdk_version: snapshot.sdk_version.clone(),
        device_model: snapshot.device_model.clone(),
        permission: snapshot.permission,
        token_registered_ms: snapshot.token_registered_at.map(Timestamp::millis),
    }
}

fn shaped(fact: &Fact, names: &Names) -> FactAnswer {
    FactAnswer {
        mark: fact.mark.name(),
        address: fact.target.as_ref().map(|target| address(target, names)),
        reason: fact.reason.map(Reason::name),
        detail: fact.detail.clone(),
        attempt: fact
            .attempt
            .as_ref()
            .and_then(|attempt| serde_json::to_value(attempt).ok()),
        href: fact.href.clone(),
        occurred_ms: fact.occurred_at.millis(),
        received_ms: fact.received_at.millis(),
        source: fact.source.name(),
        late: fact.is_late(),
        clamped: fact.clamped,
    }
}

fn marks(view: &MarksView) -> Vec<MarkAnswer> {
    view.iter()
        .map(|mark| MarkAnswer {
            mark: mark.mark.name(),
            at_ms: mark.at.millis(),
            inferred: mark.inferred,
            clamped: mark.clamped,
        })
        .collect()
}

fn address(target: &TargetKey, names: &Names) -> String {
    match target {
        TargetKey::Address(address) => address.clone(),
        TargetKey::Device(key) => names
            .tokens
            .get(key)
            .map_or_else(|| format!("device {}", key.0), |t| shortened(t)),
    }
}

fn text(said: Option<&Said>) -> Option<String> {
    said.map(|said| said.text.clone())
}

/// Whether a receipt may still be hoped for.
fn confirmation(delivery: &Delivery, now: Timestamp) -> Confirmation {
    let reports = |target: &Target| {
        target
            .snapshot
            .as_ref()
            .is_some_and(|snapshot| snapshot.sdk_version.is_some())
    };
    if now.since(delivery.created_at) < CONFIRMATION_MS {
        Confirmation::Awaited
    } else if delivery.targets.iter().any(reports) {
        Confirmation::Overdue
    } else {
        Confirmation::Impossible
    }
}
