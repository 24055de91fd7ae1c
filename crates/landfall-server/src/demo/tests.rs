use axum::http::Method;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_sim::shop::{Fault, Settings};
use serde_json::Value;

use super::{Books, Keys, Life, Plan};

/// A Monday.
const START: Timestamp = Timestamp::from_seconds(1_790_553_600);

fn plan(fault: Option<Fault>) -> Plan {
    Plan {
        settings: Settings {
            customers: 2_000,
            carts_per_day: 120,
            releases: [("5.0", -60), ("5.1", -50), ("5.2", 2)],
            ..Settings::default()
        },
        seed: 3,
        qa: false,
        start: START,
        fault: fault.map(|fault| (fault, START.plus_millis(2 * DAY_MS))),
    }
}

async fn lived(plan: Plan, days: i64) -> (Books, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys::random().expect("keys");
    let mut life = Life::open(plan, folder.path(), keys).await.expect("a shop");
    life.until(START.plus_millis(days * DAY_MS))
        .await
        .expect("days");
    let books = life.books();
    let rows = life.house.workspace.board().view().rows() as u64;
    tokio::task::spawn_blocking(move || life.house.close())
        .await
        .expect("an end");
    (books, rows)
}

#[tokio::test]
async fn a_shop_lives_through_days_by_the_public_apis_alone() {
    let (books, rows) = lived(plan(None), 4).await;
    let handed: u64 = books.days.values().map(|day| day.handed).sum();
    let orders: u64 = books.days.values().map(|day| day.orders).sum();
    assert!(handed > 300, "{books:?}");
    assert!(orders > 5, "{books:?}");
    assert!(rows > handed, "{rows}");
}

#[tokio::test]
async fn the_same_seed_is_the_same_life() {
    assert_eq!(lived(plan(None), 2).await, lived(plan(None), 2).await);
}

/// What the tour claims, in a smaller shop: two quiet weeks about which nothing is said, then the release
/// that loses tokens, of which the owner is told, and of which the diagnosis says what it is and where.
#[tokio::test]
async fn a_release_that_loses_tokens_is_told_of_and_the_weeks_before_are_not() {
    const CLEAN: i64 = 14;
    let shop = Settings {
        customers: 2_500,
        carts_per_day: 250,
        // Everybody updates within days, so that one week shows what it takes a large shop a month to show.
        adoption_half_life: 1.0,
        releases: [("5.0", -60), ("5.1", -50), ("5.2", CLEAN as i32)],
        ..Settings::default()
    };
    let from = START.plus_millis(CLEAN * DAY_MS);
    let plan = Plan {
        settings: shop,
        fault: Some((Fault::TokenChurn, from)),
        ..plan(None)
    };
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys::random().expect("keys");
    let mut life = Life::open(plan, folder.path(), keys).await.expect("a shop");
    life.until(from.plus_millis(4 * DAY_MS))
        .await
        .expect("days");
    let told = life.told().to_vec();
    assert!(told.iter().all(|told| told.at > from), "{told:?}");
    let placed = told
        .iter()
        .find(|told| told.slice["platform"] == "ios" && told.slice["app_version"] == "5.2");
    let placed = placed.unwrap_or_else(|| panic!("nobody is told where: {told:?}"));
    assert!(placed.at < from.plus_millis(4 * DAY_MS), "{told:?}");
    let path = "/landfall/v1/journeys/cart-recovery/diagnosis?from=2026-10-13&to=2026-10-16";
    let door = &life.house.door;
    let answer = door.own(Method::GET, path, &Value::Null).await;
    let answer = answer.expect("a diagnosis");
    let verdict = &answer["diagnosis"]["verdict"];
    assert_eq!(verdict["problem"], "delivery", "{verdict}");
    let slice = verdict["place"]["slice"].to_string();
    assert!(slice.contains("ios"), "{verdict}");
    tokio::task::spawn_blocking(move || life.house.close())
        .await
        .expect("an end");
}

#[tokio::test]
async fn every_fault_can_be_planted() {
    for fault in Fault::ALL {
        let small = Settings {
            customers: 300,
            carts_per_day: 20,
            ..plan(None).settings
        };
        let plan = Plan {
            settings: small,
            ..plan(Some(*fault))
        };
        let (books, _) = lived(plan, 3).await;
        assert!(books.days.len() >= 3, "{}", fault.name());
    }
}

/// The merge that loses tokens is one that the identity report finds and repairs.
#[tokio::test]
async fn tokens_that_merges_lost_are_found_and_brought_back() {
    use landfall_insight::coverage::Kind;
    let folder = tempfile::tempdir().expect("a folder");
    let keys = Keys::random().expect("keys");
    let plan = plan(Some(Fault::MergeStrandsTokens));
    let mut life = Life::open(plan, folder.path(), keys).await.expect("a shop");
    life.until(START.plus_millis(2 * DAY_MS - 1))
        .await
        .expect("days");
    let workspace = life.house.workspace.clone();
    let clean = workspace.identity(0).await.expect("a look").expect("whole");
    assert_eq!(clean.findings, [], "a healthy shop has no such problems");
    life.until(START.plus_millis(2 * DAY_MS + 1))
        .await
        .expect("days");
    let repair = workspace.plan_repair(&[Kind::MergeLostToken]).await;
    let planned = repair.expect("a plan").moves.len();
    assert!(planned > 20, "{planned}");
    let done = workspace.repair(&Kind::ALL, "ops").await.expect("a repair");
    assert_eq!(done.moved(), planned as u64);
    let after = workspace.identity(0).await.expect("a look").expect("whole");
    assert_eq!(after.findings, []);
    tokio::task::spawn_blocking(move || life.house.close())
        .await
        .expect("an end");
}
