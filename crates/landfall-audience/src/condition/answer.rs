//! What a check answers.

use landfall_domain::channel::Channel;
use landfall_domain::person::{Choice, Person};
use serde_json::Value;

use super::{Check, ConsentTo};
use crate::answer::{Answer, Explanation, Scene};
use crate::reach::{TokenState, reach};
use crate::touched::Cause;
use crate::value::{Seen, date_text};

impl Check {
    pub(super) fn answer(&self, scene: &Scene<'_>) -> Answer {
        let Scene {
            person,
            profile,
            now,
            ..
        } = *scene;
        match self {
            Self::Attribute(field, must) => must.answer(now, &|show| field.each(person, show)),
            Self::ThisEvent(path, must) => must.answer(now, &|show| {
                if let Some(event) = scene.event {
                    path.each(&event.data, &mut |value| show(Seen::Json(value)));
                }
            }),
            Self::Happened(counting) => counting.answer(profile, now),
            Self::Device(filter) => filter.any_of(person, profile, now),
            Self::Segment(id) => Answer::of(person.segments.contains(id) || profile.is_member(*id)),
            Self::Consent { to, explicit } => Answer::of(to.agreed(person, *explicit)),
            Self::Reachable(channel) => Answer::of(reach(person, profile, *channel).is_ok()),
            Self::Token(states) => Answer::of(states.contains(&TokenState::of(person, profile))),
            Self::Active(must) => must.answer(person.active_at, now),
        }
    }

    pub(super) fn explain(&self, scene: &Scene<'_>) -> Explanation {
        let Answer { holds, changes_at } = self.answer(scene);
        let parts = match self {
            Self::Device(filter) => filter.explain(scene.person, scene.profile, scene.now),
            _ => Vec::new(),
        };
        Explanation {
            check: self.describe(),
            saw: Some(self.saw(scene)),
            holds,
            changes_at,
            parts,
        }
    }

    /// What it looks at, for explanations.
    fn saw(&self, scene: &Scene<'_>) -> Value {
        let Scene {
            person, profile, ..
        } = *scene;
        match self {
            Self::Attribute(field, _) => {
                let mut seen = Vec::new();
                field.each(person, &mut |value| seen.push(value.shown()));
                one_or_list(seen)
            }
            Self::ThisEvent(path, _) => {
                let mut seen = Vec::new();
                if let Some(event) = scene.event {
                    path.each(&event.data, &mut |value| seen.push(value.clone()));
                }
                one_or_list(seen)
            }
            Self::Happened(counting) => counting.saw(profile, scene.now),
            Self::Device(filter) => {
                let devices = person.devices.values();
                let passing =
                    devices.filter(|device| filter.answer(device, profile, scene.now).holds);
                let (passing, all) = (passing.count(), person.devices.len());
                format!("{passing} of {all} devices").into()
            }
            Self::Segment(id) => {
                let entered = profile.memberships().iter().find(|(known, _)| known == id);
                match entered {
                    Some((_, since)) => format!("since {}", date_text(*since)).into(),
                    None if person.segments.contains(id) => "added by hand".into(),
                    None => Value::Null,
                }
            }
            Self::Consent { to, .. } => match to.choice(person) {
                Some(choice) => {
                    let word = if choice.subscribed { "yes" } else { "no" };
                    format!("{word}, said at {}", date_text(choice.set_at)).into()
                }
                None if person.is_unsubscribed() => "unsubscribed from everything".into(),
                None => "never said".into(),
            },
            Self::Reachable(channel) => match reach(person, profile, *channel) {
                Ok(()) => "reachable".into(),
                Err(reason) => reason.name().into(),
            },
            Self::Token(_) => TokenState::of(person, profile).name().into(),
            Self::Active(_) => date_text(person.active_at).into(),
        }
    }

    /// What the answer depends on.
    pub(super) fn needs(&self, need: &mut dyn FnMut(Cause)) {
        match self {
            Self::Attribute(field, _) => field.needs(need),
            Self::ThisEvent(..) => {}
            Self::Happened(counting) => need(Cause::Pattern(counting.pattern().id())),
            Self::Device(filter) => {
                need(Cause::Devices);
                if filter.asks_of_liveness() {
                    need(Cause::Liveness);
                }
            }
            Self::Token(_) => need(Cause::Devices),
            Self::Segment(id) => need(Cause::Segment(*id)),
            Self::Consent { .. } => need(Cause::Consent),
            // A change of an address touches everything.
            Self::Reachable(_) => {
                need(Cause::Devices);
                need(Cause::Consent);
            }
            Self::Active(_) => need(Cause::Activity),
        }
    }
}

impl ConsentTo {
    fn choice(&self, person: &Person) -> Option<Choice> {
        match self {
            Self::Everything => person.consent.global,
            Self::Channel(channel) => person.consent.channels.get(channel.name()).copied(),
            Self::Topic(topic) => person.consent.topics.get(topic).copied(),
        }
    }

    /// The global no stands above every other choice, except for in-app messages and Slack
    /// (semantics.md 6.8).
    fn agreed(&self, person: &Person, explicit: bool) -> bool {
        let open = matches!(
            self,
            Self::Channel(Channel::InApp | Channel::Inbox | Channel::Slack)
        );
        if person.is_unsubscribed() && !open {
            return false;
        }
        self.choice(person)
            .map_or(!explicit, |choice| choice.subscribed)
    }
}

fn one_or_list(mut seen: Vec<Value>) -> Value {
    match seen.len() {
        0 => Value::Null,
        1 => seen.remove(0),
        _ => Value::Array(seen),
    }
}
