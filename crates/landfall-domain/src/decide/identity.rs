//! Rules of identity: who holds which identifier, and who is meant (track-api.md 2, semantics.md 4.1).

use std::sync::Arc;

use super::Arrival;
use super::merge;
use crate::activity::{Activity, PersonInput};
use crate::identifier::{Holder, Identifier, IdentifierKind};
use crate::ids::PersonKey;
use crate::input::{Claims, PersonHandle};
use crate::person::{Person, Standing};
use crate::working_set::WorkingSet;

/// Kinds that one person has at most one of, in the order in which claims are settled.
const OWN: [IdentifierKind; 3] = [
    IdentifierKind::Id,
    IdentifierKind::Email,
    IdentifierKind::Phone,
];

impl WorkingSet {
    /// Whether an identifier is blocked.
    pub(crate) fn is_suppressed(&self, identifier: &Identifier) -> bool {
        self.holders.get(identifier) == Some(&Holder::Suppressed)
    }

    /// Who holds an identifier: through merges, the survivor. Deleted records hold nothing, though the
    /// internal ids of what was merged into them still lead there.
    pub(crate) fn find(&self, identifier: &Identifier) -> Option<PersonKey> {
        let Some(&Holder::Person(mut key)) = self.holders.get(identifier) else {
            return None;
        };
        loop {
            match self.people.get(&key).map(|person| person.standing) {
                Some(Standing::Merged(primary)) => key = primary,
                Some(Standing::Deleted) => return None,
                Some(Standing::Known | Standing::Visitor) | None => return Some(key),
            }
        }
    }

    /// Stores an input of a person and applies it.
    pub(crate) fn note(&mut self, key: PersonKey, input: PersonInput, arrival: Arrival) {
        let activity = Activity {
            person: Some(key),
            occurred_at: arrival.at,
            received_at: arrival.now,
            source: arrival.source,
            input,
        };
        // Stores share the record with their readers: it is copied when it changes, and only then.
        if let Some(person) = self.people.get_mut(&key)
            && person.is_changed_by(&activity)
        {
            Arc::make_mut(person).apply(&activity);
            self.changed_people.insert(key);
        }
        self.log.activities.push(activity);
    }

    /// Stores something that happened to nobody whom we know.
    pub(crate) fn note_nobody(&mut self, input: PersonInput, arrival: Arrival) {
        self.log.activities.push(Activity {
            person: None,
            occurred_at: arrival.at,
            received_at: arrival.now,
            source: arrival.source,
            input,
        });
    }

    /// Gives an identifier to somebody, blocks it, or frees it (`None`).
    pub(crate) fn hold(&mut self, identifier: Identifier, holder: Option<Holder>) {
        match holder {
            Some(holder) => self.holders.insert(identifier.clone(), holder),
            None => self.holders.remove(&identifier),
        };
        self.log.identifiers.push((identifier, holder));
    }

    /// A new record, known by `identifier`; `cio_id` is a foreign internal id to adopt.
    pub(crate) fn create(
        &mut self,
        identifier: &Identifier,
        cio_id: Option<&str>,
        arrival: Arrival,
    ) -> PersonKey {
        let key = PersonKey(self.next.person);
        self.next.person += 1;
        let visitor = identifier.kind() == IdentifierKind::Anonymous;
        let cio_id = cio_id.map_or_else(|| self.internal_id(key), str::to_owned);
        let input = PersonInput::Created {
            key,
            cio_id: cio_id.clone(),
            visitor,
        };
        let activity = Activity {
            person: Some(key),
            occurred_at: arrival.at,
            received_at: arrival.now,
            source: arrival.source,
            input,
        };
        self.people
            .extend(Person::begin(&activity).map(|person| (key, Arc::new(person))));
        self.changed_people.insert(key);
        self.log.activities.push(activity);
        if let Some(own) = Identifier::new(IdentifierKind::CioId, &cio_id) {
            self.hold(own, Some(Holder::Person(key)));
        }
        if identifier.kind() != IdentifierKind::CioId {
            self.hold(identifier.clone(), Some(Holder::Person(key)));
            let identifier = identifier.clone();
            self.note(key, PersonInput::IdentifierSet { identifier }, arrival);
        }
        key
    }

    /// An internal id from the workspace's salt and the key: twelve hexadecimal digits. Foreign ids
    /// that look the same belong to other people and are passed over by a longer form.
    fn internal_id(&self, key: PersonKey) -> String {
        let mut id = format!("{:04x}{:08x}", self.salt, key.0);
        while Identifier::new(IdentifierKind::CioId, &id)
            .is_some_and(|taken| self.holders.contains_key(&taken))
        {
            id.push('0');
        }
        id
    }

    /// The person of a report, who is made known when nobody has any of the identifiers. A foreign
    /// internal id leads to the person from then on. `None`: nobody is named, or somebody blocked.
    pub(crate) fn person_for_handle(
        &mut self,
        handle: &PersonHandle,
        arrival: Arrival,
    ) -> Option<PersonKey> {
        let of = |kind, value: &Option<String>| Identifier::new(kind, value.as_deref()?);
        let cio_id = of(IdentifierKind::CioId, &handle.cio_id);
        let id = of(IdentifierKind::Id, &handle.id);
        let email = of(IdentifierKind::Email, &handle.email);
        let named = || [&cio_id, &id, &email].into_iter().flatten();
        if named().any(|identifier| self.is_suppressed(identifier)) {
            return None;
        }
        let found = named().find_map(|identifier| self.find(identifier));
        let key = match found {
            Some(key) => key,
            None => {
                let first = id
                    .clone()
                    .or_else(|| email.clone())
                    .or_else(|| cio_id.clone())?;
                self.create(&first, cio_id.as_ref().map(Identifier::value), arrival)
            }
        };
        if let Some(cio_id) = cio_id
            && self.find(&cio_id).is_none()
        {
            self.hold(cio_id, Some(Holder::Person(key)));
        }
        for identifier in [id, email].into_iter().flatten() {
            let unset = self.people.get(&key).is_some_and(|person| {
                person.is_known() && person.identifier(identifier.kind()).is_none()
            });
            if unset && !self.holders.contains_key(&identifier) {
                self.hold(identifier.clone(), Some(Holder::Person(key)));
                self.note(key, PersonInput::IdentifierSet { identifier }, arrival);
            }
        }
        Some(key)
    }
}

/// Identifiers that a call claims, with the one that it names the person by.
fn claimed(who: &Identifier, claims: &Claims) -> Vec<Identifier> {
    let of =
        |kind: IdentifierKind, value: &Option<String>| Identifier::new(kind, value.as_deref()?);
    let body = [
        of(IdentifierKind::Id, &claims.id),
        of(IdentifierKind::Email, &claims.email),
        of(IdentifierKind::Phone, &claims.phone),
    ];
    let mut claimed = vec![who.clone()];
    claimed.extend(
        body.into_iter()
            .flatten()
            .filter(|identifier| identifier != who),
    );
    claimed
}

/// Finds or makes the person of an identify call and settles the identifiers that it claims. `None`:
/// nothing happens (blocked, unknown internal id, or an update of nobody).
pub(super) fn settle(
    set: &mut WorkingSet,
    who: &Identifier,
    claims: &Claims,
    may_create: bool,
    arrival: Arrival,
) -> Option<PersonKey> {
    if set.is_suppressed(who) {
        return None;
    }
    let claimed = claimed(who, claims);
    merge_automatically(set, &claimed, arrival);
    let by_path = set.find(who);
    let by_body = claimed[1..]
        .iter()
        .find_map(|identifier| set.find(identifier));
    let key = match by_path.or(by_body) {
        Some(key) => key,
        None if !may_create || who.kind() == IdentifierKind::CioId => return None,
        None => set.create(who, None, arrival),
    };
    // Found by the body: the person receives the new identifier of the path. A call by internal id
    // may change identifiers that are set.
    let may_change = |identifier: &Identifier| {
        who.kind() == IdentifierKind::CioId || (by_path.is_none() && identifier == who)
    };
    for identifier in claimed
        .iter()
        .filter(|identifier| OWN.contains(&identifier.kind()))
    {
        claim(set, key, identifier, may_change(identifier), arrival);
    }
    if let Some(anonymous_id) = &claims.anonymous_id {
        link(set, key, anonymous_id, arrival);
    }
    Some(key)
}

/// Gives an identifier to a person, or records why not.
fn claim(
    set: &mut WorkingSet,
    key: PersonKey,
    identifier: &Identifier,
    may_change: bool,
    arrival: Arrival,
) {
    let present = set
        .people
        .get(&key)
        .and_then(|person| person.identifier(identifier.kind()));
    if present == Some(identifier.value()) {
        return;
    }
    let present = present.and_then(|value| Identifier::new(identifier.kind(), value));
    let identifier = identifier.clone();
    let held_by = set.find(&identifier).filter(|holder| *holder != key);
    let taken = held_by.is_some() || set.is_suppressed(&identifier);
    if taken || (present.is_some() && !may_change) {
        let refused = PersonInput::IdentifierRefused {
            identifier,
            held_by,
        };
        set.note(key, refused, arrival);
        return;
    }
    if let Some(present) = present {
        set.hold(present, None);
    }
    set.hold(identifier.clone(), Some(Holder::Person(key)));
    set.note(key, PersonInput::IdentifierSet { identifier }, arrival);
}

/// An anonymous id belongs to one person for ever (track-api.md 6). What a visitor did under it moves
/// to the person.
fn link(set: &mut WorkingSet, key: PersonKey, anonymous_id: &str, arrival: Arrival) {
    /// The time of the link is refreshed when it is older than this: events attach for 30 days after
    /// it, and an hour more or less is not worth a line in the history of each call.
    const REFRESH_MS: i64 = crate::time::HOUR_MS;
    let Some(identifier) = Identifier::new(IdentifierKind::Anonymous, anonymous_id) else {
        return;
    };
    let holder = set.find(&identifier);
    if let Some(holder) = holder.filter(|holder| *holder != key) {
        let visitor = set
            .people
            .get(&holder)
            .is_some_and(|p| p.standing == Standing::Visitor);
        if !visitor {
            let refused = PersonInput::IdentifierRefused {
                identifier,
                held_by: Some(holder),
            };
            set.note(key, refused, arrival);
            return;
        }
        merge::merge(set, key, holder, arrival);
    }
    let linked = set
        .people
        .get(&key)
        .and_then(|p| p.anonymous_ids.get(identifier.value()));
    let fresh = linked.is_some_and(|linked| arrival.at.since(*linked) < REFRESH_MS);
    if holder == Some(key) && fresh {
        return;
    }
    let anonymous_id = identifier.value().to_owned();
    set.hold(identifier, Some(Holder::Person(key)));
    set.note(key, PersonInput::AnonymousLinked { anonymous_id }, arrival);
}

/// Automatic merge (semantics.md 4.3): an id and an e-mail address in one call name two people, the one
/// found by id has no address, the one found by address has no id. The older one survives.
fn merge_automatically(set: &mut WorkingSet, claimed: &[Identifier], arrival: Arrival) {
    let by = |kind| {
        let identifier = claimed
            .iter()
            .find(|identifier| identifier.kind() == kind)?;
        set.people
            .get(&set.find(identifier)?)
            .filter(|person| person.is_known())
    };
    let (Some(by_id), Some(by_email)) = (by(IdentifierKind::Id), by(IdentifierKind::Email)) else {
        return;
    };
    if by_id.key == by_email.key || by_id.email.is_some() || by_email.id.is_some() {
        return;
    }
    let age = |person: &Person| (person.created_at, person.key);
    let (primary, secondary) = if age(by_id) <= age(by_email) {
        (by_id, by_email)
    } else {
        (by_email, by_id)
    };
    let (primary, secondary) = (primary.key, secondary.key);
    merge::merge(set, primary, secondary, arrival);
}
