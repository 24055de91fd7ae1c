//! Everything is green, nothing arrives: a provider takes pushes, and devices that used to report them
//! do not any more. A stale certificate of the app, a wrong bundle id or a broken release look like
//! this, and no answer of the provider shows it.

use crate::rate::{Z_95, wilson};

/// What pushes of one provider and platform came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Pushes that the provider took.
    pub accepted: u64,
    /// Those of them that a device reported: received, shown or opened.
    pub reported: u64,
}

/// Whether devices still report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Silence {
    /// There is too little to tell: few pushes, or devices that hardly ever reported.
    TooLittle,
    /// They report, perhaps fewer than before: that is for other figures to judge.
    Heard,
    /// They do not, although so many reports had to be here by now at the very least.
    Silent {
        /// Reports that had to be here.
        expected: f64,
    },
}

/// Reports that the past must hold before anything is concluded from it.
const REPORTED_MIN: u64 = 20;
/// Share of all reports that has to come within the time that is looked at, from one hour on: phones
/// come online within the day (semantics.md 2.9). A quarter is far less than what comes.
const SOON: f64 = 0.25;
/// Expected reports below which nothing is concluded. Nobody reporting where ten had to would happen
/// once in 20,000 times (Poisson: e^-10).
const EXPECTED_MIN: f64 = 10.0;
/// Share of the expected reports that still counts as nearly none.
const NEARLY_NONE: f64 = 0.1;

/// Compares what is heard `lately` (pushes of the last day that are older than an hour) with what was
/// heard `before` (the week before that).
pub fn silence(before: Heard, lately: Heard) -> Silence {
    let usual = wilson(before.reported, before.accepted, Z_95);
    let Some(usual) = usual.filter(|_| before.reported >= REPORTED_MIN) else {
        return Silence::TooLittle;
    };
    let expected = lately.accepted as f64 * usual.low * SOON;
    if expected < EXPECTED_MIN {
        return Silence::TooLittle;
    }
    if lately.reported as f64 <= expected * NEARLY_NONE {
        Silence::Silent { expected }
    } else {
        Silence::Heard
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(accepted: u64, reported: u64) -> Heard {
        Heard { accepted, reported }
    }

    #[test]
    fn devices_that_reported_and_do_not_any_more_are_silent() {
        let Silence::Silent { expected } = silence(heard(7_000, 4_200), heard(1_000, 0)) else {
            panic!("nobody reports");
        };
        assert!((140.0..150.0).contains(&expected), "{expected}");
        let few = silence(heard(7_000, 4_200), heard(1_000, 14));
        assert!(matches!(few, Silence::Silent { .. }), "nearly nobody");
    }

    #[test]
    fn fewer_reports_are_not_silence() {
        // Half of them are still on their way.
        assert_eq!(
            silence(heard(7_000, 4_200), heard(1_000, 300)),
            Silence::Heard
        );
        assert_eq!(
            silence(heard(7_000, 4_200), heard(1_000, 15)),
            Silence::Heard
        );
    }

    #[test]
    fn nothing_is_concluded_from_little() {
        for (before, lately) in [
            // Devices that never report, as iPhones without an extension.
            (heard(100_000, 0), heard(10_000, 0)),
            // A platform that is new.
            (heard(0, 0), heard(10_000, 0)),
            (heard(30, 19), heard(10_000, 0)),
            // A quiet day.
            (heard(7_000, 4_200), heard(60, 0)),
            (heard(7_000, 4_200), heard(0, 0)),
            // More reports than pushes: counts of an import that began in between.
            (heard(10, 400), heard(1_000, 0)),
        ] {
            assert_eq!(silence(before, lately), Silence::TooLittle, "{before:?}");
        }
    }
}
