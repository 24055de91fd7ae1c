//! Rules of suppression lists: addresses that get nothing (semantics.md 4.4, providers.md 6.4 and 9).
//!
//! A list holds addresses, not people: who changes to another address is reached again, and the old
//! address stays on its list. It is kept on the person whose messages went there, so that it is known
//! wherever a message to the person is decided. A person who is deleted takes the entries along;
//! providers have lists of their own.

use std::sync::Arc;

use super::{Arrival, Taken};
use crate::activity::PersonInput;
use crate::channel::Channel;
use crate::fact::{Fact, TargetKey};
use crate::identifier::IdentifierKind;
use crate::ids::PersonKey;
use crate::input::{Body, Source};
use crate::marks::Mark;
use crate::person::{Person, Standing, SuppressionList};
use crate::reason::Reason;
use crate::working_set::WorkingSet;

/// Puts the address of a person on a list, or takes it off, by call.
pub(super) fn edit(set: &mut WorkingSet, body: &Body, arrival: Arrival) -> Taken {
    let Body::ListAddress { who, list, listed } = body else {
        return Taken::Ignored;
    };
    let Some(person) = set
        .find(who)
        .filter(|_| who.kind() == IdentifierKind::Email)
    else {
        return Taken::Ignored;
    };
    note(set, person, who.value(), *list, *listed, arrival)
}

/// Learns from a fact which address must not be used any more: one that does not exist, one whose
/// owner complained, one that the provider itself suppresses, a number whose owner said stop.
pub(super) fn learn(set: &mut WorkingSet, fact: &Fact) {
    let Some(delivery) = set.deliveries.get(&fact.delivery) else {
        return;
    };
    let Some(list) = list_of(delivery.channel, fact) else {
        return;
    };
    let address = match &fact.target {
        Some(TargetKey::Address(address)) => Some(address.clone()),
        Some(TargetKey::Device(_)) => None,
        // A report about the whole names nobody; with one recipient it is clear who is meant.
        None => {
            let recipient = delivery.about.recipient.as_ref();
            let one = recipient.filter(|all| !all.text.contains(','));
            one.map(|one| one.text.clone())
        }
    };
    let (Some(address), Some(person)) = (address, delivery.person) else {
        return;
    };
    let arrival = Arrival {
        source: fact.source,
        at: fact.occurred_at,
        sent_at: fact.sent_at,
        clamped: fact.clamped,
        now: fact.received_at,
    };
    let known = set.people.get(&person);
    if known.is_some_and(|person| !person.is_listed(list.channel(), &address)) {
        note(set, person, &address, list, true, arrival);
    }
}

/// The list that a fact puts an address on.
fn list_of(channel: Channel, fact: &Fact) -> Option<SuppressionList> {
    // What we refuse ourselves teaches us nothing.
    let told = fact.source != Source::Landfall;
    Some(match (channel, fact.mark, fact.reason?) {
        (Channel::Email, Mark::Spammed, _) => SuppressionList::SpamReports,
        (Channel::Email, Mark::Bounced | Mark::Failed, Reason::RecipientInvalid) => {
            SuppressionList::Bounces
        }
        (Channel::Email, Mark::Dropped, Reason::AddressSuppressed | Reason::RecipientOptedOut)
            if told =>
        {
            SuppressionList::Blocks
        }
        (Channel::Sms, Mark::Bounced | Mark::Failed | Mark::Dropped, Reason::RecipientOptedOut) => {
            SuppressionList::OptedOut
        }
        _ => return None,
    })
}

fn note(
    set: &mut WorkingSet,
    person: PersonKey,
    address: &str,
    list: SuppressionList,
    listed: bool,
    arrival: Arrival,
) -> Taken {
    let address = match list.channel() {
        Channel::Email => address.trim().to_lowercase(),
        _ => address.trim().to_owned(),
    };
    let record = set.people.get(&person);
    let there =
        |record: &&Arc<Person>| matches!(record.standing, Standing::Known | Standing::Visitor);
    let Some(record) = record.filter(there) else {
        return Taken::Ignored;
    };
    let mut known = record.listed.iter();
    if known.any(|known| known.list == list && known.address == address) == listed {
        return Taken::Ignored;
    }
    let input = PersonInput::AddressListed {
        address,
        list,
        listed,
    };
    set.note(person, input, arrival);
    Taken::Applied
}
