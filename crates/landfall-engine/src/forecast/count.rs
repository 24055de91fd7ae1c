//! One look at each person whom a trigger may be about.

use std::collections::BTreeMap;

use landfall_audience::{EventInHand, TokenState};
use landfall_domain::channel::Platform;
use landfall_domain::device::{Device, LastStatus};
use landfall_domain::ids::{PersonKey, RunKey};
use landfall_domain::person::Person;
use landfall_domain::reason::Reason;
use landfall_domain::run::RunState;
use landfall_domain::time::Timestamp;
use landfall_journey::chance::Salt;
use landfall_journey::definition::Trigger;
use landfall_journey::forecast::{Alike, Intent, Lots, intents};
use landfall_journey::{History, Occasion, Plan, Prospect, Refusal, Setting, prospect};
use landfall_store::{Store, StoreError};
use rustc_hash::FxHashMap;

use super::base::{Base, Candidates, Kind, belongs, candidates, entered_lately, needs_everybody};
use super::lately::PAGE;
use super::{People, WEEKS};
use crate::live::Live;
use crate::reactor::Memory;

/// What people are looked at with.
pub(super) struct Around<'a> {
    pub(super) plan: &'a Plan,
    pub(super) live: &'a Live,
    pub(super) now: Timestamp,
    pub(super) salt: &'a Salt,
}

/// What one intent would be to people.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) first: Vec<u64>,
    pub(super) closed: Vec<BTreeMap<Reason, u64>>,
    pub(super) unreached: u64,
    pub(super) lots: Lots,
}

/// Everything that was counted.
pub(super) struct Counted {
    pub(super) base: Base,
    pub(super) kept_out: BTreeMap<Refusal, u64>,
    pub(super) qualified: People,
    pub(super) covered: People,
    pub(super) eligible: People,
    pub(super) tallies: Vec<Tally>,
}

/// Counts everybody whom the trigger may be about.
pub(super) fn read(store: &dyn Store, around: &Around<'_>) -> Result<Counted, StoreError> {
    let trigger = &around.plan.definition.trigger;
    let candidates = candidates(store, trigger, around.now)?;
    let intents = intents(around.plan);
    let tallies = intents.iter().map(|intent| Tally {
        first: vec![0; intent.channels.len()],
        closed: vec![BTreeMap::new(); intent.channels.len()],
        ..Tally::default()
    });
    let mut count = Count {
        around,
        running: running(store, around.plan)?,
        candidates: &candidates,
        lately: 0,
        counted: Counted {
            base: Base {
                kind: candidates.kind,
                people: 0,
                per_week: candidates.per_week,
                told: candidates.told.clone(),
            },
            kept_out: BTreeMap::new(),
            qualified: People::default(),
            covered: People::default(),
            eligible: People::default(),
            tallies: tallies.collect(),
        },
        intents: &intents,
    };
    match &candidates.people {
        Some(people) if !needs_everybody(trigger, &candidates) => {
            let keys: Vec<PersonKey> = people.keys().copied().collect();
            for page in keys.chunks(PAGE) {
                count.page(store, &store.people(page)?)?;
            }
        }
        _ => {
            let mut after = None;
            loop {
                let page = store.people_after(after, PAGE)?;
                count.page(store, &page)?;
                after = page.last().map(|person| person.key);
                if page.len() < PAGE {
                    break;
                }
            }
        }
    }
    Ok(count.finish())
}

/// How many runs of each person are under way.
fn running(store: &dyn Store, plan: &Plan) -> Result<FxHashMap<PersonKey, u32>, StoreError> {
    let mut running = FxHashMap::default();
    let mut after = None;
    loop {
        let page = store.runs_in(plan.journey, after, PAGE)?;
        after = page.last().map(|run| run.key);
        for run in page.iter().filter(|run| run.state == RunState::Running) {
            *running.entry(run.person).or_default() += 1;
        }
        if page.len() < PAGE {
            return Ok(running);
        }
    }
}

struct Count<'a> {
    around: &'a Around<'a>,
    running: FxHashMap<PersonKey, u32>,
    candidates: &'a Candidates,
    intents: &'a [Intent],
    /// People of the base who came to it in the last days.
    lately: u64,
    counted: Counted,
}

impl Count<'_> {
    fn page(&mut self, store: &dyn Store, people: &[Person]) -> Result<(), StoreError> {
        let memories = memories(store, people)?;
        let none = Memory::default();
        for person in people {
            self.person(person, memories.get(&person.key).unwrap_or(&none));
        }
        Ok(())
    }

    fn person(&mut self, person: &Person, memory: &Memory) {
        let Around {
            plan, live, now, ..
        } = *self.around;
        let trigger = &plan.definition.trigger;
        let next_date = || match trigger {
            Trigger::Date(date) => date.next(person, &live.zone, now),
            _ => None,
        };
        if !belongs(trigger, self.candidates, person, next_date, now) {
            return;
        }
        self.counted.base.people += 1;
        if let Trigger::SegmentEntered(segment) = trigger
            && entered_lately(memory, *segment, now)
        {
            self.lately += 1;
        }
        let event = self.candidates.event_of(person.key);
        let prospect = self.prospect(person, memory, event);
        match prospect.enters {
            Ok(()) => self.enters(person, memory, &prospect),
            Err(why) => *self.counted.kept_out.entry(why).or_default() += 1,
        }
    }

    fn prospect(&self, person: &Person, memory: &Memory, event: Option<EventInHand>) -> Prospect {
        let Around {
            plan,
            live,
            now,
            salt,
        } = *self.around;
        let topic = plan.definition.topic.as_deref();
        let setting = Setting {
            person,
            profile: &memory.profile,
            now,
            policy: &live.policy,
            zone: &live.zone,
            run: RunKey(0),
            salt,
            goal: None,
            topic_opt_in: topic.is_some_and(|topic| live.asks_for_a_yes(topic)),
            suppressed: &person.suppressed_channels(),
            in_flight: &[],
            explain: false,
            fixed_share: None,
            held: &[],
        };
        let starts = memory.starts_of(plan.journey);
        let occasion = Occasion {
            event,
            at: now,
            history: History {
                running: self.running.get(&person.key).copied().unwrap_or(0),
                last_started: starts.map(|starts| starts.last),
            },
        };
        prospect(plan, &setting, &occasion)
    }

    fn enters(&mut self, person: &Person, memory: &Memory, prospect: &Prospect) {
        let platform = platform_of(person);
        let counted = &mut self.counted;
        counted.qualified.add(platform);
        if TokenState::of(person, &memory.profile) == TokenState::Has {
            counted.covered.add(platform);
        }
        if prospect.messages.iter().any(|(_, might)| might.is_ok()) {
            counted.eligible.add(platform);
        }
        for (intent, tally) in self.intents.iter().zip(&mut counted.tallies) {
            let mut open = 0;
            for (place, channel) in intent.channels.iter().enumerate() {
                let known = prospect.messages.iter();
                let might = known
                    .filter(|(step, _)| *step == channel.place)
                    .map(|(_, might)| *might)
                    .next();
                match might {
                    Some(Ok(())) => open |= 1 << place,
                    Some(Err(why)) => *tally.closed[place].entry(why).or_default() += 1,
                    None => {}
                }
            }
            let alike = Alike { platform, open };
            match alike.channels().next() {
                Some(first) => tally.first[first] += 1,
                None => tally.unreached += 1,
            }
            *tally.lots.entry(alike).or_default() += 1;
        }
    }

    fn finish(self) -> Counted {
        let mut counted = self.counted;
        let segment = match &self.around.plan.definition.trigger {
            Trigger::SegmentEntered(segment) => Some(*segment),
            _ => None,
        };
        let is_data_driven =
            segment.is_some_and(|segment| self.around.live.data_driven.contains(&segment));
        // To the nearest whole number.
        let mean = |people: u64| (people + WEEKS / 2) / WEEKS;
        match counted.base.kind {
            Kind::Date => counted.base.per_week = Some(mean(counted.base.people)),
            Kind::Segment if is_data_driven => {
                counted.base.per_week = Some(mean(self.lately));
                counted.base.told.push_str(
                    " The week is the mean of the last four, of those who entered and are still in it.",
                );
            }
            _ => {}
        }
        counted
    }
}

/// The platform of the device to which a push goes: the one used last that may show it, or else the one used
/// last.
fn platform_of(person: &Person) -> Option<Platform> {
    let rank = |device: &&Device| {
        let usable = device.last_status != LastStatus::Suppressed;
        let shows = usable && device.permission() != Some(false);
        (shows, usable, device.last_used, device.refreshed_at)
    };
    let device = person.devices.values().max_by_key(rank);
    device.map(|device| device.token.platform)
}

/// What is remembered about a page of people, by key.
fn memories(
    store: &dyn Store,
    people: &[Person],
) -> Result<FxHashMap<PersonKey, Memory>, StoreError> {
    let mut memories = FxHashMap::default();
    let keys: std::collections::BTreeSet<PersonKey> =
        people.iter().map(|person| person.key).collect();
    // From one who is asked about to the next, so that profiles in between are skipped.
    let mut next = keys.first().copied();
    while let Some(wanted) = next {
        let after = wanted.0.checked_sub(1).map(PersonKey);
        let rows = store.profiles(after, keys.len())?;
        for row in rows.iter().filter(|row| keys.contains(&row.person)) {
            memories.insert(row.person, Memory::of(row)?);
        }
        let last = rows.last().filter(|_| rows.len() >= keys.len());
        next = last.and_then(|last| {
            let above = (
                std::ops::Bound::Excluded(last.person),
                std::ops::Bound::Unbounded,
            );
            keys.range(above).next().copied()
        });
    }
    Ok(memories)
}
