//! Amounts of money as whole numbers: sums of shares must come out even.

use serde_json::Value;

/// How many millionths make one.
pub const MICROS: i64 = 1_000_000;

/// An amount in millionths: a number, or a text that is one, such as `"49.90"`. Digits beyond the sixth
/// place are cut. `None`: it is no number, or beyond nine trillion.
pub fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => decimal(&number.to_string()),
        Value::String(text) => decimal(text.trim()),
        _ => None,
    }
}

fn decimal(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let numeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !numeric(whole) || !numeric(fraction) {
        return None;
    }
    let whole: i64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut places = fraction.bytes().chain(std::iter::repeat(b'0'));
    let micros = (0..6).fold(0_i64, |sum, _| {
        let digit = places.next().map_or(0, |byte| i64::from(byte - b'0'));
        sum * 10 + digit
    });
    let amount = whole.checked_mul(MICROS)?.checked_add(micros)?;
    Some(if negative { -amount } else { amount })
}

/// An amount of millionths as text that [`micros`] reads back, such as `0.08`.
pub fn text(micros: u64) -> String {
    let one = MICROS.unsigned_abs();
    let fraction = format!("{:06}", micros % one);
    let places = fraction.trim_end_matches('0');
    if places.is_empty() {
        (micros / one).to_string()
    } else {
        format!("{}.{places}", micros / one)
    }
}

/// Parts that differ by at most one and add up to `amount`, the larger ones first.
pub fn parts(amount: i64, count: usize) -> Vec<i64> {
    let Ok(divisor) = i64::try_from(count) else {
        return Vec::new();
    };
    if divisor == 0 {
        return Vec::new();
    }
    let (each, rest) = (amount.div_euclid(divisor), amount.rem_euclid(divisor));
    (0..divisor)
        .map(|part| each + i64::from(part < rest))
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{micros, parts};

    #[test]
    fn amounts_are_read_exactly() {
        for (value, expected) in [
            (json!(49.9), Some(49_900_000)),
            (json!("0.1"), Some(100_000)),
            (json!(-3), Some(-3_000_000)),
            (json!("1234567.891"), Some(1_234_567_891_000)),
            (json!("12,50"), None),
            (json!("1e3"), None),
            (json!(""), None),
            (json!(null), None),
            (json!(9_223_372_036_854_775_807_i64), None),
        ] {
            assert_eq!(micros(&value), expected, "{value}");
        }
    }

    #[test]
    fn parts_add_up() {
        assert_eq!(parts(100, 3), [34, 33, 33]);
        assert_eq!(parts(-100, 3), [-33, -33, -34]);
        assert!(parts(5, 0).is_empty());
    }
}
