//! A shop: its folder, its store, and what happens to its people and deliveries.

use std::path::PathBuf;
use std::sync::Arc;

use landfall_board::{Condition, Filter, Position, Search, TimeRange};
use landfall_domain::activity::EventKind;
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::decide::Taken;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::ids::{DeliveryKey, PersonKey};
use landfall_domain::input::{
    Body, Claims, DeliveryReport, DeviceReport, Input, PersonHandle, RecipientReport, Source,
};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, NameOf, SourceKind};
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_store::Store;
use landfall_store_sqlite::SqliteStore;
use serde_json::Value;

use crate::workspace::Rebuild;
use crate::{Opened, Options, Workspace};

/// 2026-11-23 13:30 UTC.
pub(crate) const NOW: i64 = 1_795_440_600;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 86_400;

/// A folder with a store in it.
pub(crate) struct Shop {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Arc<dyn Store>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = landfall_store_sqlite::Options { salt: 7 };
        let store = SqliteStore::open(&folder.path().join("shop.db"), options).unwrap();
        Self {
            folder,
            store: Arc::new(store),
        }
    }

    pub(crate) fn snapshot(&self) -> PathBuf {
        self.folder.path().join("shop.board")
    }

    /// A workspace on the store whose board is always rebuilt.
    pub(crate) fn open(&self) -> Opened {
        start(Arc::clone(&self.store), None).filled()
    }

    /// A workspace on the store whose board has a snapshot.
    pub(crate) fn open_with_snapshot(&self) -> Opened {
        start(Arc::clone(&self.store), Some(self.snapshot())).filled()
    }
}

/// A workspace whose board may not be filled yet.
pub(crate) fn start(store: Arc<dyn Store>, snapshot: Option<PathBuf>) -> Opened {
    let options = Options {
        id: "ws_1".to_owned(),
        name: "shop".to_owned(),
        clock: Arc::new(ManualClock::at(seconds(NOW))),
        snapshot,
        salt: [7; 16],
        fixed_share: None,
    };
    crate::open(store, options).unwrap()
}

/// Submits and expects it to be stored.
#[track_caller]
pub(crate) fn submit(workspace: &Workspace, inputs: Vec<Input>) -> Vec<Taken> {
    workspace.submit_blocking(inputs).unwrap()
}

/// Asks the board for deliveries.
pub(crate) fn found(workspace: &Workspace, conditions: Vec<Condition>) -> Vec<DeliveryKey> {
    assert_eq!(workspace.rebuild(), Rebuild::Done);
    positions(workspace, conditions)
        .into_iter()
        .map(|position| position.delivery)
        .collect()
}

/// As [`found`], from a board that may not be whole, with the deliveries' times.
pub(crate) fn positions(workspace: &Workspace, conditions: Vec<Condition>) -> Vec<Position> {
    let search = Search {
        filter: Filter(conditions),
        range: TimeRange::ALL,
        after: None,
        limit: usize::MAX,
    };
    let catalogue = workspace.catalogue();
    let view = workspace.board().view();
    view.search(catalogue.infos(), &search).unwrap()
}

/// The person who holds an id.
pub(crate) fn person(store: &dyn Store, id: &str) -> PersonKey {
    match store.holder(&who(id)).unwrap() {
        Some(landfall_domain::identifier::Holder::Person(key)) => key,
        other => panic!("{id} is held by {other:?}"),
    }
}

pub(crate) const fn seconds(at: i64) -> Timestamp {
    Timestamp::from_seconds(at)
}

/// Something that happened at `at` seconds by the sender's clock.
pub(crate) fn input(at: i64, body: Body) -> Input {
    Input {
        source: Source::TrackV1,
        at: Some(seconds(at)),
        sent_at: None,
        dedupe_key: None,
        body,
    }
}

pub(crate) fn who(id: &str) -> Identifier {
    Identifier::new(IdentifierKind::Id, id).unwrap()
}

pub(crate) fn anonymous(id: &str) -> Identifier {
    Identifier::new(IdentifierKind::Anonymous, id).unwrap()
}

pub(crate) fn identify<const N: usize>(at: i64, id: &str, attributes: [(&str, Value); N]) -> Input {
    let attributes = attributes.map(|(name, value)| (name.to_owned(), value));
    let body = Body::Identify {
        who: who(id),
        claims: Claims::default(),
        attributes: attributes.into(),
        update_only: false,
    };
    input(at, body)
}

pub(crate) fn track(at: i64, id: &str, name: &str) -> Input {
    let body = Body::Track {
        who: Some(who(id)),
        anonymous_id: None,
        event: EventKind::Event,
        name: name.to_owned(),
        id: None,
        data: EventData::NONE,
    };
    input(at, body)
}

pub(crate) fn device(at: i64, who: Identifier, token: &str, attributes: &[(&str, &str)]) -> Input {
    device_of(Platform::Ios, at, who, token, attributes)
}

pub(crate) fn device_of(
    platform: Platform,
    at: i64,
    who: Identifier,
    token: &str,
    attributes: &[(&str, &str)],
) -> Input {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let device = DeviceReport {
        app: String::new(),
        platform,
        token: token.to_owned(),
        last_used: None,
        attributes: attributes.iter().map(owned).collect(),
    };
    input(at, Body::AddDevice { who, device })
}

pub(crate) fn merge(at: i64, primary: Identifier, secondary: Identifier) -> Input {
    let body = Body::Merge {
        primary,
        secondary,
        create_primary: false,
    };
    input(at, body)
}

/// A push of campaign 31.
pub(crate) const fn push_step(step: u64) -> MessageRef {
    MessageRef {
        source: SourceKind::Campaign,
        source_id: 31,
        step_id: Some(step),
        parent_step_id: None,
        variant_id: None,
        channel: Channel::Push,
    }
}

/// A report about a push of campaign 31, step 12, to the delivery as a whole.
pub(crate) fn push(delivery: &str, person: &str, marks: &[(Mark, i64)]) -> DeliveryReport {
    DeliveryReport {
        delivery_id: delivery.to_owned(),
        message: push_step(12),
        person: PersonHandle {
            id: Some(person.to_owned()).filter(|id| !id.is_empty()),
            ..PersonHandle::default()
        },
        marks: marks
            .iter()
            .map(|(mark, at)| (*mark, seconds(*at)))
            .collect(),
        recipients: Vec::new(),
        failure_message: None,
        subject: None,
        run: None,
        trigger_event_id: None,
        trigger_id: None,
        href: None,
        link_id: None,
        content: None,
        names: Vec::new(),
    }
}

/// A recipient of a push, with what went wrong.
pub(crate) fn recipient(token: &str, failure: Option<&str>) -> RecipientReport {
    RecipientReport {
        address: token.to_owned(),
        platform: Some(Platform::Ios),
        failure_message: failure.map(str::to_owned),
    }
}

/// The input that a report comes as.
pub(crate) fn reported(report: DeliveryReport) -> Input {
    let at = report.marks.iter().map(|(_, at)| at.seconds()).max();
    Input {
        source: Source::Webhook,
        ..input(at.unwrap_or(NOW), Body::Delivery(Box::new(report)))
    }
}

/// A push that was sent at `at`.
pub(crate) fn sent(delivery: &str, person: &str, at: i64) -> Input {
    reported(push(delivery, person, &[(Mark::Sent, at)]))
}

pub(crate) fn receipt(at: i64, delivery: &str, mark: Mark, token: Option<&str>) -> Input {
    let body = Body::Receipt {
        delivery_id: delivery.to_owned(),
        mark,
        recipient: token.map(str::to_owned),
        reason: None,
        href: None,
    };
    Input {
        source: Source::Receipt,
        ..input(at, body)
    }
}

pub(crate) fn name(step: Option<u64>, name: &str) -> Input {
    let of = NameOf {
        source: SourceKind::Campaign,
        source_id: 31,
        step_id: step,
        variant_id: None,
    };
    let body = Body::Name {
        names: vec![(of, name.to_owned())],
    };
    input(NOW, body)
}
