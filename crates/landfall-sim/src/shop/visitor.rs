//! One customer as she is when she leaves a cart.

use landfall_domain::channel::Platform;
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, Timestamp};

use super::Planted;
use super::chance::{Draw, Draws, Lot};
use super::fault::{BAD_RELEASE, Fault, KILLER};
use super::settings::{Platforms, Settings};

/// Draws about people, as against draws about days.
pub(super) const PEOPLE: u64 = 1 << 40;
/// Models of Android phones and the share of each; the first has the strictest battery saver.
const MODELS: [(&str, f64); 3] = [(KILLER, 0.30), ("P-8", 0.35), ("G-24", 0.35)];

/// A customer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visitor {
    pub(super) person: u64,
    /// Her phone, if the app is on it.
    pub(super) phone: Option<Phone>,
    /// Why no push can be sent to her, as she is without any fault.
    pub(super) unreachable: Option<Reason>,
    /// How probable it is that the fault takes her out of reach, and the reason that is given then.
    pub(super) lost: (f64, Reason),
    pub(super) draw: Draw,
}

/// A phone with the app.
#[derive(Clone, Copy, Debug)]
pub struct Phone {
    /// Platform.
    pub platform: Platform,
    /// Version of the app.
    pub version: &'static str,
    /// Version of the operating system.
    pub os: &'static str,
    /// Model.
    pub model: &'static str,
    /// Age of the token in days, as the shop by counts knows it.
    pub token_age_days: u32,
}

impl Platforms {
    pub(super) const fn of(self, platform: Platform) -> f64 {
        match platform {
            Platform::Ios => self.ios,
            Platform::Android | Platform::Web => self.android,
        }
    }
}

impl Visitor {
    pub(super) fn of(
        settings: &Settings,
        draws: Draws,
        person: u64,
        at: Timestamp,
        start: Timestamp,
        planted: Option<Planted>,
    ) -> Self {
        let draw = draws.of(PEOPLE, person);
        let mut visitor = Self {
            person,
            phone: None,
            unreachable: Some(Reason::NoDevice),
            lost: (0.0, Reason::NoDevice),
            draw,
        };
        if !draw.happens(settings.app, Lot::App) {
            return visitor;
        }
        let phone = Phone::of(settings, draw, at, start);
        visitor.phone = Some(phone);
        visitor.unreachable =
            if !draw.happens(settings.permission.of(phone.platform), Lot::Permission) {
                Some(Reason::PermissionDenied)
            } else if draw.happens(settings.token, Lot::Token) {
                None
            } else {
                Some(Reason::DevicesSuspended)
            };
        if let Some(planted) = planted.filter(|planted| at >= planted.from) {
            visitor.lost = lost(planted.fault, &phone);
        }
        visitor
    }
}

/// What a fault takes out of reach.
fn lost(fault: Fault, phone: &Phone) -> (f64, Reason) {
    match fault {
        Fault::PromptRemoved
            if phone.platform == Platform::Android && phone.version == BAD_RELEASE =>
        {
            (0.5, Reason::PermissionDenied)
        }
        Fault::MergeStrandsTokens => (0.25, Reason::NoDevice),
        _ => (0.0, Reason::NoDevice),
    }
}

impl Phone {
    fn of(settings: &Settings, draw: Draw, at: Timestamp, start: Timestamp) -> Self {
        let platform = if draw.happens(settings.ios, Lot::Platform) {
            Platform::Ios
        } else {
            Platform::Android
        };
        let (os, model) = match platform {
            Platform::Ios => (
                ["17.6", "18.1"][usize::from(draw.happens(0.7, Lot::Os))],
                "i-15",
            ),
            _ => (
                ["13", "14"][usize::from(draw.happens(0.6, Lot::Os))],
                model(draw),
            ),
        };
        // Old tokens are rarer: a quarter is older than four months or so.
        let age = draw.exponential(90.0, Lot::TokenAge).min(800.0);
        Self {
            platform,
            version: version(settings, draw, at, start),
            os,
            model,
            token_age_days: age as u32,
        }
    }
}

fn model(draw: Draw) -> &'static str {
    let mut left = draw.share(Lot::Model);
    for (model, share) in MODELS {
        if left < share {
            return model;
        }
        left -= share;
    }
    MODELS[0].0
}

/// The newest release that has reached this phone.
fn version(settings: &Settings, draw: Draw, at: Timestamp, start: Timestamp) -> &'static str {
    let reached = arrivals(settings, draw, start).filter(|(updated, _)| *updated <= at);
    reached
        .last()
        .map_or(settings.releases[0].0, |(_, version)| version)
}

/// When each release after the first reaches this phone: some days after it ships, for half of the phones
/// within the half-life.
pub(super) fn arrivals(
    settings: &Settings,
    draw: Draw,
    start: Timestamp,
) -> impl Iterator<Item = (Timestamp, &'static str)> {
    let mean = settings.adoption_half_life / std::f64::consts::LN_2;
    let releases = (0..).zip(settings.releases).skip(1);
    releases.map(move |(number, (version, day))| {
        let lag = draw.part(number).exponential(mean, Lot::Update);
        let after = i64::from(day) * DAY_MS + (lag * DAY_MS as f64) as i64;
        (start.plus_millis(after), version)
    })
}
