//! Numbers as Ruby's Liquid counts: whole numbers stay whole, and broken ones are added and multiplied as
//! decimals, so that 0.1 plus 0.2 is 0.3.

use std::cmp::Ordering;

use super::{Value, integer_prefix};
use crate::error::{RenderError, RenderErrorKind};

/// Digits behind the point of a quotient that does not end.
const QUOTIENT_DIGITS: u32 = 20;

/// A number. Whole numbers have up to 38 digits; decimals that need more are counted as floats.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Number {
    Int(i128),
    /// The whole number divided by ten to the power of the scale.
    Decimal(i128, u32),
    Float(f64),
}

/// The four operations that need two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Plus,
    Minus,
    Times,
    DividedBy,
    Modulo,
}

impl Number {
    /// Reads the number of a value: of a text its beginning, 0 of anything else.
    pub(crate) fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Int(whole) => Self::Int(*whole),
            Value::Float(float) => Self::from_float(*float),
            _ => value.as_str().map_or(Self::Int(0), Self::from_text),
        }
    }

    fn from_float(float: f64) -> Self {
        // Decimals have no negative zero, and no infinity.
        if !float.is_finite() || (float == 0.0 && float.is_sign_negative()) {
            return Self::Float(float);
        }
        Self::from_scientific(&format!("{float:e}")).unwrap_or(Self::Float(float))
    }

    fn from_scientific(text: &str) -> Option<Self> {
        let (digits, exponent) = text.split_once('e')?;
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, broken) = digits.split_once('.').unwrap_or((digits, ""));
        let mantissa: i128 = format!("{whole}{broken}").parse().ok()?;
        let scale = i32::try_from(broken.len()).ok()?.checked_sub(exponent)?;
        if scale >= 0 {
            return Some(Self::Decimal(mantissa, scale.unsigned_abs()));
        }
        let power = 10_i128.checked_pow(scale.unsigned_abs())?;
        Some(Self::Decimal(mantissa.checked_mul(power)?, 0))
    }

    fn from_text(text: &str) -> Self {
        let trimmed = text.trim_matches(crate::parse::is_space);
        let unsigned = trimmed.strip_prefix('-').unwrap_or(trimmed);
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if let Some((whole, broken)) = unsigned.split_once('.')
            && all_digits(whole)
            && all_digits(broken)
        {
            let scale = u32::try_from(broken.len());
            let mantissa: Result<i128, _> = format!("{whole}{broken}").parse();
            return match (mantissa, scale) {
                (Ok(0), _) if trimmed.starts_with('-') => Self::Float(-0.0),
                (Ok(mantissa), Ok(scale)) if trimmed.starts_with('-') => {
                    Self::Decimal(-mantissa, scale)
                }
                (Ok(mantissa), Ok(scale)) => Self::Decimal(mantissa, scale),
                _ => Self::Float(trimmed.parse().unwrap_or(0.0)),
            };
        }
        integer_prefix(text).map_or_else(|| Self::Float(float_prefix(text)), Self::Int)
    }

    pub(crate) fn to_value<'a>(self) -> Value<'a> {
        match self {
            Self::Int(whole) => Value::Int(whole),
            _ => Value::Float(self.to_float()),
        }
    }

    pub(crate) fn to_float(self) -> f64 {
        match self {
            Self::Int(whole) => whole as f64,
            Self::Float(float) => float,
            // Reading the digits rounds once; dividing two floats would round three times.
            Self::Decimal(mantissa, scale) => {
                format!("{mantissa}e-{scale}").parse().unwrap_or(f64::NAN)
            }
        }
    }

    fn is_negative(self) -> bool {
        match self {
            Self::Int(whole) | Self::Decimal(whole, _) => whole < 0,
            Self::Float(float) => float.is_sign_negative(),
        }
    }

    /// Both as whole numbers over the same power of ten; `None` when that does not fit.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let parts = |number| match number {
            Self::Int(whole) => Some((whole, 0)),
            Self::Decimal(mantissa, scale) => Some((mantissa, scale)),
            Self::Float(_) => None,
        };
        let ((a, a_scale), (b, b_scale)) = (parts(self)?, parts(other)?);
        let scale = a_scale.max(b_scale);
        let lift =
            |mantissa: i128, from: u32| mantissa.checked_mul(10_i128.checked_pow(scale - from)?);
        Some((lift(a, a_scale)?, lift(b, b_scale)?, scale))
    }

    pub(crate) fn compare(self, other: Self) -> Ordering {
        match self.aligned(other) {
            Some((a, b, _)) => a.cmp(&b),
            None => self
                .to_float()
                .partial_cmp(&other.to_float())
                .unwrap_or(Ordering::Equal),
        }
    }

    /// Counts.
    pub(crate) fn apply(self, operation: Operation, other: Self) -> Result<Self, RenderError> {
        if let (Self::Int(a), Self::Int(b)) = (self, other) {
            return whole(a, operation, b);
        }
        let exact = match operation {
            Operation::Plus => self
                .aligned(other)
                .and_then(|(a, b, scale)| Some(Self::Decimal(a.checked_add(b)?, scale))),
            Operation::Minus => self
                .aligned(other)
                .and_then(|(a, b, scale)| Some(Self::Decimal(a.checked_sub(b)?, scale))),
            Operation::Times => self.times(other),
            Operation::DividedBy => self.divided_by(other)?,
            Operation::Modulo => self.modulo(other)?,
        };
        Ok(exact.unwrap_or_else(|| {
            let (a, b) = (self.to_float(), other.to_float());
            Self::Float(match operation {
                Operation::Plus => a + b,
                Operation::Minus => a - b,
                Operation::Times => a * b,
                Operation::DividedBy => a / b,
                Operation::Modulo => a - b * (a / b).floor(),
            })
        }))
    }

    fn times(self, other: Self) -> Option<Self> {
        let parts = |number| match number {
            Self::Int(whole) => Some((whole, 0)),
            Self::Decimal(mantissa, scale) => Some((mantissa, scale)),
            Self::Float(_) => None,
        };
        let ((a, a_scale), (b, b_scale)) = (parts(self)?, parts(other)?);
        let product = a.checked_mul(b)?;
        if product == 0 && self.is_negative() != other.is_negative() {
            return Some(Self::Float(-0.0));
        }
        Some(Self::Decimal(product, a_scale + b_scale))
    }

    fn divided_by(self, other: Self) -> Result<Option<Self>, RenderError> {
        let Some((a, b, _)) = self.aligned(other) else {
            return Ok(None);
        };
        if b == 0 {
            return Ok(None);
        }
        if a == 0 && self.is_negative() != other.is_negative() {
            return Ok(Some(Self::Float(-0.0)));
        }
        // Digit by digit, so that the dividend need not be multiplied by a large power first.
        let (mut quotient, mut rest) = (a / b, a % b);
        let mut scale = 0;
        while rest != 0 && scale < 2 * QUOTIENT_DIGITS {
            let (Some(dividend), Some(ten)) = (rest.checked_mul(10), quotient.checked_mul(10))
            else {
                break;
            };
            let Some(next) = ten.checked_add(dividend / b) else {
                break;
            };
            (quotient, rest) = (next, dividend % b);
            scale += 1;
        }
        if rest != 0 && scale < QUOTIENT_DIGITS {
            return Ok(None);
        }
        Ok(Some(Self::Decimal(quotient, scale)))
    }

    fn modulo(self, other: Self) -> Result<Option<Self>, RenderError> {
        let Some((a, b, scale)) = self.aligned(other) else {
            return Ok(None);
        };
        if b == 0 {
            return Err(divided_by_zero());
        }
        Ok(Some(Self::Decimal(floor_modulo(a, b), scale)))
    }

    /// Rounds half away from zero to a number of digits behind the point, which may be negative.
    pub(crate) fn round(self, digits: i128) -> Result<Self, RenderError> {
        match self {
            Self::Int(whole) if digits >= 0 => Ok(Self::Int(whole)),
            Self::Int(whole) => Ok(Self::Int(round_scaled(whole, digits.unsigned_abs()))),
            Self::Decimal(mantissa, scale) => {
                let scale = i128::from(scale);
                if digits > 0 {
                    if digits >= scale {
                        return Ok(self);
                    }
                    let power = (scale - digits).unsigned_abs();
                    let rounded = round_scaled(mantissa, power);
                    if rounded == 0 && mantissa < 0 {
                        return Ok(Self::Float(-0.0));
                    }
                    return Ok(Self::Decimal(rounded, u32::try_from(scale).unwrap_or(0)));
                }
                let power = (scale - digits).unsigned_abs();
                let rounded = round_scaled(mantissa, power);
                let unit = 10_i128.checked_pow(u32::try_from(scale).unwrap_or(u32::MAX));
                Ok(Self::Int(unit.map_or(0, |unit| rounded / unit)))
            }
            Self::Float(float) if digits > 0 => Ok(Self::Float(float)),
            Self::Float(float) if !float.is_finite() => Err(not_finite(float)),
            Self::Float(float) => Ok(Self::Int(float.round() as i128)),
        }
    }

    /// The whole number below (or above) it.
    pub(crate) fn whole(self, up: bool) -> Result<i128, RenderError> {
        match self {
            Self::Int(whole) => Ok(whole),
            Self::Decimal(mantissa, scale) => {
                let Some(unit) = 10_i128.checked_pow(scale) else {
                    return Ok(match (mantissa.signum(), up) {
                        (1, true) => 1,
                        (-1, false) => -1,
                        _ => 0,
                    });
                };
                let below = mantissa.div_euclid(unit);
                Ok(below + i128::from(up && mantissa.rem_euclid(unit) != 0))
            }
            Self::Float(float) if !float.is_finite() => Err(not_finite(float)),
            Self::Float(float) if up => Ok(float.ceil() as i128),
            Self::Float(float) => Ok(float.floor() as i128),
        }
    }

    pub(crate) fn abs(self) -> Self {
        match self {
            Self::Int(whole) => Self::Int(whole.saturating_abs()),
            Self::Decimal(mantissa, scale) => Self::Decimal(mantissa.saturating_abs(), scale),
            Self::Float(float) => Self::Float(float.abs()),
        }
    }

    /// Digits, scale: the number as a decimal, or `None` when it is a float without one.
    pub(crate) fn decimal(self) -> Option<(i128, u32)> {
        match self {
            Self::Int(whole) => Some((whole, 0)),
            Self::Decimal(mantissa, scale) => Some((mantissa, scale)),
            Self::Float(_) => None,
        }
    }
}

/// The number that a text begins with, when it has too many digits for a whole number.
fn float_prefix(text: &str) -> f64 {
    let text = text.trim_start_matches(crate::parse::is_space);
    let digits = text.trim_start_matches(['-', '+']);
    let length = text.len() - digits.len();
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let end = length + end.unwrap_or(digits.len());
    text[..end].parse().unwrap_or(0.0)
}

/// Rounds to a multiple of a power of ten, half away from zero, and keeps the magnitude.
fn round_scaled(mantissa: i128, power: u128) -> i128 {
    let unit = u32::try_from(power)
        .ok()
        .and_then(|power| 10_i128.checked_pow(power));
    let Some(unit) = unit else {
        return 0;
    };
    let rest = mantissa % unit;
    let towards_zero = mantissa - rest;
    // Half of the unit is whole, as the unit is even, unless it is 1 and nothing is left.
    if rest.abs() >= unit / 2 && rest != 0 {
        towards_zero.saturating_add(unit * mantissa.signum())
    } else {
        towards_zero
    }
}

fn whole(a: i128, operation: Operation, b: i128) -> Result<Number, RenderError> {
    let result = match operation {
        Operation::Plus => a.checked_add(b),
        Operation::Minus => a.checked_sub(b),
        Operation::Times => a.checked_mul(b),
        Operation::DividedBy | Operation::Modulo if b == 0 => return Err(divided_by_zero()),
        Operation::DividedBy => {
            let quotient = a.checked_div(b);
            quotient.map(|quotient| quotient - i128::from(a % b != 0 && (a < 0) != (b < 0)))
        }
        Operation::Modulo => Some(floor_modulo(a, b)),
    };
    let too_large = || RenderError::argument("the number would have more than 38 digits");
    result.map(Number::Int).ok_or_else(too_large)
}

/// The remainder with the sign of the divisor.
fn floor_modulo(a: i128, b: i128) -> i128 {
    let rest = a.checked_rem(b).unwrap_or(0);
    if rest != 0 && (rest < 0) != (b < 0) {
        rest + b
    } else {
        rest
    }
}

/// Compares a whole number with a float exactly.
pub(crate) fn compare_whole(whole: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float.is_infinite() {
        return Some(if float > 0.0 {
            Ordering::Less
        } else {
            Ordering::Greater
        });
    }
    let below = float.floor();
    let order = whole.cmp(&(below as i128));
    Some(order.then(if below < float {
        Ordering::Less
    } else {
        Ordering::Equal
    }))
}

fn divided_by_zero() -> RenderError {
    RenderError::new(RenderErrorKind::DividedByZero, "divided by 0")
}

fn not_finite(float: f64) -> RenderError {
    RenderError::argument(match float {
        float if float.is_nan() => "Computation results in 'NaN' (Not a Number)",
        float if float > 0.0 => "Computation results in 'Infinity'",
        _ => "Computation results in '-Infinity'",
    })
}
