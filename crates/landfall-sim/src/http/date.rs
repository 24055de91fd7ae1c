//! Dates as HTTP and mail write them.

use landfall_domain::time::Timestamp;

#[cfg(test)]
mod tests;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];
const DAY_SECONDS: i64 = 86_400;
/// Days from 1 March of the year 0 to 1 January 1970.
const BEFORE_EPOCH: i64 = 719_468;

/// A day and the time in it, in UTC.
struct Parts {
    year: i64,
    month: usize,
    day: i64,
    weekday: usize,
    hour: i64,
    minute: i64,
    second: i64,
}

/// An HTTP date (RFC 9110 section 5.6.7), such as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub fn http(at: Timestamp) -> String {
    format!("{} GMT", written(&parts(at)))
}

/// A mail date in UTC (RFC 2822 section 3.3), such as `Sun, 06 Nov 1994 08:49:37 +0000`.
pub fn mail(at: Timestamp) -> String {
    format!("{} +0000", written(&parts(at)))
}

/// The day in UTC, such as `1994-11-06`.
pub fn day(at: Timestamp) -> String {
    let Parts {
        year, month, day, ..
    } = parts(at);
    format!("{year:04}-{month:02}-{day:02}", month = month + 1)
}

/// The minute in UTC as carriers write it in receipts: `YYMMDDhhmm`.
pub fn receipt(at: Timestamp) -> String {
    let at = parts(at);
    format!(
        "{:02}{:02}{:02}{:02}{:02}",
        at.year.rem_euclid(100),
        at.month + 1,
        at.day,
        at.hour,
        at.minute
    )
}

/// Reads `1994-11-06T08:49:37Z`.
pub fn read_iso(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    if !(1..=12).contains(&month)
        || !(1..=31).contains(&day)
        || hour > 23
        || minute > 59
        || second > 60
    {
        return None;
    }
    let from_march = year - i64::from(month < 3);
    let in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = from_march * 365 + from_march / 4 - from_march / 100 + from_march / 400 + in_year;
    let seconds = (days - BEFORE_EPOCH) * DAY_SECONDS + hour * 3_600 + minute * 60 + second;
    Some(Timestamp::from_seconds(seconds))
}

/// Three numbers of digits alone.
fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let parts: Option<Vec<i64>> = text
        .split(between)
        .map(|part| {
            part.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| part.parse().ok())?
        })
        .collect();
    parts?.try_into().ok()
}

fn written(at: &Parts) -> String {
    format!(
        "{}, {:02} {} {:04} {:02}:{:02}:{:02}",
        DAYS[at.weekday], at.day, MONTHS[at.month], at.year, at.hour, at.minute, at.second
    )
}

/// The civil date of an instant. Years are counted from March, so that the leap day is the last one of its
/// year; 400 years have 146,097 days.
fn parts(at: Timestamp) -> Parts {
    let seconds = at.seconds();
    let days = seconds.div_euclid(DAY_SECONDS);
    let in_day = seconds.rem_euclid(DAY_SECONDS);
    let from_march = days + BEFORE_EPOCH;
    let era = from_march.div_euclid(146_097);
    let in_era = from_march.rem_euclid(146_097);
    let year_of_era = (in_era - in_era / 1_460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * in_year + 2) / 153;
    let month = (month_from_march + 2) % 12;
    Parts {
        year: era * 400 + year_of_era + i64::from(month < 2),
        month: usize::try_from(month).unwrap_or_default(),
        day: in_year - (153 * month_from_march + 2) / 5 + 1,
        weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or_default(),
        hour: in_day / 3_600,
        minute: in_day / 60 % 60,
        second: in_day % 60,
    }
}
