//! `kill -9` at any moment: what was acknowledged is there, and nothing is there twice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;

use crate::harness::{self, SITE_ID, Server, TRACK_KEY, basic, call};

/// Rounds of load and kill.
const ROUNDS: u64 = 12;
/// Clients that send at the same time.
const CLIENTS: u64 = 6;
/// Acknowledged events after which a round's server is killed; varied so that kills hit different
/// moments of a commit.
const KILL_AFTER: [u64; 6] = [1, 7, 40, 123, 300, 77];

/// What the clients know: events by person, acknowledged or not.
#[derive(Default)]
struct Sent {
    acknowledged: BTreeMap<String, Vec<String>>,
    unanswered: Vec<(String, String)>,
}

#[test]
fn acknowledged_is_kept_and_applied_once_through_kills_under_load() {
    let data = tempfile::tempdir().expect("a temporary folder");
    harness::init(data.path());
    let sent = Arc::new(Mutex::new(Sent::default()));
    for round in 0..ROUNDS {
        let server = Server::start(data.path(), &[]);
        resend_unanswered(&server, &sent);
        check(&server, &sent);
        load_until_killed(server, round, &sent);
    }
    let server = Server::start(data.path(), &[]);
    resend_unanswered(&server, &sent);
    let total = check(&server, &sent);
    assert!(
        total > ROUNDS * CLIENTS,
        "the load was real: {total} events"
    );
    server.stop();
}

fn load_until_killed(server: Server, round: u64, sent: &Arc<Mutex<Sent>>) {
    let acknowledged = Arc::new(AtomicU64::new(0));
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (url, sent) = (server.url.clone(), Arc::clone(sent));
            let (acknowledged, over) = (Arc::clone(&acknowledged), Arc::clone(&over));
            std::thread::spawn(move || {
                let agent = ureq::Agent::config_builder()
                    .http_status_as_error(false)
                    .build()
                    .into();
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        return;
                    }
                    let person = format!("p{}", (client + number) % 9);
                    let event = format!("{round:04}{client:04}{number:018}");
                    if track(&agent, &url, &person, &event) {
                        remember(&sent, person, event);
                        acknowledged.fetch_add(1, Ordering::Relaxed);
                    } else {
                        sent.lock().expect("lock").unanswered.push((person, event));
                        return;
                    }
                }
            })
        })
        .collect();
    let enough = KILL_AFTER[usize::try_from(round).expect("small") % KILL_AFTER.len()];
    while acknowledged.load(Ordering::Relaxed) < enough {
        assert!(
            clients.iter().any(|client| !client.is_finished()),
            "all clients gave up"
        );
        std::thread::yield_now();
    }
    server.kill();
    over.store(true, Ordering::Relaxed);
    for client in clients {
        client.join().expect("a client ends");
    }
}

/// Sends an event; `true` when it was acknowledged.
fn track(agent: &ureq::Agent, url: &str, person: &str, event: &str) -> bool {
    let auth = format!("Basic {}", basic(SITE_ID, TRACK_KEY));
    let body = json!({"name": "added_to_cart", "id": event, "data": {"n": event}});
    let path = format!("/api/v1/customers/{person}/events");
    let body = body.to_string();
    let answer = call(
        agent,
        url,
        "POST",
        &path,
        &[("authorization", &auth)],
        body.as_bytes(),
    );
    match answer {
        Some(answer) => {
            assert_eq!(answer.status, 200, "{}", answer.body);
            true
        }
        None => false,
    }
}

fn remember(sent: &Mutex<Sent>, person: String, event: String) {
    sent.lock()
        .expect("lock")
        .acknowledged
        .entry(person)
        .or_default()
        .push(event);
}

/// A client that got no answer sends again: with the event's id that is safe.
fn resend_unanswered(server: &Server, sent: &Mutex<Sent>) {
    let agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let unanswered = std::mem::take(&mut sent.lock().expect("lock").unanswered);
    for (person, event) in unanswered {
        assert!(track(&agent, &server.url, &person, &event));
        remember(sent, person, event);
    }
}

/// Every acknowledged event is there exactly once; returns how many there are.
fn check(server: &Server, sent: &Mutex<Sent>) -> u64 {
    let sent = sent.lock().expect("lock");
    let mut total = 0;
    for (person, events) in &sent.acknowledged {
        let mut want = events.clone();
        want.sort();
        let mut got = events_of(server, person);
        got.sort();
        assert_eq!(got, want, "events of {person}");
        total += want.len() as u64;
    }
    total
}

fn events_of(server: &Server, person: &str) -> Vec<String> {
    let mut events = Vec::new();
    let mut start = String::new();
    loop {
        let path = format!("/v1/customers/{person}/activities?type=event&limit=100&start={start}");
        let page = server.app(&path);
        assert_eq!(page.status, 200, "{}", page.body);
        let page = page.json();
        for activity in page["activities"].as_array().expect("activities") {
            let event = activity["data"]["n"].as_str().expect("the event's number");
            events.push(event.to_owned());
        }
        match page["next"].as_str() {
            Some(next) if !next.is_empty() => start = next.to_owned(),
            _ => return events,
        }
    }
}
