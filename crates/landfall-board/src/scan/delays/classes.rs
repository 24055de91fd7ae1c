//! Classes that delays are counted in.

use crate::delays::{ABSENT, LIMIT};
use crate::query::Measure;

/// Bits behind the leading one that tell fine classes apart.
const BITS: u32 = 7;
/// What the leading bits of the number one are as a 32-bit float.
const ONE: u32 = 1.0_f32.to_bits() >> (f32::MANTISSA_DIGITS - 1 - BITS);

/// How delays are classed. The last class is for what is no stored delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Classes {
    /// By leading bits: each class is narrower than a hundredth of its delays.
    Fine,
    /// Between given bounds.
    Between(Vec<i64>),
}

impl Classes {
    pub(crate) fn of(measure: &Measure) -> Self {
        match measure {
            Measure::DelayHistogram { bounds, .. } => Self::Between(bounds.clone()),
            _ => Self::Fine,
        }
    }

    /// How many there are, with the last.
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Fine => Self::fine(ABSENT) as usize + 1,
            Self::Between(bounds) => bounds.len() + 2,
        }
    }

    /// The fine class of a stored delay: exponent and first bits of its float, which rise with
    /// it. Machines convert several at once.
    #[inline(always)]
    pub(crate) const fn fine(delay: u32) -> u32 {
        let float = (delay | 1).cast_signed() as f32;
        (float.to_bits() >> (f32::MANTISSA_DIGITS - 1 - BITS)) - ONE
    }

    /// Two bounds that no delay of a fine class lies outside of. Some of its neighbours may lie
    /// inside, since great numbers are rounded as floats.
    pub(crate) fn reach(class: usize) -> (i32, i32) {
        let bits = |class: usize| (class as u32 + ONE) << (f32::MANTISSA_DIGITS - 1 - BITS);
        let (first, next) = (f32::from_bits(bits(class)), f32::from_bits(bits(class + 1)));
        (first as i32 - 65, next as i32)
    }

    /// The class of a stored delay between `bounds`.
    #[inline]
    pub(crate) fn between(bounds: &[i64], delay: u32) -> usize {
        if delay >= LIMIT {
            return bounds.len() + 1;
        }
        bounds.partition_point(|bound| *bound <= i64::from(delay))
    }
}

#[cfg(test)]
mod tests;
