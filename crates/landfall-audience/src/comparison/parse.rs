//! JSON to comparisons.

use serde_json::Value;

use super::{
    Bound, Comparison, Comparisons, Nature, Op, TIME_WORDS, TimeComparisons, TimeOp, WORDS,
};
use crate::definition::{Object, Place};
use crate::glob::Glob;
use crate::value::{Scalar, is_version, moment_in};

/// Most values of `in`.
const VALUES_MAX: usize = 1_000;

impl Comparisons {
    /// Reads the comparisons among the keys of an object, of which there must be one.
    pub(crate) fn parse(object: &Object<'_>, nature: Nature) -> Option<Self> {
        let list = comparisons(object, &WORDS, nature)?;
        if list.is_empty() {
            let fix =
                "add a comparison such as \"is\": \"gold\", \"exists\": true, \"at_least\": 5";
            return object
                .place()
                .refuse("nothing says what must be true of it", fix);
        }
        Some(Self(list))
    }

    /// Reads an object of comparisons, a list of values of which it must be one, or one value.
    pub(crate) fn parse_short(place: &Place<'_>, nature: Nature) -> Option<Self> {
        match place.value() {
            Value::Object(_) => Self::parse(&place.object(&WORDS)?, nature),
            Value::Array(_) => Some(Self(vec![comparison("in", place, nature)?])),
            _ => Some(Self(vec![comparison("is", place, nature)?])),
        }
    }
}

impl TimeComparisons {
    /// Reads an object of comparisons of a time.
    pub(crate) fn parse(place: &Place<'_>) -> Option<Self> {
        let list = comparisons(&place.object(&TIME_WORDS)?, &TIME_WORDS, Nature::Any)?;
        if list.is_empty() {
            let fix = "add `within_last`, `older_than`, `before` or `after`";
            return place.refuse("nothing says what must be true of the time", fix);
        }
        Some(Self(list))
    }
}

fn comparisons(
    object: &Object<'_>,
    words: &[&'static str],
    nature: Nature,
) -> Option<Vec<Comparison>> {
    let mut list = Vec::new();
    let mut whole = true;
    for word in words {
        if let Some(place) = object.optional(word) {
            match comparison(word, &place, nature) {
                Some(comparison) => list.push(comparison),
                None => whole = false,
            }
        }
    }
    whole.then_some(list)
}

fn comparison(word: &'static str, place: &Place<'_>, nature: Nature) -> Option<Comparison> {
    let (op, negated) = match word {
        "exists" => (Op::Exists, !place.boolean()?),
        "not_exists" => (Op::Exists, only_true(place)?),
        "is_timestamp" => (Op::IsTimestamp, !place.boolean()?),
        "is_not_timestamp" => (Op::IsTimestamp, only_true(place)?),
        "is" | "is_not" => (
            one_of(std::slice::from_ref(place), nature)?,
            word == "is_not",
        ),
        "in" | "not_in" => (one_of(&place.items()?, nature)?, word == "not_in"),
        "contains" | "not_contains" => {
            (Op::Contains(scalar(place, nature)?), word == "not_contains")
        }
        "starts_with" => (Op::StartsWith(text(place, nature)?), false),
        "ends_with" => (Op::EndsWith(text(place, nature)?), false),
        "matches" | "not_matches" => {
            let glob = Glob::exact_case(&text(place, nature)?);
            (Op::Matches(glob), word == "not_matches")
        }
        "less_than" => (bounded(Bound::Less, place, nature)?, false),
        "at_most" => (bounded(Bound::AtMost, place, nature)?, false),
        "greater_than" => (bounded(Bound::Greater, place, nature)?, false),
        "at_least" => (bounded(Bound::AtLeast, place, nature)?, false),
        "between" => (between(place, nature)?, false),
        "before" => (Op::Time(TimeOp::Before(date(place)?)), false),
        "after" => (Op::Time(TimeOp::After(date(place)?)), false),
        "within_last" => (Op::Time(TimeOp::WithinLast(place.duration()?)), false),
        "older_than" => (Op::Time(TimeOp::OlderThan(place.duration()?)), false),
        "within_next" => (Op::Time(TimeOp::WithinNext(place.duration()?)), false),
        _ => (Op::Time(TimeOp::FurtherThan(place.duration()?)), false),
    };
    let operand = place.value().clone();
    Some(Comparison {
        word,
        operand,
        negated,
        op,
    })
}

fn only_true(place: &Place<'_>) -> Option<bool> {
    match place.boolean()? {
        true => Some(true),
        false => place.refuse(
            "this says no twice",
            "write true, or use the word without `not`",
        ),
    }
}

fn scalar(place: &Place<'_>, nature: Nature) -> Option<Scalar> {
    match Scalar::of(place.value()) {
        Some(scalar) if nature == Nature::Email => Some(scalar.lowered()),
        Some(scalar) => Some(scalar),
        None => place.expected("a text, a number, true or false"),
    }
}

fn text(place: &Place<'_>, nature: Nature) -> Option<String> {
    let trimmed = place.text()?;
    Some(match nature {
        Nature::Email => trimmed.to_lowercase(),
        // Blanks may be meant: a text that starts with `Mr `.
        Nature::Any | Nature::Version => place.value().as_str().unwrap_or(trimmed).to_owned(),
    })
}

fn one_of(places: &[Place<'_>], nature: Nature) -> Option<Op> {
    if places.len() > VALUES_MAX {
        let fix = format!("name at most {VALUES_MAX} values, or use a segment");
        return places[0].refuse(format!("these are {} values", places.len()), fix);
    }
    if let ([place], Nature::Version) = (places, nature) {
        return Some(Op::Version(Bound::Is, version(place)?));
    }
    let scalars: Vec<_> = places.iter().map(|place| scalar(place, nature)).collect();
    Some(Op::OneOf(scalars.into_iter().collect::<Option<_>>()?))
}

fn bounded(bound: Bound, place: &Place<'_>, nature: Nature) -> Option<Op> {
    Some(match nature {
        Nature::Version => Op::Version(bound, version(place)?),
        Nature::Any | Nature::Email => Op::Number(bound, number(place)?),
    })
}

fn between(place: &Place<'_>, nature: Nature) -> Option<Op> {
    let items = place.list()?;
    let [least, most] = &items[..] else {
        return place.expected("a list of the least and the most, such as [5, 10]");
    };
    if nature == Nature::Version {
        return Some(Op::VersionBetween(version(least)?, version(most)?));
    }
    let (least, most) = (number(least)?, number(most)?);
    if least > most {
        return place.refuse(
            "no number is between these",
            "write the smaller number first",
        );
    }
    Some(Op::Between(least, most))
}

fn number(place: &Place<'_>) -> Option<f64> {
    match Scalar::of(place.value()) {
        Some(Scalar::Number(_, number, _) | Scalar::Text(_, Some(number))) => Some(number),
        _ => place.expected("a number"),
    }
}

fn version(place: &Place<'_>) -> Option<String> {
    let text = match place.value() {
        Value::Number(number) => number.to_string(),
        _ => place.text()?.to_owned(),
    };
    if is_version(&text) {
        return Some(text);
    }
    place.expected("a version such as \"5.2\" or \"5.2.1\"")
}

fn date(place: &Place<'_>) -> Option<landfall_domain::time::Timestamp> {
    let at = match place.value() {
        Value::Number(number) => moment_in(&number.to_string()),
        Value::String(text) => moment_in(text),
        _ => None,
    };
    match at {
        Some(at) => Some(at),
        None => place.expected(
            "a date such as \"2026-05-01\" or \"2026-05-01T08:00:00Z\", or seconds since 1970",
        ),
    }
}
