//! What a fleet of phones is like. All figures are of the right order, none is measured: a simulation
//! that needs others says so.

use landfall_domain::time::{DAY_MS, Timestamp};
use serde::{Deserialize, Serialize};

/// Settings of a fleet; begin with [`FleetSpec::new`]. Shares and probabilities are from 0 to 1, `daily`
/// figures are expected numbers a day for one phone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FleetSpec {
    /// When the simulation begins.
    pub start: Timestamp,
    /// People; each has at least one phone.
    pub people: u32,
    /// Share of people with a second phone.
    pub second_phone: f64,
    /// Share of iPhones.
    pub ios: f64,
    /// Share of iPhones whose owners let the app show notifications.
    pub granted_ios: f64,
    /// The same for Android.
    pub granted_android: f64,
    /// How often the permission is changed, daily.
    pub permission_changes: f64,
    /// Share of phones that lie in a drawer: no network, no use, the token lives on.
    pub dormant: f64,
    /// Share of phones that are without network at night.
    pub off_at_night: f64,
    /// Share of days on which a phone has no network at all.
    pub away_days: f64,
    /// How often the app is opened, daily, on average over people who differ much.
    pub opens: f64,
    /// Share of uses after which an Android app is stopped by force.
    pub force_stops: f64,
    /// How often the app is removed, daily.
    pub uninstalls: f64,
    /// Share of removed apps that come back, within days.
    pub reinstalls: f64,
    /// How often the app moves to a new phone from a backup, daily.
    pub restores: f64,
    /// How often somebody else logs in, daily.
    pub account_switches: f64,
    /// Share of phones whose clock is wrong, by up to ten minutes.
    pub wrong_clocks: f64,
    /// What becomes of receipts.
    pub receipts: ReceiptSpec,
    /// Chance that somebody taps a notification at a good hour, on average over people who differ much.
    pub taps: f64,
    /// Versions of the app, oldest first.
    pub releases: Vec<Release>,
}

/// What becomes of the receipts that phones send by themselves (semantics.md 2.8 and 2.9).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReceiptSpec {
    /// Median of the time from arrival to report, in milliseconds; the distribution is log-normal.
    pub median_ms: f64,
    /// Its spread: standard deviation of the logarithm.
    pub spread: f64,
    /// Share of uploads that fail and wait for the next start of the app.
    pub deferred: f64,
    /// Share that is never sent: the process is killed, tracking is off.
    pub lost: f64,
    /// Share that is sent twice, because the answer was lost.
    pub duplicated: f64,
}

/// A version of the app.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// Version.
    pub version: String,
    /// Version of the SDK within it.
    pub sdk: String,
    /// When it comes out, in days from the start; negative: before it.
    pub day: f64,
    /// In how many days half of the phones have it.
    pub half_life_days: f64,
    /// Whether it reports what arrives: on iPhones, whether it has the extension.
    #[serde(default = "yes")]
    pub reports: bool,
}

const fn yes() -> bool {
    true
}

impl FleetSpec {
    /// Phones as they may be, from a moment on.
    pub fn new(people: u32, start: Timestamp) -> Self {
        Self {
            people,
            start,
            ..Self::default()
        }
    }

    /// Phones on which nothing goes wrong and nothing is chance: always online, permission granted, one
    /// version, no taps, every receipt at once and once. Tests begin with it.
    pub fn steady(people: u32, start: Timestamp) -> Self {
        Self {
            start,
            people,
            second_phone: 0.0,
            ios: 0.5,
            granted_ios: 1.0,
            granted_android: 1.0,
            permission_changes: 0.0,
            dormant: 0.0,
            off_at_night: 0.0,
            away_days: 0.0,
            opens: 0.0,
            force_stops: 0.0,
            uninstalls: 0.0,
            reinstalls: 0.0,
            restores: 0.0,
            account_switches: 0.0,
            wrong_clocks: 0.0,
            receipts: ReceiptSpec {
                spread: 0.0,
                deferred: 0.0,
                lost: 0.0,
                duplicated: 0.0,
                ..ReceiptSpec::default()
            },
            taps: 0.0,
            releases: vec![Release::of("1.0.0", "4.0.0", -100.0, 1.0)],
        }
    }

    /// When a release comes out.
    pub(super) fn out_at(&self, release: &Release) -> Timestamp {
        self.start.plus_millis(days(release.day))
    }
}

/// Days in milliseconds.
#[expect(
    clippy::cast_possible_truncation,
    reason = "casts from floats saturate, and fractions of a millisecond do not matter"
)]
pub(super) fn days(days: f64) -> i64 {
    (days * DAY_MS as f64) as i64
}

impl Release {
    /// A version that reports what arrives.
    pub fn of(version: &str, sdk: &str, day: f64, half_life_days: f64) -> Self {
        Self {
            version: version.to_owned(),
            sdk: sdk.to_owned(),
            day,
            half_life_days,
            reports: true,
        }
    }

    /// The same without reports of what arrives.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.reports = false;
        self
    }
}

impl Default for ReceiptSpec {
    fn default() -> Self {
        Self {
            median_ms: 3_000.0,
            spread: 1.3,
            deferred: 0.05,
            lost: 0.02,
            duplicated: 0.01,
        }
    }
}

impl Default for FleetSpec {
    fn default() -> Self {
        Self {
            start: Timestamp::EPOCH,
            people: 1_000,
            second_phone: 0.08,
            ios: 0.55,
            granted_ios: 0.60,
            granted_android: 0.85,
            permission_changes: 0.002,
            dormant: 0.05,
            off_at_night: 0.30,
            away_days: 0.03,
            opens: 0.6,
            force_stops: 0.02,
            uninstalls: 0.003,
            reinstalls: 0.3,
            restores: 0.0015,
            account_switches: 0.0005,
            wrong_clocks: 0.05,
            receipts: ReceiptSpec::default(),
            taps: 0.08,
            releases: vec![
                Release::of("4.9.0", "3.4.1", -400.0, 60.0).silent(),
                Release::of("5.0.0", "4.1.0", -90.0, 14.0),
                Release::of("5.1.0", "4.2.0", 4.0, 4.0),
            ],
        }
    }
}
