//! What was known about a person at a moment, folded from stored inputs and facts.

use std::collections::BTreeMap;

use landfall_audience::{Happening, MessageLabel, Profile, Touched, happenings_of};
use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::delivery::Delivery;
use landfall_domain::fact::Fact;
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_journey::definition::Goal;
use landfall_journey::what_if::{Change, Past};
use landfall_journey::{Recomputed, Run};
use landfall_store::{Store, StoreError};

use super::Stage;
use crate::reactor::recompute::history_of;

/// Deliveries read at a time.
const PAGE: usize = 1_000;

/// How much of a history: so many of its inputs and of its facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Prefix {
    inputs: usize,
    facts: usize,
}

/// Everything that is stored about one record, in order.
#[derive(Clone, Debug)]
pub(super) struct History {
    inputs: Vec<Activity>,
    facts: Vec<Fact>,
    deliveries: BTreeMap<DeliveryKey, Delivery>,
    /// Inputs of the records that were merged into it.
    absorbed: BTreeMap<PersonKey, Vec<Activity>>,
}

impl History {
    /// Of a person and of each record that was merged into it, the person first.
    pub(super) fn all_of(store: &dyn Store, person: PersonKey) -> Result<Vec<Self>, StoreError> {
        let record = store.people(&[person])?.pop();
        let absorbed = record.iter().flat_map(|record| &record.absorbed);
        let mut keys = vec![person];
        keys.extend(absorbed.map(|absorbed| absorbed.key));
        let mut inputs = BTreeMap::new();
        for key in &keys {
            inputs.insert(*key, store.inputs_of(*key)?);
        }
        let deliveries = deliveries(store, &keys)?;
        let numbers: Vec<DeliveryKey> = deliveries.keys().copied().collect();
        let mut facts = Vec::new();
        for page in numbers.chunks(PAGE) {
            facts.extend(store.facts(page)?);
        }
        // Facts come by delivery, and within one by commit: the sort keeps that.
        facts.sort_by_key(|fact| fact.received_at);
        let of = |key: &PersonKey| Self {
            inputs: inputs.get(key).cloned().unwrap_or_default(),
            facts: facts.clone(),
            deliveries: deliveries.clone(),
            absorbed: inputs.clone(),
        };
        Ok(keys.iter().map(of).collect())
    }

    /// Everything that came before a moment.
    pub(super) fn before(&self, at: Timestamp) -> Prefix {
        let inputs = self.inputs.iter();
        let facts = self.facts.iter();
        Prefix {
            inputs: inputs.take_while(|input| input.received_at < at).count(),
            facts: facts.take_while(|fact| fact.received_at < at).count(),
        }
    }

    /// The prefixes from one on that may have been there at a moment: what came before surely, of what came in
    /// it any number. When the clock went back, perhaps nothing new, or everything.
    pub(super) fn prefixes(&self, from: Prefix, at: Timestamp) -> Vec<Prefix> {
        let inputs: Vec<Timestamp> = self.inputs.iter().map(|input| input.received_at).collect();
        let facts: Vec<Timestamp> = self.facts.iter().map(|fact| fact.received_at).collect();
        let facts = ends(&facts, from.facts, at);
        let mut all: Vec<Prefix> = ends(&inputs, from.inputs, at)
            .into_iter()
            .flat_map(|inputs| facts.iter().map(move |facts| (inputs, *facts)))
            .map(|(inputs, facts)| Prefix { inputs, facts })
            .collect();
        // Most often little came in between.
        all.sort_by_key(|prefix| prefix.inputs + prefix.facts);
        all
    }

    /// Person and profile as of a prefix; `None`: there was no record yet.
    pub(super) fn fold(
        &self,
        stage: &Stage<'_>,
        prefix: Prefix,
        now: Timestamp,
    ) -> Result<Option<(Person, Profile)>, StoreError> {
        let inputs = &self.inputs[..prefix.inputs];
        let Some(person) = Person::replay(inputs) else {
            return Ok(None);
        };
        let mut profile = Profile::default();
        let merged = person.absorbed.iter();
        let merged = merged.flat_map(|old| {
            let theirs = self.absorbed.get(&old.key).into_iter().flatten();
            theirs.filter(move |input| input.occurred_at >= old.history_from)
        });
        for activity in inputs.iter().chain(merged) {
            // What a merge brought along was counted where it happened.
            if !matches!(activity.input, PersonInput::MergedInto { .. }) {
                happenings_of(activity, &mut |happening| {
                    profile.absorb(&stage.live.patterns, &happening, &mut Touched::nothing());
                });
            }
        }
        self.count_deliveries(stage, prefix, &mut profile);
        let (segments, zone) = (&stage.live.segments, &stage.live.zone);
        segments.review_all(&person, &mut profile, now, zone);
        Ok(Some((person, profile)))
    }

    fn count_deliveries(&self, stage: &Stage<'_>, prefix: Prefix, profile: &mut Profile) {
        let mut known: BTreeMap<DeliveryKey, Delivery> = BTreeMap::new();
        for fact in &self.facts[..prefix.facts] {
            let Some(whole) = self.deliveries.get(&fact.delivery) else {
                continue;
            };
            let fresh = || {
                let (id, message) = (whole.id.clone(), whole.message);
                Delivery::new(whole.key, id, message, whole.channel, whole.created_at)
            };
            let delivery = known.entry(fact.delivery).or_insert_with(fresh);
            let before = match delivery.marks.is_empty() && delivery.targets.is_empty() {
                true => 0,
                false => delivery.view().bits(),
            };
            if !delivery.absorb(fact) {
                continue;
            }
            let Some(label) = label(stage, delivery) else {
                continue;
            };
            let reason = landfall_domain::status::reason(delivery);
            let view = delivery.view();
            for shown in view.iter().filter(|shown| before & shown.mark.bit() == 0) {
                let happening = Happening::Told {
                    mark: shown.mark,
                    message: &label,
                    reason,
                    at: shown.at,
                };
                profile.absorb(&stage.live.patterns, &happening, &mut Touched::nothing());
            }
        }
    }

    /// What a recomputation finds in a prefix.
    pub(super) fn happened(
        &self,
        prefix: Prefix,
        run: &Run,
        profile: &Profile,
        goal: &Goal,
    ) -> Vec<Recomputed> {
        let own = self.inputs[..prefix.inputs].iter();
        let merged = Person::replay(&self.inputs[..prefix.inputs]);
        let merged: Vec<_> = merged
            .iter()
            .flat_map(|person| person.absorbed.clone())
            .collect();
        let theirs = merged.iter().flat_map(|old| {
            let theirs = self.absorbed.get(&old.key).into_iter().flatten();
            theirs.filter(move |input| input.occurred_at >= old.history_from)
        });
        history_of(theirs.chain(own), profile, goal, run.origin.at)
    }

    /// Puts in what happens by changed facts, and takes out what does not.
    pub(super) fn change(&mut self, changes: &[Change], began: Option<Timestamp>) {
        for change in changes {
            match change {
                Change::NotHappened(gone) => self.inputs.retain(
                    |input| !matches!(&input.input, PersonInput::Tracked { name, .. } if name == gone),
                ),
                Change::Happened(name, at) => {
                    let begin = began.map(|began| began.plus_millis(1));
                    let Some(at) = at.or(begin) else { continue };
                    let place = self.inputs.partition_point(|input| input.received_at <= at);
                    let person = self.inputs.first().and_then(|input| input.person);
                    let happened = Activity {
                        person,
                        occurred_at: at,
                        received_at: at,
                        source: landfall_domain::input::Source::Landfall,
                        input: PersonInput::Tracked {
                            event: landfall_domain::activity::EventKind::Event,
                            name: name.clone(),
                            id: None,
                            data: landfall_domain::event_data::EventData::NONE,
                            anonymous_id: None,
                        },
                    };
                    self.inputs.insert(place.max(1).min(self.inputs.len()), happened);
                }
                _ => {}
            }
        }
    }

    /// The record as it began.
    pub(super) fn first_person(&self) -> Option<Person> {
        Person::begin(self.inputs.first()?)
    }
}

/// Where a prefix of things that came at these times may have ended at a moment.
fn ends(times: &[Timestamp], from: usize, at: Timestamp) -> Vec<usize> {
    let fits = |end: &usize| {
        let before = end.checked_sub(1).is_none_or(|last| times[last] <= at);
        before && times.get(*end).is_none_or(|next| *next >= at)
    };
    let found: Vec<usize> = (from..=times.len()).filter(fits).collect();
    match found.is_empty() {
        true => vec![from, times.len()],
        false => found,
    }
}

fn label(stage: &Stage<'_>, delivery: &Delivery) -> Option<MessageLabel> {
    let message = stage.catalogue.message(delivery.message)?;
    let name = stage.catalogue.message_name(message).to_string();
    Some(MessageLabel::new(message.clone(), &name))
}

fn deliveries(
    store: &dyn Store,
    people: &[PersonKey],
) -> Result<BTreeMap<DeliveryKey, Delivery>, StoreError> {
    let mut found = BTreeMap::new();
    let mut before = None;
    loop {
        let page = store.deliveries_of(people, before, PAGE)?;
        found.extend(
            page.deliveries
                .into_iter()
                .map(|delivery| (delivery.key, delivery)),
        );
        before = page.next;
        if before.is_none() {
            return Ok(found);
        }
    }
}

/// A history with changed facts.
pub(super) struct Changed<'a> {
    pub(super) stage: &'a Stage<'a>,
    pub(super) history: History,
}

impl Past for Changed<'_> {
    fn at(&mut self, moment: Timestamp) -> Option<(Person, Profile)> {
        let history = &self.history;
        let all = history.prefixes(Prefix::default(), moment).pop();
        let known = history.fold(self.stage, all.unwrap_or_default(), moment);
        known.ok().flatten()
    }
}
