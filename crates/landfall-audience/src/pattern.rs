//! What a condition counts: events of a kind, or marks of messages.

mod index;
mod parse;
#[cfg(test)]
mod tests;

use landfall_domain::activity::EventKind;
use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::naming::Part;
use landfall_domain::reason::{Class, Reason};
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::event_data::DataFilter;
use crate::glob::Glob;
use crate::happening::MessageLabel;
use crate::hashing::Fnv;

pub use index::Patterns;
pub(crate) use parse::{EVENT_KEYS, MESSAGE_KEYS};

/// How many of the latest times a tally may keep. A few sizes, so that conditions share tallies.
const KEEPS: [usize; 6] = [2, 5, 11, 26, 51, 101];
/// The largest number that a count within a window is compared with.
pub(crate) const WINDOW_COUNT_MAX: u64 = 100;

/// The stable id of a pattern: a hash of its canonical form, the same in every version of the
/// program, because profiles store it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PatternId(pub u64);

/// What a condition counts, and how many of the latest times have to be kept for it. The same thing
/// with more times kept is another pattern, so that what a tally lacks is never in doubt.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    id: PatternId,
    what: What,
    keeps: usize,
}

/// What is counted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum What {
    Did(EventFilter),
    Told(MessageFilter),
}

/// Which events are meant: kind, name (with `*`), and checks of the data.
#[derive(Clone, Debug, PartialEq)]
pub struct EventFilter {
    kind: EventKind,
    name: Glob,
    data: Option<DataFilter>,
}

/// Which marks of which messages are meant.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MessageFilter {
    mark: Mark,
    /// What sent it, and its number.
    source: Option<(SourceKind, Option<u64>)>,
    step: Option<u64>,
    channel: Option<Channel>,
    /// By [`Part`].
    name: [Option<Glob>; 4],
    reasons: Vec<Reason>,
    classes: Vec<Class>,
}

impl Pattern {
    /// `most`: the largest number of latest times that somebody compares.
    pub(crate) fn new(what: What, most: u64) -> Self {
        let size = KEEPS.iter().find(|size| **size as u64 >= most);
        let keeps = size.copied().unwrap_or(KEEPS[KEEPS.len() - 1]);
        let canonical = json!({ "what": what.to_json(), "keeps": keeps });
        let mut hash = Fnv::new();
        write_canonical(&canonical, &mut hash);
        Self {
            id: PatternId(hash.finish()),
            what,
            keeps,
        }
    }

    /// Its id.
    pub const fn id(&self) -> PatternId {
        self.id
    }

    pub(crate) const fn what(&self) -> &What {
        &self.what
    }

    pub(crate) const fn keeps(&self) -> usize {
        self.keeps
    }

    /// In words, such as `purchase where total at least 50`.
    pub fn describe(&self) -> String {
        self.what.describe()
    }
}

/// Feeds JSON with sorted keys into the hash, whatever order the map has.
fn write_canonical(value: &Value, hash: &mut Fnv) {
    match value {
        Value::Object(entries) => {
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_by_key(|(key, _)| key.as_str());
            hash.write(b"{");
            for (key, value) in sorted {
                hash.write(key.as_bytes());
                hash.write(b"\0:");
                write_canonical(value, hash);
            }
            hash.write(b"}");
        }
        Value::Array(items) => {
            hash.write(b"[");
            for item in items {
                write_canonical(item, hash);
                hash.write(b",");
            }
            hash.write(b"]");
        }
        scalar => {
            hash.write(scalar.to_string().as_bytes());
            hash.write(b"\0");
        }
    }
}

impl What {
    pub(crate) fn to_json(&self) -> Value {
        Value::Object(match self {
            Self::Did(events) => events.entries(),
            Self::Told(messages) => messages.entries(),
        })
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Did(events) => events.describe(),
            Self::Told(messages) => messages.describe(),
        }
    }
}

impl EventFilter {
    /// The filter as JSON; reads back as itself.
    pub fn to_json(&self) -> Value {
        Value::Object(self.entries())
    }

    pub(crate) fn entries(&self) -> Map<String, Value> {
        let mut object = Map::new();
        object.insert(self.kind.name().to_owned(), self.name.text().into());
        if let Some(data) = &self.data {
            object.insert("where".to_owned(), data.to_json());
        }
        object
    }

    /// Event, page or screen.
    pub const fn kind(&self) -> EventKind {
        self.kind
    }

    /// The name, when only events of this one name are meant.
    pub fn exact_name(&self) -> Option<&str> {
        (!self.name.is_wild()).then(|| self.name.text())
    }

    /// Whether an event of this kind and name is meant, whatever its data.
    pub fn names(&self, kind: EventKind, name: &str) -> bool {
        self.kind == kind && self.name.matches(name)
    }

    /// Whether the data are looked into.
    pub const fn looks_into_data(&self) -> bool {
        self.data.is_some()
    }

    /// Whether an event is meant. Times in its data are compared with its own time `at`.
    pub fn matches(&self, kind: EventKind, name: &str, data: &Value, at: Timestamp) -> bool {
        self.names(kind, name) && self.passes(data, at)
    }

    pub(crate) fn passes(&self, data: &Value, at: Timestamp) -> bool {
        let filter = self.data.as_ref();
        filter.is_none_or(|filter| filter.holds(data, at))
    }

    /// In words, such as `purchase where total at least 50`.
    pub fn describe(&self) -> String {
        let kind = match self.kind {
            EventKind::Event => "",
            EventKind::Page => "page ",
            EventKind::Screen => "screen ",
        };
        let filter = self.data.as_ref();
        let filter = filter.map(|filter| format!(" where {}", filter.describe()));
        format!("{kind}{}{}", self.name.text(), filter.unwrap_or_default())
    }
}

impl MessageFilter {
    pub(crate) fn entries(&self) -> Map<String, Value> {
        let mut object = Map::new();
        let mut put = |key: &str, value: Value| object.insert(key.to_owned(), value);
        put("message", self.mark.name().into());
        if let Some((kind, number)) = self.source {
            match number {
                Some(number) => put(parse::source_key(kind), number.into()),
                None => put("source", kind.name().into()),
            };
        }
        if let Some(step) = self.step {
            put("step", step.into());
        }
        if let Some(channel) = self.channel {
            put("channel", channel.name().into());
        }
        let mut name = Map::new();
        for part in Part::ALL {
            if let Some(glob) = &self.name[*part as usize] {
                name.insert(part.name().to_owned(), glob.text().into());
            }
        }
        if !name.is_empty() {
            put("name", Value::Object(name));
        }
        if !self.reasons.is_empty() {
            put(
                "reason",
                self.reasons.iter().map(|reason| reason.name()).collect(),
            );
        }
        if !self.classes.is_empty() {
            put(
                "class",
                self.classes.iter().map(|class| class.name()).collect(),
            );
        }
        object
    }

    pub(crate) const fn mark(&self) -> Mark {
        self.mark
    }

    pub(crate) fn matches(&self, message: &MessageLabel, reason: Option<Reason>) -> bool {
        let of = &message.message;
        let source = self.source.is_none_or(|(kind, number)| {
            of.source == kind && number.is_none_or(|number| of.source_id == number)
        });
        let step = self
            .step
            .is_none_or(|step| of.step_id == Some(step) || of.parent_step_id == Some(step));
        let named = |part: &Part| {
            let wanted = self.name[*part as usize].as_ref();
            wanted.is_none_or(|wanted| {
                let part = message.name.part(*part);
                part.is_some_and(|part| wanted.matches(part))
            })
        };
        let reasoned = self.reasons.is_empty() && self.classes.is_empty()
            || reason.is_some_and(|reason| {
                self.reasons.contains(&reason) || self.classes.contains(&reason.class())
            });
        let channel = self.channel.is_none_or(|channel| of.channel == channel);
        source && step && channel && reasoned && Part::ALL.iter().all(named)
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        let mut text = match self.channel {
            Some(channel) => format!("{channel} {}", self.mark),
            None => format!("message {}", self.mark),
        };
        match self.source {
            Some((kind, Some(number))) => text.push_str(&format!(" of {kind} {number}")),
            Some((kind, None)) => text.push_str(&format!(" of a {kind}")),
            None => {}
        }
        if let Some(step) = self.step {
            text.push_str(&format!(", step {step}"));
        }
        for part in Part::ALL {
            if let Some(glob) = &self.name[*part as usize] {
                text.push_str(&format!(", {part} {:?}", glob.text()));
            }
        }
        let reasons = self.reasons.iter().map(|reason| reason.name());
        let classes = self.classes.iter().map(|class| class.name());
        let why: Vec<&str> = reasons.chain(classes).collect();
        if !why.is_empty() {
            text.push_str(&format!(", because of {}", why.join(" or ")));
        }
        text
    }
}
