//! Random rows and questions, from pools small enough that everything collides.

use std::sync::Arc;

use jiff::tz::TimeZone;
use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::ids::{DeliveryKey, DeviceKey, MessageKey, PersonKey};
use landfall_domain::marks::{Mark, Marks};
use landfall_domain::message::SourceKind;
use landfall_domain::naming::Part;
use landfall_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Timestamp};
use rand::rngs::SmallRng;
use rand::{Rng, seq::IndexedRandom};

use crate::tests::recount::{Rows, value_of};
use crate::{
    Basis, Bucket, Condition, CountBy, Currency, DeviceDims, Dimension, FateCodes, Filter, Measure,
    MessageInfo, Position, Query, Revenue, RowUpdate, Search, TimeRange, TokenAge,
};

/// 2026-10-24: a day before clocks in Europe go back.
const BASE: i64 = 1_792_800_000_000;
/// Messages that rows name; the catalogue knows all but the last two.
const MESSAGES: u32 = 10;

pub(super) fn pick<Item: Clone>(rng: &mut SmallRng, items: &[Item]) -> Item {
    items.choose(rng).expect("pools are not empty").clone()
}

fn maybe<Item>(rng: &mut SmallRng, item: impl FnOnce(&mut SmallRng) -> Item) -> Option<Item> {
    rng.random_bool(0.8).then(|| item(rng))
}

pub(super) fn catalogue() -> Vec<MessageInfo> {
    let text = |text: &str| Some(text.to_owned());
    (0..u64::from(MESSAGES) - 2)
        .map(|key| MessageInfo {
            source: [SourceKind::Campaign, SourceKind::Newsletter][key as usize % 2],
            source_id: key / 4,
            step_id: (key % 5 > 0).then_some(key % 3),
            variant_id: (key % 3 == 0).then_some(key % 2),
            channel: [Channel::Push, Channel::Sms][key as usize % 2],
            source_name: text(["Cart Recovery", "Win-back"][key as usize / 4]),
            step_name: (key % 2 == 0).then(|| format!("PUSH {key}")),
            variant_name: None,
            parts: [
                text(["Cart", "Äpfel"][key as usize % 2]),
                text("Push 1"),
                None,
                None,
            ],
        })
        .collect()
}

fn random_time(rng: &mut SmallRng) -> Timestamp {
    let minutes = match rng.random_range(0..10) {
        0 => rng.random_range(-400..400) * 24 * 60,
        1..4 => rng.random_range(0..48) * 60,
        _ => rng.random_range(0..5 * 24 * 60),
    };
    let off = pick(rng, &[0, 0, 1, -1, 12_345]);
    Timestamp::from_millis(BASE + minutes * MINUTE_MS + off)
}

fn random_text(rng: &mut SmallRng, pool: &[&str]) -> Option<Arc<str>> {
    maybe(rng, |rng| Arc::from(pick(rng, pool)))
}

fn random_dims(rng: &mut SmallRng) -> DeviceDims {
    if rng.random_bool(0.1) {
        return DeviceDims::default();
    }
    DeviceDims {
        platform: maybe(rng, |rng| pick(rng, Platform::ALL)),
        provider: maybe(rng, |rng| pick(rng, &Provider::ALL[..3])),
        app: random_text(rng, &["shop"]),
        app_version: random_text(rng, &["1.0", "1.1", "2.0"]),
        os_version: random_text(rng, &["17", "18", "1.0"]),
        sdk_version: random_text(rng, &["4.1", "4.2"]),
        device_model: random_text(rng, &["Pixel 9", "iPhone17,1"]),
        token_age: pick(rng, &TokenAge::ALL),
        permission: maybe(rng, |rng| rng.random()),
        receipt_capable: rng.random(),
    }
}

pub(super) fn random_marks(rng: &mut SmallRng, created: Timestamp) -> Marks {
    let mut marks = Marks::none();
    if rng.random_bool(0.9) {
        marks.set(Mark::Created, created);
    }
    let likely = [Mark::Sent, Mark::Delivered];
    for mark in Mark::ALL {
        let share = if likely.contains(mark) { 0.7 } else { 0.1 };
        if rng.random_bool(share) {
            let delay = match rng.random_range(0..12) {
                0 => rng.random_range(-2 * DAY_MS..0),
                1 => rng.random_range(0..100 * DAY_MS),
                2 => pick(rng, &[0x7fff_0000, 0x7fff_ffff, 0xffff_ffff]) - rng.random_range(0..4),
                3 => 0,
                4..8 => rng.random_range(0..30) * HOUR_MS,
                _ => rng.random_range(0..MINUTE_MS),
            };
            marks.set(*mark, created.plus_millis(delay));
        }
    }
    marks
}

fn random_fate(rng: &mut SmallRng) -> FateCodes {
    FateCodes {
        target_outcome: rng.random_range(0..3),
        target_reason: rng.random_range(0..3),
        status: rng.random_range(0..3),
        outcome: rng.random_range(0..3),
        reason: rng.random_range(300..304),
        flags: rng.random_range(0..4),
    }
}

/// A row of `delivery`. Rows of one delivery mostly agree on message and creation, not always.
pub(super) fn random_row(rng: &mut SmallRng, delivery: u32) -> RowUpdate {
    let mut agreed = <SmallRng as rand::SeedableRng>::seed_from_u64(u64::from(delivery));
    let stray = rng.random_bool(0.1);
    let of = if stray { &mut *rng } else { &mut agreed };
    let created = random_time(of);
    let message = MessageKey(of.random_range(0..MESSAGES));
    RowUpdate {
        delivery: DeliveryKey(delivery),
        target: rng.random_range(0..3),
        created,
        message,
        person: maybe(rng, |rng| PersonKey(rng.random_range(0..30))),
        device: maybe(rng, |rng| DeviceKey(rng.random_range(0..40))),
        dims: random_dims(rng),
        marks: random_marks(rng, created),
        fate: random_fate(rng),
        revenue: rng.random_bool(0.2).then(|| Revenue {
            minor: rng.random_range(-500..5_000),
            currency: Currency(pick(rng, &[*b"EUR", *b"USD"])),
        }),
    }
}

const DIMENSIONS: [Dimension; 22] = [
    Dimension::Journey,
    Dimension::Step,
    Dimension::NamePart(Part::Journey),
    Dimension::NamePart(Part::Step),
    Dimension::NamePart(Part::Intent),
    Dimension::Variant,
    Dimension::Channel,
    Dimension::Platform,
    Dimension::Provider,
    Dimension::App,
    Dimension::AppVersion,
    Dimension::OsVersion,
    Dimension::SdkVersion,
    Dimension::DeviceModel,
    Dimension::TokenAge,
    Dimension::Permission,
    Dimension::ReceiptCapable,
    Dimension::Outcome,
    Dimension::Reason,
    Dimension::Status,
    Dimension::TargetOutcome,
    Dimension::TargetReason,
];

const BUCKETS: [Bucket; 7] = [
    Bucket::Minutes(15),
    Bucket::Minutes(7),
    Bucket::Minutes(720),
    Bucket::Hour,
    Bucket::Day,
    Bucket::Week,
    Bucket::Month,
];

fn random_group_by(rng: &mut SmallRng) -> Vec<Dimension> {
    let count = pick(rng, &[0, 1, 1, 2, 3]);
    let mut dimensions: Vec<Dimension> = DIMENSIONS.choose_multiple(rng, count).copied().collect();
    if dimensions.len() < 3 && rng.random_bool(0.5) {
        let place = rng.random_range(0..=dimensions.len());
        dimensions.insert(place, Dimension::Time(pick(rng, &BUCKETS)));
    }
    dimensions
}

fn random_measure(rng: &mut SmallRng) -> Measure {
    let mark = match rng.random_range(0..4) {
        0 => pick(rng, Mark::ALL),
        1 => Mark::Sent,
        _ => Mark::Delivered,
    };
    match rng.random_range(0..9) {
        0 => Measure::Rows,
        1 => Measure::Revenue,
        2 => Measure::DelayQuantiles {
            mark,
            shares: vec![0.0, 0.5, 0.95, rng.random(), 1.0],
        },
        3 => Measure::DelayHistogram {
            mark,
            bounds: vec![0, 1, 30_000, HOUR_MS, 50 * DAY_MS],
        },
        _ => Measure::Marked(mark),
    }
}

fn random_condition(rng: &mut SmallRng, rows: &Rows) -> Condition {
    let mark = pick(rng, Mark::ALL);
    match rng.random_range(0..14) {
        0 => Condition::Has(pick(rng, &[mark, Mark::Sent, Mark::Delivered])),
        1 => Condition::Lacks(mark),
        2 => {
            let texts = ["cart", "push 2", "ÄPFEL", "nothing", ""];
            Condition::NameContains(pick(rng, &texts).to_owned())
        }
        3 => Condition::Flags {
            mask: rng.random_range(0..4),
            value: rng.random_range(0..2),
        },
        4 => Condition::People(
            (0..15)
                .map(|_| PersonKey(rng.random_range(0..40)))
                .collect(),
        ),
        5 => Condition::Devices(
            (0..20)
                .map(|_| DeviceKey(rng.random_range(0..50)))
                .collect(),
        ),
        6 => {
            let keys = (0..60).map(|_| DeliveryKey(rng.random_range(0..200)));
            Condition::Deliveries(keys.collect())
        }
        kind => {
            let dimension = pick(rng, &DIMENSIONS);
            let catalogue = catalogue();
            let values = rows.sample(rng, 3);
            let values = values
                .iter()
                .map(|row| value_of(&catalogue, row, dimension));
            match kind % 2 {
                0 => Condition::NotIn(dimension, values.take(1).collect()),
                _ => Condition::In(dimension, values.collect()),
            }
        }
    }
}

fn random_filter(rng: &mut SmallRng, rows: &Rows) -> Filter {
    let count = [0, 0, 1, 1, 2][rng.random_range(0..5)];
    Filter((0..count).map(|_| random_condition(rng, rows)).collect())
}

fn random_range(rng: &mut SmallRng) -> TimeRange {
    TimeRange {
        start: rng.random_bool(0.3).then(|| random_time(rng)),
        end: rng.random_bool(0.3).then(|| random_time(rng)),
    }
}

/// Zones with a clock that moves in October: by an hour at night, at midnight, and by half an
/// hour. Written out, so that the test needs no time zone files.
fn random_zone(rng: &mut SmallRng) -> TimeZone {
    let zones = [
        "UTC0",
        "IST-5:30",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "<-03>3<-02>,M10.4.0/0,M2.3.0/0",
        "<+1030>-10:30<+11>-11,M10.4.0,M4.1.0",
    ];
    TimeZone::posix(pick(rng, &zones)).expect("a valid zone")
}

pub(super) fn random_query(rng: &mut SmallRng, rows: &Rows) -> Query {
    let bases = [Basis::Created, Basis::Occurred];
    let counts = [
        CountBy::Row,
        CountBy::Delivery,
        CountBy::Person,
        CountBy::Device,
    ];
    let mut range = random_range(rng);
    let group_by = random_group_by(rng);
    if group_by
        .iter()
        .any(|dimension| matches!(dimension, Dimension::Time(Bucket::Minutes(7 | 15))))
    {
        // Years in minutes would be more buckets than an answer holds.
        let start = random_time(rng);
        range = TimeRange::between(start, start.plus_millis(3 * DAY_MS));
    }
    Query {
        filter: random_filter(rng, rows),
        group_by,
        measures: (0..rng.random_range(1..5))
            .map(|_| random_measure(rng))
            .collect(),
        count_by: pick(rng, &counts),
        basis: pick(rng, &bases),
        range,
        zone: random_zone(rng),
    }
}

pub(super) fn random_search(rng: &mut SmallRng, rows: &Rows) -> Search {
    Search {
        filter: random_filter(rng, rows),
        range: random_range(rng),
        after: rng.random_bool(0.3).then(|| Position {
            created: random_time(rng),
            delivery: DeliveryKey(rng.random_range(0..200)),
        }),
        limit: rng.random_range(0..12),
    }
}
