//! The last look at a message before it is handed over: what the workspace's rules say by then.
//!
//! A journey decides a message when it makes it; until a provider is free, and while quiet hours hold the
//! message, other messages go out. So consent to topics, duplicates, caps and quiet hours are asked once
//! more when the work is claimed, for journeys and broadcasts alike (semantics.md 6.6 and 6.7), and what is
//! being handed over already counts as if it had been sent.

use std::sync::Arc;

use landfall_audience::{MessageFacts, Policy, RecentSend, Scene, Verdict, may_leave};
use landfall_domain::delivery::Delivery;
use landfall_domain::fact::TargetKey;
use landfall_domain::ids::PersonKey;
use landfall_domain::input::{Body, Input};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_domain::person::Person;
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_domain::work::{Permit, Work, WorkKey, WorkState};
use landfall_domain::working_set::WorkingSet;
use landfall_store::StoreError;

use super::Reactor;
use super::memory::{Claimed, Memory};
use crate::live::Live;

/// A claim without an answer counts for so long at most, in milliseconds. Every claim is concluded within
/// minutes; only what was claimed while nobody counted any more stays without.
const CLAIMED_MS: i64 = DAY_MS;

impl Reactor {
    /// Before an input is decided: says what it must know beside what is loaded.
    ///
    /// # Errors
    /// When what is stored about a person cannot be read.
    pub(crate) fn prepare(
        &mut self,
        set: &mut WorkingSet,
        input: &Input,
    ) -> Result<(), StoreError> {
        if let Body::Claim { work, .. } = &input.body
            && let Some(permit) = self.permit(set, *work)?
        {
            set.permit(*work, permit);
        }
        Ok(())
    }

    /// What the rules say about a piece of work; `None`: they have nothing to say.
    fn permit(&mut self, set: &WorkingSet, key: WorkKey) -> Result<Option<Permit>, StoreError> {
        let Some((work, message)) = subject(set, key) else {
            return Ok(None);
        };
        let (Some(delivery), Some(target)) = (set.delivery(key.delivery()), &work.target) else {
            return Ok(None);
        };
        let live = Arc::clone(&self.live);
        let rules = &work.order.rules;
        let topic = rules.topic.as_deref();
        let topic_opt_in = topic.is_some_and(|topic| live.asks_for_a_yes(topic));
        let own = (!rules.policy.is_null()).then(|| live.policy.overridden(&rules.policy));
        let policy = own.as_ref().unwrap_or(&live.policy);
        if *policy == Policy::default() && !topic_opt_in {
            return Ok(None);
        }
        let person = delivery.person;
        let Some((key, record)) = person.and_then(|key| Some((key, set.person(key)?))) else {
            return Ok(None);
        };
        let (record, now) = (Arc::clone(record), self.now);
        let memory = &self.mind(set, key)?.memory;
        let since = now.plus_millis(-CLAIMED_MS);
        let others = memory.claimed.iter().filter(|known| known.send.at > since);
        let in_flight: Vec<RecentSend> = others
            .filter(|claimed| claimed.work.delivery() != delivery.key)
            .map(|claimed| claimed.send)
            .collect();
        let begun = work.tries > 0
            || memory
                .claimed
                .iter()
                .any(|known| known.work.delivery() == delivery.key)
            || delivery.view().has(Mark::Sent);
        let policy = asked_again(policy, delivery, target, begun);
        if is_likely_gone(&live, &policy, &record, target, memory, now) {
            return Ok(Some(Permit::Never(Reason::TokenSilent)));
        }
        let facts = MessageFacts {
            channel: work.channel,
            source: message.source,
            source_id: message.source_id,
            step_id: message.parent_step_id.or(message.step_id),
            topic,
            topic_opt_in,
            to_unsubscribed: work.order.to_unsubscribed,
            // The rules of the domain look at the very address.
            address_suppressed: false,
            devices: None,
            asked_at: delivery.created_at,
            in_flight: &in_flight,
        };
        let scene = Scene {
            person: &record,
            profile: &memory.profile,
            event: None,
            now,
            zone: &live.zone,
        };
        Ok(Some(match may_leave(&scene, &facts, &policy) {
            Verdict::Go => Permit::Now,
            Verdict::Hold { until, reason } => Permit::After { until, reason },
            Verdict::No(reason) => Permit::Never(reason),
        }))
    }

    /// Counts what was claimed, where caps or duplicates are looked at.
    pub(super) fn note_claim(&mut self, set: &WorkingSet, key: WorkKey) -> Result<(), StoreError> {
        let Some((work, message)) = subject(set, key) else {
            return Ok(());
        };
        let counts = self.live.policy.counts_sends()
            || self.live.overrides
            || !work.order.rules.policy.is_null();
        let is_claimed = matches!(work.state, WorkState::Claimed { .. });
        let person = set.delivery(key.delivery()).and_then(|of| of.person);
        let (true, true, Some(person)) = (counts, is_claimed, person) else {
            return Ok(());
        };
        let send = RecentSend::of(message, self.now);
        let since = self.now.plus_millis(-CLAIMED_MS);
        let mind = self.mind(set, person)?;
        let claimed = &mut mind.memory.claimed;
        claimed.retain(|known| known.work != key && known.send.at > since);
        claimed.push(Claimed { work: key, send });
        mind.changed = true;
        Ok(())
    }

    /// What has an answer is counted by its marks.
    pub(super) fn forget_claim(
        &mut self,
        set: &WorkingSet,
        key: WorkKey,
    ) -> Result<(), StoreError> {
        let person = set.delivery(key.delivery()).and_then(|of| of.person);
        let known =
            |person: &PersonKey| self.minds.contains_key(person) || set.profile(*person).is_some();
        let Some(person) = person.filter(known) else {
            return Ok(());
        };
        let mind = self.mind(set, person)?;
        let before = mind.memory.claimed.len();
        mind.memory.claimed.retain(|known| known.work != key);
        mind.changed |= mind.memory.claimed.len() < before;
        Ok(())
    }
}

/// The work and its message, if rules are asked about it: its target is chosen, and nobody waits for it.
fn subject(set: &WorkingSet, key: WorkKey) -> Option<(&Work, &MessageRef)> {
    let work = set.work(key).filter(|work| work.target.is_some())?;
    let message = set.message_of(work.message)?;
    (message.source != SourceKind::Transactional).then_some((work, message))
}

/// Whether a device is less likely there than the policy asks for. Where too little is known it is not.
fn is_likely_gone(
    live: &Live,
    policy: &Policy,
    person: &Person,
    target: &TargetKey,
    memory: &Memory,
    now: Timestamp,
) -> bool {
    let TargetKey::Device(device) = target else {
        return false;
    };
    let known = |device| live.liveness.alive_of(device, &memory.profile, now);
    let asked = policy.alive_at_least.zip(person.devices.get(device));
    let asked = asked.and_then(|(least, device)| Some((least, known(device)?)));
    asked.is_some_and(|(least, alive)| alive < least)
}

/// What is asked of a policy: a message that reached one device, or was tried, is not one too many on the
/// next; and whoever sends by hand what was refused or held back sends it (semantics.md 6.6).
fn asked_again(policy: &Policy, delivery: &Delivery, target: &TargetKey, begun: bool) -> Policy {
    let by_hand = Mark::Drafted.bit() | Mark::Undeliverable.bit();
    let of_target = delivery
        .target(target)
        .map_or(0, |target| target.marks.bits());
    if (delivery.marks.bits() | of_target) & by_hand != 0 {
        return Policy::default();
    }
    if begun {
        return Policy {
            quiet_hours: policy.quiet_hours.clone(),
            alive_at_least: policy.alive_at_least,
            ..Policy::default()
        };
    }
    policy.clone()
}
