//! JSON to patterns.

use landfall_domain::activity::EventKind;
use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::naming::Part;
use landfall_domain::reason::{Class, Reason};

use super::{EventFilter, MessageFilter};
use crate::definition::{Object, Place};
use crate::event_data::DataFilter;
use crate::glob::Glob;
use crate::limits::NAME_BYTES_MAX;
use crate::logic::Budget;

/// The keys that name what a person did.
pub(crate) const EVENT_KEYS: [&str; 3] = ["event", "page", "screen"];
/// The keys of a message filter.
pub(crate) const MESSAGE_KEYS: [&str; 11] = [
    "message",
    "journey",
    "broadcast",
    "newsletter",
    "transactional",
    "source",
    "step",
    "channel",
    "name",
    "reason",
    "class",
];

const SOURCES: [(&str, SourceKind); 4] = [
    ("journey", SourceKind::Campaign),
    ("broadcast", SourceKind::Broadcast),
    ("newsletter", SourceKind::Newsletter),
    ("transactional", SourceKind::Transactional),
];

/// The key under which the number of a source stands.
pub(super) fn source_key(kind: SourceKind) -> &'static str {
    let found = SOURCES.iter().find(|(_, known)| *known == kind);
    found.map_or("source", |(key, _)| key)
}

impl EventFilter {
    /// Reads an event filter such as `{"event": "purchase", "where": [...]}`; faults are reported
    /// to the place.
    pub fn parse(place: &Place<'_>) -> Option<Self> {
        let object = place.object(&["event", "page", "screen", "where"])?;
        Self::parse_keys(&object, 1, &Budget::new())
    }

    /// Reads `event`, `page` or `screen`, and `where`, in an object that may hold other keys.
    pub fn parse_among(object: &Object<'_>) -> Option<Self> {
        Self::parse_keys(object, 1, &Budget::new())
    }

    pub(crate) fn parse_keys(object: &Object<'_>, depth: usize, budget: &Budget) -> Option<Self> {
        let (key, name) = object.exactly_one(&EVENT_KEYS)?;
        let data = match object.optional("where") {
            Some(place) => DataFilter::parse(&place, depth, budget).map(Some),
            None => Some(None),
        };
        Some(Self {
            kind: EventKind::named(key)?,
            name: Glob::exact_case(short_text(&name)?),
            data: data?,
        })
    }
}

fn short_text<'v>(place: &Place<'v>) -> Option<&'v str> {
    let text = place.text()?;
    if text.len() > NAME_BYTES_MAX {
        let fix = format!("write at most {NAME_BYTES_MAX} bytes");
        return place.refuse("this name is too long", fix);
    }
    Some(text)
}

impl MessageFilter {
    /// Reads the keys of a message filter in an object that may hold others.
    pub(crate) fn parse_keys(object: &Object<'_>) -> Option<Self> {
        let names: Vec<&str> = Mark::ALL.iter().map(|mark| mark.name()).collect();
        let mark = object.required("message");
        let mark = mark.and_then(|place| place.word(&names, Mark::named));
        let mut name: [Option<Glob>; 4] = Default::default();
        let mut sound = parse_names(object, &mut name).is_some();
        let source = parse_source(object, &mut name);
        let step = match object.optional("step") {
            Some(place) if place.value().is_string() => {
                name[Part::Step as usize] = short_text(&place).map(Glob::any_case);
                Some(None)
            }
            Some(place) => place.whole(0, u64::MAX).map(Some),
            None => Some(None),
        };
        let channels: Vec<&str> = Channel::ALL.iter().map(|channel| channel.name()).collect();
        let channel = match object.optional("channel") {
            Some(place) => place.word(&channels, Channel::named).map(Some),
            None => Some(None),
        };
        let reasons: Vec<&str> = Reason::ALL.iter().map(|reason| reason.name()).collect();
        let reasons = words(object, "reason", &reasons, Reason::named);
        let classes: Vec<&str> = Class::ALL.iter().map(|class| class.name()).collect();
        let classes = words(object, "class", &classes, Class::named);
        sound &= source.is_some() && reasons.is_some() && classes.is_some();
        sound.then_some(())?;
        Some(Self {
            mark: mark?,
            source: source?,
            step: step?,
            channel: channel?,
            name,
            reasons: reasons?,
            classes: classes?,
        })
    }
}

/// A journey may be given by its number, or by its name as a part of the message's name.
fn parse_source(
    object: &Object<'_>,
    name: &mut [Option<Glob>; 4],
) -> Option<Option<(SourceKind, Option<u64>)>> {
    let keys = [
        "journey",
        "broadcast",
        "newsletter",
        "transactional",
        "source",
    ];
    if !keys.iter().any(|key| object.has(key)) {
        return Some(None);
    }
    let (key, place) = object.exactly_one(&keys)?;
    if key == "journey" && place.value().is_string() {
        name[Part::Journey as usize] = Some(Glob::any_case(short_text(&place)?));
        return Some(None);
    }
    let kind = SOURCES.iter().find(|(known, _)| *known == key);
    Some(Some(match kind {
        Some((_, kind)) => (*kind, Some(place.whole(0, u64::MAX)?)),
        None => {
            let kinds: Vec<&str> = SourceKind::ALL.iter().map(|kind| kind.name()).collect();
            (place.word(&kinds, SourceKind::named)?, None)
        }
    }))
}

fn parse_names(object: &Object<'_>, name: &mut [Option<Glob>; 4]) -> Option<()> {
    let Some(place) = object.optional("name") else {
        return Some(());
    };
    let known: Vec<&str> = Part::ALL.iter().map(|part| part.name()).collect();
    let parts = place.object(&known)?;
    for part in Part::ALL {
        if let Some(text) = parts.optional(part.name()) {
            name[*part as usize] = Some(Glob::any_case(short_text(&text)?));
        }
    }
    Some(())
}

/// One word or several, of a closed set.
fn words<T>(
    object: &Object<'_>,
    key: &str,
    names: &[&str],
    named: impl Fn(&str) -> Option<T>,
) -> Option<Vec<T>> {
    let Some(place) = object.optional(key) else {
        return Some(Vec::new());
    };
    let found: Vec<_> = place
        .one_or_more()?
        .iter()
        .map(|place| place.word(names, &named))
        .collect();
    found.into_iter().collect()
}
