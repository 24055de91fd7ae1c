//! The journeys of the shop, and what faults change about them.

use anyhow::{Context as _, Result};
use axum::http::Method;
use landfall_sim::shop::Fault;
use serde_json::{Value, json};

use super::House;

/// The journeys that come with the program.
const JOURNEYS: [&str; 7] = [
    include_str!("../../../../journeys/cart-recovery.json"),
    include_str!("../../../../journeys/browse-abandonment.json"),
    include_str!("../../../../journeys/back-in-stock.json"),
    include_str!("../../../../journeys/price-drop.json"),
    include_str!("../../../../journeys/replenishment.json"),
    include_str!("../../../../journeys/win-back.json"),
    include_str!("../../../../journeys/release-check.json"),
];

/// The journey that sells nothing.
const RELEASE_CHECK: &str = "release-check";

/// Applies and starts them.
///
/// The launch gate wants a green run of the test profiles: with `qa` they are run, otherwise that is waived.
pub(super) async fn start(house: &House, qa: bool) -> Result<()> {
    let mut ids = Vec::new();
    for text in JOURNEYS {
        let journey: Value = serde_json::from_str(text).context("a journey does not read")?;
        ids.push(journey["id"].as_str().unwrap_or_default().to_owned());
        house
            .door
            .own(Method::POST, "/landfall/v1/journeys", &journey)
            .await?;
    }
    // What happened before is counted first.
    house.build().await?;
    for id in ids {
        if id == RELEASE_CHECK {
            waive(house, &id, "goal", "nobody sees it, so it sells nothing").await?;
        }
        if qa {
            let path = format!("/landfall/v1/journeys/{id}/qa");
            house.door.own(Method::POST, &path, &json!({})).await?;
        } else {
            waive(house, &id, "qa", "the shop has been tried before").await?;
        }
        let path = format!("/landfall/v1/journeys/{id}/start");
        house.door.own(Method::POST, &path, &json!({})).await?;
    }
    Ok(())
}

async fn waive(house: &House, id: &str, requirement: &str, reason: &str) -> Result<()> {
    let path = format!("/landfall/v1/journeys/{id}/waivers");
    let waiver = json!({ "requirement": requirement, "reason": reason, "version": "all" });
    house.door.own(Method::POST, &path, &waiver).await?;
    Ok(())
}

/// Changes what a fault changes.
pub(super) async fn plant(house: &House, fault: Fault) -> Result<()> {
    let rules = match fault {
        Fault::CapChanged => Some(json!({ "caps": [{ "max": 1, "within": "14d" }], "topics": {} })),
        // Meant for the night, and twelve hours off.
        Fault::QuietHoursWrong => Some(json!({
            "quiet_hours": { "from": "10:00", "to": "20:00", "then": "drop" }, "caps": [], "topics": {},
        })),
        _ => None,
    };
    if let Some(rules) = rules {
        house
            .door
            .own(Method::PUT, "/landfall/v1/policy", &rules)
            .await?;
    }
    let mut cart: Value = serde_json::from_str(JOURNEYS[0]).context("a journey does not read")?;
    match fault {
        Fault::SegmentShrink => cart["trigger"]["where"]["greater_than"] = json!(42),
        Fault::TemplateAbort => {
            let body = cart.pointer_mut("/steps/5/reach/channels/0/push/body");
            *body.context("the journey about carts has no second reminder")? =
                json!("{% if event.total > 40 %}{{ 1 | divided_by: 0 }}{% endif %}We gladly help.");
        }
        Fault::TtlTooShort => {
            let ttl = cart.pointer_mut("/steps/2/reach/channels/0/ttl");
            *ttl.context("the journey about carts has no first reminder")? = json!("5m");
        }
        _ => return Ok(()),
    }
    house
        .door
        .own(Method::POST, "/landfall/v1/journeys", &cart)
        .await?;
    Ok(())
}
