//! All that a workspace's read models say, in a form that can be compared.

use std::collections::BTreeMap;

use landfall_board::{Condition, CountBy, Dimension, Filter, Measure, Position, Query, Table};
use landfall_domain::channel::Platform;
use landfall_domain::ids::{DeliveryKey, DeviceKey, PersonKey};
use landfall_domain::marks::Mark;
use landfall_domain::naming::Part;

use super::shop::{DAY, HOUR, NOW, positions, seconds};
use crate::roster::Coverage;
use crate::{Catalogue, Workspace};

const DIMENSIONS: [&[Dimension]; 8] = [
    &[Dimension::Journey, Dimension::Step, Dimension::Variant],
    &[Dimension::Channel, Dimension::Platform, Dimension::Provider],
    &[Dimension::App, Dimension::AppVersion, Dimension::OsVersion],
    &[
        Dimension::SdkVersion,
        Dimension::DeviceModel,
        Dimension::TokenAge,
    ],
    &[
        Dimension::Permission,
        Dimension::ReceiptCapable,
        Dimension::Status,
    ],
    &[Dimension::Outcome, Dimension::Reason],
    &[Dimension::TargetOutcome, Dimension::TargetReason],
    &[
        Dimension::NamePart(Part::Journey),
        Dimension::NamePart(Part::Step),
    ],
];

/// What a board and a roster say.
#[derive(Debug, PartialEq)]
pub(super) struct Picture {
    rows: usize,
    deliveries: Vec<Position>,
    of_people: BTreeMap<PersonKey, Vec<Position>>,
    of_devices: BTreeMap<DeviceKey, Vec<Position>>,
    inferred: Vec<Position>,
    facts: BTreeMap<DeliveryKey, Vec<Table>>,
    listed: u64,
    coverage: Vec<Coverage>,
}

/// Looks at everything.
pub(super) fn picture(workspace: &Workspace) -> Picture {
    let next = workspace.store().start().unwrap().next;
    let deliveries = positions(workspace, Vec::new());
    let catalogue = workspace.catalogue();
    Picture {
        rows: workspace.board().view().rows(),
        of_people: (0..next.person)
            .map(PersonKey)
            .map(|key| {
                (
                    key,
                    positions(workspace, vec![Condition::People(vec![key])]),
                )
            })
            .collect(),
        of_devices: (0..next.device)
            .map(DeviceKey)
            .map(|key| {
                (
                    key,
                    positions(workspace, vec![Condition::Devices(vec![key])]),
                )
            })
            .collect(),
        inferred: positions(
            workspace,
            vec![Condition::Flags {
                mask: crate::feed::FLAG_DELIVERED_INFERRED,
                value: crate::feed::FLAG_DELIVERED_INFERRED,
            }],
        ),
        facts: deliveries
            .iter()
            .map(|at| (at.delivery, facts(workspace, &catalogue, at.delivery)))
            .collect(),
        deliveries,
        listed: workspace.with_roster(crate::Roster::listed),
        coverage: coverages(workspace),
    }
}

fn facts(workspace: &Workspace, catalogue: &Catalogue, delivery: DeliveryKey) -> Vec<Table> {
    let view = workspace.board().view();
    let tables = DIMENSIONS.iter().flat_map(|dimensions| {
        [CountBy::Row, CountBy::Delivery].map(|count_by| {
            let query = Query {
                filter: Filter(vec![Condition::Deliveries(vec![delivery])]),
                group_by: dimensions.to_vec(),
                count_by,
                ..Query::all(measures())
            };
            view.query(catalogue.infos(), &query, 1).unwrap()
        })
    });
    tables.collect()
}

fn measures() -> Vec<Measure> {
    let marks = Mark::ALL.iter().copied();
    let times = marks.clone().map(|mark| Measure::DelayQuantiles {
        mark,
        shares: vec![0.0, 0.5, 1.0],
    });
    let counts = marks.map(Measure::Marked);
    [Measure::Rows]
        .into_iter()
        .chain(counts)
        .chain(times)
        .collect()
}

fn coverages(workspace: &Workspace) -> Vec<Coverage> {
    let platforms = [None]
        .into_iter()
        .chain(Platform::ALL.iter().copied().map(Some));
    let since = [NOW - 3 * DAY, NOW - DAY, NOW - HOUR];
    workspace.with_roster(|roster| {
        platforms
            .flat_map(|platform| since.map(|at| roster.coverage(seconds(at), platform)))
            .collect()
    })
}
