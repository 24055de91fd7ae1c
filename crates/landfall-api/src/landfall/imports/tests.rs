//! Imports through the API: twice changes nothing, interrupted ones go on, every line is accounted for.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_engine::directory::{DirectoryFile, KeyKind, WorkspaceRecord};
use landfall_engine::seal::{MASTER_KEY_BYTES, MasterKey};
use landfall_engine::{Directory, Opened};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::{App, Settings};

/// 2026-11-23 13:30 UTC.
const NOW: i64 = 1_795_440_600;

struct Desk {
    router: Router,
    opened: Opened,
    _folder: tempfile::TempDir,
}

impl Desk {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = landfall_store_sqlite::Options { salt: 7 };
        let path = folder.path().join("shop.db");
        let store = landfall_store_sqlite::SqliteStore::open(&path, options).unwrap();
        let options = landfall_engine::Options {
            id: "ws_1".to_owned(),
            name: "shop".to_owned(),
            clock: Arc::new(ManualClock::at(Timestamp::from_seconds(NOW))),
            snapshot: None,
            salt: [7; 16],
            fixed_share: None,
        };
        let opened = landfall_engine::open(Arc::new(store), options)
            .unwrap()
            .filled();
        let mut record = WorkspaceRecord {
            id: "ws_1".to_owned(),
            name: "shop".to_owned(),
            number: 1,
            created_ms: 0,
            keys: Vec::new(),
            sources: Default::default(),
            credentials: Default::default(),
        };
        record.add_key(KeyKind::App, None, "app", 0);
        let directory = Directory::new(
            folder.path().join("landfall.json"),
            DirectoryFile {
                workspaces: vec![record],
            },
            vec![opened.workspace.clone()],
            MasterKey::new(&[7; MASTER_KEY_BYTES]).unwrap(),
        );
        let settings = Settings {
            public_host: None,
            exports: folder.path().join("exports"),
            store_nothing: false,
        };
        Self {
            router: crate::app::router(App::new(directory.unwrap(), settings)),
            opened,
            _folder: folder,
        }
    }

    async fn call(&self, method: &str, path: &str, body: impl Into<Body>) -> (u16, Value) {
        let request = Request::builder()
            .method(method)
            .uri(format!("/landfall/v1/imports{path}"))
            .header("authorization", "Bearer app");
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    async fn begin(&self, kind: &str, file: &File) -> Value {
        let body = json!({"kind": kind, "format": file.format, "name": "a file",
            "fingerprint": file.text, "bytes": file.text.len(), "header": file.header});
        let (status, report) = self.call("POST", "", body.to_string()).await;
        assert_eq!(status, 200, "{report}");
        report
    }

    /// Sends the lines of a file up to `end` from where its import stands.
    async fn send(&self, report: &Value, file: &File, end: usize) -> Value {
        let offset = usize::try_from(report["offset"].as_u64().unwrap()).unwrap();
        let lines = &file.text[offset.max(file.first)..end];
        let path = format!("/{}/lines?offset={offset}&end={end}", report["id"]);
        let (status, report) = self.call("POST", &path, lines.to_owned()).await;
        assert_eq!(status, 200, "{report}");
        report
    }

    async fn whole(&self, kind: &str, file: &File) -> Value {
        let report = self.begin(kind, file).await;
        self.send(&report, file, file.text.len()).await
    }

    fn state(&self) -> String {
        let store = self.opened.workspace.store();
        let deliveries = store.deliveries_after(None, 1_000).unwrap();
        let keys: Vec<_> = deliveries.iter().map(|delivery| delivery.key).collect();
        let people = store.people_after(None, 1_000).unwrap();
        format!("{:#?}", (people, store.facts(&keys).unwrap(), deliveries))
    }
}

/// A file as a client reads it.
struct File {
    format: &'static str,
    header: Vec<String>,
    text: String,
    /// Where its first line of data begins.
    first: usize,
}

fn csv(header: &str, lines: &[&str]) -> File {
    let text = format!("{header}\n{}\n", lines.join("\n"));
    File {
        format: "csv",
        header: header.split(',').map(str::to_owned).collect(),
        first: header.len() + 1,
        text,
    }
}

fn ndjson(lines: &[Value]) -> File {
    File {
        format: "ndjson",
        header: Vec::new(),
        text: lines.iter().map(|line| format!("{line}\n")).collect(),
        first: 0,
    }
}

fn deliveries() -> File {
    csv(
        "delivery_id,campaign_id,campaign_name,action_id,type,customer_id,device_id,device_platform,sent,opened",
        &[
            "d1,31,Cart Recovery,77,push,u1,tok-1,ios,1795440000,1795440060",
            "d2,31,Cart Recovery,77,push,u2,tok-2,android,2026-11-23T13:20:00Z,",
            "d3,31,Cart Recovery,77,fax,u3,tok-3,ios,1795440000,",
            "d4,31,Cart Recovery,77,push,,,,1795440000,",
            "d5,31,Cart Recovery,77,push,u5,tok-5,ios,,",
            ",31,Cart Recovery,77,push,u6,tok-6,ios,1795440000,",
            "d7,31,too few",
        ],
    )
}

fn hooks() -> File {
    let event = |id: &str, metric: &str, delivery: &str| {
        json!({"event_id": id, "object_type": "push", "metric": metric, "timestamp": NOW - 60,
               "data": {"campaign_id": 31, "action_id": 77, "delivery_id": delivery,
                        "identifiers": {"id": "u1"},
                        "recipients": [{"device_id": "tok-1", "device_platform": "ios"}]}})
    };
    ndjson(&[
        event("E1", "sent", "d1"),
        event("E2", "opened", "d1"),
        event("E2", "opened", "d1"),
        event("E3", "teleported", "d1"),
        json!([1]),
    ])
}

#[tokio::test]
async fn every_kind_and_form_taken_twice_changes_nothing() {
    let people_json = ndjson(&[
        json!({"id": "u1", "email": "a@x.io", "plan": "pro", "_timestamp": 1_790_000_000}),
        json!({"email": "b@x.io"}),
        json!({"plan": "nobody's"}),
    ]);
    let devices_json = ndjson(&[
        json!({"customer_id": "u1", "id": "tok-1", "platform": "ios", "last_used": 1_790_000_000,
               "attributes": {"push_enabled": true}}),
        json!({"customer_id": "u1", "platform": "ios"}),
    ]);
    let people_csv = csv("id,email,plan", &["u1,a@x.io,pro", "u2,,", ",,"]);
    let devices_csv = csv(
        "customer_id,token,platform",
        &["u1,tok-1,ios", "u1,tok-2,fridge"],
    );
    let rows = [
        ("deliveries", deliveries(), 2, 5),
        ("webhooks", hooks(), 2, 2),
        ("people", people_json, 2, 1),
        ("people", people_csv, 2, 1),
        ("devices", devices_json, 1, 1),
        ("devices", devices_csv, 1, 1),
    ];
    for (kind, file, taken, skipped) in rows {
        let desk = Desk::open();
        let first = desk.whole(kind, &file).await;
        assert_eq!(first["taken"], taken, "{kind} {}: {first}", file.format);
        assert_eq!(first["done"], true);
        assert_eq!(
            sum(&first),
            (
                skipped,
                file.text.lines().count() - usize::from(file.first > 0)
            )
        );
        let before = desk.state();
        let second = desk.whole(kind, &file).await;
        assert_ne!(second["id"], first["id"]);
        assert_eq!(second["taken"], 0, "{kind} {}: {second}", file.format);
        assert_eq!(second["skipped"], first["skipped"]);
        assert_eq!(sum(&second), sum(&first));
        assert_eq!(desk.state(), before, "{kind} {}", file.format);
    }
}

/// How many lines were skipped, and how many lines there were in all.
fn sum(report: &Value) -> (u64, usize) {
    let skipped = report["skipped"].as_object().unwrap().values();
    let skipped: u64 = skipped.map(|count| count.as_u64().unwrap()).sum();
    let count = |name: &str| report[name].as_u64().unwrap();
    let lines = count("taken") + count("unchanged") + skipped;
    (skipped, usize::try_from(lines).unwrap())
}

#[tokio::test]
async fn the_report_says_why_lines_were_passed_over() {
    let desk = Desk::open();
    let report = desk.whole("deliveries", &deliveries()).await;
    let skipped = json!({
        "unknown type": 1,
        "nobody is named (customer_id, email or cio_id)": 1,
        "no time of any metric": 1,
        "no delivery_id": 1,
        "the number of columns differs from the header's": 1,
    });
    assert_eq!(report["skipped"], skipped);
    let catalogue = desk.opened.workspace.catalogue();
    assert!(catalogue.names().any(|(_, name)| name == "Cart Recovery"));
    let report = desk.whole("webhooks", &hooks()).await;
    let skipped = json!({
        "metric `teleported` is not known; kept, not applied": 1,
        "not a JSON object": 1,
    });
    assert_eq!(report["skipped"], skipped);
}

#[tokio::test]
async fn an_interrupted_import_goes_on_where_it_stood() {
    let file = deliveries();
    let whole = Desk::open();
    let expected = whole.whole("deliveries", &file).await;

    let desk = Desk::open();
    let begun = desk.begin("deliveries", &file).await;
    assert_eq!(
        (&begun["offset"], &begun["done"]),
        (&json!(0), &json!(false))
    );
    // After each line the client begins again, as after a crash.
    let mut end = file.first;
    for line in file.text[file.first..].split_inclusive('\n') {
        end += line.len();
        let found = desk.begin("deliveries", &file).await;
        assert_eq!(found["id"], begun["id"]);
        let report = desk.send(&found, &file, end).await;
        assert_eq!(report["offset"], end);
        assert_eq!(report["done"], json!(end == file.text.len()));
    }
    let (status, report) = desk.call("GET", &format!("/{}", begun["id"]), "").await;
    assert_eq!(status, 200);
    for name in ["taken", "unchanged", "skipped", "offset", "done"] {
        assert_eq!(report[name], expected[name], "{name}");
    }
    assert_eq!(desk.state(), whole.state());
    let (_, list) = desk.call("GET", "", "").await;
    assert_eq!(list["imports"], json!([report]));
}

#[tokio::test]
async fn lines_from_the_wrong_place_are_not_taken() {
    let desk = Desk::open();
    let file = hooks();
    let begun = desk.begin("webhooks", &file).await;
    let first = file.text.find('\n').unwrap() + 1;
    let report = desk.send(&begun, &file, first).await;
    let before = desk.state();
    let end = file.text.len();
    let rows = [
        // Sent again after it was taken; from further on; backwards; beyond the end; not a place.
        (format!("/1/lines?offset=0&end={first}"), 409, "conflict"),
        (
            format!("/1/lines?offset={}&end={end}", first + 1),
            409,
            "conflict",
        ),
        (format!("/1/lines?offset={first}&end=0"), 409, "conflict"),
        (
            format!("/1/lines?offset={first}&end={}", end + 1),
            400,
            "invalid_parameter",
        ),
        (
            format!("/1/lines?offset=-1&end={end}"),
            400,
            "invalid_parameter",
        ),
        ("/1/lines".to_owned(), 400, "invalid_parameter"),
        (format!("/9/lines?offset=0&end={end}"), 404, "not_found"),
    ];
    for (path, status, code) in rows {
        let path = path.replacen("/1/", &format!("/{}/", begun["id"]), 1);
        let (said, body) = desk.call("POST", &path, file.text.clone()).await;
        assert_eq!(
            (said, &body["error"]["code"]),
            (status, &json!(code)),
            "{path}: {body}"
        );
    }
    assert_eq!(desk.state(), before);
    let (_, now) = desk.call("GET", &format!("/{}", begun["id"]), "").await;
    assert_eq!(now, report);
}

#[tokio::test]
async fn the_same_file_begun_as_something_else_is_another_import() {
    let desk = Desk::open();
    let file = ndjson(&[json!({"id": "u1", "token": "tok-1", "platform": "ios"})]);
    let people = desk.begin("people", &file).await;
    let devices = desk.begin("devices", &file).await;
    assert_ne!(people["id"], devices["id"]);
    assert_eq!(desk.begin("people", &file).await["id"], people["id"]);
    assert_eq!(
        desk.send(&devices, &file, file.text.len()).await["taken"],
        1
    );
    assert!(desk.state().contains("tok-1"));
}

#[tokio::test]
async fn an_import_must_say_what_it_is() {
    let desk = Desk::open();
    let good =
        json!({"kind": "people", "format": "csv", "name": "f", "fingerprint": "f", "bytes": 1});
    let rows = [
        (good.clone(), "header"),
        (json!({"kind": "planets"}), ""),
        (json!({}), ""),
    ];
    for (body, field) in rows {
        let (status, said) = desk.call("POST", "", body.to_string()).await;
        assert_eq!(
            (status, &said["error"]["code"]),
            (400, &json!("invalid_parameter")),
            "{said}"
        );
        if !field.is_empty() {
            assert_eq!(said["error"]["field"], field);
        }
    }
    assert_eq!(desk.call("GET", "", "").await.1, json!({"imports": []}));
}
