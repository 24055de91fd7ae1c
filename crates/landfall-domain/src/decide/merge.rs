//! Merging two records into one (semantics.md 4.3).

use std::sync::Arc;

use super::{Arrival, Taken, devices};
use crate::activity::PersonInput;
use crate::device::{MoveCause, TokenMove};
use crate::identifier::{Holder, Identifier, IdentifierKind};
use crate::ids::PersonKey;
use crate::person::Person;
use crate::working_set::WorkingSet;

/// A merge by call.
pub(super) fn by_call(
    set: &mut WorkingSet,
    primary: &Identifier,
    secondary: &Identifier,
    create_primary: bool,
    arrival: Arrival,
) -> Taken {
    if set.is_suppressed(primary) || set.is_suppressed(secondary) {
        return Taken::Ignored;
    }
    let Some(secondary) = set.find(secondary) else {
        return Taken::Ignored;
    };
    let primary = match set.find(primary) {
        Some(key) => key,
        None if create_primary && primary.kind() != IdentifierKind::CioId => {
            set.create(primary, None, arrival)
        }
        None => return Taken::Ignored,
    };
    if primary == secondary {
        return Taken::Ignored;
    }
    merge(set, primary, secondary, arrival);
    Taken::Applied
}

/// Merges `secondary` into `primary`; both are loaded and different.
pub(super) fn merge(
    set: &mut WorkingSet,
    primary: PersonKey,
    secondary: PersonKey,
    arrival: Arrival,
) {
    let Some(gone) = set.people.get(&secondary).cloned() else {
        return;
    };
    let Some(survivor) = set.people.get(&primary) else {
        return;
    };
    let identifiers = heirs(survivor, &gone);
    set.note(secondary, PersonInput::MergedInto { primary }, arrival);
    let merged = PersonInput::MergedFrom {
        secondary: Box::new(gone.as_ref().clone()),
    };
    set.note(primary, merged, arrival);
    for (identifier, heir) in identifiers {
        set.hold(identifier, heir.then_some(Holder::Person(primary)));
    }
    for device in gone.devices.values() {
        devices::give(set, device, Some(primary));
        set.log.token_moves.push(TokenMove {
            device: device.key,
            from: Some(secondary),
            to: Some(primary),
            cause: MoveCause::Merged,
            occurred_at: arrival.at,
            received_at: arrival.now,
        });
    }
    for segment in &gone.segments {
        set.log.memberships.push((*segment, secondary, false));
        set.log.memberships.push((*segment, primary, true));
    }
    for delivery in set
        .deliveries
        .values_mut()
        .filter(|d| d.person == Some(secondary))
    {
        Arc::make_mut(delivery).person = Some(primary);
    }
    set.log.moved.push((secondary, primary));
    devices::evict(set, primary, None, arrival);
}

/// The identifiers of a record that ends, and whether the survivor has them from now on: those that it
/// lacked, the internal id, and every anonymous id. The others are free again.
fn heirs(survivor: &Person, gone: &Person) -> Vec<(Identifier, bool)> {
    let own = [
        IdentifierKind::Id,
        IdentifierKind::Email,
        IdentifierKind::Phone,
    ];
    let own = own.into_iter().filter_map(|kind| {
        let identifier = Identifier::new(kind, gone.identifier(kind)?)?;
        Some((identifier, survivor.identifier(kind).is_none()))
    });
    let anonymous = gone
        .anonymous_ids
        .keys()
        .filter_map(|id| Some((Identifier::new(IdentifierKind::Anonymous, id)?, true)));
    let internal = Identifier::new(IdentifierKind::CioId, &gone.cio_id).map(|id| (id, true));
    own.chain(anonymous).chain(internal).collect()
}
