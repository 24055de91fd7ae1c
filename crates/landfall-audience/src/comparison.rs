//! Comparisons: what must be true of a value, such as `"at_least": 5` or `"within_last": "7d"`.

mod parse;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use landfall_domain::time::Timestamp;
use serde_json::{Map, Value};

use crate::answer::{Answer, Joined};
use crate::glob::Glob;
use crate::value::{Scalar, Seen, compare_versions};

/// Every word of a comparison.
pub(crate) const WORDS: [&str; 25] = [
    "is",
    "is_not",
    "in",
    "not_in",
    "exists",
    "not_exists",
    "contains",
    "not_contains",
    "starts_with",
    "ends_with",
    "matches",
    "not_matches",
    "less_than",
    "at_most",
    "greater_than",
    "at_least",
    "between",
    "is_timestamp",
    "before",
    "after",
    "within_last",
    "older_than",
    "within_next",
    "further_than",
    "is_not_timestamp",
];

/// The words that compare a time.
pub(crate) const TIME_WORDS: [&str; 6] = [
    "within_last",
    "older_than",
    "within_next",
    "further_than",
    "before",
    "after",
];

/// What sort of value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nature {
    /// Whatever an attribute or data may hold.
    Any,
    /// An e-mail address: kept in lower case.
    Email,
    /// A version, such as `5.2.1`.
    Version,
}

/// One comparison.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparison {
    word: &'static str,
    operand: Value,
    /// Whether the opposite is meant: such a comparison also holds when there is no value.
    negated: bool,
    op: Op,
}

#[derive(Clone, Debug, PartialEq)]
enum Op {
    OneOf(Vec<Scalar>),
    Exists,
    Contains(Scalar),
    StartsWith(String),
    EndsWith(String),
    Matches(Glob),
    Number(Bound, f64),
    Between(f64, f64),
    Version(Bound, String),
    VersionBetween(String, String),
    IsTimestamp,
    Time(TimeOp),
}

/// On which side of a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    Is,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

impl Bound {
    const fn allows(self, order: Ordering) -> bool {
        match self {
            Self::Is => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::AtMost => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::AtLeast => order.is_ge(),
        }
    }
}

/// A comparison of a time with the present or with a date. Durations in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeOp {
    /// Not later than now, and less than so long ago.
    WithinLast(i64),
    /// So long ago or longer.
    OlderThan(i64),
    /// Later than now, by at most so long.
    WithinNext(i64),
    /// Later than now by more than so long.
    FurtherThan(i64),
    /// Before that moment.
    Before(Timestamp),
    /// At that moment or later.
    After(Timestamp),
}

impl TimeOp {
    /// Whether `at` passes, and until when. Exact.
    pub(crate) fn answer(self, at: Timestamp, now: Timestamp) -> Answer {
        // Each holds from its first moment on, until its second.
        let (from, to) = match self {
            Self::WithinLast(ms) => (Some(at), Some(at.plus_millis(ms))),
            Self::OlderThan(ms) => (Some(at.plus_millis(ms)), None),
            Self::WithinNext(ms) => (Some(at.plus_millis(-ms)), Some(at)),
            Self::FurtherThan(ms) => (None, Some(at.plus_millis(-ms))),
            Self::Before(date) => return Answer::of(at < date),
            Self::After(date) => return Answer::of(at >= date),
        };
        if let Some(from) = from
            && now < from
        {
            // A span without length never comes.
            let never = to.is_some_and(|to| to <= from);
            return if never {
                Answer::of(false)
            } else {
                Answer::until(false, from)
            };
        }
        match to {
            Some(to) if now < to => Answer::until(true, to),
            Some(_) => Answer::of(false),
            None => Answer::of(true),
        }
    }
}

impl Op {
    fn answer(&self, seen: Seen<'_>, now: Timestamp) -> Answer {
        Answer::of(match self {
            Self::Exists => true,
            Self::OneOf(wanted) => wanted.iter().any(|wanted| wanted.equals(seen)),
            Self::Contains(wanted) => match seen.list() {
                Some(items) => items.iter().any(|item| wanted.equals(Seen::Json(item))),
                None => seen
                    .text()
                    .is_some_and(|text| text.contains(&*wanted.text())),
            },
            Self::StartsWith(start) => seen.text().is_some_and(|text| text.starts_with(start)),
            Self::EndsWith(end) => seen.text().is_some_and(|text| text.ends_with(end)),
            Self::Matches(glob) => seen.text().is_some_and(|text| glob.matches(text)),
            Self::Number(bound, limit) => {
                let order = seen.number().and_then(|number| number.partial_cmp(limit));
                order.is_some_and(|order| bound.allows(order))
            }
            Self::Between(least, most) => {
                let number = seen.number();
                number.is_some_and(|number| (*least..=*most).contains(&number))
            }
            Self::Version(bound, limit) => is_bounded(seen, *bound, limit),
            Self::VersionBetween(least, most) => {
                is_bounded(seen, Bound::AtLeast, least) && is_bounded(seen, Bound::AtMost, most)
            }
            Self::IsTimestamp => seen.moment().is_some(),
            Self::Time(op) => {
                return match seen.moment() {
                    Some(at) => op.answer(at, now),
                    None => Answer::of(false),
                };
            }
        })
    }
}

fn is_bounded(seen: Seen<'_>, bound: Bound, limit: &str) -> bool {
    let order = seen.text().and_then(|text| compare_versions(text, limit));
    order.is_some_and(|order| bound.allows(order))
}

/// Takes values one by one.
pub(crate) type Show<'s, 'v> = &'s mut dyn FnMut(Seen<'v>);

/// All comparisons of one value; there is at least one.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Comparisons(Vec<Comparison>);

impl Comparisons {
    /// Whether they hold of the values that `each` shows. What is not negated must hold of one value
    /// together; what is negated must hold of none. `each` may be called several times.
    pub(crate) fn answer<'v>(&self, now: Timestamp, each: &dyn Fn(Show<'_, 'v>)) -> Answer {
        let mut whole = Joined::all();
        if self.0.iter().any(|comparison| !comparison.negated) {
            let mut any = Joined::any();
            each(&mut |seen| any.push(self.together(seen, now)));
            whole.push(any.answer());
        }
        for comparison in self.0.iter().filter(|comparison| comparison.negated) {
            let mut any = Joined::any();
            each(&mut |seen| any.push(comparison.op.answer(seen, now)));
            whole.push(any.answer().negated());
        }
        whole.answer()
    }

    fn together(&self, seen: Seen<'_>, now: Timestamp) -> Answer {
        let mut all = Joined::all();
        for comparison in self.0.iter().filter(|comparison| !comparison.negated) {
            all.push(comparison.op.answer(seen, now));
        }
        all.answer()
    }

    /// Adds the comparisons to the object that they were read from.
    pub(crate) fn write(&self, object: &mut Map<String, Value>) {
        for comparison in &self.0 {
            object.insert(comparison.word.to_owned(), comparison.operand.clone());
        }
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        let words = self.0.iter().map(|comparison| {
            let word = comparison.word.replace('_', " ");
            match &comparison.operand {
                Value::Bool(true) => word,
                Value::Bool(false) if comparison.word == "exists" => "does not exist".to_owned(),
                operand => format!("{word} {operand}"),
            }
        });
        words.collect::<Vec<_>>().join(" and ")
    }
}

/// Comparisons of a time of our own records, all of which must hold.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TimeComparisons(Vec<Comparison>);

impl TimeComparisons {
    pub(crate) fn answer(&self, at: Timestamp, now: Timestamp) -> Answer {
        let mut all = Joined::all();
        for comparison in &self.0 {
            all.push(comparison.op.answer(Seen::Moment(at), now));
        }
        all.answer()
    }

    pub(crate) fn to_json(&self) -> Value {
        let mut object = Map::new();
        Comparisons(self.0.clone()).write(&mut object);
        Value::Object(object)
    }

    /// In words.
    pub(crate) fn describe(&self) -> String {
        Comparisons(self.0.clone()).describe()
    }
}
