//! Rules of devices: one owner for each token at each moment, with a history (semantics.md 2.6).

use super::{Arrival, Taken};
use crate::activity::PersonInput;
use crate::channel::Platform;
use crate::device::{Device, MoveCause, TokenKey, TokenMove, TokenRecord};
use crate::identifier::{Identifier, IdentifierKind};
use crate::ids::{DeviceKey, PersonKey};
use crate::input::{Body, DeviceReport};
use crate::limits::DEVICES_MAX;
use crate::time::Timestamp;
use crate::working_set::{Want, WorkingSet};

impl WorkingSet {
    /// The device of a token, interned without an owner when it is new. Without a platform any device
    /// of that token will do, and a new one gets the platform that the token looks like.
    pub(crate) fn device_for_token(
        &mut self,
        app: &str,
        token: &str,
        platform: Option<Platform>,
    ) -> DeviceKey {
        let fits = |record: &TokenRecord| {
            platform
                .is_none_or(|platform| record.token.platform == platform && record.token.app == app)
        };
        let known = self.devices_by_token.get(token).into_iter().flatten();
        let known = known
            .filter(|key| self.tokens.get(key).is_some_and(fits))
            .min();
        if let Some(key) = known {
            return *key;
        }
        let key = DeviceKey(self.next.device);
        self.next.device += 1;
        let platform = platform.unwrap_or_else(|| Platform::guess(token));
        let token = TokenKey {
            app: app.to_owned(),
            platform,
            token: token.to_owned(),
        };
        let record = TokenRecord {
            key,
            token,
            owner: None,
            since: Timestamp::EPOCH,
        };
        self.index_token(&record);
        self.tokens.insert(key, record);
        self.changed_tokens.insert(key);
        key
    }

    /// Tells the owner's device what a push came to. Only what changes its status is recorded.
    pub(crate) fn device_answered(&mut self, device: DeviceKey, accepted: bool, arrival: Arrival) {
        let Some(owner) = self.tokens.get(&device).and_then(|record| record.owner) else {
            return;
        };
        let held = self
            .people
            .get(&owner)
            .and_then(|person| person.devices.get(&device));
        if held.is_some_and(|held| held.last_status.after(accepted) != held.last_status) {
            self.note(
                owner,
                PersonInput::DeviceAnswered { device, accepted },
                arrival,
            );
        }
    }
}

/// What an input about a device that comes back or is moved needs to see.
pub(super) fn wants(body: &Body, want: &mut Want) {
    let mut of = |who: &mut dyn Iterator<Item = &Identifier>, device: &Device| {
        want.identifiers.extend(who.cloned());
        want.tokens.insert(device.token.token.clone());
    };
    match body {
        Body::RestoreDevice { who, device } => of(&mut std::iter::once(who), device),
        Body::MoveDevice { from, to, device } => of(&mut from.iter().chain(to), device),
        _ => {}
    }
}

/// Registers or refreshes a device. The last writer by the client's time owns the token.
pub(super) fn add(
    set: &mut WorkingSet,
    who: &Identifier,
    report: &DeviceReport,
    arrival: Arrival,
) -> Taken {
    if set.is_suppressed(who) {
        return Taken::Ignored;
    }
    let person = match set.find(who) {
        Some(key) => key,
        None if who.kind() == IdentifierKind::CioId => return Taken::Ignored,
        None => set.create(who, None, arrival),
    };
    let device = set.device_for_token(&report.app, &report.token, Some(report.platform));
    let Some(record) = set.tokens.get(&device) else {
        return Taken::Ignored;
    };
    let (owner, since, token) = (record.owner, record.since, record.token.clone());
    let moved = |from, to, cause| TokenMove {
        device,
        from,
        to,
        cause,
        occurred_at: arrival.at,
        received_at: arrival.now,
    };
    if owner != Some(person) && arrival.at < since {
        set.log
            .token_moves
            .push(moved(owner, Some(person), MoveCause::Stale));
        return Taken::Applied;
    }
    if let Some(former) = owner.filter(|owner| *owner != person) {
        let cause = MoveCause::TakenOver;
        let released = PersonInput::DeviceReleased {
            device,
            cause,
            to: Some(person),
        };
        set.note(former, released, arrival);
        set.log.token_moves.push(moved(owner, Some(person), cause));
    } else if owner.is_none() {
        set.log
            .token_moves
            .push(moved(None, Some(person), MoveCause::Registered));
    }
    let registered = PersonInput::DeviceRegistered {
        device,
        token,
        last_used: report
            .last_used
            .map_or(arrival.at, |used| used.min(arrival.now)),
        attributes: report.attributes.clone(),
    };
    set.note(person, registered, arrival);
    if let Some(record) = set.tokens.get_mut(&device) {
        record.owner = Some(person);
        record.since = record.since.max(arrival.at);
        set.changed_tokens.insert(device);
    }
    evict(set, person, Some(device), arrival);
    Taken::Applied
}

/// Removes a token from a person. Whoever has it in the meantime keeps it.
pub(super) fn remove(
    set: &mut WorkingSet,
    who: &Identifier,
    token: &str,
    platform: Option<Platform>,
    arrival: Arrival,
) -> Taken {
    let Some(person) = set.find(who) else {
        return Taken::Ignored;
    };
    let own = |key: &&DeviceKey| {
        set.tokens.get(key).is_some_and(|record| {
            record.owner == Some(person)
                && platform.is_none_or(|platform| record.token.platform == platform)
        })
    };
    let known = set.devices_by_token.get(token).into_iter().flatten();
    let devices: Vec<DeviceKey> = known.filter(own).copied().collect();
    for device in &devices {
        let since = set
            .tokens
            .get(device)
            .map_or(Timestamp::EPOCH, |record| record.since);
        if arrival.at < since {
            set.log.token_moves.push(TokenMove {
                device: *device,
                from: Some(person),
                to: None,
                cause: MoveCause::Stale,
                occurred_at: arrival.at,
                received_at: arrival.now,
            });
        } else {
            release(set, person, *device, MoveCause::Removed, arrival);
        }
    }
    if devices.is_empty() {
        Taken::Ignored
    } else {
        Taken::Applied
    }
}

/// Takes a device from a person and leaves it without an owner.
pub(super) fn release(
    set: &mut WorkingSet,
    person: PersonKey,
    device: DeviceKey,
    cause: MoveCause,
    arrival: Arrival,
) {
    let held = set
        .people
        .get(&person)
        .and_then(|person| person.devices.get(&device))
        .cloned();
    let Some(held) = held else { return };
    give(set, &held, None);
    if let Some(record) = set.tokens.get_mut(&device) {
        record.since = record.since.max(arrival.at);
    }
    set.note(
        person,
        PersonInput::DeviceReleased {
            device,
            cause,
            to: None,
        },
        arrival,
    );
    set.log.token_moves.push(TokenMove {
        device,
        from: Some(person),
        to: None,
        cause,
        occurred_at: arrival.at,
        received_at: arrival.now,
    });
}

/// Brings back a device that rejections had suspended or removed. Whoever has the token in the meantime
/// keeps it.
pub(super) fn restore(
    set: &mut WorkingSet,
    who: &Identifier,
    device: &Device,
    arrival: Arrival,
) -> Taken {
    let Some(person) = set.find(who) else {
        return Taken::Ignored;
    };
    let owner = set.tokens.get(&device.key).and_then(|record| record.owner);
    if owner.is_some_and(|owner| owner != person) {
        return Taken::Ignored;
    }
    let restored = PersonInput::DeviceRestored {
        device: Box::new(device.clone()),
    };
    set.note(person, restored, arrival);
    if owner.is_none() {
        give(set, device, Some(person));
        set.log.token_moves.push(TokenMove {
            device: device.key,
            from: None,
            to: Some(person),
            cause: MoveCause::Restored,
            occurred_at: arrival.at,
            received_at: arrival.now,
        });
        evict(set, person, Some(device.key), arrival);
    }
    Taken::Applied
}

/// Gives a device to whom it belongs, or to nobody, if its owner is who the repair took for it.
pub(super) fn repair(
    set: &mut WorkingSet,
    (from, to): (&Option<Identifier>, &Option<Identifier>),
    device: &Device,
    arrival: Arrival,
) -> Taken {
    let found = |who: &Option<Identifier>| who.as_ref().map(|who| set.find(who));
    let (from, to) = match (found(from), found(to)) {
        (Some(None), _) | (_, Some(None)) => return Taken::Ignored,
        (from, to) => (from.flatten(), to.flatten()),
    };
    let owner = set.tokens.get(&device.key).map(|record| record.owner);
    if from == to || owner != Some(from) {
        return Taken::Ignored;
    }
    give(set, device, to);
    if let Some(record) = set.tokens.get_mut(&device.key) {
        record.since = record.since.max(arrival.at);
    }
    let (cause, key) = (MoveCause::Repaired, device.key);
    if let Some(from) = from {
        let released = PersonInput::DeviceReleased {
            device: key,
            cause,
            to,
        };
        set.note(from, released, arrival);
    }
    if let Some(to) = to {
        let device = Box::new(device.clone());
        set.note(to, PersonInput::DeviceReceived { device, from }, arrival);
    }
    set.log.token_moves.push(TokenMove {
        device: key,
        from,
        to,
        cause,
        occurred_at: arrival.at,
        received_at: arrival.now,
    });
    if let Some(to) = to {
        evict(set, to, Some(key), arrival);
    }
    Taken::Applied
}

/// Changes the owner in the token's record. A record that was not loaded is made from what the owner's
/// state says: the owner since the last registration.
pub(super) fn give(set: &mut WorkingSet, device: &Device, owner: Option<PersonKey>) {
    let record = set.tokens.entry(device.key).or_insert_with(|| TokenRecord {
        key: device.key,
        token: device.token.clone(),
        owner: None,
        since: device.refreshed_at,
    });
    record.owner = owner;
    set.changed_tokens.insert(device.key);
}

/// Makes room when a person has too many devices: the one used longest ago goes, but not `newest`.
pub(super) fn evict(
    set: &mut WorkingSet,
    person: PersonKey,
    newest: Option<DeviceKey>,
    arrival: Arrival,
) {
    loop {
        let Some(devices) = set.people.get(&person).map(|person| &person.devices) else {
            return;
        };
        if devices.len() <= DEVICES_MAX {
            return;
        }
        let oldest = devices
            .values()
            .filter(|device| Some(device.key) != newest)
            .min_by_key(|device| (device.last_used, device.registered_at, device.key));
        let Some(oldest) = oldest.map(|device| device.key) else {
            return;
        };
        release(set, person, oldest, MoveCause::Evicted, arrival);
    }
}
