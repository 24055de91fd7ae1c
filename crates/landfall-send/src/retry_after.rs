//! The `Retry-After` header (RFC 9110 10.2.3): seconds, or a date.

use std::time::UNIX_EPOCH;

use landfall_domain::time::{DAY_MS, SECOND_MS, Timestamp};

/// How long the header asks to wait from `now` on, in milliseconds: never negative and at most a day,
/// because nobody means more and a mistaken date would park a target for ever. `None` when the value
/// is neither a number nor a date.
pub fn retry_after_ms(value: &str, now: Timestamp) -> Option<i64> {
    let value = value.trim();
    let asked = if value.is_empty() {
        return None;
    } else if value.bytes().all(|byte| byte.is_ascii_digit()) {
        value
            .parse::<i64>()
            .map_or(i64::MAX, |seconds| seconds.saturating_mul(SECOND_MS))
    } else {
        let date = httpdate::parse_http_date(value).ok()?;
        let since_epoch = date.duration_since(UNIX_EPOCH).ok()?;
        let at = Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).ok()?);
        at.since(now)
    };
    Some(asked.clamp(0, DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    const NOW: Timestamp = Timestamp::from_seconds(784_111_777);

    #[test]
    fn seconds_and_all_three_forms_of_a_date_are_understood() {
        for (value, expected) in [
            ("0", 0),
            ("120", 120_000),
            (" 7 ", 7_000),
            ("Sun, 06 Nov 1994 08:50:37 GMT", 60_000),
            ("Sunday, 06-Nov-94 08:50:37 GMT", 60_000),
            ("Sun Nov  6 08:50:37 1994", 60_000),
        ] {
            assert_eq!(retry_after_ms(value, NOW), Some(expected), "{value}");
        }
    }

    #[test]
    fn a_date_in_the_past_means_at_once_and_more_than_a_day_means_a_day() {
        for (value, expected) in [
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0),
            ("86401", DAY_MS),
            ("99999999999999999999999", DAY_MS),
            ("Sat, 06 Nov 2094 08:49:37 GMT", DAY_MS),
        ] {
            assert_eq!(retry_after_ms(value, NOW), Some(expected), "{value}");
        }
    }

    #[test]
    fn anything_else_is_not_an_instruction() {
        for value in ["", "  ", "soon", "-1", "1.5", "1e3", "Sun, 06 Nov"] {
            assert_eq!(retry_after_ms(value, NOW), None, "{value}");
        }
    }
}
