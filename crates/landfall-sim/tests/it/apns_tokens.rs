//! Who may send to the simulated APNs: provider tokens and certificates (providers.md 1.3).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use landfall_domain::time::{HOUR_MS, MINUTE_MS, SECOND_MS};
use landfall_sim::apns::{
    ApnsSim, Auth, Environment, EnvironmentSpelling, ProviderKey, Reason, Strictness,
};
use landfall_sim::script::{Match, Rule, Script};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;

use crate::apns_peer::{NOW, Peer, Push, TOKEN, signed, start, unsigned};

const KEY: &str = "KEY0000001";
const TEAM: &str = "TEAM000001";

fn made(id: &str, team: &str) -> (ProviderKey, String) {
    ProviderKey::generate(id, team).expect("a key")
}

fn with(authorization: &str) -> Push {
    Push::to(TOKEN).header("authorization", Some(authorization))
}

async fn reason(peer: &mut Peer, authorization: &str) -> String {
    peer.push(&with(authorization)).await.reason()
}

fn knows(keys: Vec<ProviderKey>) -> (ApnsSim, std::sync::Arc<landfall_domain::time::ManualClock>) {
    start(|options| options.auth = Auth::Tokens(keys))
}

#[tokio::test]
async fn a_token_is_checked_in_every_part() {
    let (key, private) = made(KEY, TEAM);
    let (_, foreign) = made(KEY, TEAM);
    let (sim, _) = knows(vec![key]);
    let minute = |minutes: i64| NOW.plus_millis(minutes * MINUTE_MS);
    let header = json!({"alg": "ES256", "kid": KEY});
    let claims = json!({"iss": TEAM, "iat": NOW.seconds()});
    let good = signed(&private, KEY, TEAM, NOW);
    let cases = [
        (good.clone(), ""),
        (good.replacen("bearer", "Bearer", 1), ""),
        (good.replacen("bearer", "BEARER", 1), ""),
        (good.replacen("bearer", "basic", 1), "InvalidProviderToken"),
        ("bearer".to_owned(), "InvalidProviderToken"),
        ("bearer a.b".to_owned(), "InvalidProviderToken"),
        (signed(&foreign, KEY, TEAM, NOW), "InvalidProviderToken"),
        (
            signed(&private, "KEY0000002", TEAM, NOW),
            "InvalidProviderToken",
        ),
        (
            signed(&private, KEY, "TEAM000002", NOW),
            "InvalidProviderToken",
        ),
        (unsigned(&header, &claims, &[0; 64]), "InvalidProviderToken"),
        (
            unsigned(&json!({"alg": "none", "kid": KEY}), &claims, &[]),
            "InvalidProviderToken",
        ),
        (signed(&private, KEY, TEAM, minute(-60)), ""),
        (
            signed(&private, KEY, TEAM, minute(-60).plus_millis(-SECOND_MS)),
            "ExpiredProviderToken",
        ),
        (signed(&private, KEY, TEAM, minute(5)), ""),
        (
            signed(&private, KEY, TEAM, minute(6)),
            "InvalidProviderToken",
        ),
    ];
    for (authorization, wanted) in cases {
        let mut peer = Peer::connect(&sim).await;
        assert_eq!(
            reason(&mut peer, &authorization).await,
            wanted,
            "{authorization}"
        );
    }
    let mut peer = Peer::connect(&sim).await;
    let answer = peer.push(&Push::to(TOKEN)).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (403, "MissingProviderToken")
    );
}

#[tokio::test]
async fn a_token_that_was_right_expires_on_an_open_connection() {
    let (key, private) = made(KEY, TEAM);
    let (sim, clock) = knows(vec![key]);
    let mut peer = Peer::connect(&sim).await;
    let token = signed(&private, KEY, TEAM, NOW);
    assert_eq!(reason(&mut peer, &token).await, "");
    clock.advance(HOUR_MS);
    assert_eq!(reason(&mut peer, &token).await, "");
    clock.advance(1);
    assert_eq!(reason(&mut peer, &token).await, "ExpiredProviderToken");
    let next = signed(&private, KEY, TEAM, NOW.plus_millis(HOUR_MS));
    assert_eq!(reason(&mut peer, &next).await, "");
}

#[tokio::test]
async fn tokens_are_renewed_every_twenty_minutes_at_most_and_the_old_one_still_counts() {
    let (key, private) = made(KEY, TEAM);
    let (sim, clock) = knows(vec![key]);
    let mut peer = Peer::connect(&sim).await;
    let token = |minutes| signed(&private, KEY, TEAM, NOW.plus_millis(minutes * MINUTE_MS));
    let (first, early, later) = (token(0), token(19), token(20));
    assert_eq!(reason(&mut peer, &first).await, "");
    clock.advance(25 * MINUTE_MS);
    let answer = peer.push(&with(&early)).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (429, "TooManyProviderTokenUpdates")
    );
    assert_eq!(
        reason(&mut peer, &first).await,
        "",
        "retry with the old one"
    );
    assert_eq!(reason(&mut peer, &later).await, "");
    assert_eq!(
        reason(&mut peer, &first).await,
        "",
        "pushes on their way have the old one"
    );
    let mut other = Peer::connect(&sim).await;
    assert_eq!(
        reason(&mut other, &early).await,
        "",
        "another connection counts for itself"
    );
}

#[tokio::test]
async fn the_first_push_binds_a_connection_to_a_team_and_a_family_of_keys() {
    let (one, one_private) = made(KEY, TEAM);
    let (two, two_private) = made("KEY0000002", TEAM);
    let (own, own_private) = made("KEY0000003", TEAM);
    let (other, other_private) = made("KEY0000004", "TEAM000002");
    let own = own.only_for(["org.example.app"]);
    let (sim, clock) = knows(vec![one, two, own, other]);
    let mut peer = Peer::connect(&sim).await;
    assert_eq!(
        reason(&mut peer, &signed(&one_private, KEY, TEAM, NOW)).await,
        ""
    );
    clock.advance(HOUR_MS / 2);
    let now = NOW.plus_millis(HOUR_MS / 2);
    let cases = [
        (
            signed(&own_private, "KEY0000003", TEAM, now),
            "UnrelatedKeyIdInToken",
        ),
        (
            signed(&other_private, "KEY0000004", "TEAM000002", now),
            "InvalidProviderToken",
        ),
        (signed(&two_private, "KEY0000002", TEAM, now), ""),
    ];
    for (token, wanted) in &cases {
        assert_eq!(reason(&mut peer, token).await, *wanted);
    }
    for (token, _) in &cases {
        let mut fresh = Peer::connect(&sim).await;
        assert_eq!(
            reason(&mut fresh, token).await,
            "",
            "each is right by itself"
        );
    }
}

#[tokio::test]
async fn keys_have_an_environment_and_topics() {
    for (spelling, wanted) in [
        (
            EnvironmentSpelling::Documented,
            "BadEnvironmentKeyIdInToken",
        ),
        (EnvironmentSpelling::Observed, "BadEnvironmentKeyInToken"),
    ] {
        let (key, private) = made(KEY, TEAM);
        let (sim, _) = start(|options| {
            options.auth = Auth::Tokens(vec![key.only_in(Environment::Sandbox)]);
            options.spelling = spelling;
        });
        let mut peer = Peer::connect(&sim).await;
        let answer = peer.push(&with(&signed(&private, KEY, TEAM, NOW))).await;
        assert_eq!((answer.status, answer.reason().as_str()), (403, wanted));
    }
    let (key, private) = made(KEY, TEAM);
    let (sim, _) = knows(vec![key.only_for(["org.example.app"])]);
    let mut peer = Peer::connect(&sim).await;
    let push = with(&signed(&private, KEY, TEAM, NOW));
    assert_eq!(peer.push(&push).await.status, 200);
    let voip = push
        .clone()
        .header("apns-push-type", Some("voip"))
        .header("apns-topic", Some("org.example.app.voip"));
    assert_eq!(peer.push(&voip).await.status, 200);
    let other = push.header("apns-topic", Some("org.example.other"));
    assert_eq!(peer.push(&other).await.reason(), "TopicDisallowed");
}

#[tokio::test]
async fn a_key_is_revoked_while_connections_are_open() {
    let (key, private) = made(KEY, TEAM);
    let (sim, _) = knows(vec![key.clone()]);
    sim.script().replace(Script::of([Rule::new(
        Match::fact("key", KEY).and_fact("topic", "org.example.other"),
        Reason::TopicDisallowed.into(),
    )]));
    let mut peer = Peer::connect(&sim).await;
    let token = signed(&private, KEY, TEAM, NOW);
    assert_eq!(reason(&mut peer, &token).await, "");
    let other = with(&token).header("apns-topic", Some("org.example.other"));
    assert_eq!(peer.push(&other).await.reason(), "TopicDisallowed");
    sim.revoke_key(KEY);
    assert_eq!(reason(&mut peer, &token).await, "InvalidProviderToken");
    sim.add_key(key);
    assert_eq!(reason(&mut peer, &token).await, "");
}

#[tokio::test]
async fn padding_the_standard_alphabet_and_der_signatures_are_for_the_lenient() {
    let (key, private) = made(KEY, TEAM);
    let pkcs8 = PrivatePkcs8KeyDer::from_pem_slice(private.as_bytes()).expect("a key");
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8.secret_pkcs8_der())
        .expect("a key");
    // A claim that is written with "+" or "/" in the standard alphabet, and with padding.
    let header = STANDARD.encode(format!(r#"{{"alg":"ES256","kid":"{KEY}","x":"???>>>"}}"#));
    let seconds = NOW.seconds();
    let claims = STANDARD.encode(format!(r#"{{"iss":"{TEAM}","iat":{seconds}}}"#));
    assert!(header.contains(['+', '/']) && (header + &claims).contains('='));
    let header = STANDARD.encode(format!(r#"{{"alg":"ES256","kid":"{KEY}","x":"???>>>"}}"#));
    let signed_part = format!("{header}.{claims}");
    let der = pair
        .sign(&SystemRandom::new(), signed_part.as_bytes())
        .expect("signs");
    let odd = format!("bearer {signed_part}.{}", STANDARD.encode(der));
    let plain = URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"ES256","kid":"{KEY}"}}"#));
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"iss":"{TEAM}","iat":{seconds}}}"#));
    let signed_part = format!("{plain}.{claims}");
    let der = pair
        .sign(&SystemRandom::new(), signed_part.as_bytes())
        .expect("signs");
    let only_der = format!("bearer {signed_part}.{}", URL_SAFE_NO_PAD.encode(der));
    for (strictness, wanted) in [
        (Strictness::Lenient, ""),
        (Strictness::Strict, "InvalidProviderToken"),
    ] {
        let (sim, _) = start(|options| {
            options.auth = Auth::Tokens(vec![key.clone()]);
            options.strictness = strictness;
        });
        for authorization in [&odd, &only_der] {
            let mut peer = Peer::connect(&sim).await;
            assert_eq!(
                reason(&mut peer, authorization).await,
                wanted,
                "{strictness:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_certificate_covers_its_topics() {
    let topics = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let (sim, _) = start(|options| options.auth = Auth::Certificate(topics(&["org.example.app"])));
    let issued = sim.client_certificate("org.example.app").expect("issued");
    let mut peer = Peer::with_certificate(&sim, Some(&issued)).await;
    assert_eq!(peer.push(&Push::to(TOKEN)).await.status, 200);
    let alone = Push::to(TOKEN).header("apns-topic", None);
    assert_eq!(
        peer.push(&alone).await.status,
        200,
        "one topic needs no saying"
    );
    let ignored = with("bearer of.no.account");
    assert_eq!(peer.push(&ignored).await.status, 200);
    let other = Push::to(TOKEN).header("apns-topic", Some("org.example.other"));
    assert_eq!(peer.push(&other).await.reason(), "TopicDisallowed");
    let location = Push::to(TOKEN)
        .header("apns-push-type", Some("location"))
        .header("apns-topic", Some("org.example.app.location-query"));
    assert_eq!(peer.push(&location).await.reason(), "InvalidPushType");
    let mut bare = Peer::connect(&sim).await;
    assert_eq!(
        bare.push(&Push::to(TOKEN)).await.reason(),
        "MissingProviderToken"
    );
    assert_eq!(bare.push(&ignored).await.reason(), "InvalidProviderToken");

    let (sim, _) = start(|options| options.auth = Auth::Certificate(topics(&["a.b", "a.c"])));
    let issued = sim.client_certificate("a.b").expect("issued");
    let mut peer = Peer::with_certificate(&sim, Some(&issued)).await;
    assert_eq!(peer.push(&alone).await.reason(), "MissingTopic");
}
