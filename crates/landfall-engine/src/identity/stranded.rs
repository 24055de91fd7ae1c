//! Tokens on anonymous profiles of people who are known by another one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::channel::Platform;
use landfall_domain::device::MoveCause;
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::limits::DEVICES_MAX;
use landfall_domain::person::{Person, Standing};
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::coverage::Kind;
use landfall_store::{ActivityQuery, HistoryOf, Store, StoreError};

use super::finding::{
    Decision, Evidence, Finding, Remedy, Who, installation, is_good, is_out_of_reach, last_change,
};

/// Days of events that are looked at.
const DAYS: i64 = 30;
/// Events of one person that are looked at, newest first.
const EVENTS: usize = 200;
/// Signs that are kept.
const SIGNS_MAX: usize = 200_000;

/// A token of a visitor.
#[derive(Debug)]
struct Held {
    visitor: PersonKey,
    device: DeviceKey,
    registered_at: Timestamp,
}

/// Anonymous profiles that hold tokens, and what says whose they are.
#[derive(Debug, Default)]
pub(super) struct Visitors {
    held: Vec<Held>,
    /// Tokens by anonymous id, by installation, and by the person from whom the visitor took them.
    by_anonymous: HashMap<String, Vec<usize>>,
    by_installation: HashMap<(Platform, String), Vec<usize>>,
    by_former: HashMap<PersonKey, Vec<(usize, Timestamp)>>,
    /// The strongest evidence of whose each token is.
    signs: BTreeMap<(usize, PersonKey), Evidence>,
    /// Whether there was no room for a sign.
    pub(super) full: bool,
}

/// Whether evidence is enough to act on; of a token that was taken over it is not known whether it was a logout.
const fn is_strong(evidence: &Evidence) -> bool {
    !matches!(evidence, Evidence::TakenFrom { .. })
}

impl Visitors {
    /// Takes a visitor with the tokens that it holds.
    pub(super) fn add(&mut self, store: &dyn Store, visitor: &Person) -> Result<(), StoreError> {
        if visitor.standing != Standing::Visitor {
            return Ok(());
        }
        for device in visitor.devices.values().filter(|device| device.is_valid()) {
            let nth = self.held.len();
            self.held.push(Held {
                visitor: visitor.key,
                device: device.key,
                registered_at: device.registered_at,
            });
            for id in visitor.anonymous_ids.keys() {
                self.by_anonymous.entry(id.clone()).or_default().push(nth);
            }
            if let Some((platform, id)) = installation(device) {
                let key = (platform, id.to_owned());
                self.by_installation.entry(key).or_default().push(nth);
            }
            let moves = store.token_moves(device.key)?;
            let taken = last_change(&moves)
                .filter(|last| last.cause == MoveCause::TakenOver && last.to == Some(visitor.key));
            if let Some((taken, former)) = taken.and_then(|last| Some((last, last.from?))) {
                let of = self.by_former.entry(former).or_default();
                of.push((nth, taken.occurred_at));
            }
        }
        Ok(())
    }

    /// Whether people's events can tell anything.
    pub(super) fn wants_events(&self) -> bool {
        !self.by_anonymous.is_empty()
    }

    fn sign(&mut self, token: usize, person: PersonKey, evidence: Evidence) {
        let room = self.signs.len() < SIGNS_MAX;
        match self.signs.get_mut(&(token, person)) {
            Some(known) if is_strong(known) && !is_strong(&evidence) => {}
            Some(known) => *known = evidence,
            None if room => drop(self.signs.insert((token, person), evidence)),
            None => self.full = true,
        }
    }

    /// Looks whether a known person's state says that one of the tokens is theirs.
    pub(super) fn compare(&mut self, person: &Person) {
        if self.held.is_empty() || !person.is_known() {
            return;
        }
        let mut signs = Vec::new();
        for device in person.devices.values() {
            let Some((platform, id)) = installation(device) else {
                continue;
            };
            let same = self.by_installation.get(&(platform, id.to_owned()));
            for nth in same.into_iter().flatten() {
                // Whoever logs out loses the device, and the app began with the newer token.
                if self.held[*nth].registered_at >= device.registered_at {
                    let installation = id.to_owned();
                    signs.push((*nth, Evidence::SameInstallation { installation }));
                }
            }
        }
        let records = person.absorbed.iter().map(|absorbed| absorbed.key);
        for record in std::iter::once(person.key).chain(records) {
            for (nth, at) in self.by_former.get(&record).into_iter().flatten() {
                if person.active_at > *at {
                    signs.push((*nth, Evidence::TakenFrom { at: *at }));
                }
            }
        }
        for (nth, evidence) in signs {
            self.sign(nth, person.key, evidence);
        }
    }

    /// Looks whether events of a person named the anonymous id of one of the tokens.
    pub(super) fn listen(
        &mut self,
        store: &dyn Store,
        person: PersonKey,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let from = now.plus_millis(-DAYS * DAY_MS);
        for activity in events_of(store, person, from, EVENTS)? {
            let PersonInput::Tracked {
                anonymous_id: Some(id),
                ..
            } = &activity.input
            else {
                continue;
            };
            let tokens = self.by_anonymous.get(id).cloned().unwrap_or_default();
            for nth in tokens {
                // What the person did before the token was there may have ended with a logout.
                if activity.occurred_at < self.held[nth].registered_at {
                    continue;
                }
                let last = match self.signs.get(&(nth, person)) {
                    Some(Evidence::SeenTogether { last, .. }) => activity.occurred_at.max(*last),
                    _ => activity.occurred_at,
                };
                let anonymous_id = id.clone();
                self.sign(nth, person, Evidence::SeenTogether { anonymous_id, last });
            }
        }
        Ok(())
    }

    /// What the signs come to.
    pub(super) fn findings(
        &self,
        store: &dyn Store,
        now: Timestamp,
        take: &mut dyn FnMut(Finding),
    ) -> Result<(), StoreError> {
        let tokens: BTreeSet<usize> = self.signs.keys().map(|(token, _)| *token).collect();
        for token in tokens {
            let all = (token, PersonKey(0))..=(token, PersonKey(u32::MAX));
            let signs: Vec<(PersonKey, &Evidence)> = self
                .signs
                .range(all)
                .map(|((_, person), evidence)| (*person, evidence))
                .collect();
            if let Some(finding) = judged(store, &self.held[token], &signs, now)? {
                take(finding);
            }
        }
        Ok(())
    }
}

fn events_of(
    store: &dyn Store,
    person: PersonKey,
    from: Timestamp,
    limit: usize,
) -> Result<impl Iterator<Item = Activity>, StoreError> {
    let query = ActivityQuery {
        of: vec![HistoryOf { person, from }],
        kinds: vec!["tracked".to_owned()],
        limit,
        ..ActivityQuery::default()
    };
    let page = store.activities(&query)?;
    Ok(page.activities.into_iter().map(|stored| stored.activity))
}

/// A token with everybody whose it may be, as they are now.
fn judged(
    store: &dyn Store,
    held: &Held,
    signs: &[(PersonKey, &Evidence)],
    now: Timestamp,
) -> Result<Option<Finding>, StoreError> {
    let visitor = store.people(&[held.visitor])?.pop();
    let visitor = visitor.filter(|visitor| visitor.standing == Standing::Visitor);
    let device = visitor
        .as_ref()
        .and_then(|visitor| visitor.devices.get(&held.device));
    let (Some(visitor), Some(device)) = (&visitor, device.filter(|device| device.is_valid()))
    else {
        return Ok(None);
    };
    let keys: Vec<PersonKey> = signs.iter().map(|(person, _)| *person).collect();
    let people: Vec<Person> = store
        .people(&keys)?
        .into_iter()
        .filter(Person::is_known)
        .collect();
    let evidence_of = |person: &Person| signs.iter().find(|(key, _)| *key == person.key);
    let strongest = people
        .iter()
        .filter_map(|person| Some((person, evidence_of(person)?.1)))
        .max_by_key(|(_, evidence)| is_strong(evidence));
    let Some((person, evidence)) = strongest else {
        return Ok(None);
    };
    let costs = is_good(device) && is_out_of_reach(person, now);
    Ok(Some(Finding {
        kind: Kind::StrandedToken,
        at: device.registered_at,
        device: device.clone(),
        person: Who::of(person),
        other: Some(Who::of(visitor)),
        evidence: evidence.clone(),
        out_of_reach: costs.then_some(person.key).into_iter().collect(),
        remedy: remedy(store, visitor, &people, (person, evidence))?,
    }))
}

fn remedy(
    store: &dyn Store,
    visitor: &Person,
    people: &[Person],
    (person, evidence): (&Person, &Evidence),
) -> Result<Remedy, StoreError> {
    if people.len() > 1 {
        return Ok(Remedy::Decide(Decision::SeveralPeople));
    }
    if !is_strong(evidence) {
        return Ok(Remedy::Decide(Decision::PerhapsLogout));
    }
    if let Evidence::SeenTogether { last, .. } = evidence {
        let newest = events_of(store, visitor.key, Timestamp::EPOCH, 1)?.next();
        let after = newest.is_some_and(|newest| newest.occurred_at.since(*last) > DAY_MS);
        // For more than a day the app is used without anybody's name.
        if after {
            return Ok(Remedy::Decide(Decision::PerhapsLogout));
        }
    }
    if person.devices.len() >= DEVICES_MAX {
        return Ok(Remedy::Decide(Decision::NoRoom));
    }
    Ok(Remedy::Move {
        from: Some(Who::of(visitor)),
        to: Some(Who::of(person)),
    })
}
