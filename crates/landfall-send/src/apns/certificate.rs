//! When a client certificate ends, so that somebody hears of it in time: certificates for APNs last a
//! year (providers.md 1.3).

#[cfg(test)]
mod tests;

use landfall_domain::time::{DAY_MS, Timestamp};

use crate::tls::{TlsError, certificates};

/// Tags of DER (X.690) on the way to a certificate's validity (RFC 5280 4.1).
const SEQUENCE: u8 = 0x30;
const EXPLICIT_VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// When the first certificate of a PEM text ends.
///
/// # Errors
/// When there is no certificate in it, or one that cannot be read.
pub fn expires_at(pem: &str) -> Result<Timestamp, TlsError> {
    let chain = certificates(pem).map_err(TlsError::Certificate)?;
    let first = chain.first().map(AsRef::as_ref).unwrap_or_default();
    not_after(first).ok_or_else(|| TlsError::Certificate("no end of validity in it".to_owned()))
}

fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (mut body, _) = expect(certificate, SEQUENCE)?;
    if body.first() == Some(&EXPLICIT_VERSION) {
        body = element(body)?.2;
    }
    // Serial number, algorithm and issuer stand before the validity.
    for _ in 0..3 {
        body = element(body)?.2;
    }
    let (validity, _) = expect(body, SEQUENCE)?;
    let (_, _, after) = element(validity)?;
    let (tag, value, _) = element(after)?;
    let text = std::str::from_utf8(value).ok()?.strip_suffix('Z')?;
    match tag {
        GENERALIZED_TIME => instant(text.get(..4)?.parse().ok()?, text.get(4..)?),
        UTC_TIME => {
            // Two digits of the year mean 1950 to 2049 (RFC 5280 4.1.2.5.1).
            let year: i64 = text.get(..2)?.parse().ok()?;
            let century = if year < 50 { 2000 } else { 1900 };
            instant(century + year, text.get(2..)?)
        }
        _ => None,
    }
}

fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, value, rest) = element(bytes)?;
    (found == tag).then_some((value, rest))
}

/// Tag, value, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let length = if first < 0x80 {
        usize::from(first)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (digits, after) = rest.split_at_checked(count)?;
        rest = after;
        digits
            .iter()
            .fold(0, |length, digit| length << 8 | usize::from(*digit))
    };
    let (value, rest) = rest.split_at_checked(length)?;
    Some((tag, value, rest))
}

/// `MMDDHHMMSS` of a year, UTC.
fn instant(year: i64, rest: &str) -> Option<Timestamp> {
    let two = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (two(0)?, two(2)?);
    if rest.len() != 10 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let seconds = two(4)? * 3_600 + two(6)? * 60 + two(8)?;
    let days = days_since_epoch(year, month, day);
    Some(Timestamp::from_millis(days * DAY_MS + seconds * 1_000))
}

/// Days from 1970-01-01 in the Gregorian calendar. Years begin in March here, so that the leap day is
/// the last of its year.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + (153 * month + 2) / 5 + day - 1 - 719_468
}
