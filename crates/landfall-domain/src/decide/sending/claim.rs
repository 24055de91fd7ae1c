//! Claiming work: the last look before it is handed over.

use super::super::{Arrival, Taken, deliveries};
use super::{choose, done, fact, park, put, refuse, target_text};
use crate::device::{Device, LastStatus};
use crate::fact::TargetKey;
use crate::marks::Mark;
use crate::reason::{Reason, Retry};
use crate::time::Timestamp;
use crate::work::{Assignment, Permit, Work, WorkKey, WorkState};
use crate::working_set::WorkingSet;

/// Takes work to hand it over now, or finds out why it must not be.
pub(in crate::decide) fn claim(
    set: &mut WorkingSet,
    key: WorkKey,
    attempt: &str,
    until: Timestamp,
    arrival: Arrival,
) -> Taken {
    let Some(mut work) = set.works.get(&key).cloned() else {
        return Taken::Ignored;
    };
    if work.state != WorkState::Waiting || work.due > arrival.now {
        return Taken::Ignored;
    }
    if work.expires <= arrival.now {
        refuse(set, &work, Reason::ExpiredInQueue, arrival);
        done(set, key);
        return Taken::Applied;
    }
    if work.target.is_none() {
        choose::targets(set, work, arrival);
        return Taken::Applied;
    }
    if let Err(reason) = check(set, &work) {
        refuse(set, &work, reason, arrival);
        done(set, key);
        return Taken::Applied;
    }
    match set.permits.remove(&key) {
        None | Some(Permit::Now) => {}
        Some(Permit::After { until, reason }) => {
            hold(set, work, until, reason, arrival);
            return Taken::Applied;
        }
        Some(Permit::Never(reason)) => {
            refuse(set, &work, reason, arrival);
            // What another hour may allow can be sent by hand (semantics.md 6.6).
            match reason.retry() {
                Retry::Later => park(set, work, arrival),
                _ => done(set, key),
            }
            return Taken::Applied;
        }
    }
    work.state = WorkState::Claimed {
        attempt: attempt.to_owned(),
        until,
    };
    work.tries += 1;
    work.first_try.get_or_insert(arrival.now);
    let Some(delivery) = set.deliveries.get(&key.delivery()) else {
        return Taken::Ignored;
    };
    let person = delivery.person.and_then(|person| set.people.get(&person));
    set.assignments.push(Assignment {
        delivery_id: delivery.id.clone(),
        person: person.cloned(),
        device: device(set, &work).cloned(),
        work: work.clone(),
    });
    put(set, work);
    Taken::Claimed
}

/// Lets work wait because of a rule: it is of use as long as if it became due then. Only the first hold
/// for a reason is a fact; that it lasts is no news.
fn hold(set: &mut WorkingSet, work: Work, until: Timestamp, reason: Reason, arrival: Arrival) {
    let mut held = fact(
        work.key.delivery(),
        work.target.clone(),
        Mark::Attempted,
        arrival,
    );
    held.reason = Some(reason);
    held.dedupe_key = format!("held:{}:{reason}", target_text(work.target.as_ref()));
    deliveries::record(set, &held);
    let due = until.max(arrival.now.plus_millis(1));
    let expires = due.plus_millis(work.order.ttl_ms);
    put(
        set,
        Work {
            due,
            expires,
            ..work
        },
    );
}

/// What may have changed since the target was chosen: the person, their consent, the device's owner and
/// state.
fn check(set: &WorkingSet, work: &Work) -> Result<(), Reason> {
    let delivery = set.deliveries.get(&work.key.delivery());
    let person = delivery.and_then(|delivery| delivery.person);
    if let Some(person) = person.and_then(|person| set.people.get(&person)) {
        choose::allowed(person, &work.order, work.channel)?;
    }
    if let Some(TargetKey::Address(address)) = &work.target {
        let person = person.and_then(|person| set.people.get(&person));
        let listed = person.is_some_and(|person| person.is_listed(work.channel, address));
        return if listed {
            Err(Reason::AddressSuppressed)
        } else {
            Ok(())
        };
    }
    match device(set, work) {
        None => Err(Reason::OwnerChanged),
        Some(device) if device.last_status == LastStatus::Suppressed => {
            Err(Reason::DeviceSuppressed)
        }
        Some(_) => Ok(()),
    }
}

/// The device that the work goes to, if it still belongs to the person whom the delivery is for.
fn device<'s>(set: &'s WorkingSet, work: &Work) -> Option<&'s Device> {
    let Some(TargetKey::Device(key)) = &work.target else {
        return None;
    };
    let person = set.deliveries.get(&work.key.delivery())?.person?;
    let owner = set.tokens.get(key)?.owner?;
    if owner != person {
        return None;
    }
    set.people.get(&person)?.devices.get(key)
}
