//! Journeys that start at a date of the person: a birthday, the end of a subscription.

use landfall_domain::ids::JourneyId;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;

use super::memory::Memory;
use crate::live::Live;

/// Dates that have come, and leaves the next ones in the memory. A date that came while nobody looked
/// (the program was down) starts its journey late; one that was passed over (its journey was paused) does
/// not.
pub(super) fn come(
    live: &Live,
    person: &Person,
    memory: &mut Memory,
    now: Timestamp,
) -> Vec<(JourneyId, Timestamp)> {
    let before = std::mem::take(&mut memory.dates);
    let mut come = Vec::new();
    if !person.is_known() {
        return come;
    }
    for (journey, date) in live.dated() {
        let due = before
            .iter()
            .find(|(known, at)| *known == journey && *at <= now);
        if let Some((_, at)) = due {
            come.push((journey, *at));
        }
        if let Some(next) = date.next(person, &live.zone, now) {
            memory.dates.push((journey, next));
        }
    }
    come
}
