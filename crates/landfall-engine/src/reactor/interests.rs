//! Interest in products: who is told when one is back in stock or costs less.

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::ids::{JourneyId, PersonKey};
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::WorkingSet;
use landfall_journey::definition::ProductTrigger;
use landfall_store::StoreError;

use super::Reactor;
use super::memory::{Interest, Memory};

/// Most products that are remembered for a person and journey: the latest ones.
const INTERESTS_MAX: usize = 200;

impl Reactor {
    /// Remembers the products that an input of a person shows interest in.
    pub(super) fn note_interest(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        activity: &Activity,
    ) -> Result<(), StoreError> {
        let live = std::sync::Arc::clone(&self.live);
        for (journey, product) in live.about_products() {
            let wanted = match &activity.input {
                PersonInput::Tracked {
                    event, name, data, ..
                } => product.wanted_by(*event, name, &data.value()),
                PersonInput::AttributesSet { .. } | PersonInput::MergedFrom { .. } => {
                    let record = set.person(person);
                    let wished = record.map(|record| product.wished_by(record));
                    for product in wished.unwrap_or_default() {
                        self.interests.note(journey, &product, person);
                    }
                    continue;
                }
                _ => continue,
            };
            for product in wanted {
                self.interests.note(journey, &product, person);
                let mind = self.mind(set, person)?;
                mind.changed = true;
                let interest = Interest {
                    journey,
                    product,
                    at: activity.occurred_at,
                };
                remember(&mut mind.memory, interest);
            }
        }
        Ok(())
    }
}

fn remember(memory: &mut Memory, interest: Interest) {
    let same = |known: &&mut Interest| {
        known.journey == interest.journey && known.product == interest.product
    };
    if let Some(known) = memory.interests.iter_mut().find(same) {
        known.at = known.at.max(interest.at);
        return;
    }
    memory.interests.push(interest);
    if memory.interests.len() > INTERESTS_MAX {
        memory.interests.sort_by_key(|interest| interest.at);
        memory.interests.remove(0);
    }
}

/// Whether a person is interested in a product at a moment.
pub(super) fn is_interested(
    journey: JourneyId,
    trigger: &ProductTrigger,
    product: &str,
    person: &Person,
    memory: &Memory,
    now: Timestamp,
) -> bool {
    let fresh = memory.interests.iter().any(|interest| {
        interest.journey == journey
            && interest.product == product
            && now.since(interest.at) <= trigger.within.millis()
    });
    fresh
        || trigger
            .wished_by(person)
            .iter()
            .any(|wished| wished == product)
}
