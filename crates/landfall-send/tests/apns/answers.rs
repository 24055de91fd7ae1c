//! What APNs says and what the sender makes of it.

use crate::line::{KEY_ID, NOW, Setup, TOPIC, certified, network, outgoing, token};
use landfall_domain::attempt::Verdict;
use landfall_domain::content::Content;
use landfall_domain::reason::Reason;
use landfall_domain::time::{Clock, HOUR_MS, MINUTE_MS, ManualClock};
use landfall_send::apns::{ApnsSender, expires_at};
use landfall_send::credential::ApnsCredential;
use landfall_send::{Address, Sender};
use landfall_sim::apns::Reason as Apple;
use landfall_sim::apns::{ApnsOptions, ApnsSim, Auth, Outcome, Refusal, StreamLimit};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

#[tokio::test]
async fn an_accepted_push_is_answered_with_the_id_of_the_attempt() {
    let line = Setup::default().start();
    let answer = line.send(1).await;
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(answer.status, Some(200));
    assert_eq!(answer.provider_id, Some(outgoing(1).attempt_id));
    let taken = line.sim.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].header("apns-topic"), Some(TOPIC));
    assert_eq!(taken[0].header("apns-collapse-id"), Some("dlv_1"));
    let payload: serde_json::Value = serde_json::from_slice(&taken[0].payload).unwrap();
    assert_eq!(payload["aps"]["alert"]["title"], "Title");
    assert_eq!(payload["CIO-Delivery-ID"], "dlv_1");
    assert_eq!(payload["CIO-Delivery-Token"], token(1));
}

#[tokio::test]
async fn every_reason_of_apple_s_list_arrives_as_it_was_said() {
    let line = Setup::default().start();
    for apple in Apple::ALL {
        let refusal = Refusal {
            split: true,
            ..Refusal::of(apple.name())
        };
        line.says(Outcome::Refuse(refusal));
        let answer = line.send(1).await;
        assert_eq!(answer.code.as_deref(), Some(apple.name()));
        assert_eq!(answer.status, Some(apple.status()));
        assert!(
            answer
                .reason()
                .is_some_and(|reason| reason != Reason::FailedUnknown)
        );
    }
}

#[tokio::test]
async fn an_answer_of_something_before_apple_is_classed_by_its_status() {
    let line = Setup::default().start();
    line.says(Outcome::Edge {
        status: 502,
        body: "<html>Bad Gateway</html>".to_owned(),
    });
    let answer = line.send(1).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderUnavailable));
    assert_eq!(answer.message.as_deref(), Some("<html>Bad Gateway</html>"));
}

#[tokio::test]
async fn a_dead_token_is_told_with_the_moment_of_its_death() {
    let line = Setup::default().start();
    let since = NOW.plus_millis(-5 * MINUTE_MS);
    line.sim.register(&token(1), Some(TOPIC));
    line.sim.unregister(&token(1), since);
    let answer = line.send(1).await;
    assert_eq!(answer.reason(), Some(Reason::TokenUnregistered));
    assert_eq!(answer.dead_since, Some(since));
}

#[tokio::test]
async fn a_token_of_the_other_environment_is_invalid() {
    let line = Setup::default().start();
    line.sim.register(&token(1), None);
    line.sim.move_to_other_environment(&token(1));
    assert_eq!(line.send(1).await.reason(), Some(Reason::TokenInvalid));
}

#[tokio::test]
async fn an_expired_provider_token_is_renewed_and_the_push_sent_once_more() {
    let line = Setup::default().start();
    assert_eq!(line.send(1).await.verdict, Verdict::Accepted);
    // Our clock is half an hour behind Apple's: the token is too old before we renew it.
    line.clock.advance(61 * MINUTE_MS);
    let now = NOW.plus_millis(30 * MINUTE_MS);
    let answer = line.sender.send(&outgoing(2), now).await;
    assert_eq!(answer.verdict, Verdict::Accepted);
    let taken = line.sim.taken();
    assert_eq!(taken.len(), 3);
    let header = |index: usize, name: &str| taken[index].header(name).map(str::to_owned);
    assert_eq!(header(0, "authorization"), header(1, "authorization"));
    assert_ne!(header(1, "authorization"), header(2, "authorization"));
    assert_eq!(header(1, "apns-id"), header(2, "apns-id"));
}

#[tokio::test]
async fn a_clock_that_is_an_hour_late_is_told_and_does_not_renew_for_every_push() {
    let line = Setup::default().start();
    line.clock.advance(2 * HOUR_MS);
    assert_eq!(
        line.send(1).await.reason(),
        Some(Reason::ProviderJwtExpired)
    );
    assert_eq!(
        line.send(2).await.reason(),
        Some(Reason::ProviderJwtExpired)
    );
    assert_eq!(
        line.sim.taken().len(),
        3,
        "the first push was sent twice, the second once"
    );
}

#[tokio::test]
async fn one_provider_token_serves_all_connections() {
    let line = Setup::limited(StreamLimit::Fixed(10)).start();
    line.send_all(500).await;
    line.sender.reset();
    line.send_all(500).await;
    let taken = line.sim.taken();
    let tokens: BTreeSet<_> = taken
        .iter()
        .map(|taken| taken.header("authorization"))
        .collect();
    assert_eq!(tokens.len(), 1);
    assert!(line.sim.counts().connections > 1);
}

#[tokio::test]
async fn an_unrelated_key_gets_one_more_chance_on_a_new_connection() {
    let line = Setup::default().start();
    line.says_once(Apple::UnrelatedKeyIdInToken);
    assert_eq!(line.send(1).await.verdict, Verdict::Accepted);
    let taken = line.sim.taken();
    assert_ne!(taken[0].connection, taken[1].connection);
    line.says(Apple::UnrelatedKeyIdInToken);
    assert_eq!(line.send(2).await.reason(), Some(Reason::ProviderKeyScope));
    assert_eq!(line.sim.taken().len(), 3, "not again within twenty minutes");
}

#[tokio::test]
async fn a_revoked_key_is_refused_from_then_on() {
    let line = Setup::default().start();
    assert_eq!(line.send(1).await.verdict, Verdict::Accepted);
    line.sim.revoke_key(KEY_ID);
    assert_eq!(line.send(2).await.reason(), Some(Reason::ProviderAuth));
}

#[tokio::test]
async fn nobody_home_is_a_failed_connection() {
    let line = Setup::default().start();
    let credential = ApnsCredential {
        base_url: Some("https://127.0.0.1:9".to_owned()),
        ..certified(&line.sim)
    };
    let sender = ApnsSender::new(&credential, &network()).unwrap();
    let answer = sender.send(&outgoing(1), NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ConnectionFailed));
}

#[tokio::test]
async fn a_check_proves_the_credential_without_reaching_anybody() {
    let line = Setup {
        only_registered: true,
        ..Setup::default()
    }
    .start();
    let answer = line.sender.check(NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(line.accepted(), BTreeMap::new());
    line.sim.revoke_key(KEY_ID);
    let answer = line.sender.check(NOW).await;
    assert_eq!(answer.reason(), Some(Reason::ProviderAuth));
}

#[tokio::test]
async fn a_dry_run_checks_message_and_credential_and_delivers_nothing() {
    let line = Setup {
        only_registered: true,
        ..Setup::default()
    }
    .start();
    line.sim.register(&token(1), None);
    let mut push = outgoing(1);
    push.dry_run = true;
    let answer = line.sender.send(&push, NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert!(answer.message.unwrap().contains("no dry run"));
    assert_eq!(line.accepted(), BTreeMap::new());
    if let Content::Push(content) = &mut push.content {
        content.body = Some("x".repeat(5_000));
    }
    let answer = line.sender.send(&push, NOW).await;
    assert_eq!(answer.reason(), Some(Reason::PayloadTooLarge));
}

#[tokio::test]
async fn what_can_never_pass_is_refused_without_a_connection() {
    let line = Setup::default().start();
    let mut push = outgoing(1);
    if let Address::Device { token, .. } = &mut push.to {
        *token = "not hex".to_owned();
    }
    let answer = line.sender.send(&push, NOW).await;
    assert_eq!(answer.reason(), Some(Reason::TokenMalformed));
    assert_eq!(line.sim.counts().connections, 0);
}

#[tokio::test]
async fn a_client_certificate_is_proof_enough() {
    let clock = Arc::new(ManualClock::at(NOW));
    let mut options = ApnsOptions::new(clock as Arc<dyn Clock>);
    options.auth = Auth::Certificate(vec![TOPIC.to_owned()]);
    let sim = ApnsSim::start(options).unwrap();
    let credential = certified(&sim);
    let sender = ApnsSender::new(&credential, &network()).unwrap();
    let answer = sender.send(&outgoing(1), NOW).await;
    assert_eq!(answer.verdict, Verdict::Accepted);
    assert_eq!(sim.taken()[0].header("authorization"), None);
    let end = expires_at(&credential.certificate_pem.unwrap()).unwrap();
    assert_eq!(sender.certificate_expires_at(), Some(end));
}
