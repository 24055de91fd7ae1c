//! How connections to the simulated APNs behave: stream limits, GOAWAY, lost and late answers.

use bytes::Bytes;
use landfall_sim::apns::{
    ApnsAnswer, ApnsSim, Below, Connections, Ended, GoAwayAfter, Lost, Outcome, StreamLimit,
    Violation,
};
use landfall_sim::script::{Match, Rule, Script};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::apns_peer::{Peer, Push, TOKEN, read, start, tls};

fn connecting(connections: Connections) -> ApnsSim {
    start(|options| options.connections = connections).0
}

fn says(sim: &ApnsSim, recipient: &str, outcome: Outcome) {
    let rule = Rule::new(Match::recipient(recipient), ApnsAnswer::from(outcome));
    sim.script().replace(Script::of([rule]));
}

/// Sends pushes one after another without waiting for answers.
async fn send_all(peer: &mut Peer, tokens: &[&str]) -> Vec<h2::client::ResponseFuture> {
    let mut answers = Vec::new();
    for token in tokens {
        answers.push(peer.send(&Push::to(token)).await.expect("is sent"));
    }
    answers
}

/// How each stream ended: its status, `refused` after GOAWAY or a reset, `unknown` otherwise.
async fn ends(answers: Vec<h2::client::ResponseFuture>) -> Vec<String> {
    let mut ends = Vec::new();
    for answer in answers {
        ends.push(match read(answer).await {
            Ok(answer) => answer.status.to_string(),
            Err(error) if error.is_go_away() && error.is_remote() => format!("away: {error}"),
            Err(error) if error.reason() == Some(h2::Reason::REFUSED_STREAM) => "refused".into(),
            Err(error) if error.is_reset() => "reset".into(),
            Err(_) => "unknown".into(),
        });
    }
    ends
}

#[tokio::test]
async fn one_stream_is_allowed_until_the_first_token_and_more_after_it() {
    let sim = connecting(Connections {
        streams: StreamLimit::OneUntilToken(7),
        ..Connections::default()
    });
    let mut peer = Peer::connect(&sim).await;
    let answer = peer.send(&Push::to(TOKEN)).await.expect("is sent");
    assert_eq!(peer.send.current_max_send_streams(), 1);
    assert_eq!(read(answer).await.expect("an answer").status, 200);
    // The frame comes before the answer or with it; one more exchange makes sure that it was read.
    assert_eq!(peer.push(&Push::to(TOKEN)).await.status, 200);
    assert_eq!(peer.send.current_max_send_streams(), 7);
    let answers = send_all(&mut peer, &["aa"; 7]).await;
    assert_eq!(ends(answers).await, ["200"; 7]);
    assert_eq!(sim.counts().violations, 0);
}

#[tokio::test]
async fn the_limit_is_raised_and_lowered_on_open_connections() {
    let sim = connecting(Connections {
        streams: StreamLimit::Fixed(3),
        ..Connections::default()
    });
    let mut peer = Peer::connect(&sim).await;
    assert_eq!(peer.push(&Push::to(TOKEN)).await.status, 200);
    assert_eq!(peer.send.current_max_send_streams(), 3);
    for limit in [9, 2, 5] {
        sim.set_stream_limit(limit);
        while peer.send.current_max_send_streams() != limit as usize {
            assert_eq!(peer.push(&Push::to(TOKEN)).await.status, 200);
        }
        let answers = send_all(&mut peer, &["aa"; 20]).await;
        assert_eq!(ends(answers).await, ["200"; 20]);
    }
    assert_eq!(sim.counts().violations, 0);
}

/// A HEADERS frame that ends its stream, in the plainest HPACK there is.
fn headers(stream: u32) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "https"),
        (":path", "/3/device/abcd"),
        ("host", "localhost"),
        ("apns-topic", "org.example.app"),
    ] {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).expect("short"));
            block.extend(text.as_bytes());
        }
    }
    let mut frame = frame(u32::try_from(block.len()).expect("short"), 1, 4, stream);
    frame.extend(block);
    frame
}

fn frame(len: u32, kind: u8, flags: u8, stream: u32) -> Vec<u8> {
    let mut frame = len.to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame
}

/// Sends raw bytes after the preface, and returns type, flags, stream and payload of all frames until the
/// simulator closes or a frame of this type came.
async fn raw(sim: &ApnsSim, sent: &[u8], until: u8) -> Vec<(u8, u8, u32, Vec<u8>)> {
    let mut stream = tls(sim, None).await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    let sent = [preface, frame(0, 4, 0, 0), sent.to_vec()].concat();
    stream.write_all(&sent).await.expect("writes");
    let mut frames = Vec::new();
    let mut head = [0; 9];
    while stream.read_exact(&mut head).await.is_ok() {
        let len = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; len as usize];
        stream.read_exact(&mut payload).await.expect("a payload");
        let stream_id = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        frames.push((head[3], head[4], stream_id, payload));
        if head[3] == until {
            break;
        }
    }
    frames
}

#[tokio::test]
async fn a_stream_above_the_limit_is_refused() {
    let sim = connecting(Connections {
        streams: StreamLimit::OneUntilToken(10),
        ..Connections::default()
    });
    // Two requests are open, because their bodies are still to come.
    let sent = [headers(1), headers(3)].concat();
    let frames = raw(&sim, &sent, 3).await;
    let (kind, flags, _, settings) = &frames[0];
    assert_eq!((*kind, *flags), (4, 0));
    assert!(
        settings
            .windows(6)
            .any(|setting| setting == [0, 3, 0, 0, 0, 1])
    );
    let (kind, _, stream, code) = frames.last().expect("frames");
    assert_eq!(
        (*kind, *stream, code.as_slice()),
        (3, 3, [0, 0, 0, 7].as_slice())
    );
    let counts = sim.counts();
    assert_eq!((counts.violations, counts.unprocessed), (1, 1));
}

#[tokio::test]
async fn a_stream_above_the_limit_can_cost_the_connection() {
    let sim = connecting(Connections {
        streams: StreamLimit::Fixed(1),
        violation: Violation::GoAway,
        ..Connections::default()
    });
    let sent = [headers(1), headers(3)].concat();
    let frames = raw(&sim, &sent, 7).await;
    let (_, _, _, payload) = frames.last().expect("frames");
    assert_eq!(
        payload[..8],
        [0, 0, 0, 1, 0, 0, 0, 1],
        "stream 1 is the last; PROTOCOL_ERROR"
    );
    assert_eq!(&payload[8..], b"maximum active streams violated");
}

#[tokio::test]
async fn a_stream_that_its_client_gave_up_leaves_room_for_another() {
    let sim = connecting(Connections {
        streams: StreamLimit::Fixed(1),
        ..Connections::default()
    });
    let mut reset = frame(4, 3, 0, 1);
    reset.extend([0, 0, 0, 8]);
    let mut body = frame(2, 0, 1, 3);
    body.extend(b"{}");
    let sent = [headers(1), reset, headers(3), body].concat();
    let frames = raw(&sim, &sent, 1).await;
    let (kind, flags, stream, _) = frames.last().expect("frames");
    assert_eq!((*kind, *stream), (1, 3), "headers of an answer");
    assert_eq!(flags & 1, 1, "which has no body");
    assert_eq!(sim.counts().violations, 0);
}

#[tokio::test]
async fn after_so_many_streams_a_connection_goes_away_with_a_reason() {
    let sim = connecting(Connections {
        go_away: Some(GoAwayAfter {
            streams: 3,
            reason: Some("Shutdown".to_owned()),
            below: Below::Answered,
        }),
        ..Connections::default()
    });
    says(&sim, "aa", Outcome::Hold);
    let mut peer = Peer::connect(&sim).await;
    assert_eq!(peer.push(&Push::to("bb")).await.status, 200);
    // All three are on their way when the connection goes away with the second of them.
    let mut answers = send_all(&mut peer, &["aa", "aa", "cc"]).await;
    let late = answers.split_off(2);
    sim.gate().until_waiting(2).await;
    sim.gate().open();
    assert_eq!(ends(answers).await, ["200", "200"]);
    let late = ends(late).await;
    assert!(
        late[0].starts_with("away") && late[0].contains("Shutdown"),
        "{late:?}"
    );
    peer.closed().await.expect("closed in order");
    let counts = sim.counts();
    assert_eq!((counts.accepted, counts.connections), (3, 1));
    assert!(
        sim.taken()
            .iter()
            .all(|taken| taken.token != "cc" || taken.ended == Ended::Unprocessed)
    );
    // The next connection begins anew.
    sim.script().clear();
    let mut peer = Peer::connect(&sim).await;
    let answers = send_all(&mut peer, &["aa"; 3]).await;
    assert_eq!(ends(answers).await, ["200"; 3]);
}

#[tokio::test]
async fn a_connection_can_go_away_without_the_answers_that_it_owes() {
    let sim = connecting(Connections {
        go_away: Some(GoAwayAfter {
            streams: 3,
            reason: None,
            below: Below::Unanswered,
        }),
        ..Connections::default()
    });
    let mut peer = Peer::connect(&sim).await;
    let answers = send_all(&mut peer, &["aa", "bb"]).await;
    assert_eq!(ends(answers).await, ["200", "200"]);
    let answers = send_all(&mut peer, &["cc"]).await;
    assert_eq!(ends(answers).await, ["unknown"]);
    let counts = sim.counts();
    assert_eq!((counts.accepted, counts.unanswered), (3, 1));
}

#[tokio::test]
async fn the_last_stream_can_be_chosen() {
    for (processed, wanted) in [(true, "200"), (false, "away")] {
        let sim = connecting(Connections::default());
        let outcome = Outcome::GoAway {
            reason: Some("IdleTimeout".to_owned()),
            processed,
        };
        says(&sim, "bb", outcome);
        let mut peer = Peer::connect(&sim).await;
        let answers = send_all(&mut peer, &["aa", "bb"]).await;
        let ends = ends(answers).await;
        assert_eq!(ends[0], "200");
        assert!(ends[1].starts_with(wanted), "{ends:?}");
        assert_eq!(ends[1].contains("IdleTimeout"), !processed);
        assert_eq!(sim.counts().accepted, 1 + u64::from(processed));
    }
}

#[tokio::test]
async fn open_connections_are_sent_away_at_once() {
    let sim = connecting(Connections::default());
    let mut peer = Peer::connect(&sim).await;
    assert_eq!(peer.push(&Push::to(TOKEN)).await.status, 200);
    assert_eq!(sim.open_connections(), 1);
    sim.go_away("Shutdown");
    peer.ended
        .await
        .expect("the connection's task")
        .expect("closed in order");
    sim.until_open(0).await;
}

#[tokio::test]
async fn an_answer_is_lost_with_its_connection_and_the_push_counts() {
    let sim = connecting(Connections::default());
    says(&sim, "bb", Outcome::Lost(Lost::WithConnection));
    let mut peer = Peer::connect(&sim).await;
    let answers = send_all(&mut peer, &["aa"]).await;
    assert_eq!(ends(answers).await, ["200"]);
    let answers = send_all(&mut peer, &["bb"]).await;
    assert_eq!(ends(answers).await, ["unknown"]);
    let counts = sim.counts();
    assert_eq!((counts.accepted, counts.unanswered), (2, 1));
    let taken = sim.taken();
    assert_eq!(taken[1].ended, Ended::Accepted { answered: false });
}

#[tokio::test]
async fn an_answer_is_lost_with_its_stream_alone() {
    let sim = connecting(Connections::default());
    says(&sim, "bb", Outcome::Lost(Lost::WithStream));
    let mut peer = Peer::connect(&sim).await;
    let answers = send_all(&mut peer, &["aa", "bb", "cc"]).await;
    assert_eq!(ends(answers).await, ["200", "reset", "200"]);
    assert_eq!(sim.counts().accepted, 3);
}

#[tokio::test]
async fn a_stream_is_refused_without_effect() {
    let sim = connecting(Connections::default());
    says(&sim, "bb", Outcome::RefuseStream);
    let mut peer = Peer::connect(&sim).await;
    let answers = send_all(&mut peer, &["aa", "bb", "cc"]).await;
    assert_eq!(ends(answers).await, ["200", "refused", "200"]);
    let counts = sim.counts();
    assert_eq!((counts.accepted, counts.unprocessed), (2, 1));
}

#[tokio::test]
async fn a_connection_is_torn() {
    let sim = connecting(Connections::default());
    says(&sim, "bb", Outcome::Tear);
    let mut peer = Peer::connect(&sim).await;
    let answers = send_all(&mut peer, &["bb"]).await;
    assert_eq!(ends(answers).await, ["unknown"]);
    peer.closed().await.expect_err("reset, not closed");
    assert_eq!(sim.counts().accepted, 0);
    let mut peer = Peer::connect(&sim).await;
    assert_eq!(peer.push(&Push::to("aa")).await.status, 200);
    sim.tear_connections();
    peer.ended
        .await
        .expect("the connection's task")
        .expect_err("reset, not closed");
}

#[tokio::test]
async fn answers_wait_at_the_gate_and_others_pass_them() {
    let sim = connecting(Connections::default());
    says(&sim, "bb", Outcome::Hold);
    let mut peer = Peer::connect(&sim).await;
    let held = peer.send(&Push::to("bb")).await.expect("is sent");
    sim.gate().until_waiting(1).await;
    assert_eq!(peer.push(&Push::to("aa")).await.status, 200);
    assert_eq!(sim.counts().accepted, 2, "the push had its effect at once");
    sim.gate().release(1);
    assert_eq!(read(held).await.expect("an answer").status, 200);
    let delayed = ApnsAnswer {
        outcome: Outcome::Natural,
        delay_ms: 1,
    };
    sim.script().replace(Script::of([Rule::always(delayed)]));
    assert_eq!(peer.push(&Push::to("aa")).await.status, 200);
}

#[tokio::test]
async fn a_silent_stream_stays_open_until_its_client_gives_it_up() {
    let sim = connecting(Connections {
        streams: StreamLimit::Fixed(1),
        ..Connections::default()
    });
    says(&sim, "bb", Outcome::Silent { processed: true });
    let mut peer = Peer::connect(&sim).await;
    let silent = peer.send(&Push::to("bb")).await.expect("is sent");
    sim.until_requests(1).await;
    drop(silent);
    assert_eq!(
        peer.push(&Push::to("aa")).await.status,
        200,
        "there is room again"
    );
    let counts = sim.counts();
    assert_eq!(
        (counts.accepted, counts.unanswered, counts.violations),
        (2, 1, 0)
    );
}

/// Whether a PING is answered. The ping that measures is the second of two frames, the first being the
/// acknowledgement of the simulator's SETTINGS.
async fn answers_ping(sim: &ApnsSim) -> bool {
    let mut ping = frame(8, 6, 0, 0);
    ping.extend([7; 8]);
    let mut body = frame(2, 0, 1, 1);
    body.extend(b"{}");
    // The push is answered in any case, after the ping.
    let frames = raw(sim, &[ping, headers(1), body].concat(), 1).await;
    frames
        .iter()
        .any(|(kind, flags, _, _)| (*kind, *flags) == (6, 1))
}

#[tokio::test]
async fn pings_can_go_unanswered() {
    let sim = connecting(Connections::default());
    assert!(answers_ping(&sim).await);
    sim.set_connections(Connections {
        ignores_pings: true,
        ..Connections::default()
    });
    assert!(!answers_ping(&sim).await);
}

#[tokio::test]
async fn a_hanging_connection_takes_nothing_and_stays_open() {
    let sim = connecting(Connections::default());
    says(&sim, "bb", Outcome::HalfOpen);
    let mut peer = Peer::connect(&sim).await;
    let _hangs = peer.send(&Push::to("bb")).await.expect("is sent");
    sim.until_requests(1).await;
    let _late = peer.send(&Push::to("aa")).await.expect("is sent");
    let mut other = Peer::connect(&sim).await;
    assert_eq!(other.push(&Push::to("cc")).await.status, 200);
    assert!(!peer.ended.is_finished());
    assert_eq!(sim.open_connections(), 2);
    assert_eq!(sim.counts().accepted, 1);
    sim.hang_connections();
}

#[tokio::test]
async fn a_body_may_come_in_pieces_and_without_authority() {
    let sim = connecting(Connections::default());
    let mut frames = headers(1);
    for part in [&b"{"[..], b"\"aps\"", b":{}"] {
        frames.extend(frame(u32::try_from(part.len()).expect("short"), 0, 0, 1));
        frames.extend(part);
    }
    frames.extend(frame(1, 0, 1, 1));
    frames.push(b'}');
    let frames = raw(&sim, &frames, 1).await;
    assert_eq!(
        frames.last().map(|frame| frame.1 & 1),
        Some(1),
        "accepted: no body follows"
    );
    let taken = sim.taken();
    assert_eq!(taken[0].payload, Bytes::from_static(br#"{"aps":{}}"#));
    assert_eq!(taken[0].header("host"), Some("localhost"));
}

#[tokio::test]
async fn a_dropped_simulator_closes_its_connections() {
    let sim = connecting(Connections::default());
    let mut peer = Peer::connect(&sim).await;
    assert_eq!(peer.push(&Push::to(TOKEN)).await.status, 200);
    drop(sim);
    // In order or by a reset: over it is.
    let _ = peer.closed().await;
}
