//! Sending through the real binary: call, provider, ledger, command line; and bad days of the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall_domain::time::{Clock as _, WallClock};
use landfall_sim::apns::{ApnsOptions, ApnsSim, Auth, ProviderKey};
use landfall_sim::fcm::{FcmOptions, FcmSim};
use landfall_sim::truth::Recording;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::harness::{APP_KEY, Answer, Server, init, landfall};

const PRIVATE: &[&str] = &["--allow-private-addresses"];

/// Apple and Google, and a workspace that knows how to reach both.
struct World {
    runtime: Runtime,
    apple: ApnsSim,
    google: FcmSim,
    folder: tempfile::TempDir,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let guard = runtime.enter();
        let (key, pem) = ProviderKey::generate("ABC123DEFG", "DEF123GHIJ").expect("a key");
        let apple = ApnsSim::start(ApnsOptions {
            auth: Auth::Tokens(vec![key]),
            recording: Recording::Latest(1_000_000),
            ..ApnsOptions::new(Arc::new(WallClock))
        });
        let google = FcmSim::start(FcmOptions::new(Arc::new(WallClock)));
        drop(guard);
        let world = Self {
            runtime,
            apple: apple.expect("Apple"),
            google: google.expect("Google"),
            folder: tempfile::tempdir().expect("a folder"),
        };
        init(&world.data());
        let file = |name: &str, text: &str| {
            let path = world.folder.path().join(name);
            std::fs::write(&path, text).expect("a file");
            path.to_str().expect("a plain path").to_owned()
        };
        let apns = format!("https://{}", world.apple.addr());
        world.credential(&[
            "apns",
            "--provider",
            "apns",
            "--key-file",
            &file("key.p8", &pem),
            "--key-id",
            "ABC123DEFG",
            "--team-id",
            "DEF123GHIJ",
            "--topic",
            "com.shop.app",
            "--base-url",
            &apns,
            "--ca-file",
            &file("apple.pem", world.apple.ca_pem()),
        ]);
        world.credential(&[
            "fcm",
            "--provider",
            "fcm",
            "--service-account",
            &file("account.json", &world.google.key_file().to_string()),
            "--base-url",
            world.google.base_url(),
            "--ca-file",
            &file("google.pem", world.google.ca_pem()),
        ]);
        world
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn credential(&self, arguments: &[&str]) {
        let added = landfall()
            .args(["credentials", "--data"])
            .arg(self.data())
            .args(["add", "--unchecked"])
            .args(arguments)
            .output()
            .expect("landfall runs");
        let said = String::from_utf8_lossy(&added.stderr);
        assert!(added.status.success(), "{said}");
    }

    fn serve(&self) -> Server {
        Server::start(&self.data(), PRIVATE)
    }
}

/// A push that Apple was given: token, headers, payload. Checks of the credential are left out.
struct Push {
    token: String,
    collapse_id: String,
    payload: Value,
}

fn pushes(world: &World) -> Vec<Push> {
    let taken = world.apple.taken().into_iter();
    let pushes = taken.filter_map(|taken| {
        let payload: Value = serde_json::from_slice(&taken.payload).expect("JSON");
        payload["CIO-Delivery-ID"].as_str()?;
        let collapse_id = taken
            .header("apns-collapse-id")
            .expect("a collapse id")
            .to_owned();
        Some(Push {
            token: taken.token,
            collapse_id,
            payload,
        })
    });
    pushes.collect()
}

fn send(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {APP_KEY}");
    let headers = [("authorization", bearer.as_str())];
    let answer = server.call(method, path, &headers, body.to_string().as_bytes());
    answer.expect("an answer")
}

#[track_caller]
fn done(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn device(server: &Server, person: &str, token: &str, platform: &str) {
    let body = json!({ "device": { "id": token, "platform": platform } });
    let path = format!("/api/v1/customers/{person}/devices");
    assert_eq!(server.track("PUT", &path, &body).status, 200);
}

fn token(number: usize) -> String {
    format!("{number:064x}")
}

/// Reads the stream of changes until a delivery has this status.
fn wait_for(server: &Server, delivery: &str, status: &str) {
    let path = format!("/landfall/v1/deliveries/{delivery}");
    server.until("/landfall/v1/deliveries/stream", || {
        server.app(&path).json()["delivery"]["status"] == status
    });
}

#[test]
fn a_push_by_call_lands_on_both_platforms_and_its_trail_says_how() {
    let world = World::new();
    let server = world.serve();
    let person = json!({ "first_name": "Ann" });
    assert_eq!(
        server.track("PUT", "/api/v1/customers/ann", &person).status,
        200
    );
    device(&server, "ann", &token(1), "ios");
    device(&server, "ann", "android:token-1", "android");
    let welcome = json!({ "name": "Welcome", "content": { "channel": "push",
        "title": "Hi {{ customer.first_name }}", "link": "shop://home" } });
    done(&send(
        &server,
        "PUT",
        "/landfall/v1/transactional/44",
        &welcome,
    ));
    let call = json!({ "identifiers": { "id": "ann" }, "transactional_message_id": 44 });
    let sent = done(&send(&server, "POST", "/v1/send/push", &call));
    let id = sent["delivery_id"].as_str().expect("an id");
    wait_for(&server, id, "sent");
    let apple = pushes(&world);
    let google = world.google.taken();
    let google = google.iter().filter(|taken| {
        let message = taken.message.as_ref();
        message.is_some_and(|message| message.to_string().contains("CIO-Delivery-ID"))
    });
    assert_eq!((apple.len(), google.count()), (1, 1));
    let payload = &apple[0].payload;
    assert_eq!(payload["aps"]["alert"]["title"], "Hi Ann");
    assert_eq!(payload["CIO-Delivery-ID"], id);
    assert_eq!(payload["CIO-Delivery-Token"], token(1));
    let trail = server.app(&format!("/landfall/v1/deliveries/{id}")).json();
    let facts = trail["facts"].as_array().expect("facts").iter();
    let attempts: Vec<&Value> = facts.filter(|fact| fact["attempt"].is_object()).collect();
    assert_eq!(attempts.len(), 2);
    assert!(
        attempts.iter().all(|fact| fact["attempt"]["status"] == 200),
        "{trail}"
    );
    // The phone reports, and the delivery is delivered.
    let receipt = json!({ "delivery_id": id, "event": "delivered", "device_id": token(1),
        "timestamp": 1_790_000_000 });
    let reported = server.call("POST", "/push/events", &[], receipt.to_string().as_bytes());
    assert_eq!(reported.expect("an answer").status, 200);
    wait_for(&server, id, "delivered");
    assert!(server.said(&["trace", id]).contains("try 1 at apns: 200"));
}

#[test]
fn a_device_is_tried_from_the_command_line_and_its_trail_is_shown() {
    let world = World::new();
    let server = world.serve();
    let said = server.said(&["send", "test", "--token", &token(7), "--no-wait"]);
    assert!(said.contains("created"), "{said}");
    assert!(said.contains("sent           try 1 at apns: 200"), "{said}");
    world
        .apple
        .unregister(&token(8), WallClock.now().plus_millis(1_000));
    let said = server.said(&["send", "test", "--token", &token(8)]);
    assert!(said.contains("token_unregistered"), "{said}");
    assert_eq!(pushes(&world).len(), 2);
}

#[test]
fn a_process_that_is_killed_in_mid_broadcast_time_and_again_loses_nothing_and_shows_nothing_twice()
{
    const PEOPLE: usize = 400;
    const KILLS: usize = 200;
    let world = World::new();
    let mut server = world.serve();
    let batch: Vec<Value> = (0..PEOPLE)
        .map(|person| {
            json!({ "type": "person", "action": "add_device", "identifiers": { "id": format!("p{person}") },
                "device": { "token": token(person), "platform": "ios" } })
        })
        .collect();
    let taken = server.track("POST", "/api/v2/batch", &json!({ "batch": batch }));
    assert_eq!(taken.status, 200, "{}", taken.body);
    let sale = json!({ "name": "Sale", "content": { "channel": "push", "title": "{{ trigger.headline }}" } });
    let mut acknowledged = Vec::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for kill in 0..KILLS {
        let round = kill / 20 + 1;
        if kill % 20 == 0 {
            done(&send(
                &server,
                "PUT",
                &format!("/landfall/v1/broadcasts/{round}"),
                &sale,
            ));
            let call = json!({ "data": { "headline": format!("Round {round}") } });
            let path = format!("/v1/campaigns/{round}/triggers");
            acknowledged.push(done(&send(&server, "POST", &path, &call))["id"].clone());
        }
        // At a random moment, counted in pushes that Apple takes.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let more = random >> 59;
        let seen = world.apple.counts().requests;
        let waited = world.apple.until_requests(seen + more);
        // Or when nothing is sent any more.
        let moment = std::time::Duration::from_millis(150);
        let _ = world
            .runtime
            .block_on(async { tokio::time::timeout(moment, waited).await });
        server.kill();
        server = world.serve();
    }
    let rounds = acknowledged.len();
    server.until("/landfall/v1/deliveries/stream", || {
        let books = server.app("/landfall/v1/books").json();
        books["reached"] == PEOPLE * rounds && !books.to_string().contains("pending")
    });
    balanced(&server, PEOPLE * rounds);
    shown_once(&world, PEOPLE * rounds);
}

/// Everybody who was reached is in exactly one outcome, and a provider took every push.
fn balanced(server: &Server, reached: usize) {
    let books = server.app("/landfall/v1/books").json();
    assert_eq!(books["difference"], 0, "{books}");
    let mut outcomes: BTreeMap<String, u64> = BTreeMap::new();
    for row in books["lines"].as_array().expect("lines") {
        for (outcome, count) in row["outcomes"].as_object().expect("outcomes") {
            *outcomes.entry(outcome.clone()).or_default() += count.as_u64().unwrap_or_default();
        }
    }
    let expected = BTreeMap::from([("accepted".to_owned(), reached as u64)]);
    assert_eq!(outcomes, expected);
}

/// What phones show: a push with the collapse id of one before takes its place.
fn shown_once(world: &World, expected: usize) {
    let mut shown: BTreeSet<(String, String)> = BTreeSet::new();
    for push in pushes(world) {
        let delivery = push.payload["CIO-Delivery-ID"].as_str().expect("an id");
        let collapse = push.collapse_id;
        assert!(
            delivery.starts_with(&collapse),
            "copies of a delivery share their collapse id"
        );
        shown.insert((push.token, collapse));
    }
    assert_eq!(shown.len(), expected, "each push is on each phone");
}
