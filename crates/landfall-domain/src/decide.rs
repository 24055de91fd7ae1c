//! The rules: what an input needs to see, and what it changes.
//!
//! [`decide`] is the one pure function behind the one door (product.md, principle 1). It reads and
//! changes a [`WorkingSet`]; the engine stores the outcome in one transaction. An input that is not
//! applied changes nothing.

mod deliveries;
mod devices;
mod identity;
mod merge;
mod people;
mod sending;
mod suppression;
#[cfg(test)]
mod tests;

use crate::activity::PersonInput;
use crate::identifier::{Identifier, IdentifierKind};
use crate::input::{Body, Input, Source};
use crate::run::RunInput;
use crate::time::Timestamp;
use crate::working_set::{DedupeHash, Want, WorkingSet};

/// What became of an input. Every variant is an accepted input; bad input never gets here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It changed something, or was recorded.
    Applied,
    /// The same input came before.
    Duplicate,
    /// It concerns a delivery that is not known yet: kept, and joined when the delivery appears.
    Quarantined,
    /// The work is the caller's to hand over: it is among the assignments.
    Claimed,
    /// It names nobody, or somebody who is suppressed: nothing happens, as documented.
    Ignored,
}

/// The circumstances of an input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    /// Which door.
    pub(crate) source: Source,
    /// When it happened: the sender's time, not after `now`.
    pub(crate) at: Timestamp,
    /// When the sender uploaded it, by its clock.
    pub(crate) sent_at: Option<Timestamp>,
    /// Whether the sender's time lay in the future and was clamped to `now`.
    pub(crate) clamped: bool,
    /// When we took it.
    pub(crate) now: Timestamp,
}

/// Adds to `want` what must be loaded before [`decide`] may see `input`.
pub fn wants(input: &Input, want: &mut Want) {
    want.seen
        .extend(input.dedupe_key.as_deref().map(dedupe_hash));
    let anonymous =
        |id: &Option<String>| Identifier::new(IdentifierKind::Anonymous, id.as_deref()?);
    match &input.body {
        Body::Identify { who, claims, .. } => {
            want.identifiers.insert(who.clone());
            let of = |kind, value: &Option<String>| Identifier::new(kind, value.as_deref()?);
            want.identifiers.extend(of(IdentifierKind::Id, &claims.id));
            want.identifiers
                .extend(of(IdentifierKind::Email, &claims.email));
            want.identifiers
                .extend(of(IdentifierKind::Phone, &claims.phone));
            want.identifiers.extend(anonymous(&claims.anonymous_id));
        }
        Body::Delete { who }
        | Body::Suppress { who }
        | Body::Unsuppress { who }
        | Body::ListAddress { who, .. } => {
            want.identifiers.insert(who.clone());
        }
        Body::AddDevice { who, device } => {
            want.identifiers.insert(who.clone());
            want.tokens.insert(device.token.clone());
        }
        Body::DeleteDevice { who, token, .. } => {
            want.identifiers.insert(who.clone());
            want.tokens.insert(token.clone());
        }
        Body::Track {
            who, anonymous_id, ..
        } => match who {
            Some(who) => want.identifiers.extend([who.clone()]),
            None => want.identifiers.extend(anonymous(anonymous_id)),
        },
        Body::Merge {
            primary, secondary, ..
        } => {
            want.identifiers
                .extend([primary.clone(), secondary.clone()]);
        }
        Body::EditSegment { who, .. } => want.identifiers.extend(who.iter().cloned()),
        Body::Subscription { person, .. } => want.identifiers.extend(person.identifiers()),
        Body::Delivery(report) => want.identifiers.extend(report.person.identifiers()),
        Body::Run(input) => match input.as_ref() {
            RunInput::Wake { run } | RunInput::Recompute { run } | RunInput::End { run, .. } => {
                want.runs.insert(*run);
            }
            RunInput::Review { person, .. } | RunInput::Turn { person, .. } => {
                want.people.insert(*person);
            }
            RunInput::Enter { who, .. } => {
                want.identifiers.insert(who.clone());
            }
        },
        Body::Receipt { .. }
        | Body::Unsubscribe { .. }
        | Body::Name { .. }
        | Body::Send(_)
        | Body::Claim { .. }
        | Body::Conclude(_)
        | Body::Release { .. }
        | Body::Cancel { .. }
        | Body::Credit { .. }
        | Body::RestoreDevice { .. }
        | Body::MoveDevice { .. } => {}
    }
    devices::wants(&input.body, want);
    deliveries::wants(&input.body, want);
    sending::wants(&input.body, want);
}

/// What became needed by what was loaded for [`wants`]: load it too, before [`decide`].
pub fn wants_more(set: &WorkingSet) -> Want {
    deliveries::wants_more(set)
}

/// Applies `input` at `now` to the working set, which holds at least what [`wants`] asked for.
pub fn decide(set: &mut WorkingSet, input: &Input, now: Timestamp) -> Taken {
    let seen = input.dedupe_key.as_deref().map(dedupe_hash);
    if seen.is_some_and(|seen| set.seen.contains(&seen)) {
        return Taken::Duplicate;
    }
    let arrival = Arrival {
        source: input.source,
        at: input.at.map_or(now, |at| at.min(now)),
        sent_at: input.sent_at,
        clamped: input.at.is_some_and(|at| at > now),
        now,
    };
    let taken = dispatch(set, input, arrival);
    if let Some(seen) = seen.filter(|_| matches!(taken, Taken::Applied | Taken::Quarantined)) {
        set.seen.insert(seen);
        set.log.seen.push(seen);
    }
    taken
}

fn dispatch(set: &mut WorkingSet, input: &Input, arrival: Arrival) -> Taken {
    match &input.body {
        Body::Identify {
            who,
            claims,
            attributes,
            update_only,
        } => people::identify(set, who, claims, attributes, *update_only, arrival),
        Body::Delete { who } => people::delete(set, who, false, arrival),
        Body::Suppress { who } => people::delete(set, who, true, arrival),
        Body::Unsuppress { who } => people::unsuppress(set, who),
        Body::ListAddress { .. } => suppression::edit(set, &input.body, arrival),
        Body::AddDevice { who, device } => devices::add(set, who, device, arrival),
        Body::DeleteDevice {
            who,
            token,
            platform,
        } => devices::remove(set, who, token, *platform, arrival),
        Body::Track {
            who,
            anonymous_id,
            event,
            name,
            id,
            data,
        } => {
            let tracked = PersonInput::Tracked {
                event: *event,
                name: name.clone(),
                id: id.clone(),
                data: data.clone(),
                anonymous_id: anonymous_id.clone(),
            };
            people::track(set, who.as_ref(), anonymous_id.as_deref(), tracked, arrival)
        }
        Body::Merge {
            primary,
            secondary,
            create_primary,
        } => merge::by_call(set, primary, secondary, *create_primary, arrival),
        Body::EditSegment { segment, who, add } => {
            people::edit_segment(set, *segment, who, *add, arrival)
        }
        Body::Subscription {
            person,
            subscribed,
            topics,
            delivery_id,
        } => {
            let delivery = delivery_id
                .as_deref()
                .and_then(|id| deliveries::opt_out_through(set, input, id, arrival));
            people::subscription(set, person, *subscribed, topics, delivery, arrival)
        }
        Body::Receipt { .. } | Body::Unsubscribe { .. } => deliveries::receipt(set, input, arrival),
        Body::Delivery(report) => deliveries::report(set, report, arrival),
        Body::Name { names } => deliveries::name(set, names),
        Body::Send(send) => sending::send(set, send, arrival),
        Body::Claim {
            work,
            attempt,
            until,
        } => sending::claim(set, *work, attempt, *until, arrival),
        Body::Conclude(conclusion) => sending::conclude(set, conclusion, arrival),
        Body::Release { delivery_id } => sending::release(set, delivery_id, arrival),
        Body::Cancel { delivery_id } => sending::cancel(set, delivery_id, arrival),
        Body::Credit { .. } => deliveries::credit(set, &input.body, arrival),
        Body::RestoreDevice { who, device } => devices::restore(set, who, device, arrival),
        Body::MoveDevice { from, to, device } => devices::repair(set, (from, to), device, arrival),
        // Whoever reacts to the batch does what there is to do.
        Body::Run(_) => Taken::Applied,
    }
}

/// A sender's id in 128 bits: two passes of FNV-1a from different beginnings, the second over the
/// bytes turned round. Stable for ever, because stores keep it. Not meant against malice: whoever can
/// choose colliding ids can as well send nothing.
pub fn dedupe_hash(key: &str) -> DedupeHash {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(PRIME);
    let there = key.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, step);
    let back = key
        .as_bytes()
        .iter()
        .rev()
        .fold(0x9e37_79b9_7f4a_7c15, step);
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&mixed(there).to_be_bytes());
    hash[8..].copy_from_slice(&mixed(back ^ key.len() as u64).to_be_bytes());
    hash
}

/// Spreads the bits (the finaliser of SplitMix64).
const fn mixed(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
