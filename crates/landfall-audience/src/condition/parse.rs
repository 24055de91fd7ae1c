//! JSON to conditions.

use landfall_domain::channel::Channel;
use landfall_domain::ids::SegmentId;

use super::counting::Counting;
use super::{Check, ConsentTo};
use crate::comparison::{Comparisons, Nature, TimeComparisons, WORDS};
use crate::definition::{Place, nearest};
use crate::device_filter::DeviceFilter;
use crate::field::Field;
use crate::logic::{Budget, GROUPS, Logic};
use crate::path::JsonPath;
use crate::reach::TokenState;

/// The keys of which a check has exactly one.
const SUBJECTS: [&str; 12] = [
    "attribute",
    "event",
    "page",
    "screen",
    "message",
    "device",
    "segment",
    "consent",
    "reachable",
    "token",
    "active",
    "this_event",
];

pub(super) fn parse(place: &Place<'_>, depth: usize, budget: &Budget) -> Option<Logic<Check>> {
    Logic::parse(place, depth, budget, &|place, depth| {
        check(place, depth, budget).map(Logic::Check)
    })
}

fn check(place: &Place<'_>, depth: usize, budget: &Budget) -> Option<Check> {
    let object = place.any_object()?;
    let subjects: Vec<&str> = SUBJECTS.into_iter().filter(|key| object.has(key)).collect();
    let subject = match subjects[..] {
        [subject] => subject,
        [] => return nothing_known(place),
        _ => return object.exactly_one(&SUBJECTS).and(None),
    };
    match subject {
        "attribute" => {
            let object = place.object(&with_words("attribute"))?;
            let field = Field::parse(&object.required("attribute")?);
            let nature = field.as_ref().map_or(Nature::Any, Field::nature);
            let must = Comparisons::parse(&object, nature);
            Some(Check::Attribute(field?, must?))
        }
        "this_event" => {
            let object = place.object(&with_words("this_event"))?;
            let path = JsonPath::parse(&object.required("this_event")?);
            let must = Comparisons::parse(&object, Nature::Any);
            Some(Check::ThisEvent(path?, must?))
        }
        "event" | "page" | "screen" | "message" => {
            let counting = Counting::parse(place, depth, budget)?;
            Some(Check::Happened(Box::new(counting)))
        }
        "consent" => consent(place),
        _ => simple(place, subject, depth, budget),
    }
}

/// The checks that are one key and one value.
fn simple(place: &Place<'_>, subject: &str, depth: usize, budget: &Budget) -> Option<Check> {
    let inner = place.object(&[subject])?.required(subject)?;
    match subject {
        "device" => DeviceFilter::parse_within(&inner, depth + 1, budget).map(Check::Device),
        "segment" => {
            let number = inner.whole(1, u64::from(SegmentId::MAX))?;
            SegmentId::try_from(number).ok().map(Check::Segment)
        }
        "reachable" => channel(&inner).map(Check::Reachable),
        "token" => token(&inner),
        _ => TimeComparisons::parse(&inner).map(Check::Active),
    }
}

fn with_words(subject: &'static str) -> Vec<&'static str> {
    [subject].into_iter().chain(WORDS).collect()
}

fn nothing_known(place: &Place<'_>) -> Option<Check> {
    let known: Vec<&str> = GROUPS.into_iter().chain(SUBJECTS).collect();
    let keys = place.value().as_object().into_iter().flat_map(|o| o.keys());
    for key in keys {
        if let Some(near) = nearest(key, &known) {
            return place.refuse(
                format!("`{key}` is not known here"),
                format!("did you mean `{near}`?"),
            );
        }
    }
    place.refuse(
        "nothing here says what is asked about",
        format!("add one of: {}", known.join(", ")),
    )
}

fn channel(place: &Place<'_>) -> Option<Channel> {
    let names: Vec<&str> = Channel::ALL.iter().map(|channel| channel.name()).collect();
    place.word(&names, Channel::named)
}

fn token(place: &Place<'_>) -> Option<Check> {
    let mut names: Vec<&str> = TokenState::ALL.iter().map(|state| state.name()).collect();
    names.push("none");
    let mut states: Vec<TokenState> = Vec::new();
    for place in place.one_or_more()? {
        states.extend(place.word(&names, |word| match word {
            "none" => Some(TokenState::ALL[1..].to_vec()),
            word => TokenState::named(word).map(|state| vec![state]),
        })?);
    }
    states.sort_unstable();
    states.dedup();
    Some(Check::Token(states))
}

fn consent(place: &Place<'_>) -> Option<Check> {
    let object = place.object(&["consent", "explicit"])?;
    let inner = object.required("consent")?;
    let to = match inner.text()? {
        "global" => ConsentTo::Everything,
        name => match Channel::named(name) {
            Some(channel) => ConsentTo::Channel(channel),
            None => ConsentTo::Topic(name.to_owned()),
        },
    };
    let explicit = match object.optional("explicit") {
        Some(place) => place.boolean()?,
        None => false,
    };
    Some(Check::Consent { to, explicit })
}
