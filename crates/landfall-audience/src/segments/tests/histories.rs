//! The proof: however a life goes, what was kept current input by input equals what is computed
//! from the whole history, at every moment, and no timer is missed or idle.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::attributes::Attributes;
use landfall_domain::channel::Platform;
use landfall_domain::device::TokenKey;
use landfall_domain::event_data::EventData;
use landfall_domain::ids::{DeviceKey, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::person::{Person, Standing};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::world::{IDS, MESSAGES, Step, conditions, history, learned};
use crate::answer::Scene;
use crate::condition::Condition;
use crate::happening::{Happening, MessageLabel, happenings_of};
use crate::pattern::Patterns;
use crate::profile::Profile;
use crate::sample::{NOON, activity, days, message, person};
use crate::segments::Segments;
use crate::touched::Touched;
use crate::zone::Zone;

/// Something that a store would have kept.
#[derive(Clone)]
enum Kept {
    Activity(Box<Activity>),
    Told(Mark, Arc<MessageLabel>, Option<Reason>, Timestamp),
    Receipt(DeviceKey, Timestamp),
}

impl Kept {
    fn each(&self, take: &mut dyn FnMut(&Happening<'_>)) {
        match self {
            Self::Activity(activity) => happenings_of(activity, &mut |happening| take(&happening)),
            Self::Told(mark, message, reason, at) => take(&Happening::Told {
                mark: *mark,
                message,
                reason: *reason,
                at: *at,
            }),
            Self::Receipt(device, at) => take(&Happening::Receipt {
                device: *device,
                at: *at,
            }),
        }
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::Activity(activity) => activity.occurred_at,
            Self::Told(.., at) | Self::Receipt(_, at) => *at,
        }
    }

    /// Whether it leaves a trace in a profile.
    fn leaves_a_trace(&self) -> bool {
        match self {
            Self::Activity(activity) => matches!(
                activity.input,
                PersonInput::Tracked { .. } | PersonInput::DeviceReleased { .. }
            ),
            Self::Told(..) | Self::Receipt(..) => true,
        }
    }
}

/// One person's life so far: kept current, and kept whole.
struct Life {
    person: Person,
    profile: Profile,
    history: Vec<Kept>,
    /// The latest moment at which anything was decided. After the clock was put back, only what is
    /// touched is decided again until this moment has come once more.
    latest: Timestamp,
}

impl Life {
    fn new() -> Self {
        Self {
            person: person(serde_json::json!({})),
            profile: Profile::default(),
            history: Vec::new(),
            latest: NOON,
        }
    }

    fn keep(&mut self, kept: Kept, patterns: &Patterns) -> Touched {
        let mut touched = Touched::nothing();
        if let Kept::Activity(activity) = &kept {
            self.person.apply(activity);
        }
        kept.each(&mut |happening| self.profile.absorb(patterns, happening, &mut touched));
        self.history.push(kept);
        touched
    }

    fn act(&mut self, input: PersonInput, at: Timestamp, patterns: &Patterns) -> Touched {
        self.keep(Kept::Activity(Box::new(activity(input, at))), patterns)
    }

    /// Takes a step that is not of the clock.
    fn take(&mut self, step: &Step, now: Timestamp, patterns: &Patterns) -> Touched {
        let ago = |age: i64| now.plus_millis(-age);
        let (input, at) = match step.clone() {
            Step::Track(event, name, data, age) => {
                let input = PersonInput::Tracked {
                    event,
                    name: name.to_owned(),
                    id: None,
                    data: EventData::from(&data),
                    anonymous_id: None,
                };
                (input, ago(age))
            }
            Step::Told(mark, index, reason, age) => {
                let (journey, channel, name) = MESSAGES[index];
                let label = Arc::new(message(journey, 1, channel, name));
                return self.keep(Kept::Told(mark, label, reason, ago(age)), patterns);
            }
            Step::Receipt(key, age) => {
                return self.keep(Kept::Receipt(DeviceKey(key), ago(age)), patterns);
            }
            Step::Attribute(name, value, age) => {
                let attributes = Attributes::from([(name.to_owned(), value)]);
                (PersonInput::AttributesSet { attributes }, ago(age))
            }
            Step::Register(key, on, version, age) => {
                let said = [
                    ("push_enabled".to_owned(), on.to_string()),
                    ("app_version".to_owned(), version.to_owned()),
                ];
                let input = PersonInput::DeviceRegistered {
                    device: DeviceKey(key),
                    token: TokenKey {
                        app: String::new(),
                        platform: Platform::Ios,
                        token: format!("token-{key}"),
                    },
                    last_used: ago(age),
                    attributes: said.into_iter().collect(),
                };
                (input, ago(age))
            }
            Step::Release(key, cause) => {
                let device = DeviceKey(key);
                let to = None;
                (PersonInput::DeviceReleased { device, cause, to }, now)
            }
            Step::Answer(key, accepted) => {
                let device = DeviceKey(key);
                (PersonInput::DeviceAnswered { device, accepted }, now)
            }
            Step::Consent(topic, subscribed, age) => {
                let input = PersonInput::SubscriptionChanged {
                    topic: topic.map(str::to_owned),
                    subscribed,
                    delivery: None,
                };
                (input, ago(age))
            }
            Step::Manual(segment, added) => (PersonInput::SegmentChanged { segment, added }, now),
            Step::Merge(visitor, steps) => return self.merge(visitor, &steps, now, patterns),
            Step::Delete => (PersonInput::Deleted { suppressed: false }, now),
            Step::Wait(_) | Step::WaitForTimer | Step::PutBack(_) => return Touched::nothing(),
        };
        self.act(input, at, patterns)
    }

    fn merge(
        &mut self,
        visitor: bool,
        steps: &[Step],
        now: Timestamp,
        patterns: &Patterns,
    ) -> Touched {
        let mut other = Self::new();
        other.person.key = PersonKey(4);
        if visitor {
            other.person.standing = Standing::Visitor;
        }
        // The other one lived earlier: a part of it before what a visitor's merge still takes.
        for (index, step) in steps.iter().enumerate() {
            let at = now.plus_millis(days(index as i64 * 4 - 50));
            other.take(step, at, patterns);
        }
        let secondary = Box::new(other.person);
        let touched = self.act(PersonInput::MergedFrom { secondary }, now, patterns);
        let history_from = self.person.absorbed[self.person.absorbed.len() - 1].history_from;
        let inexact = self.profile.merge(&other.profile, history_from, patterns);
        let stays = |kept: &Kept| !kept.leaves_a_trace() || kept.at() >= history_from;
        self.history.extend(other.history.into_iter().filter(stays));
        self.recount(&inexact, patterns);
        touched
    }

    /// Counts some patterns anew, as the engine does when a merge or a new segment asks for it.
    fn recount(&mut self, ids: &[crate::PatternId], patterns: &Patterns) {
        self.profile.forget(|id| ids.contains(&id));
        let some: Patterns = patterns
            .iter()
            .filter(|one| ids.contains(&one.id()))
            .collect();
        let mut touched = Touched::nothing();
        for kept in &self.history {
            kept.each(&mut |happening| self.profile.count(&some, happening, &mut touched));
        }
    }

    /// The profile computed from the whole history, which is taken backwards.
    fn recomputed(&self, segments: &Segments, patterns: &Patterns, now: Timestamp) -> Profile {
        let mut profile = Profile::default();
        let mut touched = Touched::nothing();
        for kept in self.history.iter().rev() {
            kept.each(&mut |happening| profile.absorb(patterns, happening, &mut touched));
        }
        segments.review_all(&self.person, &mut profile, now, Zone::utc());
        profile
    }

    #[track_caller]
    fn check(&self, segments: &Segments, patterns: &Patterns, now: Timestamp) {
        if now < self.latest {
            return;
        }
        let fresh = self.recomputed(segments, patterns, now);
        let ids = |profile: &Profile| -> Vec<u32> {
            profile.memberships().iter().map(|(id, _)| *id).collect()
        };
        assert_eq!(ids(&self.profile), ids(&fresh), "members at {now:?}");
        assert_eq!(self.profile.due(), fresh.due(), "the next timer at {now:?}");
        for pattern in patterns.iter() {
            let id = pattern.id();
            assert_eq!(
                self.profile.tally(id),
                fresh.tally(id),
                "{}",
                pattern.describe()
            );
        }
        assert_eq!(self.profile.recent_sends(), fresh.recent_sends());
        let decoded = Profile::decode(&self.profile.encode());
        assert_eq!(decoded.as_ref(), Ok(&self.profile));
    }

    /// Moves the clock on, stopping at every timer: nothing changes before it, something at it.
    fn wait(&mut self, segments: &Segments, patterns: &Patterns, from: Timestamp, to: Timestamp) {
        let mut now = from;
        while let Some(due) = self.profile.due().filter(|due| *due <= to) {
            assert!(due > now, "a timer lies in the future");
            let before = due.plus_millis(-1);
            let between = Timestamp::from_millis(now.millis().midpoint(before.millis()));
            for moment in [between, before] {
                self.check(segments, patterns, moment);
            }
            let zone = Zone::utc();
            let changes = segments.review_due(&self.person, &mut self.profile, due, zone);
            assert!(!changes.is_empty(), "a timer without a change at {due:?}");
            self.latest = self.latest.max(due);
            self.check(segments, patterns, due);
            now = due;
        }
        self.latest = self.latest.max(to);
        self.check(segments, patterns, to);
    }
}

fn compiled(conditions: &[Value]) -> Segments {
    let learned = learned();
    let read = |condition| Some(Condition::from_json(condition).ok()?.learned(&learned));
    let pairs = IDS.iter().copied().zip(conditions);
    let definitions = pairs.filter_map(|(id, condition)| Some((id, read(condition)?)));
    // A condition that happens to be always true is refused; who asks about it goes too.
    let mut kept: Vec<(u32, Condition)> = Vec::new();
    for (id, condition) in definitions {
        let known =
            |asked: &u32| *asked == 7 || *asked == 8 || kept.iter().any(|(k, _)| k == asked);
        if condition.segments().iter().all(known) {
            kept.push((id, condition));
        }
    }
    // In another order than that of their questions.
    kept.sort_by_key(|(id, _)| *id);
    Segments::compile(kept, &BTreeSet::from([7, 8])).unwrap()
}

fn live(conditions: &[Value], steps: &[Step]) {
    let segments = compiled(conditions);
    let patterns = segments.patterns();
    let mut life = Life::new();
    let mut now = NOON;
    segments.review_all(&life.person, &mut life.profile, now, Zone::utc());
    for step in steps {
        let then = match step {
            Step::Wait(millis) => now.plus_millis(*millis),
            Step::WaitForTimer => life.profile.due().unwrap_or(now),
            Step::PutBack(millis) => now.plus_millis(-millis),
            _ => now,
        };
        if then < now {
            now = then;
            continue;
        }
        if then > now {
            life.wait(&segments, &patterns, now, then);
            now = then;
            continue;
        }
        let touched = life.take(step, now, &patterns);
        segments.review(&life.person, &mut life.profile, &touched, now, Zone::utc());
        life.check(&segments, &patterns, now);
    }
    let end = now.max(life.latest).plus_millis(days(3));
    life.wait(&segments, &patterns, now, end);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kept_current_equals_computed_anew_at_every_moment(
        conditions in conditions(),
        steps in history(),
    ) {
        live(&conditions, &steps);
    }

    #[test]
    fn every_answer_tells_the_exact_moment_of_its_next_change(
        conditions in conditions(),
        steps in history(),
    ) {
        let segments = compiled(&conditions);
        let patterns = segments.patterns();
        let mut life = Life::new();
        for step in &steps {
            life.take(step, NOON, &patterns);
        }
        for (_, condition) in segments.iter() {
            let at = |now: Timestamp| condition.answer(&Scene {
                person: &life.person,
                profile: &life.profile,
                event: None,
                now,
                zone: Zone::utc(),
            });
            let mut now = NOON;
            // Nothing that happened is longer ago than the longest duration twice over.
            while now < NOON.plus_millis(days(100)) {
                let answer = at(now);
                let then = answer.changes_at.unwrap_or(NOON.plus_millis(days(100)));
                prop_assert!(then > now);
                for part in 1..8 {
                    let between = now.plus_millis(then.since(now) / 8 * part);
                    prop_assert_eq!(at(between), answer);
                }
                prop_assert_eq!(at(then.plus_millis(-1)), answer);
                if answer.changes_at.is_some() {
                    prop_assert_ne!(at(then).holds, answer.holds);
                }
                now = then;
            }
        }
    }
}
