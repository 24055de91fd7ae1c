//! A question about deliveries as it comes in a query string, turned into one for the board.
//!
//! The same parameters serve `metrics`, `deliveries` and `books`, and the command line passes what
//! people type straight through.

use jiff::tz::TimeZone;
use landfall_board::{
    Basis, Condition, CountBy, Dimension, Filter, Measure, MessageInfo, Query, TimeRange,
};
use landfall_domain::marks::Mark;
use landfall_domain::time::Timestamp;

use super::dimension;
use super::range;

/// Name of the count of everything that reached a message step.
pub const REACHED: &str = "reached";
/// Shares of the delay quantiles that are told.
pub const SHARES: [f64; 2] = [0.5, 0.95];

/// What is wrong with a question: which parameter, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct BadQuestion {
    /// The parameter.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl BadQuestion {
    pub(crate) fn new(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
        }
    }
}

/// One thing to tell of each group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A count: everything reached (`None`), or everything with a mark.
    Count(Option<Mark>),
    /// A share of one count in another.
    Rate {
        /// What is counted.
        of: Mark,
        /// What it is a share of; `None`: everything reached.
        over: Option<Mark>,
    },
    /// p50 and p95 of the time from creation to a mark.
    Delay(Mark),
    /// Revenue by currency.
    Revenue,
}

/// A whole question.
#[derive(Clone, Debug)]
pub struct Question {
    /// Which rows.
    pub filter: Filter,
    /// When.
    pub range: TimeRange,
    /// In which zone days begin.
    pub zone: TimeZone,
    /// Created or occurred.
    pub basis: Basis,
    /// What a count counts.
    pub count_by: CountBy,
    /// Groups.
    pub group_by: Vec<Dimension>,
    /// What to tell.
    pub asked: Vec<Asked>,
}

/// Rates by name, with numerator and denominator. Anything else is written `opened/sent`.
const RATES: &[(&str, Mark, Option<Mark>)] = &[
    ("sent_rate", Mark::Sent, None),
    ("delivered_rate", Mark::Delivered, Some(Mark::Sent)),
    ("opened_rate", Mark::Opened, Some(Mark::Delivered)),
    ("clicked_rate", Mark::Clicked, Some(Mark::Delivered)),
    ("converted_rate", Mark::Converted, Some(Mark::Delivered)),
    ("bounced_rate", Mark::Bounced, None),
    ("failed_rate", Mark::Failed, None),
    ("undeliverable_rate", Mark::Undeliverable, None),
];

/// What is told when nothing is asked for.
const MEASURES_DEFAULT: &str = "reached,sent,delivered,opened,converted,bounced,failed,undeliverable,delivered_rate,opened_rate";

/// How one parameter is spelled.
type Parameter<'p> = (&'p str, &'p str);

impl Question {
    /// Reads the parameters. `more` names parameters that the caller reads itself.
    ///
    /// # Errors
    /// The first parameter that is wrong, with what may be written instead.
    pub fn read(
        parameters: &[(String, String)],
        more: &[&str],
        messages: &[MessageInfo],
        now: Timestamp,
    ) -> Result<Self, BadQuestion> {
        let parameters: Vec<Parameter<'_>> = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, value)| !value.is_empty() && !more.contains(name))
            .collect();
        let single = |name: &str| parameters.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        let zone = zone(single("tz"))?;
        let range = match single("range").or_else(|| single("since")) {
            None => TimeRange::ALL,
            Some(text) => range::parse(text, now, &zone)
                .map_err(|error| BadQuestion::new("range", error.to_string()))?,
        };
        let mut question = Self {
            filter: Filter::default(),
            range,
            zone,
            basis: basis(single("basis"))?,
            count_by: count_by(single("count"))?,
            group_by: group_by(single("by"))?,
            asked: asked(single("measures").unwrap_or(MEASURES_DEFAULT))?,
        };
        for (name, value) in &parameters {
            match *name {
                "tz" | "range" | "since" | "basis" | "count" | "by" | "measures" => {}
                name => question.filter.0.push(condition(name, value, messages)?),
            }
        }
        Ok(question)
    }

    /// The question as the board takes it.
    pub fn query(&self) -> Query {
        Query {
            filter: self.filter.clone(),
            group_by: self.group_by.clone(),
            measures: self.measures(),
            count_by: self.count_by,
            basis: self.basis,
            range: self.range,
            zone: self.zone.clone(),
        }
    }

    /// What the board must tell, each once: rates need their two counts.
    pub fn measures(&self) -> Vec<Measure> {
        let mut measures = Vec::new();
        let mut need = |measure: Measure| {
            if !measures.contains(&measure) {
                measures.push(measure);
            }
        };
        for asked in &self.asked {
            match asked {
                Asked::Count(mark) => need(count(*mark)),
                Asked::Rate { of, over } => {
                    need(count(Some(*of)));
                    need(count(*over));
                }
                Asked::Delay(mark) => {
                    need(Measure::DelayQuantiles {
                        mark: *mark,
                        shares: SHARES.to_vec(),
                    });
                }
                Asked::Revenue => need(Measure::Revenue),
            }
        }
        measures
    }
}

/// The board's measure for a count.
pub fn count(mark: Option<Mark>) -> Measure {
    mark.map_or(Measure::Rows, Measure::Marked)
}

/// Name of a count.
pub fn count_name(mark: Option<Mark>) -> &'static str {
    mark.map_or(REACHED, Mark::name)
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

fn zone(text: Option<&str>) -> Result<TimeZone, BadQuestion> {
    let Some(text) = text else {
        return Ok(TimeZone::UTC);
    };
    TimeZone::get(text).map_err(|_| {
        BadQuestion::new(
            "tz",
            format!("`{text}` is not a time zone: write one such as Europe/Paris"),
        )
    })
}

fn basis(text: Option<&str>) -> Result<Basis, BadQuestion> {
    match text {
        None | Some("created") => Ok(Basis::Created),
        Some("occurred") => Ok(Basis::Occurred),
        Some(text) => Err(BadQuestion::new(
            "basis",
            format!("`{text}` is neither `created` nor `occurred`"),
        )),
    }
}

fn count_by(text: Option<&str>) -> Result<CountBy, BadQuestion> {
    match text {
        None | Some("delivery") => Ok(CountBy::Delivery),
        Some("person") => Ok(CountBy::Person),
        Some("device") => Ok(CountBy::Device),
        Some("target") => Ok(CountBy::Row),
        Some(text) => Err(BadQuestion::new(
            "count",
            format!("`{text}` cannot be counted: write delivery, person, device or target"),
        )),
    }
}

fn group_by(text: Option<&str>) -> Result<Vec<Dimension>, BadQuestion> {
    let names: Vec<&str> = text.map(|text| list(text).collect()).unwrap_or_default();
    if names.len() > 3 {
        return Err(BadQuestion::new("by", "group by at most three dimensions"));
    }
    names
        .into_iter()
        .map(|name| {
            dimension::named(name).ok_or_else(|| {
                let message = format!(
                    "there is no dimension `{name}`: choose from {}",
                    dimension::names()
                );
                BadQuestion::new("by", message)
            })
        })
        .collect()
}

fn asked(text: &str) -> Result<Vec<Asked>, BadQuestion> {
    list(text)
        .map(|name| measure(name).ok_or_else(|| unknown_measure(name)))
        .collect()
}

fn measure(name: &str) -> Option<Asked> {
    if let Some((_, of, over)) = RATES.iter().find(|(rate, _, _)| *rate == name) {
        return Some(Asked::Rate {
            of: *of,
            over: *over,
        });
    }
    if let Some((of, over)) = name.split_once('/') {
        let over = counted(over)?;
        return Some(Asked::Rate {
            of: Mark::named(of)?,
            over,
        });
    }
    if let Some(mark) = name.strip_prefix("time_to_") {
        return Some(Asked::Delay(Mark::named(mark)?));
    }
    match name {
        "revenue" => Some(Asked::Revenue),
        name => counted(name).map(Asked::Count),
    }
}

fn counted(name: &str) -> Option<Option<Mark>> {
    match name {
        REACHED => Some(None),
        // Customer.io's series say suppressed for what deliveries call dropped.
        "suppressed" => Some(Some(Mark::Dropped)),
        name => Mark::named(name).map(Some),
    }
}

fn unknown_measure(name: &str) -> BadQuestion {
    let marks: Vec<&str> = Mark::ALL.iter().map(|mark| mark.name()).collect();
    let rates: Vec<&str> = RATES.iter().map(|(name, _, _)| *name).collect();
    let message = format!(
        "there is no measure `{name}`: choose from {REACHED}, {}, {}, a rate such as opened/sent, \
         time_to_delivered and the like, revenue",
        marks.join(", "),
        rates.join(", ")
    );
    BadQuestion::new("measures", message)
}

fn condition(name: &str, value: &str, messages: &[MessageInfo]) -> Result<Condition, BadQuestion> {
    let mark = |field: &str| {
        Mark::named(value)
            .ok_or_else(|| BadQuestion::new(field, format!("there is no mark `{value}`")))
    };
    match name {
        "q" => return Ok(Condition::NameContains(value.to_owned())),
        "has" => return Ok(Condition::Has(mark("has")?)),
        "lacks" => return Ok(Condition::Lacks(mark("lacks")?)),
        _ => {}
    }
    let (plain, negated) = match name.strip_suffix('!') {
        Some(plain) => (plain, true),
        None => (name, false),
    };
    let dimension = dimension::named(plain)
        .filter(|dimension| !matches!(dimension, Dimension::Time(_)))
        .ok_or_else(|| {
            let message = format!(
                "there is no parameter `{name}`: filter by {}, q, has or lacks",
                dimension::names()
            );
            BadQuestion::new(name, message)
        })?;
    let mut values = Vec::new();
    for item in list(value) {
        let read = dimension::values(dimension, item, messages)
            .ok_or_else(|| BadQuestion::new(name, format!("`{item}` is not a value of {plain}")))?;
        values.extend(read);
    }
    Ok(if negated {
        Condition::NotIn(dimension, values)
    } else {
        Condition::In(dimension, values)
    })
}
