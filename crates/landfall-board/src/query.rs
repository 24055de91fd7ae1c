//! Questions to the board and their answers.

use std::sync::Arc;

use jiff::tz::TimeZone;
use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::naming::Part;
use landfall_domain::time::Timestamp;

use crate::row::{Currency, TokenAge};

/// One question: which rows, in which groups, counted how.
#[derive(Clone, Debug)]
pub struct Query {
    /// Which rows take part.
    pub filter: Filter,
    /// Up to three dimensions, each at most once.
    pub group_by: Vec<Dimension>,
    /// What to tell of each group, in the order of [`Group::cells`].
    pub measures: Vec<Measure>,
    /// What a count counts.
    pub count_by: CountBy,
    /// Which time decides about range and bucket.
    pub basis: Basis,
    /// Which times take part.
    pub range: TimeRange,
    /// Where days, weeks and months begin and end.
    pub zone: TimeZone,
}

impl Query {
    /// Counts of all rows in UTC, to be narrowed by struct update.
    pub fn all(measures: Vec<Measure>) -> Self {
        Self {
            filter: Filter::default(),
            group_by: Vec::new(),
            measures,
            count_by: CountBy::Row,
            basis: Basis::Created,
            range: TimeRange::ALL,
            zone: TimeZone::UTC,
        }
    }
}

/// Conditions that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(pub Vec<Condition>);

/// One condition on a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The dimension's value is one of these. [`Value::Absent`] stands for "has none".
    In(Dimension, Vec<Value>),
    /// The dimension's value is none of these.
    NotIn(Dimension, Vec<Value>),
    /// A name of the message contains this text, whatever the case.
    NameContains(String),
    /// The row has the mark.
    Has(Mark),
    /// The row does not have the mark.
    Lacks(Mark),
    /// Under `mask`, [`crate::FateCodes::flags`] equals `value`.
    Flags {
        /// Which flags to look at.
        mask: u8,
        /// What they must be.
        value: u8,
    },
    /// Sent to one of these people.
    People(Vec<PersonKey>),
    /// Sent to one of these devices.
    Devices(Vec<DeviceKey>),
    /// Part of one of these deliveries.
    Deliveries(Vec<DeliveryKey>),
}

/// What rows can be grouped and filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dimension {
    /// Time bucket; in `group_by` only. [`Value::Time`], the bucket's start.
    Time(Bucket),
    /// Journey, broadcast, newsletter or template. [`Value::Source`].
    Journey,
    /// Step. [`Value::Number`].
    Step,
    /// Part of the message's name. [`Value::Text`].
    NamePart(Part),
    /// Content variant. [`Value::Number`].
    Variant,
    /// Channel. [`Value::Channel`].
    Channel,
    /// Platform. [`Value::Platform`].
    Platform,
    /// Provider. [`Value::Provider`].
    Provider,
    /// App. [`Value::Text`].
    App,
    /// Version of the app. [`Value::Text`].
    AppVersion,
    /// Version of the operating system. [`Value::Text`].
    OsVersion,
    /// Version of the SDK. [`Value::Text`].
    SdkVersion,
    /// Device model. [`Value::Text`].
    DeviceModel,
    /// Age of the token. [`Value::TokenAge`], never absent.
    TokenAge,
    /// Whether notifications are permitted. [`Value::Flag`].
    Permission,
    /// Whether the app reports receipts. [`Value::Flag`], never absent.
    ReceiptCapable,
    /// Outcome of the delivery. [`Value::Code`], never absent.
    Outcome,
    /// Reason of the delivery. [`Value::Code`], never absent.
    Reason,
    /// Status of the delivery. [`Value::Code`], never absent.
    Status,
    /// Outcome of the target. [`Value::Code`], never absent.
    TargetOutcome,
    /// Reason of the target. [`Value::Code`], never absent.
    TargetReason,
}

/// Length of a time bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bucket {
    /// This many minutes, counted from the start of the day (1 to 720; a day's last may be cut).
    Minutes(u16),
    /// 60 minutes: the hour of the clock, unless the clock moves by part of an hour that day.
    Hour,
    /// Calendar day.
    Day,
    /// Week from Monday.
    Week,
    /// Calendar month.
    Month,
}

/// A dimension's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// The row has none.
    Absent,
    /// Start of a time bucket, which may lie before the start of the range.
    Time(Timestamp),
    /// A journey, broadcast, newsletter or template.
    Source(SourceKind, u64),
    /// A number of a step or variant.
    Number(u64),
    /// A number of a closed list: outcome, reason, status.
    Code(u16),
    /// Text.
    Text(Arc<str>),
    /// Yes or no.
    Flag(bool),
    /// A channel.
    Channel(Channel),
    /// A platform.
    Platform(Platform),
    /// A provider.
    Provider(Provider),
    /// An age of a token.
    TokenAge(TokenAge),
}

/// What a count counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CountBy {
    /// Rows: targets, and deliveries without one.
    Row,
    /// Deliveries: once in a group when any of its rows in the group qualifies.
    Delivery,
    /// People, distinct; rows without a person do not count.
    Person,
    /// Devices, distinct; rows without a device do not count.
    Device,
}

/// Which time decides about range and bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Basis {
    /// When the delivery was created: all of a row's facts fall into one bucket.
    Created,
    /// When each fact occurred. [`Measure::Rows`] stays with creation; revenue falls on the
    /// conversion, or on creation when there is none.
    Occurred,
}

/// From `start` up to, not including, `end`; `None` is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeRange {
    /// First instant.
    pub start: Option<Timestamp>,
    /// First instant after.
    pub end: Option<Timestamp>,
}

impl TimeRange {
    /// Always.
    pub const ALL: Self = Self {
        start: None,
        end: None,
    };

    /// From `start` up to, not including, `end`.
    pub const fn between(start: Timestamp, end: Timestamp) -> Self {
        Self {
            start: Some(start),
            end: Some(end),
        }
    }
}

/// What to tell of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// How many there are, marked or not. [`Cell::Count`].
    Rows,
    /// How many have the mark. [`Cell::Count`].
    Marked(Mark),
    /// Sum of revenue by currency, always over rows. [`Cell::Money`].
    Revenue,
    /// Time from creation to the mark, always over rows: for each given share the smallest delay
    /// that at least that share of the delays do not exceed. [`Cell::Delays`].
    DelayQuantiles {
        /// The mark.
        mark: Mark,
        /// Shares from 0 to 1.
        shares: Vec<f64>,
    },
    /// How many delays to the mark fall between each two of `bounds`, always over rows: below
    /// the first, between, from the last on (`bounds.len() + 1` numbers). [`Cell::Histogram`].
    DelayHistogram {
        /// The mark.
        mark: Mark,
        /// Rising bounds in milliseconds; each belongs to the class above it.
        bounds: Vec<i64>,
    },
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Groups that hold a fact that a measure looks at, sorted by key; when rows or marks are
    /// counted by creation, groups that hold a row. A query without `group_by` has exactly one.
    pub groups: Vec<Group>,
}

/// One line of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Values of the dimensions, in the order of [`Query::group_by`].
    pub key: Vec<Value>,
    /// Answers, in the order of [`Query::measures`].
    pub cells: Vec<Cell>,
}

/// One number, or the numbers, of a measure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// A count.
    Count(u64),
    /// Sums in smallest units, by currency in the order of its letters.
    Money(Vec<(Currency, i64)>),
    /// Delays in milliseconds, one for each share; `None` when there is no delay at all.
    Delays(Option<Vec<i64>>),
    /// Counts of classes.
    Histogram(Vec<u64>),
}

impl Cell {
    /// The count, 0 for any other kind of cell.
    pub const fn count(&self) -> u64 {
        match self {
            Self::Count(count) => *count,
            _ => 0,
        }
    }
}

/// Why a query has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// More than three dimensions, or one twice.
    #[error("group by at most three dimensions, each once")]
    GroupBy,
    /// A time bucket as a condition.
    #[error("time is not a filter dimension: give a time range instead")]
    TimeCondition,
    /// A value of another dimension's kind.
    #[error("{0:?} has no value like {1:?}")]
    ValueKind(Dimension, Value),
    /// A bucket of no or too many minutes.
    #[error("a bucket of {0} minutes is not between 1 and 720")]
    BucketLength(u16),
    /// More buckets than an answer can hold.
    #[error("the time range holds more than {0} buckets: narrow it or take longer buckets")]
    TooManyBuckets(usize),
    /// A share outside 0 to 1.
    #[error("a quantile's share is from 0 to 1")]
    Share,
    /// Bounds that do not rise.
    #[error("a histogram's bounds must rise, and there are 1 to 1,000 of them")]
    Bounds,
    /// A time that calendars do not reach.
    #[error("a time of the range lies outside the years that a calendar covers")]
    Calendar,
}

/// Where a listing goes on: after this row, towards older ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// When the delivery was created.
    pub created: Timestamp,
    /// Which delivery.
    pub delivery: DeliveryKey,
}

/// Search for deliveries, newest first.
#[derive(Clone, Debug)]
pub struct Search {
    /// Which rows; a delivery is listed when any of its rows passes.
    pub filter: Filter,
    /// When created.
    pub range: TimeRange,
    /// Only what comes after this position: older, or as old with a smaller key.
    pub after: Option<Position>,
    /// At most so many.
    pub limit: usize,
}
