//! The data set: targets of 28 days, the same for everybody on every run.

use std::sync::Arc;

use landfall_board::{DeviceDims, FateCodes, MessageInfo, RowUpdate, TokenAge};
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::ids::{DeliveryKey, DeviceKey, MessageKey, PersonKey};
use landfall_domain::marks::{Mark, Marks};
use landfall_domain::message::SourceKind;
use landfall_domain::time::{DAY_MS, Timestamp};

/// First instant: 2026-10-01, a Thursday.
pub const START: i64 = 1_790_812_800_000;
pub const DAYS: i64 = 28;
pub const STEPS: u32 = 60;
pub const STEPS_OF_A_JOURNEY: u32 = 5;
/// App versions of iOS, Android and web: 40.
const VERSIONS: [u32; 3] = [14, 18, 8];
const OS_VERSIONS: [u32; 3] = [6, 8, 4];
pub const REASONS: u16 = 32;
/// Marks beside `created`, in the order of their flags in the export.
pub const MARKS: [Mark; 9] = [
    Mark::Sent,
    Mark::Delivered,
    Mark::Opened,
    Mark::Clicked,
    Mark::Converted,
    Mark::Bounced,
    Mark::Failed,
    Mark::Undeliverable,
    Mark::Expired,
];

/// SplitMix64: small, and the same everywhere.
pub struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, end: u64) -> u64 {
        (u128::from(self.next()) * u128::from(end) >> 64) as u64
    }

    fn share(&mut self) -> f64 {
        self.next() as f64 / u64::MAX as f64
    }

    /// Lower numbers more often.
    fn skewed(&mut self, end: u32) -> u32 {
        let share = self.share();
        ((share * share * f64::from(end)) as u32).min(end - 1)
    }
}

/// One target, in plain numbers: what every engine is given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Target {
    pub created: i64,
    pub delivery: u32,
    pub target: u16,
    pub person: u32,
    pub device: u32,
    pub step: u8,
    pub platform: u8,
    pub app_version: u8,
    pub os_version: u8,
    pub token_age: u8,
    pub reason: u16,
    /// Delay to each of [`MARKS`]; `None` when it did not happen.
    pub delays: [Option<u32>; 9],
}

/// Makes `count` targets in order of creation.
pub fn targets(count: u64) -> impl Iterator<Item = Target> {
    let mut dice = Dice(20_261_123);
    let mut last = Target::default();
    (0..count).map(move |number| {
        // Every fourth target or so is a second device of the delivery before.
        if number > 0 && last.target < 2 && dice.below(5) == 0 {
            last.target += 1;
            device(&mut dice, &mut last);
        } else {
            let even = number as f64 / count as f64 * (DAYS * DAY_MS) as f64;
            // Busier by day than by night, and never before the delivery that came before.
            let wave = (even / DAY_MS as f64 * std::f64::consts::TAU).sin() * 10_000_000.0;
            let delivery = if number == 0 { 0 } else { last.delivery + 1 };
            last = Target {
                created: START + ((even + wave) as i64).clamp(0, DAYS * DAY_MS - 1),
                delivery,
                person: dice.below(4_000_000) as u32,
                step: dice.skewed(STEPS) as u8,
                ..Target::default()
            };
            device(&mut dice, &mut last);
        }
        fate(&mut dice, &mut last);
        last
    })
}

fn device(dice: &mut Dice, target: &mut Target) {
    target.device = dice.below(6_000_000) as u32;
    target.platform = [0, 0, 0, 0, 1, 1, 1, 1, 1, 2][dice.below(10) as usize];
    let platform = usize::from(target.platform);
    let before: u32 = VERSIONS[..platform].iter().sum();
    target.app_version = (before + dice.skewed(VERSIONS[platform])) as u8;
    let before: u32 = OS_VERSIONS[..platform].iter().sum();
    target.os_version = (before + dice.skewed(OS_VERSIONS[platform])) as u8;
    target.token_age = 1 + dice.below(7) as u8;
}

fn fate(dice: &mut Dice, target: &mut Target) {
    target.delays = [None; 9];
    target.reason = 0;
    let near = 40 + dice.below(1_500) as u32;
    let roll = dice.share();
    if roll < 0.06 {
        // Bounced, failed, undeliverable, each with its reasons.
        let kind = 5 + dice.below(3) as usize;
        target.delays[kind] = Some(near);
        target.reason = 1 + dice.skewed(u32::from(REASONS) - 1) as u16;
        return;
    }
    target.delays[0] = Some(near);
    let reached = match target.platform {
        0 => 0.83,
        1 if target.app_version > 28 => 0.55,
        1 => 0.78,
        _ => 0.6,
    };
    if dice.share() > reached {
        if dice.below(3) == 0 {
            target.delays[8] = Some(DAY_MS as u32);
            target.reason = 31;
        }
        return;
    }
    // Most within seconds, some when the phone comes back hours later.
    let spread = (-dice.share().max(1e-9).ln()).powi(3);
    let delivered = near + (900.0 + spread * 4_000.0) as u32;
    target.delays[1] = Some(delivered);
    if dice.share() < 0.07 {
        let opened = delivered + dice.below(4 * 3_600_000) as u32;
        target.delays[2] = Some(opened);
        if dice.share() < 0.5 {
            target.delays[3] = Some(opened + dice.below(60_000) as u32);
            if dice.share() < 0.2 {
                target.delays[4] = Some(opened + 60_000 + dice.below(7_200_000) as u32);
            }
        }
    }
}

/// Names of numbers, by platform, app version and OS version.
pub struct Names {
    pub app_versions: Vec<Arc<str>>,
    pub os_versions: Vec<Arc<str>>,
}

pub fn names() -> Names {
    let list = |counts: [u32; 3], first: u32| {
        let each = ["ios", "android", "web"].into_iter().zip(counts);
        let names = each.flat_map(|(platform, count)| {
            (0..count).map(move |minor| Arc::from(format!("{platform}-{}.{minor}", first)))
        });
        names.collect()
    };
    Names {
        app_versions: list(VERSIONS, 7),
        os_versions: list(OS_VERSIONS, 17),
    }
}

/// The row as the board takes it.
pub fn row(target: &Target, names: &Names) -> RowUpdate {
    let created = Timestamp::from_millis(target.created);
    let happened = MARKS.iter().zip(target.delays).filter_map(|(mark, delay)| {
        delay.map(|delay| (*mark, created.plus_millis(i64::from(delay))))
    });
    let marks: Marks = happened.chain([(Mark::Created, created)]).collect();
    let outcome = target.delays.iter().rposition(Option::is_some).unwrap_or(0) as u8;
    RowUpdate {
        delivery: DeliveryKey(target.delivery),
        target: target.target,
        created,
        message: MessageKey(u32::from(target.step)),
        person: Some(PersonKey(target.person)),
        device: Some(DeviceKey(target.device)),
        dims: DeviceDims {
            platform: Some(Platform::ALL[usize::from(target.platform)]),
            app_version: Some(names.app_versions[usize::from(target.app_version)].clone()),
            os_version: Some(names.os_versions[usize::from(target.os_version)].clone()),
            token_age: TokenAge::ALL[usize::from(target.token_age)],
            receipt_capable: true,
            ..DeviceDims::default()
        },
        marks,
        fate: FateCodes {
            target_outcome: outcome,
            target_reason: target.reason,
            outcome,
            reason: target.reason,
            ..FateCodes::default()
        },
        revenue: None,
    }
}

/// The journeys and steps that the rows are of.
pub fn catalogue() -> Vec<MessageInfo> {
    (0..u64::from(STEPS))
        .map(|step| MessageInfo {
            source: SourceKind::Campaign,
            source_id: step / u64::from(STEPS_OF_A_JOURNEY),
            step_id: Some(step),
            variant_id: None,
            channel: Channel::Push,
            source_name: None,
            step_name: None,
            variant_name: None,
            parts: [const { None }; 4],
        })
        .collect()
}
