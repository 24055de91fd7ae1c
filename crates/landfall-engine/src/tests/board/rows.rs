//! What becomes of a delivery on the board, worked out by hand.

use std::sync::Arc;

use landfall_board::{Condition, CountBy, Dimension, Filter, Measure, Query, TokenAge, Value};
use landfall_domain::channel::Platform;
use landfall_domain::input::DeliveryReport;
use landfall_domain::marks::Mark;

use super::super::shop::{
    DAY, NOW, Shop, device, device_of, found, push, push_step, receipt, recipient, reported,
    submit, who,
};
use crate::Workspace;
use crate::feed::FLAG_DELIVERED_INFERRED;

/// How many rows or deliveries have the marks.
fn counts<const N: usize>(workspace: &Workspace, count_by: CountBy, marks: [Mark; N]) -> [u64; N] {
    let query = Query {
        count_by,
        ..Query::all(marks.map(Measure::Marked).to_vec())
    };
    let catalogue = workspace.catalogue();
    let view = workspace.board().view();
    let table = view.query(catalogue.infos(), &query, 1).unwrap();
    std::array::from_fn(|place| table.groups[0].cells[place].count())
}

/// The values of a dimension, with the number of rows that have each.
fn values(workspace: &Workspace, dimension: Dimension) -> Vec<(Value, u64)> {
    let query = Query {
        group_by: vec![dimension],
        ..Query::all(vec![Measure::Rows])
    };
    let catalogue = workspace.catalogue();
    let view = workspace.board().view();
    let table = view.query(catalogue.infos(), &query, 1).unwrap();
    let groups = table.groups.into_iter();
    groups
        .map(|group| (group.key[0].clone(), group.cells[0].count()))
        .collect()
}

fn to_devices(delivery: &str, recipients: &[(&str, Option<&str>)], at: i64) -> DeliveryReport {
    let recipients = recipients
        .iter()
        .map(|(token, failure)| recipient(token, *failure));
    DeliveryReport {
        recipients: recipients.collect(),
        ..push(delivery, "ann", &[(Mark::Sent, at)])
    }
}

#[test]
fn each_target_has_a_row_and_each_mark_is_counted_once() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let two = [("t1", None), ("t2", Some("Unregistered"))];
    submit(workspace, vec![reported(to_devices("d1", &two, NOW - DAY))]);
    assert_eq!(workspace.board().view().rows(), 2);
    let marks = [Mark::Created, Mark::Sent, Mark::Bounced];
    assert_eq!(counts(workspace, CountBy::Row, marks), [2, 1, 1]);
    assert_eq!(counts(workspace, CountBy::Delivery, marks), [1, 1, 1]);
    // What nobody says a device of belongs to the delivery, and counts once.
    submit(workspace, vec![receipt(NOW, "d1", Mark::Converted, None)]);
    assert_eq!(counts(workspace, CountBy::Row, [Mark::Converted]), [1]);
    // A third device turns up late; its row joins the other two.
    submit(
        workspace,
        vec![receipt(NOW, "d1", Mark::Opened, Some("t0"))],
    );
    assert_eq!(workspace.board().view().rows(), 3);
    assert_eq!(
        counts(workspace, CountBy::Row, [Mark::Opened, Mark::Converted]),
        [1, 1]
    );
    assert_eq!(counts(workspace, CountBy::Delivery, [Mark::Created]), [1]);
    opened.stop();
}

#[test]
fn a_delivery_that_was_known_as_a_whole_gets_its_device() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    submit(
        workspace,
        vec![reported(push("d1", "ann", &[(Mark::Sent, NOW - DAY)]))],
    );
    let platforms = |workspace| values(workspace, Dimension::Platform);
    assert_eq!(platforms(workspace), [(Value::Absent, 1)]);
    submit(
        workspace,
        vec![reported(to_devices("d1", &[("t1", None)], NOW - DAY))],
    );
    assert_eq!(platforms(workspace), [(Value::Platform(Platform::Ios), 1)]);
    assert_eq!(counts(workspace, CountBy::Row, [Mark::Sent]), [1]);
    opened.stop();
}

/// An open proves delivery; that it was not reported stays visible until it is.
#[test]
fn an_inferred_delivery_is_flagged_until_it_is_reported() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let flagged = || {
        let flag = FLAG_DELIVERED_INFERRED;
        found(
            workspace,
            vec![Condition::Flags {
                mask: flag,
                value: flag,
            }],
        )
        .len()
    };
    submit(
        workspace,
        vec![reported(to_devices("d1", &[("t1", None)], NOW - DAY))],
    );
    assert_eq!(
        (
            counts(workspace, CountBy::Row, [Mark::Delivered]),
            flagged()
        ),
        ([0], 0)
    );
    submit(
        workspace,
        vec![receipt(NOW - 50, "d1", Mark::Opened, Some("t1"))],
    );
    assert_eq!(
        (
            counts(workspace, CountBy::Row, [Mark::Delivered]),
            flagged()
        ),
        ([1], 1)
    );
    submit(
        workspace,
        vec![receipt(NOW - 60, "d1", Mark::Delivered, Some("t1"))],
    );
    assert_eq!(
        (
            counts(workspace, CountBy::Row, [Mark::Delivered]),
            flagged()
        ),
        ([1], 0)
    );
    opened.stop();
}

/// The device as it was when it was sent to: later changes of the device change no delivery.
#[test]
fn the_device_of_a_row_is_as_it_was() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let facts = |version| {
        [
            ("app_version", version),
            ("device_os", "18.1"),
            ("device_model", "iPhone17,1"),
            ("cio_sdk_version", "3.5.0"),
            ("push_enabled", "true"),
        ]
    };
    let sent_at = NOW - DAY;
    submit(
        workspace,
        vec![
            device(NOW - 11 * DAY, who("ann"), "t1", &facts("7.0")),
            reported(to_devices("d1", &[("t1", None)], sent_at)),
            device_of(Platform::Ios, NOW, who("ben"), "t1", &facts("7.1")),
        ],
    );
    let text = |text: &str| Value::Text(Arc::from(text));
    for (dimension, value) in [
        (Dimension::AppVersion, text("7.0")),
        (Dimension::OsVersion, text("18.1")),
        (Dimension::DeviceModel, text("iPhone17,1")),
        (Dimension::SdkVersion, text("3.5.0")),
        (Dimension::Permission, Value::Flag(true)),
        (Dimension::ReceiptCapable, Value::Flag(true)),
        (Dimension::TokenAge, Value::TokenAge(TokenAge::UnderMonth)),
        (Dimension::Platform, Value::Platform(Platform::Ios)),
    ] {
        assert_eq!(values(workspace, dimension), [(value, 1)], "{dimension:?}");
    }
    opened.stop();
}

/// A report that knows the step moves the delivery from the message without one.
#[test]
fn a_better_description_moves_the_row_to_its_message() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let mut vague = push("d1", "ann", &[(Mark::Sent, NOW)]);
    vague.message.step_id = None;
    submit(workspace, vec![reported(vague)]);
    assert_eq!(values(workspace, Dimension::Step), [(Value::Absent, 1)]);
    let exact = push("d1", "ann", &[(Mark::Delivered, NOW)]);
    assert_eq!(exact.message, push_step(12));
    submit(workspace, vec![reported(exact)]);
    assert_eq!(values(workspace, Dimension::Step), [(Value::Number(12), 1)]);
    opened.stop();
}

/// A late receipt tells of an earlier time: the row moves there, once.
#[test]
fn a_delivery_that_began_earlier_moves_in_time() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    submit(
        workspace,
        vec![reported(push("d1", "ann", &[(Mark::Delivered, NOW)]))],
    );
    submit(
        workspace,
        vec![reported(push("d1", "ann", &[(Mark::Sent, NOW - 3 * DAY)]))],
    );
    let positions = super::super::shop::positions(workspace, Vec::new());
    assert_eq!(positions.len(), 1);
    assert_eq!(positions[0].created.seconds(), NOW - 3 * DAY);
    let filter = Filter(vec![
        Condition::Has(Mark::Sent),
        Condition::Has(Mark::Delivered),
    ]);
    assert_eq!(found(workspace, filter.0).len(), 1);
    opened.stop();
}
