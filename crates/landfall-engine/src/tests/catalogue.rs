//! Names as they become known.

use landfall_board::{Condition, Dimension, Filter, Measure, Query, Value};
use landfall_domain::input::{Body, DeliveryReport, Input};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, NameOf, SourceKind};
use landfall_domain::naming::Part;

use super::shop::{NOW, Shop, found, input, name, push, push_step, reported, sent, submit};
use crate::Workspace;

fn of(step: Option<u64>, variant: Option<u64>) -> NameOf {
    NameOf {
        source: SourceKind::Campaign,
        source_id: 31,
        step_id: step,
        variant_id: variant,
    }
}

fn named(names: &[(NameOf, &str)]) -> Input {
    let names = names
        .iter()
        .map(|(of, name)| (of.clone(), (*name).to_owned()));
    input(
        NOW,
        Body::Name {
            names: names.collect(),
        },
    )
}

fn push_named(delivery: &str, names: &[(NameOf, &str)]) -> Input {
    let names = names
        .iter()
        .map(|(of, name)| (of.clone(), (*name).to_owned()));
    reported(DeliveryReport {
        names: names.collect(),
        ..push(delivery, "ann", &[(Mark::Sent, NOW)])
    })
}

fn mentioning(workspace: &Workspace, text: &str) -> usize {
    found(workspace, vec![Condition::NameContains(text.to_owned())]).len()
}

#[test]
fn names_become_known_one_after_the_other() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    submit(workspace, vec![sent("d1", "ann", NOW)]);
    let said = |workspace: &Workspace| {
        let catalogue = workspace.catalogue();
        let names = [
            catalogue.journey_name(&push_step(12)),
            catalogue.step_name(&push_step(12)),
        ];
        names.map(|name| name.map(str::to_owned))
    };
    assert_eq!(said(workspace), [None, None]);
    assert_eq!(mentioning(workspace, "cart"), 0);
    submit(workspace, vec![name(None, "Cart Recovery")]);
    assert_eq!(said(workspace), [Some("Cart Recovery".to_owned()), None]);
    assert_eq!(
        mentioning(workspace, "CART"),
        1,
        "the delivery of before, too"
    );
    // The names of a report are known to whoever looks after its answer.
    let step = "Cart Recovery | Push 1 | 1h | reminder";
    submit(
        workspace,
        vec![push_named("d2", &[(of(Some(12), None), step)])],
    );
    assert_eq!(said(workspace)[1].as_deref(), Some(step));
    assert_eq!(mentioning(workspace, "reminder"), 2);
    let catalogue = workspace.catalogue();
    let query = Query {
        group_by: vec![Dimension::NamePart(Part::Step)],
        ..Query::all(vec![Measure::Rows])
    };
    let view = workspace.board().view();
    let table = view.query(catalogue.infos(), &query, 1).unwrap();
    assert_eq!(table.groups.len(), 1);
    assert_eq!(table.groups[0].key, [Value::Text("Push 1".into())]);
    assert_eq!(table.groups[0].cells[0].count(), 2);
    opened.stop();
    // And after a restart.
    let opened = shop.open();
    assert_eq!(said(&opened.workspace)[1].as_deref(), Some(step));
    opened.stop();
}

/// One message under two names, in one call, in one commit, and in two.
#[test]
fn the_last_name_counts_here_and_in_the_store() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let step = || of(Some(12), None);
    let said = |workspace: &Workspace| workspace.catalogue().name(&step()).map(str::to_owned);
    for (names, last) in [
        (vec![(step(), "A")], "A"),
        (vec![(step(), "A"), (step(), "B")], "B"),
        (vec![(step(), "B"), (step(), "A"), (step(), "B")], "B"),
        (vec![(step(), "A"), (step(), "B"), (step(), "A")], "A"),
    ] {
        submit(workspace, vec![named(&names)]);
        assert_eq!(said(workspace).as_deref(), Some(last), "{names:?}");
        let stored = shop.store.start().unwrap().names;
        assert_eq!(stored, [(step(), last.to_owned())]);
    }
    let apart = ["A", "B", "A"].map(|name| named(&[(step(), name)]));
    submit(workspace, apart.to_vec());
    assert_eq!(said(workspace).as_deref(), Some("A"));
    submit(
        workspace,
        vec![push_named("d1", &[(step(), "C")]), push_named("d2", &[])],
    );
    assert_eq!(
        mentioning(workspace, "c"),
        2,
        "one message, whatever it is called"
    );
    assert_eq!(workspace.catalogue().messages(), [push_step(12)]);
    opened.stop();
    let opened = shop.open();
    assert_eq!(said(&opened.workspace).as_deref(), Some("C"));
    opened.stop();
}

#[test]
fn who_holds_a_catalogue_keeps_it_as_it_was() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    submit(
        workspace,
        vec![sent("d1", "ann", NOW), name(None, "Cart Recovery")],
    );
    let held = workspace.catalogue();
    assert_eq!(
        held.infos()[0].source_name.as_deref(),
        Some("Cart Recovery")
    );
    submit(workspace, vec![name(None, "Cart Recovery")]);
    let same = workspace.catalogue();
    assert!(
        std::sync::Arc::ptr_eq(&held, &same),
        "a name that is known costs no copy"
    );
    drop(same);
    submit(workspace, vec![name(None, "Win-back")]);
    assert_eq!(
        held.infos()[0].source_name.as_deref(),
        Some("Cart Recovery")
    );
    let now = workspace.catalogue();
    assert_eq!(now.infos()[0].source_name.as_deref(), Some("Win-back"));
    opened.stop();
}

/// A variant goes by its original's name until it has one; a content variant has its own.
#[test]
fn variants_have_the_name_of_their_original() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let variant = MessageRef {
        parent_step_id: Some(12),
        variant_id: Some(3),
        ..push_step(77)
    };
    let report = DeliveryReport {
        message: variant.clone(),
        ..push("d1", "ann", &[(Mark::Sent, NOW)])
    };
    submit(
        workspace,
        vec![
            reported(report),
            name(None, "Cart"),
            name(Some(12), "Cart | Push 1"),
        ],
    );
    let catalogue = workspace.catalogue();
    assert_eq!(catalogue.step_name(&variant), Some("Cart | Push 1"));
    assert_eq!(catalogue.variant_name(&variant), None);
    submit(
        workspace,
        vec![
            name(Some(77), "Cart | Push 1 B"),
            named(&[(of(Some(77), Some(3)), "German")]),
        ],
    );
    let catalogue = workspace.catalogue();
    let info = &catalogue.infos()[0];
    assert_eq!(info.step_name.as_deref(), Some("Cart | Push 1 B"));
    assert_eq!(info.variant_name.as_deref(), Some("German"));
    assert_eq!(info.parts[1].as_deref(), Some("Push 1 B"));
    assert_eq!(catalogue.sources(SourceKind::Campaign), [31]);
    assert_eq!(catalogue.sources(SourceKind::Newsletter), Vec::<u64>::new());
    let of_journey = Condition::In(
        Dimension::Journey,
        vec![Value::Source(SourceKind::Campaign, 31)],
    );
    assert_eq!(found(workspace, Filter(vec![of_journey]).0).len(), 1);
    opened.stop();
}
