//! Rules of people: create, update, track, delete, suppress, segments, consent.

use std::collections::BTreeMap;

use super::{Arrival, Taken, devices, identity};
use crate::activity::PersonInput;
use crate::attributes::Attributes;
use crate::device::MoveCause;
use crate::identifier::{Holder, Identifier, IdentifierKind};
use crate::ids::{DeliveryKey, PersonKey, SegmentId};
use crate::input::{Claims, PersonHandle};
use crate::limits::ANONYMOUS_ATTACH_MS;
use crate::person::Standing;
use crate::working_set::WorkingSet;

/// Creates or updates a person.
pub(super) fn identify(
    set: &mut WorkingSet,
    who: &Identifier,
    claims: &Claims,
    attributes: &Attributes,
    update_only: bool,
    arrival: Arrival,
) -> Taken {
    let Some(key) = identity::settle(set, who, claims, !update_only, arrival) else {
        if update_only && !set.is_suppressed(who) {
            let attributes = attributes.clone();
            set.note_nobody(PersonInput::UpdateSkipped { attributes }, arrival);
        }
        return Taken::Ignored;
    };
    if !attributes.is_empty() {
        let attributes = attributes.clone();
        set.note(key, PersonInput::AttributesSet { attributes }, arrival);
    }
    Taken::Applied
}

/// Records an event, page or screen: on the person, on the visitor, or on nobody.
pub(super) fn track(
    set: &mut WorkingSet,
    who: Option<&Identifier>,
    anonymous_id: Option<&str>,
    input: PersonInput,
    arrival: Arrival,
) -> Taken {
    let anonymous = anonymous_id.and_then(|id| Identifier::new(IdentifierKind::Anonymous, id));
    let person = match (who, anonymous) {
        (Some(who), _) if set.is_suppressed(who) => return Taken::Ignored,
        (Some(who), _) => match set.find(who) {
            Some(key) => Some(key),
            None if who.kind() == IdentifierKind::CioId => return Taken::Ignored,
            None => Some(set.create(who, None, arrival)),
        },
        (None, Some(anonymous)) => match set.find(&anonymous) {
            Some(key) => attached(set, key, anonymous.value(), arrival).then_some(key),
            None => Some(set.create(&anonymous, None, arrival)),
        },
        (None, None) => None,
    };
    match person {
        Some(key) => set.note(key, input, arrival),
        None => set.note_nobody(input, arrival),
    }
    Taken::Applied
}

/// Events of an anonymous id attach to its person for 30 days after the latest identify that named it
/// (semantics.md 4.2 and 11); to a visitor always.
fn attached(set: &WorkingSet, key: PersonKey, anonymous_id: &str, arrival: Arrival) -> bool {
    let Some(person) = set.people.get(&key) else {
        return false;
    };
    if person.standing == Standing::Visitor {
        return true;
    }
    let linked = person.anonymous_ids.get(anonymous_id);
    linked.is_some_and(|linked| arrival.now.since(*linked) <= ANONYMOUS_ATTACH_MS)
}

/// Deletes a person; with `suppress` the identifiers are blocked too.
pub(super) fn delete(
    set: &mut WorkingSet,
    who: &Identifier,
    suppress: bool,
    arrival: Arrival,
) -> Taken {
    let blocked = suppress.then_some(Holder::Suppressed);
    let Some(key) = set.find(who) else {
        if !suppress || set.is_suppressed(who) || who.kind() == IdentifierKind::CioId {
            return Taken::Ignored;
        }
        set.hold(who.clone(), blocked);
        return Taken::Applied;
    };
    let Some(person) = set.people.get(&key) else {
        return Taken::Ignored;
    };
    let own = [
        IdentifierKind::Id,
        IdentifierKind::Email,
        IdentifierKind::Phone,
    ];
    let own = own
        .iter()
        .filter_map(|kind| Identifier::new(*kind, person.identifier(*kind)?));
    let own: Vec<Identifier> = own.collect();
    let free = [(IdentifierKind::CioId, person.cio_id.as_str())]
        .into_iter()
        .chain(
            person
                .anonymous_ids
                .keys()
                .map(|id| (IdentifierKind::Anonymous, id.as_str())),
        );
    let free: Vec<Identifier> = free
        .filter_map(|(kind, value)| Identifier::new(kind, value))
        .collect();
    let tokens: Vec<_> = person.devices.keys().copied().collect();
    let segments: Vec<SegmentId> = person.segments.iter().copied().collect();
    for device in tokens {
        devices::release(set, key, device, MoveCause::OwnerDeleted, arrival);
    }
    for segment in segments {
        set.log.memberships.push((segment, key, false));
    }
    set.note(
        key,
        PersonInput::Deleted {
            suppressed: suppress,
        },
        arrival,
    );
    for identifier in own {
        set.hold(identifier, blocked);
    }
    for identifier in free {
        set.hold(identifier, None);
    }
    Taken::Applied
}

/// Lifts the block of an identifier.
pub(super) fn unsuppress(set: &mut WorkingSet, who: &Identifier) -> Taken {
    if !set.is_suppressed(who) {
        return Taken::Ignored;
    }
    set.hold(who.clone(), None);
    Taken::Applied
}

/// Adds people to a manual segment, or removes them. Who does not exist is passed over.
pub(super) fn edit_segment(
    set: &mut WorkingSet,
    segment: SegmentId,
    who: &[Identifier],
    added: bool,
    arrival: Arrival,
) -> Taken {
    let mut taken = Taken::Ignored;
    for identifier in who {
        let Some(key) = set.find(identifier) else {
            continue;
        };
        let member = set.people.get(&key).filter(|person| person.is_known());
        let member = member.map(|person| person.segments.contains(&segment));
        if member != Some(!added) {
            continue;
        }
        set.note(key, PersonInput::SegmentChanged { segment, added }, arrival);
        set.log.memberships.push((segment, key, added));
        taken = Taken::Applied;
    }
    taken
}

/// Takes choices of consent that were made elsewhere.
pub(super) fn subscription(
    set: &mut WorkingSet,
    person: &PersonHandle,
    subscribed: Option<bool>,
    topics: &BTreeMap<String, bool>,
    delivery: Option<DeliveryKey>,
    arrival: Arrival,
) -> Taken {
    let Some(key) = set.person_for_handle(person, arrival) else {
        return Taken::Ignored;
    };
    let global = subscribed.map(|subscribed| (None, subscribed));
    let topics = topics
        .iter()
        .map(|(topic, subscribed)| (Some(topic.clone()), *subscribed));
    for (topic, subscribed) in global.into_iter().chain(topics) {
        let changed = PersonInput::SubscriptionChanged {
            topic,
            subscribed,
            delivery,
        };
        set.note(key, changed, arrival);
    }
    Taken::Applied
}
