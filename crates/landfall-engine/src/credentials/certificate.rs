//! When a certificate ends: the one thing that is read out of it here. TLS reads the rest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use landfall_domain::time::Timestamp;

const SEQUENCE: u8 = 0x30;
/// The version, which may be missing (RFC 5280, 4.1).
const VERSION: u8 = 0xa0;
/// A length from here on says how many bytes the length has.
const LONG_FORM: usize = 0x80;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The end of the first certificate of a PEM text; `None` when there is none that can be read.
pub(super) fn not_after(pem: &str) -> Option<Timestamp> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let body: String = body.split_whitespace().collect();
    let der = STANDARD.decode(body).ok()?;
    let certificate = element(&der)?.of(SEQUENCE)?;
    let mut rest = element(certificate)?.of(SEQUENCE)?;
    let first = element(rest)?;
    if first.tag == VERSION {
        rest = first.rest;
    }
    // Serial number, algorithm of the signature, issuer; then the validity (RFC 5280, 4.1).
    for _ in 0..3 {
        rest = element(rest)?.rest;
    }
    let validity = element(rest)?.of(SEQUENCE)?;
    let end = element(element(validity)?.rest)?;
    match end.tag {
        UTC_TIME => utc_time(end.content),
        GENERALIZED_TIME => generalized_time(end.content),
        _ => None,
    }
}

/// One element of DER.
struct Element<'d> {
    tag: u8,
    content: &'d [u8],
    rest: &'d [u8],
}

impl<'d> Element<'d> {
    fn of(&self, tag: u8) -> Option<&'d [u8]> {
        (self.tag == tag).then_some(self.content)
    }
}

fn element(der: &[u8]) -> Option<Element<'_>> {
    let (tag, rest) = der.split_first()?;
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*length) {
        short if short < LONG_FORM => (short, rest),
        long => length_of(rest, long - LONG_FORM)?,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some(Element {
        tag: *tag,
        content,
        rest,
    })
}

/// A length of several bytes; more than four would not fit into a file.
fn length_of(rest: &[u8], bytes: usize) -> Option<(usize, &[u8])> {
    let (digits, rest) = rest.split_at_checked(bytes)?;
    let number = |sum: usize, digit: &u8| sum << 8 | usize::from(*digit);
    ((1..=4).contains(&bytes)).then(|| (digits.iter().fold(0, number), rest))
}

/// `YYMMDDHHMMSSZ`; years from 50 belong to the last century (RFC 5280, 4.1.2.5.1).
fn utc_time(text: &[u8]) -> Option<Timestamp> {
    let (year, rest) = text.split_at_checked(2)?;
    let year = number(year)?;
    let year = if year >= 50 {
        1_900 + year
    } else {
        2_000 + year
    };
    instant(year, rest)
}

/// `YYYYMMDDHHMMSSZ` (RFC 5280, 4.1.2.5.2).
fn generalized_time(text: &[u8]) -> Option<Timestamp> {
    let (year, rest) = text.split_at_checked(4)?;
    instant(number(year)?, rest)
}

fn instant(year: i64, rest: &[u8]) -> Option<Timestamp> {
    let digits = rest.strip_suffix(b"Z").filter(|rest| rest.len() == 10)?;
    let part = |at: usize| number(&digits[at..at + 2]);
    let (month, day) = (part(0)?, part(2)?);
    if !(1..=12).contains(&month) {
        return None;
    }
    let seconds = (part(4)? * 60 + part(6)?) * 60 + part(8)?;
    Some(Timestamp::from_seconds(
        days(year, month, day) * 86_400 + seconds,
    ))
}

fn number(digits: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(digits).ok()?;
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    text.parse().ok()
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before = |year: i64| year * 365 + year / 4 - year / 100 + year / 400;
    let months = [
        31,
        28 + i64::from(leap),
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let past: i64 = months
        .iter()
        .take(usize::try_from(month - 1).unwrap_or(0))
        .sum();
    before(year - 1) - before(1_969) + past + day - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_by_the_calendar() {
        for (year, month, day, expected) in [
            (1970, 1, 1, 0),
            (2000, 3, 1, 11_017),
            (2024, 2, 29, 19_782),
            (2024, 3, 1, 19_783),
            (2026, 11, 30, 20_787),
            (2100, 3, 1, 47_541),
        ] {
            assert_eq!(days(year, month, day), expected, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn a_certificate_ends_when_it_says() {
        for (year, month, day) in [(2027, 3, 1), (2049, 12, 31), (2050, 1, 1), (1999, 2, 28)] {
            let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
            params.not_after = rcgen::date_time_ymd(year, month, day);
            let key = rcgen::KeyPair::generate().unwrap();
            let pem = params.self_signed(&key).unwrap().pem();
            let (month, day) = (i64::from(month), i64::from(day));
            let expected = Timestamp::from_seconds(days(year.into(), month, day) * 86_400);
            let two = format!("a comment\n{pem}{pem}");
            assert_eq!(not_after(&two), Some(expected), "{year}-{month}-{day}");
        }
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        for text in [
            "",
            "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
            "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----",
        ] {
            assert_eq!(not_after(text), None, "{text}");
        }
    }
}
