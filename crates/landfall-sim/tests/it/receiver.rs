//! The plain receiver of requests.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use landfall_domain::time::{ManualClock, Timestamp};
use landfall_sim::certificate::Authority;
use landfall_sim::http::{Canned, Fault, RetryAfter, send};
use landfall_sim::receiver::{Options, Receiver};
use landfall_sim::script::{Match, Rule, Script};

const NOW: Timestamp = Timestamp::from_seconds(7);

fn options() -> Options {
    Options::plain(Arc::new(ManualClock::at(NOW)))
}

fn post(receiver: &Receiver, path: &str) -> Request<Bytes> {
    Request::post(receiver.url(path))
        .header("x-test", "one")
        .body(Bytes::from_static(b"\0raw\xff"))
        .expect("a request")
}

#[tokio::test]
async fn requests_are_kept_as_they_came() {
    let receiver = Receiver::start(options()).expect("a free port");
    let response = send(post(&receiver, "/a%20b?c=d"), None)
        .await
        .expect("an answer");
    assert_eq!(response.status(), 200);
    let taken = receiver.taken();
    assert_eq!(
        (taken[0].method.as_str(), taken[0].path.as_str()),
        ("POST", "/a%20b?c=d")
    );
    assert_eq!((taken[0].header("x-test"), taken[0].at), (Some("one"), NOW));
    assert_eq!(&taken[0].body[..], b"\0raw\xff");
    assert_eq!(taken[0].status, Some(200));
}

#[tokio::test]
async fn a_script_answers_delays_and_closes() {
    let receiver = Receiver::start(options()).expect("a free port");
    let later = Canned::text(503, "later").retry_after(RetryAfter::Seconds(3));
    receiver.script().replace(Script::of([
        Rule::new(Match::prefix("/busy"), Fault::Canned(later)),
        Rule::new(Match::prefix("/slow"), Fault::Hold),
        Rule::new(Match::prefix("/torn"), Fault::CloseAfter),
    ]));
    let busy = send(post(&receiver, "/busy"), None)
        .await
        .expect("an answer");
    assert_eq!(
        (busy.status().as_u16(), &busy.body()[..]),
        (503, &b"later"[..])
    );
    assert_eq!(busy.headers()["retry-after"], "3");
    assert!(send(post(&receiver, "/torn"), None).await.is_err());
    let slow = tokio::spawn(send(post(&receiver, "/slow"), None));
    receiver.gate().until_waiting(1).await;
    receiver.gate().open();
    let slow = slow.await.expect("not cancelled").expect("an answer");
    assert_eq!(slow.status(), 200);
    let statuses: Vec<_> = receiver.taken().iter().map(|one| one.status).collect();
    assert_eq!(statuses, [Some(503), None, Some(200)]);
}

#[tokio::test]
async fn tls_is_spoken_with_a_certificate_for_localhost() {
    let authority = Arc::new(Authority::new().expect("an authority"));
    let options = Options {
        authority: Some(authority.clone()),
        ..options()
    };
    let receiver = Receiver::start(options).expect("a free port");
    let tls = authority.client_config(&["h2"], None).expect("settings");
    let response = send(post(&receiver, "/"), Some(Arc::new(tls))).await;
    assert_eq!(response.expect("an answer").status(), 200);
    assert_eq!(receiver.authority_pem(), Some(authority.pem()));
}

#[tokio::test]
async fn a_receiver_stops_when_it_is_dropped() {
    let receiver = Receiver::start(options()).expect("a free port");
    let address = receiver.address();
    send(post(&receiver, "/"), None).await.expect("an answer");
    let slow = Script::of([Rule::always(Fault::Hold)]);
    receiver.script().replace(slow);
    let open = tokio::spawn(send(post(&receiver, "/"), None));
    receiver.gate().until_waiting(1).await;
    drop(receiver);
    assert!(
        open.await.expect("not cancelled").is_err(),
        "open connections end too"
    );
    let late = tokio::net::TcpStream::connect(address).await;
    assert!(late.is_err(), "nobody listens any more");
}
