//! What conversions bring, on the board.

use landfall_board::{Cell, Currency, Dimension, Measure, Query, Value as Kind};
use landfall_domain::channel::Platform;
use landfall_domain::marks::Mark;
use serde_json::{Value, json};

use super::bad_days::did;
use super::house::House;
use crate::Workspace;
use crate::tests::shop::{DAY, HOUR, NOW, device_of, receipt, track, who};

/// A push to every device, and a purchase within three days of its arrival.
fn journey(steps: &Value) -> Value {
    json!({
        "id": "cart",
        "name": "Cart Recovery",
        "trigger": {"event": "cart_updated"},
        "goal": {"event": "order_placed", "within": "3d", "basis": "delivered", "value": "total",
            "currency": "currency",
            "refund": {"event": "order_refunded", "value": "total", "same": "order_id"}},
        "steps": steps
    })
}

fn push() -> Value {
    json!({"id": "push-1", "push": {"body": "Your cart waits"}, "to": "all",
        "name": {"step": "Push 1", "delay": "0h", "intent": "Remind"}})
}

/// Revenue and conversions in groups.
fn told(workspace: &Workspace, by: &[Dimension]) -> Vec<(Vec<Kind>, Vec<Cell>)> {
    let measures = vec![
        Measure::Revenue,
        Measure::Marked(Mark::Converted),
        Measure::Marked(Mark::Credited),
    ];
    let query = Query {
        group_by: by.to_vec(),
        ..Query::all(measures)
    };
    let catalogue = workspace.catalogue();
    let view = workspace.board().view();
    let table = view.query(catalogue.infos(), &query, 1).expect("answers");
    let groups = table.groups.into_iter();
    groups.map(|group| (group.key, group.cells)).collect()
}

fn euros(minor: i64) -> Cell {
    Cell::Money(vec![(Currency(*b"EUR"), minor)])
}

async fn reached(house: &House) -> String {
    let devices = [
        (Platform::Ios, "t1", [("app_version", "1.0")]),
        (Platform::Android, "t2", [("app_version", "2.0")]),
    ];
    let devices = devices.iter().map(|(platform, token, attributes)| {
        device_of(*platform, NOW - DAY, who("ann"), token, attributes)
    });
    house.take(devices.collect()).await;
    let entered = track(house.now(), "ann", "cart_updated");
    house.take(vec![entered]).await;
    let delivery = house.deliveries("ann").remove(0).id;
    house.wait(60).await;
    let arrived = receipt(house.now(), &delivery, Mark::Delivered, Some("t2"));
    house.take(vec![arrived]).await;
    house.wait(HOUR).await;
    delivery
}

#[tokio::test]
async fn revenue_stands_where_the_message_arrived_less_refunds_also_after_a_restart() {
    let house = House::new();
    let id = house.start(&journey(&json!([push()]))).await;
    reached(&house).await;
    let order = json!({"total": "89.90", "currency": "eur", "order_id": "o1"});
    let ordered = did(house.now(), "ann", "order_placed", &order);
    house.take(vec![ordered]).await;
    let by = [Dimension::Platform, Dimension::AppVersion];
    let android = vec![Kind::Platform(Platform::Android), Kind::Text("2.0".into())];
    let of_android = |workspace: &Workspace| {
        let told = told(workspace, &by);
        let found = told.into_iter().find(|(key, _)| *key == android);
        found.expect("a row for the device").1
    };
    let one = Cell::Count(1);
    assert_eq!(
        of_android(house.workspace()),
        [euros(8_990), one.clone(), one.clone()]
    );
    house.wait(DAY).await;
    for amount in ["20.00", "0.45"] {
        let back = json!({"total": amount, "order_id": "o1"});
        let refunded = did(house.now(), "ann", "order_refunded", &back);
        house.take(vec![refunded]).await;
    }
    let expected = [euros(6_945), one.clone(), one];
    assert_eq!(of_android(house.workspace()), expected);
    let everywhere = [Dimension::Journey, Dimension::Step, Dimension::Platform];
    let before = told(house.workspace(), &everywhere);
    let journey = Kind::Source(landfall_domain::message::SourceKind::Campaign, id.0.into());
    assert!(before.iter().all(|(key, _)| key[0] == journey));
    let sum = told(house.workspace(), &[]);
    assert_eq!(sum[0].1, expected, "nothing is counted twice");
    let house = house.again().await;
    assert_eq!(told(house.workspace(), &everywhere), before);
    house.close().await;
}

#[tokio::test]
async fn the_holdout_converts_and_earns_nothing() {
    let house = House::new();
    let steps = json!([{"id": "out", "holdout": 99.99}, push()]);
    house.start(&journey(&steps)).await;
    reached(&house).await;
    let order = json!({"total": 10, "currency": "EUR", "order_id": "o1"});
    let ordered = did(house.now(), "ann", "order_placed", &order);
    house.take(vec![ordered]).await;
    let told = told(house.workspace(), &[]);
    let one = Cell::Count(1);
    assert_eq!(told[0].1, [Cell::Money(Vec::new()), one.clone(), one]);
    house.close().await;
}

#[tokio::test]
async fn a_changed_goal_is_computed_anew_on_request_and_counts_from_then_on() {
    let house = House::new();
    let mut clicked = journey(&json!([push()]));
    clicked["goal"]["basis"] = json!("clicked");
    house.start(&clicked).await;
    reached(&house).await;
    let order = json!({"total": 30, "currency": "EUR", "order_id": "o1"});
    let ordered = did(house.now(), "ann", "order_placed", &order);
    house.take(vec![ordered]).await;
    assert_eq!(told(house.workspace(), &[])[0].1[1], Cell::Count(0));
    house.apply(&journey(&json!([push()]))).await;
    let (one, none) = (Cell::Count(1), Cell::Count(0));
    for _ in 0..2 {
        let asked = house.workspace().recompute_conversions("cart").await;
        assert_eq!(asked.expect("begins").1.recompute.map(|r| r.of), Some(1));
        let built = crate::segments::Builder::new(house.workspace().clone());
        built.drain().await.expect("computes");
        let expected = [euros(3_000), one.clone(), one.clone()];
        assert_eq!(told(house.workspace(), &[])[0].1, expected);
    }
    let house = house.again().await;
    let back = json!({"total": 10, "order_id": "o1"});
    let refunded = did(house.now(), "ann", "order_refunded", &back);
    house.take(vec![refunded]).await;
    assert_eq!(told(house.workspace(), &[])[0].1[0], euros(2_000));
    let mut opened = journey(&json!([push()]));
    opened["goal"]["basis"] = json!("opened");
    house.apply(&opened).await;
    let asked = house.workspace().recompute_conversions("cart").await;
    asked.expect("begins");
    let house = house.again().await;
    let built = crate::segments::Builder::new(house.workspace().clone());
    built.drain().await.expect("goes on after a restart");
    let expected = [Cell::Money(Vec::new()), none.clone(), none];
    assert_eq!(told(house.workspace(), &[])[0].1, expected);
    house.close().await;
}

#[tokio::test]
async fn the_rows_of_a_trace_are_numbered_from_zero() {
    let house = House::new();
    house.start(&journey(&json!([push()]))).await;
    reached(&house).await;
    let run = house.runs("ann")[0].key;
    let rows = house.shop.store.traces(run).expect("reads");
    let places: Vec<u32> = rows.iter().map(|row| row.seq).collect();
    let counted: Vec<u32> = (0..).take(rows.len()).collect();
    assert_eq!(places, counted);
    assert!(rows.len() > 1);
    house.close().await;
}
