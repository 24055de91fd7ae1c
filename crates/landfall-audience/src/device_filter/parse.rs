//! JSON to device filters.

use std::sync::Arc;

use super::{DeviceCheck, DeviceFilter, FACTS, Fact, PERMISSIONS, TIMES};
use crate::comparison::{Comparisons, Nature, TimeComparisons, WORDS};
use crate::definition::{Object, Place};
use crate::liveness::{Alive, Bounds, probability};
use crate::logic::{Budget, Logic};

impl DeviceFilter {
    /// Reads a device filter; faults are reported to the place.
    pub fn parse(place: &Place<'_>) -> Option<Self> {
        Self::parse_within(place, 1, &Budget::new())
    }

    pub(crate) fn parse_within(place: &Place<'_>, depth: usize, budget: &Budget) -> Option<Self> {
        Some(Self(Logic::parse(place, depth, budget, &checks)?))
    }
}

/// One object may hold several checks, all of which are meant.
fn checks(place: &Place<'_>, _depth: usize) -> Option<Logic<DeviceCheck>> {
    if place.value().get("attribute").is_some() {
        return attribute(place).map(Logic::Check);
    }
    let mut known: Vec<&str> = FACTS.iter().map(|(name, _)| *name).collect();
    known.extend(TIMES.iter().map(|(name, _)| *name));
    known.extend(["permission", "valid", "alive", "attribute"]);
    let object = place.object(&known)?;
    let mut found: Vec<Option<DeviceCheck>> = facts(&object);
    for (name, time) in TIMES {
        if let Some(place) = object.optional(name) {
            let must = TimeComparisons::parse(&place);
            found.push(must.map(|must| DeviceCheck::Time(time, must)));
        }
    }
    if let Some(place) = object.optional("permission") {
        let names: Vec<&str> = PERMISSIONS.iter().map(|(name, _)| *name).collect();
        let named = |text: &str| {
            let found = PERMISSIONS.iter().find(|(name, _)| *name == text);
            found.map(|(_, permission)| DeviceCheck::Permission(*permission))
        };
        found.push(place.word(&names, named));
    }
    if let Some(place) = object.optional("valid") {
        found.push(place.boolean().map(DeviceCheck::Valid));
    }
    if let Some(place) = object.optional("alive") {
        found.push(alive(&place).map(DeviceCheck::Alive));
    }
    let mut found: Vec<Logic<DeviceCheck>> = found
        .into_iter()
        .map(|check| check.map(Logic::Check))
        .collect::<Option<_>>()?;
    match found.len() {
        0 => place.refuse(
            "nothing says which devices are meant",
            format!("add one of: {}", known.join(", ")),
        ),
        1 => found.pop(),
        _ => Some(Logic::All(found)),
    }
}

/// Bounds of the probability that a device is still there.
fn alive(place: &Place<'_>) -> Option<Alive> {
    let object = place.object(&["at_least", "less_than"])?;
    let bound = |word: &str| -> Option<Option<f64>> {
        let Some(place) = object.optional(word) else {
            return Some(None);
        };
        probability(&place).map(Some)
    };
    let (at_least, less_than) = (bound("at_least")?, bound("less_than")?);
    if at_least.is_none() && less_than.is_none() {
        return place.refuse("it has no bound", "add `at_least` or `less_than`");
    }
    Some(Alive {
        bounds: Bounds {
            at_least,
            less_than,
        },
        learned: Arc::default(),
    })
}

fn facts(object: &Object<'_>) -> Vec<Option<DeviceCheck>> {
    let facts = FACTS.iter().filter_map(|(name, fact)| {
        let place = object.optional(name)?;
        let nature = match fact {
            Fact::AppVersion | Fact::Os | Fact::Sdk => Nature::Version,
            _ => Nature::Any,
        };
        let must = Comparisons::parse_short(&place, nature);
        Some(must.map(|must| DeviceCheck::Fact(*fact, must)))
    });
    facts.collect()
}

fn attribute(place: &Place<'_>) -> Option<DeviceCheck> {
    let known: Vec<&str> = ["attribute"].into_iter().chain(WORDS).collect();
    let object = place.object(&known)?;
    let name = object.required("attribute").and_then(|place| place.text());
    let must = Comparisons::parse(&object, Nature::Any);
    Some(DeviceCheck::Attribute(name?.to_owned(), must?))
}
