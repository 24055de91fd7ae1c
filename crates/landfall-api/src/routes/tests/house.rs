//! A server in process with two workspaces on real stores, its clock standing still.

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_engine::credentials::Network;
use landfall_engine::directory::{DirectoryFile, KeyKind, WorkspaceRecord};
use landfall_engine::qa::Scratch;
use landfall_engine::seal::{MASTER_KEY_BYTES, MasterKey};
use landfall_engine::{Directory, Links, Opened, Sending, Workspace};
use landfall_store::{ActivityQuery, StoreError};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::{App, Settings};

/// 2026-11-23 13:30 UTC.
pub(super) const NOW: i64 = 1_795_440_600;
pub(super) const WRITE_KEY: &str = "write-1";
/// The webhook source of the first workspace, and its key.
pub(super) const SOURCE: &str = "/hooks/customerio/shop";
const SIGNING_KEY: &str = "whsec_demo";

pub(super) struct House {
    router: Router,
    opened: Vec<Opened>,
    pub(super) sending: Sending,
    links: Links,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

impl Answer {
    /// Status and body.
    #[track_caller]
    pub(super) fn said(&self) -> (u16, Value) {
        (self.status.as_u16(), self.json())
    }

    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {}", self.text))
    }
}

/// An empty store for a test profile of a journey.
fn scratch() -> Result<Scratch, StoreError> {
    let folder = tempfile::tempdir().map_err(StoreError::unavailable)?;
    let options = landfall_store_sqlite::Options { salt: 0 };
    let path = folder.path().join("qa.db");
    let store = landfall_store_sqlite::SqliteStore::open_unflushed(&path, options)?;
    Ok(Scratch {
        store: Arc::new(store),
        keeper: Box::new(folder),
    })
}

impl House {
    pub(super) fn open() -> Self {
        Self::open_with(|_| ())
    }

    /// With what an operator set.
    pub(super) fn open_with(set: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW)));
        let opened: Vec<Opened> = (1..=2)
            .map(|n| workspace(folder.path(), &clock, n))
            .collect();
        let directory = Directory::new(
            folder.path().join("landfall.json"),
            DirectoryFile {
                workspaces: (1..=2).map(record).collect(),
            },
            opened
                .iter()
                .map(|opened| opened.workspace.clone())
                .collect(),
            MasterKey::new(&[7; MASTER_KEY_BYTES]).unwrap(),
        )
        .unwrap();
        directory
            .set_source(&opened[0].workspace, "shop", SIGNING_KEY)
            .unwrap();
        let mut settings = Settings {
            public_host: None,
            exports: folder.path().join("exports"),
            store_nothing: false,
        };
        set(&mut settings);
        // Providers are simulated on loopback; due messages are not sent by themselves.
        let network = Network {
            private_allowed: true,
            ..Network::default()
        };
        let sending = Sending::new(directory.clone(), network, false);
        let links = Links::new(&directory, "https://push.example.org").unwrap();
        let app = App::new(directory, settings)
            .with_links(Some(links.clone()))
            .with_sending(sending.clone())
            .with_qa(Arc::new(scratch));
        Self {
            router: crate::app::router(app),
            sending,
            links,
            clock,
            opened,
            _folder: folder,
        }
    }

    /// Stops the workspaces as a server does at its end, while requests may still come.
    pub(super) fn stop(&mut self) {
        let opened = std::mem::take(&mut self.opened);
        // Stopping waits, which a thread of the runtime must not.
        let stopping = std::thread::spawn(|| opened.into_iter().for_each(Opened::stop));
        stopping.join().unwrap();
    }

    /// Links in messages; the server is reached at `https://push.example.org`.
    pub(super) const fn links(&self) -> &Links {
        &self.links
    }

    /// Lets seconds pass.
    pub(super) fn pass(&self, seconds: i64) {
        self.clock.advance(1_000 * seconds);
    }

    /// The workspace of that number, from one.
    pub(super) fn workspace(&self, number: usize) -> &Workspace {
        &self.opened[number - 1].workspace
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// The body of an answer that goes on.
    pub(super) async fn stream(&self, request: Request<Body>) -> Body {
        let response = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        response.into_body()
    }

    /// A call of the first workspace's Track API.
    pub(super) async fn track(&self, call: &str, body: impl Into<Body>) -> Answer {
        let request = request(call).header("authorization", basic("site-1", "track-1"));
        self.send(request.body(body.into()).unwrap()).await
    }

    /// A call without credentials.
    pub(super) async fn bare(&self, call: &str, body: impl Into<Body>) -> Answer {
        self.send(request(call).body(body.into()).unwrap()).await
    }

    /// A call with the first workspace's write key, as servers make it.
    pub(super) async fn pipelines(&self, call: &str, body: impl Into<Body>) -> Answer {
        let request = request(call).header("authorization", basic(WRITE_KEY, ""));
        self.send(request.body(body.into()).unwrap()).await
    }

    /// The same in strict mode.
    pub(super) async fn strict(&self, call: &str, body: impl Into<Body>) -> Answer {
        let request = request(call)
            .header("authorization", basic(WRITE_KEY, ""))
            .header("x-strict-mode", "1");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// A call of Landfall's own API or the App API in the workspace of that number.
    pub(super) async fn own(&self, number: usize, call: &str, body: impl Into<Body>) -> Answer {
        let request = request(call).header("authorization", format!("Bearer app-{number}"));
        self.send(request.body(body.into()).unwrap()).await
    }

    /// The same with a key that is not known beforehand.
    pub(super) async fn with_key(&self, key: &str, call: &str, body: &Value) -> Answer {
        let request = request(call).header("authorization", format!("Bearer {key}"));
        let body = Body::from(body.to_string());
        self.send(request.body(body).unwrap()).await
    }

    /// A webhook to the first workspace, signed.
    pub(super) async fn hook(&self, event: &Value) -> Answer {
        self.send(signed(SOURCE, event.to_string().into_bytes()))
            .await
    }

    /// The newest refusals of a workspace: surface, status, reason.
    pub(super) async fn rejected(&self, number: usize) -> Vec<Value> {
        let answer = self.own(number, "GET /landfall/v1/rejected", "").await;
        answer.json()["rejected"].as_array().unwrap().clone()
    }

    /// Everything that a workspace's store holds about people, deliveries and receipts that wait.
    pub(super) fn state(&self, number: usize) -> String {
        let store = self.workspace(number).store();
        let everything = ActivityQuery {
            limit: 1_000,
            ..ActivityQuery::default()
        };
        let deliveries = store.deliveries_after(None, 1_000).unwrap();
        let keys: Vec<_> = deliveries.iter().map(|delivery| delivery.key).collect();
        format!(
            "{:#?}",
            (
                store.people_after(None, 1_000).unwrap(),
                store.activities(&everything).unwrap(),
                store.facts(&keys).unwrap(),
                deliveries,
                store.quarantine(1_000).unwrap(),
                store.start().unwrap().names,
            )
        )
    }

    /// A person's trail of deliveries is read by id: the whole answer of `deliveries/{id}`.
    pub(super) async fn delivery(&self, number: usize, id: &str) -> Value {
        let answer = self
            .own(number, &format!("GET /landfall/v1/deliveries/{id}"), "")
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Attributes of a person of the first workspace, through the App API; null when unknown.
    pub(super) async fn person(&self, id: &str) -> Value {
        let call = format!("GET /v1/customers/{id}/attributes");
        let answer = self.own(1, &call, "").await;
        match answer.status.as_u16() {
            200 => answer.json()["customer"].clone(),
            _ => Value::Null,
        }
    }

    /// What a person of the first workspace did, newest first: kinds and names.
    pub(super) async fn timeline(&self, id: &str) -> Vec<String> {
        let call = format!("GET /landfall/v1/people/{id}/timeline");
        let answer = self.own(1, &call, "").await;
        let Some(entries) = answer.json()["entries"].as_array().cloned() else {
            return Vec::new();
        };
        entries
            .iter()
            .map(|entry| {
                let said = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
                format!("{}: {}", said("kind"), said("summary"))
            })
            .collect()
    }
}

/// `METHOD /path`.
pub(super) fn request(call: &str) -> axum::http::request::Builder {
    let (method, path) = call.split_once(' ').unwrap();
    Request::builder().method(method).uri(path)
}

pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

pub(super) fn signed(path: &str, body: Vec<u8>) -> Request<Body> {
    let mut message = format!("v0:{NOW}:").into_bytes();
    message.extend_from_slice(&body);
    let key = hmac::Key::new(hmac::HMAC_SHA256, SIGNING_KEY.as_bytes());
    let tag = hmac::sign(&key, &message);
    let hex: String = tag
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    request(&format!("POST {path}"))
        .header("x-cio-timestamp", NOW)
        .header("x-cio-signature", hex)
        .body(body.into())
        .unwrap()
}

fn workspace(folder: &std::path::Path, clock: &Arc<ManualClock>, number: u32) -> Opened {
    let options = landfall_store_sqlite::Options {
        salt: u16::try_from(number).unwrap(),
    };
    let path = folder.join(format!("ws_{number}.db"));
    let store = landfall_store_sqlite::SqliteStore::open(&path, options).unwrap();
    let options = landfall_engine::Options {
        id: format!("ws_{number}"),
        name: format!("shop {number}"),
        clock: clock.clone(),
        snapshot: None,
        salt: [7; 16],
        fixed_share: None,
    };
    landfall_engine::open(Arc::new(store), options)
        .unwrap()
        .filled()
}

fn record(number: u32) -> WorkspaceRecord {
    let mut record = WorkspaceRecord {
        id: format!("ws_{number}"),
        name: format!("shop {number}"),
        number: 4_710 + number,
        created_ms: 0,
        keys: Vec::new(),
        sources: Default::default(),
        credentials: Default::default(),
    };
    let site = format!("site-{number}");
    record.add_key(KeyKind::Track, Some(&site), &format!("track-{number}"), 0);
    record.add_key(KeyKind::App, None, &format!("app-{number}"), 0);
    record.add_key(KeyKind::Write, None, &format!("write-{number}"), 0);
    record
}

/// A push of campaign 31, action 77, to one device.
pub(super) fn push_event(event_id: &str, metric: &str, delivery: &str, at: i64) -> Value {
    let mut data = json!({"campaign_id": 31, "action_id": 77, "delivery_id": delivery,
        "identifiers": {"id": "u-42"}});
    match metric {
        "attempted" | "failed" | "undeliverable" => data["failure_message"] = "because".into(),
        "drafted" => {}
        _ => {
            data["recipients"] = json!([{"device_id": "tok-1", "device_platform": "ios"}]);
        }
    }
    json!({"event_id": event_id, "object_type": "push", "metric": metric, "timestamp": at,
           "data": data})
}
