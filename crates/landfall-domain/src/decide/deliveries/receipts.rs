//! Receipts and opt-outs, and the quarantine in which they wait for an unknown delivery.

use super::super::{Arrival, Taken};
use super::{facts, links, opt_out_mark, targets};
use crate::fact::{Fact, TargetKey};
use crate::ids::DeliveryKey;
use crate::input::{Body, Input, Source, reportable, reportable_by_provider};
use crate::limits::{FACTS_PER_DELIVERY_MAX, QUARANTINE_PER_DELIVERY_MAX};
use crate::marks::Mark;
use crate::reason::Reason;
use crate::time::Timestamp;
use crate::working_set::WorkingSet;

/// Takes a receipt or an opt-out through a delivery.
pub(in crate::decide) fn receipt(set: &mut WorkingSet, input: &Input, arrival: Arrival) -> Taken {
    let Some(said) = Said::of(&input.body) else {
        return Taken::Ignored;
    };
    match set.deliveries_by_id.get(said.delivery_id).copied() {
        Some(key) => apply(set, key, &said, input.at.is_some(), arrival),
        None => quarantine(set, said.delivery_id, input, arrival),
    }
}

/// Marks a known delivery as the one through which somebody opted out, globally or of one topic.
/// The choice itself is the caller's to record.
pub(in crate::decide) fn note_opt_out(
    set: &mut WorkingSet,
    delivery_id: &str,
    mark: Mark,
    arrival: Arrival,
) -> Option<DeliveryKey> {
    let key = set.deliveries_by_id.get(delivery_id).copied()?;
    let said = Said::opt_out(delivery_id, mark);
    facts::record(set, &said.fact(set, key, true, arrival)?);
    Some(key)
}

/// Applies everything that waits for a delivery that is known now.
pub(in crate::decide) fn release(set: &mut WorkingSet, key: DeliveryKey, now: Timestamp) -> bool {
    let Some(id) = set.deliveries.get(&key).map(|delivery| delivery.id.clone()) else {
        return false;
    };
    let Some(waiting) = set.quarantined.remove(&id) else {
        return false;
    };
    for input in &waiting {
        let arrival = Arrival {
            source: input.source,
            at: input.at.map_or(now, |at| at.min(now)),
            sent_at: input.sent_at,
            clamped: false,
            now,
        };
        match (&input.body, Said::of(&input.body)) {
            // The choice was recorded when it came; only the delivery's mark waited.
            (Body::Subscription { .. }, Some(said)) => {
                if let Some(fact) = said.fact(set, key, true, arrival) {
                    facts::record(set, &fact);
                }
            }
            (_, Some(said)) => {
                apply(set, key, &said, true, arrival);
            }
            (_, None) => {}
        }
    }
    set.log
        .quarantined
        .retain(|(waited_for, _)| *waited_for != id);
    set.log.released.push(id);
    true
}

/// Records the choice of whoever opted out through a delivery.
pub(super) fn respect(set: &mut WorkingSet, fact: &Fact, arrival: Arrival) {
    let person = set.deliveries.get(&fact.delivery);
    let person = person.and_then(|delivery| delivery.person);
    if let (Mark::Unsubscribed, Some(person)) = (fact.mark, person) {
        let at = fact.occurred_at;
        links::opted_out(set, person, fact.delivery, Arrival { at, ..arrival });
    }
}

/// What a receipt says.
struct Said<'i> {
    delivery_id: &'i str,
    mark: Mark,
    recipient: Option<&'i str>,
    text: Option<&'i str>,
    href: Option<&'i str>,
}

impl<'i> Said<'i> {
    fn of(body: &'i Body) -> Option<Self> {
        match body {
            Body::Receipt {
                delivery_id,
                mark,
                recipient,
                reason,
                href,
            } => Some(Self {
                delivery_id,
                mark: *mark,
                recipient: recipient
                    .as_deref()
                    .map(str::trim)
                    .filter(|text| !text.is_empty()),
                text: reason.as_deref().filter(|text| !text.trim().is_empty()),
                href: href.as_deref(),
            }),
            Body::Unsubscribe { delivery_id } => {
                Some(Self::opt_out(delivery_id, Mark::Unsubscribed))
            }
            Body::Subscription {
                delivery_id: Some(delivery_id),
                subscribed,
                topics,
                ..
            } => {
                let mark = opt_out_mark(*subscribed, topics)?;
                Some(Self::opt_out(delivery_id, mark))
            }
            _ => None,
        }
    }

    const fn opt_out(delivery_id: &'i str, mark: Mark) -> Self {
        Self {
            delivery_id,
            mark,
            recipient: None,
            text: None,
            href: None,
        }
    }

    /// The fact, or `None` when the channel does not know the mark (track-api.md 3.10).
    fn fact(
        &self,
        set: &WorkingSet,
        key: DeliveryKey,
        timed: bool,
        arrival: Arrival,
    ) -> Option<Fact> {
        let delivery = set.deliveries.get(&key)?;
        let channel = delivery.channel;
        let opt_out = matches!(self.mark, Mark::Unsubscribed | Mark::TopicUnsubscribed);
        let by_provider = arrival.source == Source::Provider
            && reportable_by_provider(channel).contains(&self.mark);
        if !opt_out && !by_provider && !reportable(channel).contains(&self.mark) {
            return None;
        }
        let target = targets::of_receipt(set, delivery, self.recipient);
        let unseen = target.as_ref().filter(|key| delivery.target(key).is_none());
        let snapshot = unseen.map(|target| targets::snapshot(set, target, None, arrival));
        let suggested = Reason::suggested_by(channel, self.mark);
        let text = self.text.filter(|_| suggested.is_some());
        Some(Fact {
            delivery: key,
            mark: self.mark,
            reason: text.map_or(suggested, |text| {
                Some(Reason::from_report(channel, self.mark, text))
            }),
            detail: text.map(facts::shortened),
            href: self.href.map(facts::shortened),
            link_id: None,
            attempt: None,
            snapshot,
            credit: None,
            occurred_at: arrival.at,
            sent_at: arrival.sent_at,
            received_at: arrival.now,
            clamped: arrival.clamped,
            source: arrival.source,
            dedupe_key: self.dedupe_key(target.as_ref(), timed.then_some(arrival.at)),
            target,
        })
    }

    /// A receipt that is sent again is the same receipt. Clients that give no time send it again
    /// later: then the mark alone has to do.
    fn dedupe_key(&self, target: Option<&TargetKey>, at: Option<Timestamp>) -> String {
        let target = facts::target_text(target);
        let at = at.map(|at| at.millis().to_string()).unwrap_or_default();
        let href = self.href.unwrap_or_default();
        format!("receipt:{}:{target}:{at}:{href}", self.mark)
    }
}

fn apply(
    set: &mut WorkingSet,
    key: DeliveryKey,
    said: &Said<'_>,
    timed: bool,
    arrival: Arrival,
) -> Taken {
    let Some(fact) = said.fact(set, key, timed, arrival) else {
        return Taken::Ignored;
    };
    if is_flooded(set, &fact) {
        return Taken::Ignored;
    }
    if !facts::record(set, &fact) {
        return Taken::Duplicate;
    }
    respect(set, &fact, arrival);
    Taken::Applied
}

/// Receipts need no credentials: beyond a bound, only marks that are new are taken.
fn is_flooded(set: &WorkingSet, fact: &Fact) -> bool {
    let Some(delivery) = set.deliveries.get(&fact.delivery) else {
        return false;
    };
    delivery.seen.len() >= FACTS_PER_DELIVERY_MAX && {
        let target = fact.target.as_ref();
        match target.map(|key| delivery.target(key)) {
            None => delivery.marks.has(fact.mark),
            Some(target) => target.is_none_or(|target| target.marks.has(fact.mark)),
        }
    }
}

pub(super) fn quarantine(set: &mut WorkingSet, id: &str, input: &Input, arrival: Arrival) -> Taken {
    let waiting = set.quarantined.entry(id.to_owned()).or_default();
    let copy = |other: &Input| {
        other.body == input.body && (input.at.is_none() || other.at == Some(arrival.at))
    };
    if waiting.iter().any(copy) {
        return Taken::Duplicate;
    }
    if waiting.len() >= QUARANTINE_PER_DELIVERY_MAX {
        return Taken::Ignored;
    }
    let input = Input {
        at: Some(arrival.at),
        ..input.clone()
    };
    waiting.push(input.clone());
    set.log.quarantined.push((id.to_owned(), input));
    Taken::Quarantined
}
