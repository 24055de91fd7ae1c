//! The time axis: where buckets begin.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp as Instant, ToSpan};
use landfall_domain::time::{MINUTE_MS, Timestamp};

use crate::query::{Bucket, QueryError, Value};

/// Most buckets of an answer.
const MAX_BUCKETS: usize = 100_000;
/// Longest bucket that is given in minutes.
const MAX_MINUTES: u16 = 720;

/// Starts of buckets, rising. Without a time dimension there is one bucket that holds everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Axis {
    starts: Vec<i64>,
}

impl Axis {
    /// One bucket for all times.
    pub(crate) fn whole() -> Self {
        Self {
            starts: vec![i64::MIN],
        }
    }

    /// The buckets that `start..end` touches.
    pub(crate) fn new(
        bucket: Bucket,
        zone: &TimeZone,
        start: i64,
        end: i64,
    ) -> Result<Self, QueryError> {
        let minutes = match bucket {
            Bucket::Minutes(minutes) if !(1..=MAX_MINUTES).contains(&minutes) => {
                return Err(QueryError::BucketLength(minutes));
            }
            Bucket::Minutes(minutes) => Some(i64::from(minutes)),
            Bucket::Hour => Some(60),
            _ => None,
        };
        if start >= end {
            return Ok(Self::whole());
        }
        let mut starts = Vec::new();
        let mut date = first_date(bucket, zone, start)?;
        let mut at = midnight(date, zone)?;
        while at < end {
            let next_date = next(bucket, date)?;
            let next_at = midnight(next_date, zone)?;
            match minutes {
                None => starts.push(at),
                Some(minutes) => {
                    let length = minutes * MINUTE_MS;
                    let inside = (at..next_at.min(end)).step_by(length as usize);
                    starts.extend(inside.filter(|from| from + length > start));
                }
            }
            if starts.len() > MAX_BUCKETS {
                return Err(QueryError::TooManyBuckets(MAX_BUCKETS));
            }
            (date, at) = (next_date, next_at);
        }
        Ok(Self { starts })
    }

    pub(crate) fn len(&self) -> usize {
        self.starts.len()
    }

    /// The bucket of an instant that the axis reaches.
    #[inline]
    pub(crate) fn bucket(&self, at: i64) -> usize {
        match self.starts.len() {
            1 => 0,
            _ => self
                .starts
                .partition_point(|start| *start <= at)
                .saturating_sub(1),
        }
    }

    /// Where the bucket ends: the start of the next.
    pub(crate) fn end(&self, bucket: usize) -> i64 {
        self.starts.get(bucket + 1).copied().unwrap_or(i64::MAX)
    }

    pub(crate) fn value(&self, bucket: usize) -> Value {
        Value::Time(Timestamp::from_millis(self.starts[bucket]))
    }
}

/// The first day of the bucket (of the day, for shorter ones) that holds `at`.
fn first_date(bucket: Bucket, zone: &TimeZone, at: i64) -> Result<Date, QueryError> {
    let instant = Instant::from_millisecond(at).map_err(|_| QueryError::Calendar)?;
    let date = instant.to_zoned(zone.clone()).date();
    match bucket {
        Bucket::Week => {
            let past = date.weekday().since(Weekday::Monday);
            date.checked_sub(i64::from(past).days())
                .map_err(|_| QueryError::Calendar)
        }
        Bucket::Month => Ok(date.first_of_month()),
        _ => Ok(date),
    }
}

/// The first day of the next bucket, or the next day for shorter ones.
fn next(bucket: Bucket, date: Date) -> Result<Date, QueryError> {
    let step = match bucket {
        Bucket::Week => 1.week(),
        Bucket::Month => 1.month(),
        _ => 1.day(),
    };
    date.checked_add(step).map_err(|_| QueryError::Calendar)
}

/// When a day begins, which is not midnight where the clock jumps over it.
fn midnight(date: Date, zone: &TimeZone) -> Result<i64, QueryError> {
    let start = date
        .to_zoned(zone.clone())
        .map_err(|_| QueryError::Calendar)?;
    Ok(start.timestamp().as_millisecond())
}
