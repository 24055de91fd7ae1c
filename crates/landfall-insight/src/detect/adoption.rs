//! Releases: early adopters behave differently, and those who stay behind do so too. Neither is an
//! incident.
//!
//! The first days of a version are full of people who use the app daily; the last days of the version
//! before are full of people who do not. So the rate of a version moves with its adoption although
//! nothing broke. [`Adoption::learn`] learns from earlier releases how a version usually compares with
//! its platform in each phase; what a new version is expected to do follows from that.

use super::likelihood::log_ratio;

/// Where a version is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The first day.
    FirstDay,
    /// Days two and three.
    FirstDays,
    /// Up to one week old.
    FirstWeek,
    /// Older, and at least three quarters of its largest share.
    Settled,
    /// Between a quarter and three quarters of its largest share.
    Fading,
    /// Less than a quarter of its largest share.
    Remainder,
}

impl Phase {
    const ALL: [Self; 6] = [
        Self::FirstDay,
        Self::FirstDays,
        Self::FirstWeek,
        Self::Settled,
        Self::Fading,
        Self::Remainder,
    ];

    /// The phase of a version that was first seen `age_days` ago, whose share of its platform is
    /// `share` now and was `peak` at its largest.
    pub fn of(age_days: u32, share: f64, peak: f64) -> Self {
        match age_days {
            0 => Self::FirstDay,
            1..=2 => Self::FirstDays,
            3..=6 => Self::FirstWeek,
            _ if share >= 0.75 * peak => Self::Settled,
            _ if share >= 0.25 * peak => Self::Fading,
            _ => Self::Remainder,
        }
    }
}

/// One day of one version of the past, beside the versions of its platform together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VersionDay {
    /// Which version, by any number.
    pub version: u32,
    /// Its phase on that day.
    pub phase: Phase,
    /// Cases and hits of the version.
    pub cases: u64,
    /// Hits of the version.
    pub hits: u64,
    /// Rate of the platform on that day.
    pub platform: f64,
}

/// What is usual in one phase, on the logit scale.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Movements {
    /// By how much a version differs from its platform.
    pub shift: f64,
    /// Standard deviation of that between versions.
    pub between: f64,
    /// Versions that it was learned from.
    pub versions: usize,
}

/// How versions move with their adoption.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Adoption {
    phases: Vec<(Phase, Movements)>,
}

/// Standard deviation between versions that is assumed before there are releases to learn from: on a
/// rate of 90 % it is about three points.
const BETWEEN_PRIOR: f64 = 0.35;
/// As many versions the prior counts.
const PRIOR_VERSIONS: f64 = 2.0;

fn logit(rate: f64) -> f64 {
    let rate = rate.clamp(1e-5, 1.0 - 1e-5);
    (rate / (1.0 - rate)).ln()
}

fn expit(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

impl Adoption {
    /// Learns from the versions of the past; leave out those that were broken.
    pub fn learn(days: &[VersionDay]) -> Self {
        let phases = Phase::ALL
            .into_iter()
            .map(|phase| (phase, movements(days, phase)))
            .collect();
        Self { phases }
    }

    /// What is usual in a phase.
    pub fn movements(&self, phase: Phase) -> Movements {
        let found = self.phases.iter().find(|(known, _)| *known == phase);
        found.map_or(
            Movements {
                between: BETWEEN_PRIOR,
                ..Movements::default()
            },
            |(_, movements)| *movements,
        )
    }

    /// The rate that is expected of a version in a phase when its platform has `platform`.
    pub fn expected(&self, phase: Phase, platform: f64) -> f64 {
        expit(logit(platform) + self.movements(phase).shift)
    }

    /// The intra-class correlation that a version in this phase has beside its own: it differs from
    /// the expectation for as long as the phase lasts, so its buckets say less than their cases.
    pub fn dispersion(&self, phase: Phase, platform: f64) -> f64 {
        let rate = self.expected(phase, platform).clamp(1e-5, 1.0 - 1e-5);
        let variance = rate * (1.0 - rate) * self.movements(phase).between.powi(2);
        // The delta method: the deviation on the logit scale times p (1 - p), over p (1 - p).
        variance.clamp(0.0, 0.5)
    }

    /// Whether a version in a phase does worse than its adoption explains: the logarithm of how much
    /// likelier its counts are at a rate that fell by `fall` (relative) than at the expected one.
    pub fn evidence(&self, phase: Phase, platform: f64, counts: (u64, u64), fall: f64) -> f64 {
        let usual = self.expected(phase, platform);
        let (cases, hits) = counts;
        let dispersion = self.dispersion(phase, platform);
        log_ratio(hits, cases, usual, usual * (1.0 - fall), dispersion)
    }
}

/// The shift of a phase: the mean of its versions, drawn towards none by the prior; their spread, with
/// the noise of their counts taken out.
fn movements(days: &[VersionDay], phase: Phase) -> Movements {
    let mut versions: Vec<u32> = days
        .iter()
        .filter(|day| day.phase == phase && day.cases > 0)
        .map(|day| day.version)
        .collect();
    versions.sort_unstable();
    versions.dedup();
    let shifts: Vec<(f64, f64)> = versions
        .iter()
        .map(|version| shift_of(days, phase, *version))
        .collect();
    let n = shifts.len() as f64;
    let sum: f64 = shifts.iter().map(|(shift, _)| shift).sum();
    let shift = sum / (n + PRIOR_VERSIONS);
    let spread: f64 = shifts
        .iter()
        .map(|(own, noise)| ((own - shift).powi(2) - noise).max(0.0))
        .sum();
    let prior = PRIOR_VERSIONS * BETWEEN_PRIOR.powi(2);
    Movements {
        shift,
        between: ((spread + prior) / (n + PRIOR_VERSIONS)).sqrt(),
        versions: shifts.len(),
    }
}

/// The shift of one version and the variance that its counts alone give it.
fn shift_of(days: &[VersionDay], phase: Phase, version: u32) -> (f64, f64) {
    let (mut cases, mut hits, mut expected) = (0.0, 0.0, 0.0);
    for day in days {
        if day.phase == phase && day.version == version {
            cases += day.cases as f64;
            hits += day.hits as f64;
            expected += day.cases as f64 * day.platform;
        }
    }
    // Half a hit and half a miss more keep the logarithm finite.
    let rate = (hits + 0.5) / (cases + 1.0);
    let noise = 1.0 / (cases.max(1.0) * rate * (1.0 - rate));
    (logit(rate) - logit(expected / f64::max(cases, 1.0)), noise)
}
