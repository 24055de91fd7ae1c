//! The journeys that come with the program, gone through by the production engine.

use std::path::PathBuf;

use landfall_store_sqlite::SqliteStore;
use serde_json::json;

use super::*;

/// A store in a folder that goes away with it.
pub(crate) fn empty() -> Result<Scratch, StoreError> {
    let folder = tempfile::tempdir().map_err(StoreError::unavailable)?;
    let options = landfall_store_sqlite::Options { salt: 7 };
    let store = SqliteStore::open_unflushed(&folder.path().join("qa.db"), options)?;
    Ok(Scratch {
        store: Arc::new(store),
        keeper: Box::new(folder),
    })
}

pub(crate) fn template(name: &str) -> Value {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../journeys");
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).expect("it is there");
    serde_json::from_str(&text).expect("it is JSON")
}

async fn report_of(definition: &Value) -> Report {
    run(definition, &empty).await.expect("it runs")
}

#[track_caller]
fn assert_green(report: &Report) {
    for case in &report.cases {
        for check in &case.checks {
            let (name, expected, found) = (&case.name, &check.expected, &check.found);
            assert!(
                check.met,
                "{}, {name}: {expected}, but: {found}\n{case:#?}",
                report.journey
            );
        }
    }
}

#[tokio::test]
async fn cart_recovery_does_what_its_test_profiles_expect() {
    assert_green(&report_of(&template("cart-recovery")).await);
}

#[tokio::test]
async fn browse_abandonment_does_what_its_test_profiles_expect() {
    assert_green(&report_of(&template("browse-abandonment")).await);
}

#[tokio::test]
async fn replenishment_does_what_its_test_profiles_expect() {
    assert_green(&report_of(&template("replenishment")).await);
}

#[tokio::test]
async fn win_back_does_what_its_test_profiles_expect() {
    assert_green(&report_of(&template("win-back")).await);
}

#[tokio::test]
async fn back_in_stock_does_what_its_test_profiles_expect() {
    assert_green(&report_of(&template("back-in-stock")).await);
}

#[tokio::test]
async fn price_drop_does_what_its_test_profiles_expect() {
    assert_green(&report_of(&template("price-drop")).await);
}

#[tokio::test]
async fn release_check_does_what_its_test_profiles_expect() {
    assert_green(&report_of(&template("release-check")).await);
}

#[tokio::test]
async fn an_expectation_that_does_not_come_true_is_told_with_what_there_was_instead() {
    let mut wrong = template("cart-recovery");
    wrong["qa"]["cases"][0]["expect"] = json!([{"step": "remind/push", "is": "bounced"}]);
    let report = report_of(&wrong).await;
    assert!(!report.is_green());
    let check = &report.cases[0].checks[0];
    assert!(!check.met);
    assert_eq!(check.found, "delivered");
    assert!(report.cases[1].is_green());
}

#[tokio::test]
async fn a_definition_without_test_profiles_is_no_green_one() {
    let mut none = template("cart-recovery");
    none.as_object_mut().expect("an object").remove("qa");
    let refused = run(&none, &empty).await;
    assert!(matches!(refused, Err(QaError::NoCases)), "{refused:?}");
}
