//! Journeys that start at a moment that is fixed beforehand: at a date of the person, such as a birthday or
//! the end of a subscription, or at the person's turn in a schedule.

use landfall_domain::ids::JourneyId;
use landfall_domain::person::Person;
use landfall_domain::time::Timestamp;
use landfall_journey::definition::Schedule;

use super::memory::Memory;
use crate::live::Live;

/// Dates and turns that have come, and leaves the next ones in the memory. A date that came while nobody
/// looked (the program was down) starts its journey late; one that was passed over (its journey was paused)
/// does not.
pub(super) fn come(
    live: &Live,
    person: &Person,
    memory: &mut Memory,
    now: Timestamp,
) -> Vec<(JourneyId, Timestamp)> {
    let before = std::mem::take(&mut memory.dates);
    let turns = std::mem::take(&mut memory.turns);
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
    for (journey, at) in turns {
        if at > now {
            memory.turns.push((journey, at));
        } else if Schedule::is_too_late(at, now) {
            // The program was down for too long (landfall_journey::occurrence::SCHEDULE_LATE_MAX).
            let (journey, person) = (journey.0, person.key.0);
            tracing::warn!(journey, person, due = %at.millis(), "a turn was missed and starts nothing");
        } else {
            come.push((journey, at));
        }
    }
    come
}
