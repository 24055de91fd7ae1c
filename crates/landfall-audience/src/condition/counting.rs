//! How often and when something happened.

use landfall_domain::time::Timestamp;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Joined};
use crate::comparison::TimeComparisons;
use crate::definition::{DURATION_MAX_MS, Object, Place, duration_text};
use crate::logic::Budget;
use crate::pattern::{
    EVENT_KEYS, EventFilter, MESSAGE_KEYS, MessageFilter, Pattern, WINDOW_COUNT_MAX, What,
};
use crate::profile::Profile;
use crate::tally::Tally;
use crate::value::{date_text, moment_in};

/// The keys that say how often and when.
const COUNTING_KEYS: [&str; 5] = ["count", "within", "since", "first", "last"];
const COUNT_WORDS: [&str; 5] = ["at_least", "at_most", "is", "less_than", "more_than"];

/// Something that happened so often, or first or last at such a time; all that is said must hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counting {
    pattern: Pattern,
    /// As often as this; `None`: only first and last are asked about.
    count: Option<Count>,
    first: Option<TimeComparisons>,
    last: Option<TimeComparisons>,
}

/// A number of times, in all or within a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    least: u64,
    most: Option<u64>,
    window: Option<Window>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    /// The latest milliseconds. What happened exactly so long ago is out.
    Last(i64),
    /// From this moment on.
    Since(Timestamp),
}

impl Counting {
    /// Reads an object with one of `event`, `page`, `screen`, `message`.
    pub(super) fn parse(place: &Place<'_>, depth: usize, budget: &Budget) -> Option<Self> {
        let is_message = place.value().get("message").is_some();
        let own: &[&str] = if is_message {
            &MESSAGE_KEYS
        } else {
            &EVENT_KEYS
        };
        let mut known: Vec<&str> = own.to_vec();
        if !is_message {
            known.push("where");
        }
        known.extend(COUNTING_KEYS);
        let object = place.object(&known)?;
        let what = if is_message {
            MessageFilter::parse_keys(&object).map(What::Told)
        } else {
            EventFilter::parse_keys(&object, depth, budget).map(What::Did)
        };
        let time = |key: &str| match object.optional(key) {
            Some(place) => TimeComparisons::parse(&place).map(Some),
            None => Some(None),
        };
        let (first, last) = (time("first"), time("last"));
        let count = Count::parse(&object);
        let (what, count, first, last) = (what?, count?, first?, last?);
        let count = match count {
            None if first.is_none() && last.is_none() => Some(Count::ONCE),
            // What has a first time happened at least once.
            Some(Count::ONCE) if first.is_some() || last.is_some() => None,
            count => count,
        };
        let most = count.map_or(0, |count| count.times_needed());
        Some(Self {
            pattern: Pattern::new(what, most),
            count,
            first,
            last,
        })
    }

    pub(super) fn to_json(&self) -> Value {
        let Value::Object(mut object) = self.pattern.what().to_json() else {
            return Value::Null;
        };
        if let Some(count) = self.count {
            count.write(&mut object);
        }
        for (key, time) in [("first", &self.first), ("last", &self.last)] {
            if let Some(time) = time {
                object.insert(key.to_owned(), time.to_json());
            }
        }
        Value::Object(object)
    }

    pub(super) const fn pattern(&self) -> &Pattern {
        &self.pattern
    }

    pub(super) fn answer(&self, profile: &Profile, now: Timestamp) -> Answer {
        let tally = profile.tally(self.pattern.id());
        let mut all = Joined::all();
        if let Some(count) = self.count {
            all.push(count.answer(tally, now));
        }
        for (time, at) in [
            (&self.first, tally.map(Tally::first)),
            (&self.last, tally.map(Tally::last)),
        ] {
            if let Some(time) = time {
                all.push(at.map_or(Answer::of(false), |at| time.answer(at, now)));
            }
        }
        all.answer()
    }

    /// What it looks at, for explanations.
    pub(super) fn saw(&self, profile: &Profile, now: Timestamp) -> Value {
        let Some(tally) = profile.tally(self.pattern.id()) else {
            return json!({ "times": 0 });
        };
        let mut saw = json!({
            "times": tally.total(),
            "first": date_text(tally.first()),
            "last": date_text(tally.last()),
        });
        if let Some(window) = self.count.and_then(|count| count.window) {
            let recent = tally.recent().iter();
            let within = recent.filter(|at| window.holds(**at, now)).count();
            let all_kept = tally.recent().len() as u64 == tally.total();
            saw["times_in_window"] = if within == tally.recent().len() && !all_kept {
                format!("{within} or more").into()
            } else {
                within.into()
            };
        }
        saw
    }

    pub(super) fn describe(&self) -> String {
        let mut text = self.pattern.describe();
        if let Some(count) = self.count {
            text.push_str(&count.describe());
        }
        for (word, time) in [("first", &self.first), ("last", &self.last)] {
            if let Some(time) = time {
                text.push_str(&format!(", {word} {}", time.describe()));
            }
        }
        text
    }
}

impl Window {
    const fn holds(self, at: Timestamp, now: Timestamp) -> bool {
        match self {
            Self::Last(ms) => now.millis() < at.plus_millis(ms).millis(),
            Self::Since(from) => at.millis() >= from.millis(),
        }
    }

    /// Whether a time is within, and until when.
    const fn answer(self, at: Timestamp, now: Timestamp) -> Answer {
        let holds = self.holds(at, now);
        match self {
            Self::Last(ms) if holds => Answer::until(true, at.plus_millis(ms)),
            _ => Answer::of(holds),
        }
    }

    fn parse(object: &Object<'_>) -> Option<Option<Self>> {
        if !object.has("within") && !object.has("since") {
            return Some(None);
        }
        let (key, place) = object.exactly_one(&["within", "since"])?;
        if key == "within" {
            let ms = place.duration_between(1_000, DURATION_MAX_MS)?;
            return Some(Some(Self::Last(ms)));
        }
        let text = place.value().as_str();
        match text.and_then(moment_in) {
            Some(from) => Some(Some(Self::Since(from))),
            None => place.expected("a date such as \"2026-05-01\" or \"2026-05-01T08:00:00Z\""),
        }
    }
}

impl Count {
    const ONCE: Self = Self {
        least: 1,
        most: None,
        window: None,
    };

    fn parse(object: &Object<'_>) -> Option<Option<Self>> {
        let window = Window::parse(object);
        let times = match object.optional("count") {
            Some(place) => Self::parse_times(&place).map(Some),
            None => Some(None),
        };
        let (window, times) = (window?, times?);
        if window.is_none() && times.is_none() {
            return Some(None);
        }
        let (least, most) = times.unwrap_or((1, None));
        let count = Self {
            least,
            most,
            window,
        };
        if window.is_some() && least.max(most.unwrap_or(0)) > WINDOW_COUNT_MAX {
            return object.place().refuse(
                format!("a count within a window goes up to {WINDOW_COUNT_MAX}"),
                "compare with a smaller number, or leave the window out",
            );
        }
        Some(Some(count))
    }

    fn parse_times(place: &Place<'_>) -> Option<(u64, Option<u64>)> {
        let words = place.object(&COUNT_WORDS)?;
        let number = |key: &str, least: u64| match words.optional(key) {
            Some(place) => place.whole(least, 1_000_000_000).map(Some),
            None => Some(None),
        };
        let (at_least, more_than) = (number("at_least", 0)?, number("more_than", 0)?);
        let (at_most, less_than) = (number("at_most", 0)?, number("less_than", 1)?);
        let exactly = number("is", 0)?;
        let least = [at_least, more_than.map(|n| n + 1), exactly];
        let most = [at_most, less_than.map(|n| n - 1), exactly];
        let least = least.into_iter().flatten().max();
        let most = most.into_iter().flatten().min();
        match (least, most) {
            (None, None) => place.refuse(
                "nothing says how often",
                format!("add one of: {}", COUNT_WORDS.join(", ")),
            ),
            (Some(least), Some(most)) if least > most => {
                place.refuse("no number is both", "make the least smaller than the most")
            }
            (Some(0), None) => place.refuse(
                "this is always true",
                "write at_least 1 or more, or leave it out",
            ),
            (least, most) => Some((least.unwrap_or(0), most)),
        }
    }

    /// How many of the latest times must be known: to see that there are not too many, one more.
    fn times_needed(self) -> u64 {
        match self.window {
            Some(_) => self.least.max(self.most.map_or(0, |most| most + 1)),
            None => 0,
        }
    }

    fn answer(self, tally: Option<&Tally>, now: Timestamp) -> Answer {
        let Some(window) = self.window else {
            let total = tally.map_or(0, Tally::total);
            return Answer::of(total >= self.least && self.most.is_none_or(|most| total <= most));
        };
        let nth = |n: u64| {
            let at = tally.and_then(|tally| tally.nth_latest(n));
            at.map_or(Answer::of(false), |at| window.answer(at, now))
        };
        let mut all = Joined::all();
        if self.least > 0 {
            all.push(nth(self.least));
        }
        if let Some(most) = self.most {
            all.push(nth(most + 1).negated());
        }
        all.answer()
    }

    fn write(self, object: &mut Map<String, Value>) {
        if (self.least, self.most) != (1, None) {
            let mut times = Map::new();
            match (self.least, self.most) {
                (least, Some(most)) if least == most => {
                    times.insert("is".to_owned(), least.into());
                }
                (least, most) => {
                    if least > 0 {
                        times.insert("at_least".to_owned(), least.into());
                    }
                    if let Some(most) = most {
                        times.insert("at_most".to_owned(), most.into());
                    }
                }
            }
            object.insert("count".to_owned(), Value::Object(times));
        }
        match self.window {
            Some(Window::Last(ms)) => object.insert("within".to_owned(), duration_text(ms).into()),
            Some(Window::Since(from)) => object.insert("since".to_owned(), date_text(from).into()),
            None => None,
        };
    }

    fn describe(self) -> String {
        let times = match (self.least, self.most) {
            (least, Some(most)) if least == most => format!(" exactly {least} times"),
            (0, Some(most)) => format!(" at most {most} times"),
            (least, Some(most)) => format!(" {least} to {most} times"),
            (1, None) => String::new(),
            (least, None) => format!(" at least {least} times"),
        };
        match self.window {
            Some(Window::Last(ms)) => format!("{times} within {}", duration_text(ms)),
            Some(Window::Since(from)) => format!("{times} since {}", date_text(from)),
            None => times,
        }
    }
}
