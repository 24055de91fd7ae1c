//! Facts out of reports.

use super::super::{Arrival, suppression};
use super::{is_of_the_whole, receipts, targets};
use crate::channel::Channel;
use crate::fact::{Fact, TargetKey};
use crate::ids::DeliveryKey;
use crate::input::{DeliveryReport, RecipientReport};
use crate::limits::DETAIL_BYTES_MAX;
use crate::marks::Mark;
use crate::reason::{Reason, Retry, TokenAction};
use crate::time::Timestamp;
use crate::working_set::WorkingSet;

/// Records one fact for each mark and recipient of a report; returns whether anything was new.
pub(super) fn from_report(
    set: &mut WorkingSet,
    key: DeliveryKey,
    report: &DeliveryReport,
    arrival: Arrival,
) -> bool {
    let mut changed = false;
    for (mark, at) in &report.marks {
        let about = Occurrence::new(*mark, *at, arrival);
        if report.recipients.is_empty() || is_of_the_whole(*mark) {
            changed |= whole(set, key, report, &about);
            continue;
        }
        for recipient in &report.recipients {
            changed |= one(set, key, report, recipient, &about);
        }
    }
    changed
}

/// A mark with its time.
struct Occurrence {
    mark: Mark,
    at: Timestamp,
    clamped: bool,
    arrival: Arrival,
}

impl Occurrence {
    fn new(mark: Mark, at: Timestamp, arrival: Arrival) -> Self {
        Self {
            mark,
            at: at.min(arrival.now),
            clamped: at > arrival.now,
            arrival,
        }
    }
}

fn whole(
    set: &mut WorkingSet,
    key: DeliveryKey,
    report: &DeliveryReport,
    occurrence: &Occurrence,
) -> bool {
    let fact = fact(key, report, occurrence, occurrence.mark, None, None);
    let changed = record(set, &fact);
    if changed {
        receipts::respect(set, &fact, occurrence.arrival);
    }
    changed
}

fn one(
    set: &mut WorkingSet,
    key: DeliveryKey,
    report: &DeliveryReport,
    recipient: &RecipientReport,
    occurrence: &Occurrence,
) -> bool {
    let channel = report.message.channel;
    let mark = mark_of(channel, occurrence.mark, recipient);
    let target = targets::of_report(set, key, channel, recipient);
    let text = recipient.failure_message.as_ref();
    let mut fact = fact(key, report, occurrence, mark, Some(target.clone()), text);
    let known = set.deliveries.get(&key);
    if known.is_some_and(|delivery| delivery.target(&target).is_none()) {
        fact.snapshot = Some(targets::snapshot(
            set,
            &target,
            recipient.platform,
            occurrence.arrival,
        ));
    }
    let changed = record(set, &fact);
    if changed {
        receipts::respect(set, &fact, occurrence.arrival);
        targets::answered(set, &fact, occurrence.arrival);
    }
    changed
}

/// A *sent* may name devices that the provider refused (reporting-webhooks.md 6.1): what happened to
/// such a device is what its failure message says.
fn mark_of(channel: Channel, mark: Mark, recipient: &RecipientReport) -> Mark {
    let text = match &recipient.failure_message {
        Some(text) if mark == Mark::Sent && !text.trim().is_empty() => text,
        _ => return mark,
    };
    let reason = Reason::from_report(channel, Mark::Bounced, text);
    if matches!(reason, Reason::DeviceSuppressed | Reason::AddressSuppressed) {
        Mark::Dropped
    } else if reason.token_action() != TokenAction::Keep || reason == Reason::BouncedUnknown {
        Mark::Bounced
    } else if matches!(reason.retry(), Retry::Backoff | Retry::Once | Retry::AtOnce) {
        Mark::Attempted
    } else {
        Mark::Failed
    }
}

fn fact(
    delivery: DeliveryKey,
    report: &DeliveryReport,
    occurrence: &Occurrence,
    mark: Mark,
    target: Option<TargetKey>,
    text: Option<&String>,
) -> Fact {
    let channel = report.message.channel;
    let suggested = Reason::suggested_by(channel, mark);
    let text = text
        .or(report.failure_message.as_ref())
        .filter(|text| suggested.is_some() && !text.trim().is_empty());
    let reason = text.map_or(suggested, |text| {
        Some(Reason::from_report(channel, mark, text))
    });
    let clicked = mark == Mark::Clicked;
    let mut fact = Fact {
        delivery,
        target,
        mark,
        reason,
        detail: text.map(|text| shortened(text)),
        href: report.href.clone().filter(|_| clicked),
        link_id: report.link_id.filter(|_| clicked),
        attempt: None,
        snapshot: None,
        credit: None,
        occurred_at: occurrence.at,
        sent_at: occurrence.arrival.sent_at,
        received_at: occurrence.arrival.now,
        clamped: occurrence.clamped || occurrence.arrival.clamped,
        source: occurrence.arrival.source,
        dedupe_key: String::new(),
    };
    fact.dedupe_key = report_key(&fact);
    fact
}

/// A report that says the same about the same address at the same moment is the same report, under
/// whatever event id it comes.
fn report_key(fact: &Fact) -> String {
    let target = target_text(fact.target.as_ref());
    let link = fact.link_id.map(|id| format!("#{id}"));
    let link = link.or_else(|| fact.href.clone()).unwrap_or_default();
    let at = fact.occurred_at.millis();
    format!("report:{}:{target}:{at}:{link}", fact.mark)
}

/// A target in dedupe keys.
pub(in crate::decide) fn target_text(target: Option<&TargetKey>) -> String {
    match target {
        None => String::new(),
        Some(TargetKey::Device(device)) => format!("d{}", device.0),
        Some(TargetKey::Address(address)) => format!("a{address}"),
    }
}

/// Joins the fact into its delivery, and keeps it when it says anything new.
pub(in crate::decide) fn record(set: &mut WorkingSet, fact: &Fact) -> bool {
    let before = set.before(fact);
    let delivery = set.delivery_mut(fact.delivery);
    let changed = delivery.is_some_and(|delivery| delivery.absorb(fact));
    if changed {
        set.changed_deliveries.insert(fact.delivery);
        set.log.facts.push(fact.clone());
        suppression::learn(set, fact);
        if let Some(before) = before {
            set.note_news(before, fact);
        }
    }
    changed
}

/// A reporter's text, cut to what a fact keeps.
pub(in crate::decide) fn shortened(text: &str) -> String {
    text[..text.floor_char_boundary(DETAIL_BYTES_MAX)].to_owned()
}
