//! Delivered as what it is: a lower bound, an upper bound, and an estimate between them.
//!
//! Only devices whose app can report say that they received something. Who opened a push certainly
//! received it, so opens without a receipt show how many receipts are missing, and opens with one how
//! sensitive receipts are, for each platform, app version and SDK (diagnosis.md 4.2).

use serde::Serialize;

use crate::rate::{Rate, Z_95};

/// What came of the sent targets of one platform, app version and SDK.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reports {
    /// Taken by the provider.
    pub accepted: u64,
    /// Those of them on devices that have shown that they report.
    pub capable: u64,
    /// Receipts, opened later or not.
    pub receipts: u64,
    /// Opens that came with a receipt.
    pub opened_with_receipt: u64,
    /// Opens that came without one: they prove that receipts are missing.
    pub opened_without_receipt: u64,
    /// Accepted, and told later that the address was dead: they did not arrive.
    pub refuted: u64,
}

impl Reports {
    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            accepted: self.accepted + other.accepted,
            capable: self.capable + other.capable,
            receipts: self.receipts + other.receipts,
            opened_with_receipt: self.opened_with_receipt + other.opened_with_receipt,
            opened_without_receipt: self.opened_without_receipt + other.opened_without_receipt,
            refuted: self.refuted + other.refuted,
        }
    }

    /// Everything that is known to have arrived.
    pub const fn known(&self) -> u64 {
        self.receipts + self.opened_without_receipt
    }
}

/// What is known about what arrived.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Delivered {
    /// Receipts as a share of what devices could report.
    pub receipts: Rate,
    /// How much is able to report.
    pub capable: Rate,
    /// Accepted, and nobody said more. Unknown is not failed.
    pub unconfirmed: u64,
    /// At least so many arrived: those with a receipt or an open.
    pub lower: u64,
    /// At most so many: accepted less those that are known to be dead.
    pub upper: u64,
    /// Share of opens that came with a receipt: how sensitive receipts are.
    pub sensitivity: Rate,
    /// How many probably arrived; `None` with too few opens to tell.
    pub estimate: Option<Estimate>,
}

/// An estimate of what arrived, between the two bounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// How many.
    pub value: f64,
    /// Lower end of the 95 % interval.
    pub low: f64,
    /// Upper end of it. People who open are often those whose phones report: then the truth is
    /// above, and up to the upper bound.
    pub high: f64,
}

/// Opens below which receipts are not corrected.
const OPENS_MIN: u64 = 10;

/// Reads reports.
pub fn delivered(reports: &Reports) -> Delivered {
    let opens = reports.opened_with_receipt + reports.opened_without_receipt;
    let upper = reports.accepted.saturating_sub(reports.refuted);
    let lower = reports.known().min(upper);
    let capable_receipts = reports.receipts.min(reports.capable);
    Delivered {
        receipts: Rate::new("receipts", capable_receipts, "capable", reports.capable),
        capable: Rate::new("capable", reports.capable, "accepted", reports.accepted),
        unconfirmed: upper - lower,
        lower,
        upper,
        sensitivity: Rate::new(
            "opened_with_receipt",
            reports.opened_with_receipt,
            "opened",
            opens,
        ),
        estimate: estimate(reports, opens, lower as f64, upper as f64),
    }
}

/// Estimates by platform, version and SDK add up: sensitivities must not be pooled.
pub fn total(parts: &[Reports]) -> Delivered {
    let all = parts
        .iter()
        .fold(Reports::default(), |sum, part| sum.plus(*part));
    let mut whole = delivered(&all);
    let (mut value, mut below, mut above) = (0.0, 0.0, 0.0);
    for part in parts {
        let own = delivered(part);
        // Where nothing can be estimated, what is known is all that can be said.
        let own = own.estimate.unwrap_or(Estimate {
            value: own.lower as f64,
            low: own.lower as f64,
            high: own.upper as f64,
        });
        value += own.value;
        below += (own.value - own.low).powi(2);
        above += (own.high - own.value).powi(2);
    }
    whole.estimate = whole.estimate.map(|_| Estimate {
        value,
        low: (value - below.sqrt()).max(whole.lower as f64),
        high: (value + above.sqrt()).min(whole.upper as f64),
    });
    whole
}

/// Chapman's estimate from two lists, receipts and opens, which is unbiased when one does not depend
/// on the other and too low when people who open also report more.
fn estimate(reports: &Reports, opens: u64, lower: f64, upper: f64) -> Option<Estimate> {
    if opens < OPENS_MIN || reports.receipts < reports.opened_with_receipt {
        return None;
    }
    let (first, second) = (reports.receipts as f64, opens as f64);
    let both = reports.opened_with_receipt as f64;
    let raw = (first + 1.0) * (second + 1.0) / (both + 1.0) - 1.0;
    let variance = (first + 1.0) * (second + 1.0) * (first - both) * (second - both)
        / ((both + 1.0).powi(2) * (both + 2.0));
    // Log-normal above what is known, so that the interval never falls below it.
    let beyond = (raw - lower).max(0.0);
    let spread = if beyond > 0.0 {
        (Z_95 * (1.0 + variance / (beyond * beyond)).ln().sqrt()).exp()
    } else {
        1.0
    };
    let clip = |value: f64| value.clamp(lower, upper);
    Some(Estimate {
        value: clip(raw),
        low: clip(lower + beyond / spread),
        high: clip(lower + beyond * spread),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;

    /// 20,000 sent, 85 % arrive; receipts and opens independent, or receipts likelier for who opens.
    fn draw(receipt: f64, receipt_if_open: f64, draws: &mut Draws) -> (Reports, u64) {
        let arrived = draws.binomial(20_000, 0.85);
        let opened = draws.binomial(arrived, 0.1);
        let with = draws.binomial(opened, receipt_if_open);
        let receipts = with + draws.binomial(arrived - opened, receipt);
        let reports = Reports {
            accepted: 20_000,
            capable: 20_000,
            receipts,
            opened_with_receipt: with,
            opened_without_receipt: opened - with,
            refuted: 0,
        };
        (reports, arrived)
    }

    /// Mean of estimate over truth, share of intervals and of bounds that hold the truth.
    fn judged(receipt: f64, receipt_if_open: f64) -> (f64, f64, f64) {
        let mut draws = Draws::seeded(4);
        let (mut ratio, mut held, mut bound) = (0.0, 0.0, 0.0);
        for _ in 0..400 {
            let (reports, truth) = draw(receipt, receipt_if_open, &mut draws);
            let read = delivered(&reports);
            let estimate = read.estimate.expect("opens");
            let truth_f = truth as f64;
            ratio += estimate.value / truth_f / 400.0;
            let inside = estimate.low <= truth_f && truth_f <= estimate.high;
            held += f64::from(u8::from(inside)) / 400.0;
            let within = read.lower <= truth && truth <= read.upper;
            bound += f64::from(u8::from(within)) / 400.0;
        }
        (ratio, held, bound)
    }

    #[test]
    fn opens_without_receipts_reveal_what_receipts_miss() {
        // diagnosis.md 4.3: receipts of .80 and .55 of the truth, independent.
        for receipt in [0.80, 0.55] {
            let (ratio, held, bound) = judged(receipt, receipt);
            assert!((ratio - 1.0).abs() < 0.003, "{ratio}");
            assert!((0.92..=0.98).contains(&held), "{held}");
            assert!((bound - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn dependent_receipts_make_it_a_lower_bound() {
        let (ratio, _, bound) = judged(0.55, 0.65);
        assert!((0.80..0.99).contains(&ratio), "{ratio}");
        assert!((bound - 1.0).abs() < 1e-9, "the bounds hold the truth");
    }

    #[test]
    fn a_version_that_stops_to_report_keeps_its_estimate() {
        let mut draws = Draws::seeded(9);
        let (silent, truth) = draw(0.08, 0.08, &mut draws);
        let read = delivered(&silent);
        assert!(read.receipts.value.is_some_and(|rate| rate < 0.09));
        assert!(read.sensitivity.value.is_some_and(|rate| rate < 0.12));
        let estimate = read.estimate.expect("opens");
        assert!(estimate.low <= truth as f64 && truth as f64 <= estimate.high);
    }

    #[test]
    fn unknown_is_not_failed() {
        let read = delivered(&Reports {
            accepted: 100,
            capable: 0,
            refuted: 3,
            ..Reports::default()
        });
        assert_eq!((read.lower, read.upper, read.unconfirmed), (0, 97, 97));
        assert_eq!((read.receipts.value, read.estimate), (None, None));
    }

    #[test]
    fn estimates_of_versions_add_up() {
        let mut draws = Draws::seeded(2);
        let (good, first) = draw(0.9, 0.9, &mut draws);
        let (bad, second) = draw(0.1, 0.1, &mut draws);
        let whole = total(&[good, bad]);
        let truth = (first + second) as f64;
        let estimate = whole.estimate.expect("opens");
        assert!(
            estimate.low <= truth && truth <= estimate.high,
            "{estimate:?} {truth}"
        );
    }
}
