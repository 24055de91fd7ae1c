//! Filters of dates.

use std::rc::Rc;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::{Call, Outcome, Spec, spec};
use crate::error::RenderError;
use crate::time::{self, Moment};
use crate::value::{Number, Value};

pub(super) const SPECS: &[Spec] = &[
    spec("add_day", 1, 1, |call| moved(call, Unit::Days, 1)),
    spec("add_month", 1, 1, |call| moved(call, Unit::Months, 1)),
    spec("add_year", 1, 1, |call| moved(call, Unit::Years, 1)),
    spec("date", 1, 2, date),
    spec("date_to_long_string", 0, 2, |call| {
        long_or_short(call, "%B")
    }),
    spec("date_to_rfc822", 0, 0, |call| {
        printed(call, "%a, %d %b %Y %H:%M:%S %z")
    }),
    spec("date_to_string", 0, 2, |call| long_or_short(call, "%b")),
    spec("date_to_xmlschema", 0, 0, |call| {
        printed(call, "%Y-%m-%dT%H:%M:%S%:z")
    }),
    spec("subtract_day", 1, 1, |call| moved(call, Unit::Days, -1)),
    spec("subtract_month", 1, 1, |call| moved(call, Unit::Months, -1)),
    spec("subtract_year", 1, 1, |call| moved(call, Unit::Years, -1)),
    spec("timezone", 1, 1, timezone),
];

/// The point in time that a value names: seconds since 1970 as a number or in digits, `now`, `today`, or a date
/// in writing.
fn moment_of(call: &Call<'_, '_>) -> Option<Moment> {
    let scope = call.renderer.scope();
    let seconds = |seconds: i128| {
        let timestamp = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
        Some(Moment::new(timestamp, &scope.time_zone))
    };
    match &call.input {
        Value::Time(moment) => return Some(Moment::clone(moment)),
        Value::Int(number) => return seconds(*number),
        _ => {}
    }
    let text = call.input.as_str()?;
    if text.eq_ignore_ascii_case("now") || text.eq_ignore_ascii_case("today") {
        return Some(Moment::new(scope.now(), &scope.time_zone));
    }
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return seconds(text.parse().ok()?);
    }
    time::read(text, scope.now(), &scope.time_zone)
}

/// A zone as Customer.io takes it: an IANA name, or minutes behind UTC.
fn zone_of(
    value: &Value<'_>,
    behind: impl Fn(i128) -> Option<TimeZone>,
) -> Result<TimeZone, RenderError> {
    let zone = match value {
        Value::Int(number) => behind(*number),
        _ => {
            let text = value.to_text();
            match text.trim().parse() {
                Ok(number) => behind(number),
                Err(_) => time::zone(&text),
            }
        }
    };
    zone.ok_or_else(|| {
        RenderError::argument(format!(
            "'{}' is no time zone; write a name such as America/New_York, or minutes",
            value.to_text()
        ))
    })
}

fn date<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let pattern = call.argument(0).to_text();
    if pattern.is_empty() {
        return Ok(call.input.clone());
    }
    let Some(mut moment) = moment_of(call) else {
        return Ok(call.input.clone());
    };
    if let Some(zone) = call.optional(1) {
        moment = moment.in_zone(&zone_of(zone, time::zone_behind)?);
    }
    Ok(Value::text(time::format(&moment, &pattern)?))
}

/// The point in time, shown in a zone. Numbers are hours east of UTC, as in Customer.io's legacy Liquid.
fn timezone<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let Some(moment) = moment_of(call) else {
        return Ok(call.input.clone());
    };
    let east = |hours: i128| time::zone_behind(hours.checked_mul(-60)?);
    let zone = zone_of(call.argument(0), east)?;
    Ok(Value::Time(Rc::new(moment.in_zone(&zone))))
}

#[derive(Clone, Copy)]
enum Unit {
    Days,
    Months,
    Years,
}

/// Adds calendar units; the last day of a month stays within the month.
fn moved<'a>(call: &mut Call<'_, 'a>, unit: Unit, sign: i64) -> Outcome<'a> {
    let Some(moment) = moment_of(call) else {
        return Err(RenderError::argument(format!(
            "'{}' is no date",
            call.text()
        )));
    };
    let amount = Number::of(call.argument(0)).whole(false)?;
    let span = i64::try_from(amount).ok().and_then(|amount| {
        let amount = amount.checked_mul(sign)?;
        match unit {
            Unit::Days => Span::new().try_days(amount),
            Unit::Months => Span::new().try_months(amount),
            Unit::Years => Span::new().try_years(amount),
        }
        .ok()
    });
    let moved = span.and_then(|span| moment.zoned.checked_add(span).ok());
    let Some(moved) = moved else {
        return Err(RenderError::argument(format!(
            "{amount} is beyond the calendar"
        )));
    };
    // A number stays one, so that it can go on into arithmetic and `date`.
    Ok(match call.input {
        Value::Time(_) => Value::Time(Rc::new(Moment {
            zoned: moved,
            nameless: moment.nameless,
        })),
        _ => Value::Int(i128::from(moved.timestamp().as_second())),
    })
}

fn printed<'a>(call: &mut Call<'_, 'a>, pattern: &str) -> Outcome<'a> {
    Ok(match moment_of(call) {
        Some(moment) => Value::text(time::format(&moment, pattern)?),
        None => call.input.clone(),
    })
}

/// `07 November 2008`; with `"ordinal"` `7th November 2008`, and with `"US"` behind it `November 7th, 2008`.
fn long_or_short<'a>(call: &mut Call<'_, 'a>, month: &str) -> Outcome<'a> {
    let ordinal = call.argument(0).to_text() == "ordinal";
    let american = call.argument(1).to_text() == "US";
    if !ordinal {
        return printed(call, &format!("%d {month} %Y"));
    }
    let Some(moment) = moment_of(call) else {
        return Ok(call.input.clone());
    };
    let day = moment.zoned.day();
    let suffix = match day {
        11..=13 => "th",
        day if day % 10 == 1 => "st",
        day if day % 10 == 2 => "nd",
        day if day % 10 == 3 => "rd",
        _ => "th",
    };
    let pattern = match american {
        true => format!("{month} {day}{suffix}, %Y"),
        false => format!("{day}{suffix} {month} %Y"),
    };
    Ok(Value::text(time::format(&moment, &pattern)?))
}
