//! What happened to messages, as activities named `<metric>_<channel>`.

use landfall_board::Condition;
use landfall_domain::channel::Channel;
use landfall_domain::delivery::Delivery;
use landfall_domain::marks::Mark;
use serde_json::json;

use super::Shown;
use crate::routes::app::ledger::of_channel;
use crate::routes::app::messages::{Surroundings, failure};
use crate::routes::app::names::channel_name;

/// Marks that are activities.
const MARKS: [Mark; 15] = [
    Mark::Drafted,
    Mark::Attempted,
    Mark::Sent,
    Mark::Delivered,
    Mark::Opened,
    Mark::Clicked,
    Mark::Converted,
    Mark::Bounced,
    Mark::Dropped,
    Mark::Deferred,
    Mark::Failed,
    Mark::Undeliverable,
    Mark::Spammed,
    Mark::Unsubscribed,
    Mark::TopicUnsubscribed,
];

fn read(kind: &str) -> Option<(Mark, Channel)> {
    // `dropped_whatasapp` is how Customer.io's own list spells it.
    let kind = if kind == "dropped_whatasapp" {
        "dropped_whatsapp"
    } else {
        kind
    };
    MARKS
        .into_iter()
        .flat_map(|mark| Channel::ALL.iter().map(move |channel| (mark, *channel)))
        .find(|(mark, channel)| name(*mark, *channel) == kind)
}

fn name(mark: Mark, channel: Channel) -> String {
    format!("{}_{}", mark.name(), channel_name(channel))
}

/// Whether deliveries can have activities of this type.
pub(super) fn is_known(kind: &str) -> bool {
    read(kind).is_some()
}

/// Deliveries that have an activity of this type.
pub(super) fn conditions(kind: &str) -> Option<[Condition; 2]> {
    let (mark, channel) = read(kind)?;
    Some([Condition::Has(mark), of_channel(channel)])
}

/// What happened to a delivery as far as somebody reported it, last mark first, with the mark's
/// number. What follows from other marks is not repeated as an activity.
pub(super) fn shown(delivery: &Delivery, around: &Surroundings) -> Vec<(usize, Shown)> {
    let marks = delivery.view();
    let mut shown: Vec<(usize, Shown)> = marks
        .iter()
        .filter(|mark| MARKS.contains(&mark.mark) && !mark.inferred)
        .map(|mark| {
            let shown = Shown {
                id: format!("{}:{}", delivery.id, mark.mark.name()),
                kind: name(mark.mark, delivery.channel),
                timestamp: mark.at.seconds(),
                delivery_id: Some(delivery.id.clone()),
                delivery_type: Some(delivery_type(delivery, mark.mark)),
                data: json!({
                    "delivery_id": delivery.id,
                    "recipient": around.recipient(delivery),
                    "failure_message": failure(delivery),
                }),
                ..Shown::default()
            };
            (mark.mark.index(), shown)
        })
        .collect();
    shown.reverse();
    shown
}

/// For push the platform of a device that the mark was reported for, or of any of its devices.
fn delivery_type(delivery: &Delivery, mark: Mark) -> String {
    if delivery.channel != Channel::Push {
        return channel_name(delivery.channel).to_owned();
    }
    let platforms = |only_marked: bool| {
        delivery
            .targets
            .iter()
            .filter(move |target| !only_marked || target.marks.has(mark))
            .find_map(|target| target.snapshot.as_ref()?.platform)
    };
    let platform = platforms(true).or_else(|| platforms(false));
    platform.map_or_else(
        || Channel::Push.name().to_owned(),
        |platform| platform.name().to_owned(),
    )
}
