//! One simulated shop, as the board holds it eight days after the fault began, and its diagnosis.

use std::collections::BTreeSet;

use anyhow::Result;
use landfall_board::{Board, Currency, MessageInfo, Revenue, Value};
use landfall_domain::delivery::Delivery;
use landfall_domain::marks::{Mark, Marks};
use landfall_domain::message::SourceKind;
use landfall_domain::naming::{MessageName, Part};
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_engine::diagnosis::{Period, Request, diagnose};
use landfall_engine::feed;
use landfall_engine::monitor::{Said, rehearse};
use landfall_insight::alerts::Tell;
use landfall_insight::verdict::{Change, Problem, Slice as Found};
use landfall_sim::shop::{CART, Fault, MESSAGES, Money, Settings, Shop, Slice, Stage};

use crate::score::{Alert, Case};

/// A Monday.
const START: Timestamp = Timestamp::from_seconds(1_790_553_600);
/// The fault begins on this day, and so does the release that it may come with.
const DAY: u32 = 49;
/// The monitor looks every hour from this day on. The weeks before are what it learns from.
const WATCHED_FROM: i64 = 35;
/// What another journey's chance differs by.
const OTHER: u64 = 0x0b51;
/// Days that are compared.
const WEEK: i64 = 7;
const CENTS: f64 = 100.0;
const EUR: Currency = Currency(*b"EUR");

pub fn case(fault: Fault, seed: u64, carts: u32) -> Result<Case> {
    let from = START.plus_millis(i64::from(DAY) * DAY_MS);
    let settings = Settings {
        carts_per_day: carts,
        ..Settings::default()
    };
    let shop = Shop::new(settings.clone(), seed, START).with(fault, from);
    // Another journey of the same shop, for those who looked and left. What is wrong with the journey about
    // carts alone is not wrong with it.
    let other = Settings {
        carts_per_day: carts / 3,
        ..settings
    };
    let other = Shop::new(other, seed ^ OTHER, START);
    let other = if is_of_the_cart_journey(fault) {
        other
    } else {
        other.with(fault, from)
    };
    // A week of the fault, and some hours in which its last messages can be reported.
    let now = from.plus_millis(WEEK * DAY_MS + 6 * HOUR_MS);
    let mut board = Board::new();
    let mut truth = Money::default();
    let mut before = Money::default();
    for visit in shop.days(0..DAY + WEEK as u32 + 1) {
        for (at, money) in visit.worth_by_time() {
            if at >= from && at < from.plus_millis(WEEK * DAY_MS) {
                truth += money;
            } else if at >= from.plus_millis(-WEEK * DAY_MS) && at < from {
                before += money;
            }
        }
        for reached in visit.reached {
            put(&mut board, reached.delivery, reached.minor, now);
        }
    }
    for visit in other.days(0..DAY + WEEK as u32 + 1) {
        for mut reached in visit.reached {
            reached.delivery.key.0 |= 1 << 30;
            reached.delivery.message.0 += MESSAGES.len() as u32;
            put(&mut board, reached.delivery, reached.minor, now);
        }
    }
    let period = Period {
        start: from,
        end: from.plus_millis(WEEK * DAY_MS),
    };
    let request = Request {
        journey: vec![Value::Source(SourceKind::Campaign, CART)],
        name: format!("campaign:{CART}"),
        period,
        against: period.previous(),
        changes: vec![Change {
            at: from,
            what: "app 5.2".to_owned(),
        }],
        seed,
    };
    let watched = Period {
        start: START.plus_millis(WATCHED_FROM * DAY_MS),
        end: now,
    };
    let said = rehearse(&board, &catalogue(), watched, HOUR_MS)?;
    let report = diagnose(&board, &catalogue(), &request, now, 1)?;
    let verdict = report.diagnosis.verdict;
    let found = stage(verdict.problem);
    // The diagnosis speaks of euros, the shop counts cents.
    let (lost, low, high) = (
        verdict.money.lost * CENTS,
        verdict.money.interval.low * CENTS,
        verdict.money.interval.high * CENTS,
    );
    Ok(Case {
        fault,
        seed,
        stage: found.name(),
        stage_right: right(fault, found),
        slice: verdict.place.slice.to_string(),
        slice_right: slice_right(fault, &verdict.place.slice, &verdict.place.also),
        lost,
        covers: low <= truth.lost() && truth.lost() <= high,
        truth: truth.lost(),
        share: truth.lost() / before.expected.max(1.0),
        says: verdict.says,
        alert: alert(fault, from, &said),
    })
}

/// What the monitor told in two weeks without the fault and in the week of it.
fn alert(fault: Fault, from: Timestamp, said: &[Said]) -> Alert {
    let is_news = |said: &&Said| matches!(said.tell, Tell::New(_) | Tell::Back(_));
    let (before, after): (Vec<&Said>, Vec<&Said>) =
        said.iter().filter(is_news).partition(|said| said.at < from);
    let is_harmless = fault.stage() == Stage::Nothing;
    let first = after.first().filter(|_| !is_harmless);
    Alert {
        false_alarms: before.len() + if is_harmless { after.len() } else { 0 },
        quiet_weeks: if is_harmless { 3 } else { 2 },
        after_hours: first.map(|said| said.at.since(from) as f64 / HOUR_MS as f64),
        of: first.map_or_else(String::new, |said| {
            let head = &said.incident.finding.head;
            format!("{} of {}", head.metric.name(), head.slice.words())
        }),
        incidents: after.len(),
    }
}

fn put(board: &mut Board, mut delivery: Delivery, minor: i64, now: Timestamp) {
    if delivery.created_at > now {
        return;
    }
    let known = |marks: &Marks| marks.iter().filter(|(_, at)| *at <= now).collect::<Marks>();
    delivery.marks = known(&delivery.marks);
    let mut converted = false;
    for target in &mut delivery.targets {
        target.marks = known(&target.marks);
        converted |= target.marks.has(Mark::Converted);
    }
    let mut rows = feed::rows(&delivery);
    if let Some(row) = rows.first_mut().filter(|_| converted && minor != 0) {
        row.revenue = Some(Revenue {
            minor,
            currency: EUR,
        });
    }
    board.apply(&rows);
}

fn catalogue() -> Vec<MessageInfo> {
    let info = |source_id: u64, line: &landfall_sim::shop::Line| {
        let name = MessageName::parse(line.name);
        let part = |part| name.part(part).map(str::to_owned);
        MessageInfo {
            source: SourceKind::Campaign,
            source_id,
            step_id: Some(line.step),
            variant_id: None,
            channel: line.channel,
            source_name: part(Part::Journey),
            step_name: Some(line.name.to_owned()),
            variant_name: None,
            parts: [Part::Journey, Part::Step, Part::Delay, Part::Intent].map(part),
        }
    };
    [CART, CART + 1]
        .into_iter()
        .flat_map(|journey| MESSAGES.iter().map(move |line| info(journey, line)))
        .collect()
}

/// Whether a fault lies in the definition of the journey about carts or in what it offers.
const fn is_of_the_cart_journey(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::SegmentShrink
            | Fault::TemplateAbort
            | Fault::TtlTooShort
            | Fault::WorseCreative
            | Fault::SmallerDiscount
    )
}

const fn stage(problem: Problem) -> Stage {
    match problem {
        Problem::Delivery => Stage::Delivery,
        Problem::Measurement => Stage::Measurement,
        Problem::Coverage => Stage::Coverage,
        Problem::Eligibility => Stage::Eligibility,
        Problem::Engagement => Stage::Engagement,
        Problem::Offer => Stage::Offer,
        Problem::OrderTracking => Stage::OrderTracking,
        Problem::Seasonality => Stage::Seasonality,
        Problem::Nothing => Stage::Nothing,
    }
}

/// Everything has one right stage.
fn right(fault: Fault, found: Stage) -> bool {
    found == fault.stage()
}

/// `None`: rows cannot tell, or there is nothing to find.
fn slice_right(fault: Fault, found: &Found, also: &[Found]) -> Option<bool> {
    let unplaced = matches!(
        fault.stage(),
        Stage::Coverage
            | Stage::Eligibility
            | Stage::Nothing
            | Stage::OrderTracking
            | Stage::Seasonality
    );
    if unplaced {
        return None;
    }
    let truth = words(fault.slice());
    let found = std::iter::once(found).chain(also);
    Some(found.map(plain).any(|found| found == truth))
}

/// The truth in the diagnosis' words.
fn words(slice: Slice) -> BTreeSet<(String, String)> {
    let mut words = BTreeSet::new();
    let mut word = |name: &str, value: &str| words.insert((name.to_owned(), value.to_owned()));
    if let Some(platform) = slice.platform {
        word("platform", platform.name());
    }
    if let Some(version) = slice.app_version {
        word("app_version", version);
    }
    if let Some(model) = slice.model {
        word("device_model", model);
    }
    if let Some(step) = slice.step {
        word("step", &step.to_string());
    }
    if slice.old_tokens {
        word("token_age", "old");
    }
    // A model belongs to one platform.
    if slice.model.is_some() {
        words.retain(|(name, _)| name != "platform");
    }
    words
}

/// What was found, with what says the same in other words replaced.
fn plain(found: &Found) -> BTreeSet<(String, String)> {
    let mut words: BTreeSet<(String, String)> = BTreeSet::new();
    for (name, value) in &found.0 {
        let (name, value) = match (name.as_str(), value.as_str()) {
            ("provider", "apns") => ("platform", "ios"),
            ("provider", "fcm") => ("platform", "android"),
            ("sdk_version", "4.2") => ("app_version", "5.2"),
            ("app", app) if app.ends_with("ios") => ("platform", "ios"),
            ("app", app) if app.ends_with("android") => ("platform", "android"),
            ("token_age", ages) if ages.split(',').all(is_old) => ("token_age", "old"),
            same => same,
        };
        words.insert((name.to_owned(), value.to_owned()));
    }
    if words.iter().any(|(name, _)| name == "device_model") {
        words.retain(|(name, _)| name != "platform");
    }
    words
}

fn is_old(age: &str) -> bool {
    matches!(age.trim(), "180d_to_365d" | "365d_or_more")
}
