//! Diagnoses of a simulated shop whose truth is known.

use landfall_board::{Board, Currency, MessageInfo, Revenue, Value};
use landfall_domain::message::SourceKind;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_insight::verdict::{Cause, Problem};
use landfall_sim::shop::{CART, Fault, MESSAGES, Settings, Shop};

use super::*;
use crate::feed::rows;

/// A Monday at midnight: 2026-08-31.
const START: Timestamp = Timestamp::from_seconds(1_788_134_400);
/// Days that are lived through; the last seven are looked at.
const DAYS: u32 = 63;

fn messages() -> Vec<MessageInfo> {
    let info = |line: &landfall_sim::shop::Line| MessageInfo {
        source: SourceKind::Campaign,
        source_id: CART,
        step_id: Some(line.step),
        variant_id: None,
        channel: line.channel,
        source_name: Some("Cart Recovery".to_owned()),
        step_name: Some(line.name.to_owned()),
        variant_name: None,
        parts: [const { None }; 4],
    };
    MESSAGES.iter().map(info).collect()
}

/// The board of a shop in which something went wrong five days before the end.
fn board(fault: Option<Fault>, seed: u64) -> (Board, Timestamp) {
    let end = START.plus_millis(i64::from(DAYS) * DAY_MS);
    let settings = Settings {
        carts_per_day: 3_000,
        ..Settings::default()
    };
    let mut shop = Shop::new(settings, seed, START);
    if let Some(fault) = fault {
        shop = shop.with(fault, end.plus_millis(-5 * DAY_MS));
    }
    let mut board = Board::new();
    for visit in shop.days(DAYS - 35..DAYS) {
        for reached in visit.reached {
            let mut updates = rows(&reached.delivery);
            if let Some(first) = updates.first_mut().filter(|_| reached.minor != 0) {
                first.revenue = Some(Revenue {
                    minor: reached.minor,
                    currency: Currency(*b"EUR"),
                });
            }
            board.apply(&updates);
        }
    }
    (board, end)
}

fn diagnosis(fault: Option<Fault>, seed: u64) -> Report {
    let (board, end) = board(fault, seed);
    diagnosis_of(&board, &messages(), end)
}

fn diagnosis_of(board: &Board, messages: &[MessageInfo], end: Timestamp) -> Report {
    let period = Period {
        start: end.plus_millis(-7 * DAY_MS),
        end,
    };
    let request = Request {
        journey: vec![Value::Source(SourceKind::Campaign, CART)],
        name: format!("campaign:{CART}"),
        period,
        against: period.previous(),
        changes: Vec::new(),
        seed: 1,
    };
    // What the last day's phones have to say is here two days later.
    let now = end.plus_millis(2 * DAY_MS);
    diagnose(board, messages, &request, now, 2).expect("a diagnosis")
}

#[track_caller]
fn check(fault: Fault, problem: Problem, cause: Cause) -> Report {
    let report = diagnosis(Some(fault), 5);
    let verdict = &report.diagnosis.verdict;
    assert_eq!(
        (verdict.problem, verdict.cause),
        (problem, cause),
        "{fault:?}: {verdict:#?} {:#?}",
        report.diagnosis.stages
    );
    assert_eq!(report.diagnosis.unit, "EUR");
    assert_eq!(verdict.facts.len(), 3);
    assert!(
        verdict.facts.iter().all(|fact| !fact.rows.0.is_empty()),
        "every fact opens its rows"
    );
    report
}

#[test]
fn a_revoked_key_is_found_on_its_platform_since_its_day() {
    let report = check(Fault::KeyRevoked, Problem::Delivery, Cause::Credential);
    let verdict = &report.diagnosis.verdict;
    assert_eq!(verdict.place.slice.to_string(), "platform ios");
    let since = verdict.since.expect("a clear beginning");
    let began = START.plus_millis(i64::from(DAYS - 5) * DAY_MS);
    assert!(
        since.at.since(began).abs() <= 2 * landfall_domain::time::HOUR_MS,
        "{since:?}"
    );
}

#[test]
fn a_release_that_loses_tokens_is_delivery() {
    let report = check(Fault::TokenChurn, Problem::Delivery, Cause::TokenChurn);
    let place = report.diagnosis.verdict.place.slice.to_string();
    assert_eq!(place, "platform ios, app_version 5.2");
}

#[test]
fn lost_receipts_are_measurement() {
    check(
        Fault::ReceiptsLost,
        Problem::Measurement,
        Cause::ReceiptsLost,
    );
}

#[test]
fn a_cap_is_eligibility() {
    check(Fault::CapChanged, Problem::Eligibility, Cause::Cap);
}

#[test]
fn orders_that_are_not_reported_are_their_tracking() {
    check(
        Fault::OrderTracking,
        Problem::OrderTracking,
        Cause::OrdersUnreported,
    );
}

#[test]
fn a_quiet_week_is_nothing() {
    let verdict = diagnosis(None, 6).diagnosis.verdict;
    assert_eq!(verdict.problem, Problem::Nothing, "{verdict:#?}");
}

/// A check of releases is busy in the week of a release; nobody buys anything because of it.
#[test]
fn journeys_without_orders_say_nothing_about_the_season() {
    let (mut board, end) = board(None, 6);
    let own = messages();
    let other = own.iter().map(|info| MessageInfo {
        source_id: CART + 1,
        ..info.clone()
    });
    let infos: Vec<MessageInfo> = own.iter().cloned().chain(other).collect();
    for visit in Shop::new(Settings::default(), 7, START).days(DAYS - 14..DAYS) {
        for mut delivery in visit.reached.into_iter().map(|reached| reached.delivery) {
            delivery.key.0 |= 1 << 30;
            delivery.message.0 += own.len() as u32;
            for target in &mut delivery.targets {
                let kept = target.marks.iter();
                target.marks = kept.filter(|(mark, _)| *mark != Mark::Converted).collect();
            }
            board.apply(&rows(&delivery));
        }
    }
    let report = diagnosis_of(&board, &infos, end);
    assert_eq!(report.diagnosis.others, None);
}
