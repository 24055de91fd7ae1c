//! Whether a release explains a change: difference in differences over its adoption.
//!
//! Devices of the new version are compared with devices of the same platform that have not updated,
//! day by day, and what the platform's older versions did before is taken off: whatever hits all
//! versions alike cancels out.

use serde::Serialize;

/// One day of a platform: the release, and its other versions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Adoption {
    /// Cases of the release.
    pub n: f64,
    /// Hits among them.
    pub x: f64,
    /// Cases of the other versions.
    pub other_n: f64,
    /// Hits among those.
    pub other_x: f64,
}

/// What a release did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AdoptionEffect {
    /// Platform.
    pub platform: String,
    /// Version.
    pub version: String,
    /// Rate of the release minus that of the other versions on the same days, minus what the
    /// difference was to begin with (none: devices that update are taken to have been like the rest).
    pub effect: f64,
    /// Standard error of that.
    pub error: f64,
    /// Share of the cases that the release has reached by the last day.
    pub adoption: f64,
    /// Share of the platform's change that the effect and the adoption explain.
    pub explains: f64,
}

impl AdoptionEffect {
    /// Whether the release is to blame: more than 3.3 standard errors, and at least half of the change.
    pub fn coincides(&self) -> bool {
        self.effect.abs() > 3.3 * self.error && self.explains >= 0.5
    }
}

/// The effect of a release from its days, oldest first. `before` is the rate of the whole platform
/// before it. `None` without enough of both.
pub fn adoption_effect(
    platform: &str,
    version: &str,
    days: &[Adoption],
    before: f64,
    dispersion: f64,
) -> Option<AdoptionEffect> {
    let (mut weight, mut sum, mut variance) = (0.0, 0.0, 0.0);
    let (mut n, mut x, mut other_n, mut other_x) = (0.0, 0.0, 0.0, 0.0);
    for day in days {
        n += day.n;
        x += day.x;
        other_n += day.other_n;
        other_x += day.other_x;
        if day.n < 1.0 || day.other_n < 1.0 {
            continue;
        }
        // The harmonic mean weighs days by what they tell about the difference.
        let w = day.n * day.other_n / (day.n + day.other_n);
        let p = (day.x + day.other_x) / (day.n + day.other_n);
        weight += w;
        sum += w * (day.x / day.n - day.other_x / day.other_n);
        variance += w * p * (1.0 - p);
    }
    let last = days.last()?;
    let pooled = (x + other_x) / (n + other_n);
    let (effect, error) = if weight > 0.0 {
        (
            sum / weight,
            (variance * dispersion.max(1.0)).sqrt() / weight,
        )
    } else if n > 0.0 && other_n == 0.0 {
        // Everybody has it: nothing is left to compare with but what was before.
        let error = (pooled * (1.0 - pooled) * dispersion.max(1.0) / n).sqrt();
        (x / n - before, error)
    } else {
        return None;
    };
    let change = pooled - before;
    let share = n / (n + other_n);
    Some(AdoptionEffect {
        platform: platform.to_owned(),
        version: version.to_owned(),
        effect,
        error,
        adoption: if last.n + last.other_n > 0.0 {
            last.n / (last.n + last.other_n)
        } else {
            0.0
        },
        explains: if change == 0.0 {
            0.0
        } else {
            effect * share / change
        },
    })
}
