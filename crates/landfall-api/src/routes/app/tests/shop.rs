//! A small shop on a real store in a temporary folder, with its clock standing still.

use std::sync::Arc;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::http::{Request, StatusCode};
use landfall_domain::activity::EventKind;
use landfall_domain::channel::{Channel, Platform};
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::{Identifier, IdentifierKind};
use landfall_domain::input::{
    Body, Claims, DeliveryReport, DeviceReport, Input, PersonHandle, RecipientReport, Source,
};
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, NameOf, SourceKind};
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_engine::credentials::Network;
use landfall_engine::directory::{DirectoryFile, KeyKind, KeyRecord, WorkspaceRecord};
use landfall_engine::random::Seeded;
use landfall_engine::seal::{MASTER_KEY_BYTES, MasterKey, key_hash};
use landfall_engine::{Directory, Opened, Reporting, Workspace};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::{App, Settings};

/// 2026-11-23 13:30 UTC.
pub(super) const NOW: i64 = 1_795_440_600;
pub(super) const DAY: i64 = 86_400;
const KEY: &str = "app-key";

pub(super) struct Shop {
    pub(super) router: Router,
    pub(super) clock: Arc<ManualClock>,
    app: App,
    opened: Opened,
    folder: tempfile::TempDir,
}

impl Shop {
    pub(super) fn open() -> Self {
        Self::open_in(tempfile::tempdir().unwrap())
    }

    pub(super) fn open_in(folder: tempfile::TempDir) -> Self {
        let options = landfall_store_sqlite::Options { salt: 7 };
        let store =
            landfall_store_sqlite::SqliteStore::open(&folder.path().join("shop.db"), options);
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW)));
        let options = landfall_engine::Options {
            id: "ws_1".to_owned(),
            name: "shop".to_owned(),
            clock: clock.clone(),
            snapshot: None,
            salt: [7; 16],
            fixed_share: None,
        };
        let opened = landfall_engine::open(Arc::new(store.unwrap()), options)
            .unwrap()
            .filled();
        let directory = Directory::new(
            folder.path().join("landfall.json"),
            DirectoryFile {
                workspaces: vec![record()],
            },
            vec![opened.workspace.clone()],
            MasterKey::new(&[7; MASTER_KEY_BYTES]).unwrap(),
        );
        let settings = Settings {
            public_host: None,
            exports: folder.path().join("exports"),
            store_nothing: false,
        };
        let app = App::new(directory.unwrap(), settings);
        Self {
            router: crate::app::router(app.clone()),
            app,
            clock,
            opened,
            folder,
        }
    }

    /// Stops as a server does and starts again on the same folder.
    pub(super) fn reopened(self) -> Self {
        let Self {
            router,
            app,
            opened,
            folder,
            ..
        } = self;
        // The store is one process's at a time: every handle on it goes first.
        drop((router, app));
        // Stopping waits, which a thread of the runtime must not.
        std::thread::spawn(move || opened.stop()).join().unwrap();
        Self::open_in(folder)
    }

    /// What reports to webhooks, also to those on this machine.
    pub(super) fn reporting_here(&mut self) -> Reporting {
        let network = Network {
            private_allowed: true,
            ..Network::default()
        };
        let random = Arc::new(Seeded::new(7));
        let reporting = Reporting::new(self.app.directory.clone(), network, random);
        let app = self.app.clone().with_reporting(reporting.clone());
        self.router = crate::app::router(app);
        reporting
    }

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub(super) fn workspace(&self) -> &Workspace {
        &self.opened.workspace
    }

    /// Submits, at `at` seconds by the sender's clock.
    pub(super) async fn submit(&self, source: Source, at: i64, body: Body) {
        let at = Some(Timestamp::from_seconds(at));
        let input = Input {
            source,
            at,
            sent_at: None,
            dedupe_key: None,
            body,
        };
        self.workspace().submit(vec![input]).await.unwrap();
    }

    pub(super) async fn identify(&self, id: &str, attributes: Value) {
        let Value::Object(mut attributes) = attributes else {
            panic!("attributes are an object")
        };
        let email = attributes.remove("email");
        let claims = Claims {
            email: email.map(|email| email.as_str().unwrap().to_owned()),
            ..Claims::default()
        };
        let body = Body::Identify {
            who: who(id),
            claims,
            attributes: attributes.into_iter().collect(),
            update_only: false,
        };
        self.submit(Source::TrackV1, NOW - 10 * DAY, body).await;
    }

    pub(super) async fn device(&self, id: &str, token: &str) {
        let device = DeviceReport {
            app: String::new(),
            platform: Platform::Ios,
            token: token.to_owned(),
            last_used: Some(Timestamp::from_seconds(NOW - 9 * DAY)),
            attributes: [("push_enabled".to_owned(), "true".to_owned())].into(),
        };
        self.submit(
            Source::TrackV1,
            NOW - 9 * DAY,
            Body::AddDevice {
                who: who(id),
                device,
            },
        )
        .await;
    }

    pub(super) async fn track(&self, id: &str, name: &str, at: i64) {
        let body = Body::Track {
            who: Some(who(id)),
            anonymous_id: None,
            event: EventKind::Event,
            name: name.to_owned(),
            id: None,
            data: EventData::from(&json!({ "sku": 7 })),
        };
        self.submit(Source::TrackV1, at, body).await;
    }

    pub(super) async fn report(&self, report: DeliveryReport) {
        let at = report
            .marks
            .iter()
            .map(|(_, at)| at.seconds())
            .max()
            .unwrap_or(NOW);
        self.submit(Source::Webhook, at, Body::Delivery(Box::new(report)))
            .await;
    }

    pub(super) async fn name(&self, source: SourceKind, id: u64, step: Option<u64>, name: &str) {
        let of = NameOf {
            source,
            source_id: id,
            step_id: step,
            variant_id: None,
        };
        let body = Body::Name {
            names: vec![(of, name.to_owned())],
        };
        self.submit(Source::Webhook, NOW, body).await;
    }

    /// Calls with the App API key.
    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (StatusCode, Value) {
        let body = body.map_or_else(HttpBody::empty, |body| HttpBody::from(body.to_string()));
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {KEY}"))
            .body(body)
            .unwrap();
        let (status, bytes) = self.raw(request).await;
        let json = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&bytes).unwrap()
        };
        (status, json)
    }

    pub(super) async fn raw(&self, request: Request<HttpBody>) -> (StatusCode, Vec<u8>) {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, body.to_vec())
    }

    #[track_caller]
    pub(super) fn get(&self, path: &str) -> impl Future<Output = Value> {
        let call = self.call("GET", path, None);
        async move {
            let (status, body) = call.await;
            assert_eq!(status, StatusCode::OK, "{body}");
            body
        }
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Value {
        let (status, body) = self.call("POST", path, Some(body)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    /// The status of a refused call and what it says.
    pub(super) async fn refused(&self, path: &str) -> (u16, String) {
        let (status, body) = self.call("GET", path, None).await;
        assert_eq!(body["errors"][0]["status"], status.as_str(), "{body}");
        (
            status.as_u16(),
            body["errors"][0]["detail"].as_str().unwrap().to_owned(),
        )
    }
}

fn record() -> WorkspaceRecord {
    let key = KeyRecord {
        id: 1,
        kind: KeyKind::App,
        hash: key_hash(KEY),
        tail: "-key".to_owned(),
        site_id: None,
        user: None,
        created_ms: 0,
    };
    WorkspaceRecord {
        id: "ws_1".to_owned(),
        name: "shop".to_owned(),
        number: 4_711,
        created_ms: 0,
        keys: vec![key],
        sources: Default::default(),
        credentials: Default::default(),
    }
}

pub(super) fn who(id: &str) -> Identifier {
    Identifier::new(IdentifierKind::Id, id).unwrap()
}

/// A push of campaign 31, action 12, with these marks at these seconds.
pub(super) fn push(delivery: &str, person: &str, marks: &[(Mark, i64)]) -> DeliveryReport {
    let message = MessageRef {
        source: SourceKind::Campaign,
        source_id: 31,
        step_id: Some(12),
        parent_step_id: None,
        variant_id: None,
        channel: Channel::Push,
    };
    report(message, delivery, person, marks)
}

pub(super) fn report(
    message: MessageRef,
    delivery: &str,
    person: &str,
    marks: &[(Mark, i64)],
) -> DeliveryReport {
    DeliveryReport {
        delivery_id: delivery.to_owned(),
        message,
        person: PersonHandle {
            id: Some(person.to_owned()),
            ..PersonHandle::default()
        },
        marks: marks
            .iter()
            .map(|(mark, at)| (*mark, Timestamp::from_seconds(*at)))
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

pub(super) fn to_device(token: &str, failure: Option<&str>) -> RecipientReport {
    RecipientReport {
        address: token.to_owned(),
        platform: Some(Platform::Ios),
        failure_message: failure.map(str::to_owned),
    }
}
