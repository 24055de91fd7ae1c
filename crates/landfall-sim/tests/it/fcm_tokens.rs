//! Google's token endpoint, and access tokens that end (providers.md 2.1).

use landfall_domain::time::SECOND_MS;
use landfall_sim::fcm::{Ended, Row, ServiceAccount, TokenAnswer};
use landfall_sim::http::{Canned, Fault};
use landfall_sim::script::{Match, Rule, Script};
use serde_json::{Value, json};

use crate::fcm_peer::{Fcm, NOW, assertion};

fn to_device() -> Value {
    json!({"token": "t", "data": {"k": "v"}})
}

#[tokio::test]
async fn an_assertion_of_the_account_is_exchanged_for_a_token_that_sends() {
    let fcm = Fcm::start(|_| {});
    let answer = fcm.ask(|_| {}).await;
    let body = answer.json();
    assert_eq!((answer.status, &body["expires_in"]), (200, &json!(3599)));
    assert_eq!(body["token_type"], "Bearer");
    let token = body["access_token"].as_str().expect("a token");
    assert_eq!(fcm.send(token, &to_device()).await.status, 200);
    let counts = fcm.sim.counts();
    assert_eq!((counts.granted, counts.accepted), (1, 1));
    assert_eq!(fcm.sim.taken()[0].ended, Ended::Granted);
}

#[tokio::test]
async fn an_assertion_is_checked_in_every_part() {
    let fcm = Fcm::start(|_| {});
    let now = NOW.seconds();
    let cases: [(&str, Value, &str); 8] = [
        ("iss", json!("other@example.org"), "invalid_grant"),
        ("aud", json!("https://example.org/token"), "invalid_grant"),
        ("exp", json!(now + 3601), "invalid_grant"),
        ("exp", json!(now), "invalid_grant"),
        ("iat", json!(now - 7200), "invalid_grant"),
        ("iat", json!(now + 301), "invalid_grant"),
        (
            "scope",
            json!("https://www.googleapis.com/auth/drive"),
            "invalid_scope",
        ),
        ("scope", json!(""), "invalid_scope"),
    ];
    for (claim, value, error) in cases {
        let answer = fcm.ask(|claims| claims[claim] = value.clone()).await;
        assert_eq!(answer.status, 400, "{claim} {value}");
        assert_eq!(answer.json()["error"], error, "{claim} {value}");
    }
    let late = fcm
        .ask(|claims| {
            claims["iat"] = json!(now - 4000);
            claims["exp"] = json!(now - 400);
        })
        .await;
    assert_eq!(late.json()["error"], "invalid_grant");
    let google = fcm
        .ask(|claims| claims["aud"] = json!("https://oauth2.googleapis.com/token"))
        .await;
    assert_eq!(google.status, 200, "{}", google.text);
    let several = fcm
        .ask(|claims| {
            claims["scope"] = json!("https://www.googleapis.com/auth/drive https://www.googleapis.com/auth/cloud-platform");
        })
        .await;
    assert_eq!(several.status, 200, "{}", several.text);
}

#[tokio::test]
async fn a_foreign_signature_or_key_id_is_no_grant_and_a_missing_key_id_is_none_of_it() {
    let fcm = Fcm::start(|_| {});
    let file = fcm.sim.key_file();
    let now = NOW.seconds();
    let claims = json!({
        "iss": file["client_email"],
        "scope": "https://www.googleapis.com/auth/firebase.messaging",
        "aud": file["token_uri"],
        "iat": now,
        "exp": now + 60,
    });
    let foreign = ServiceAccount::generate("landfall-test").expect("an account");
    let own = file["private_key"].as_str().expect("a key");
    let cases = [
        (assertion(&claims, None, own), 200),
        (assertion(&claims, Some("other"), own), 400),
        (assertion(&claims, None, &foreign.private_key), 400),
        ("a.b.c".to_owned(), 400),
        (String::new(), 400),
    ];
    for (assertion, status) in cases {
        assert_eq!(fcm.ask_with(&assertion).await.status, status, "{assertion}");
    }
    let other = fcm.post("/token", &[], "grant_type=password").await;
    let other = other.expect("an answer");
    assert_eq!(other.json()["error"], "unsupported_grant_type");
}

#[tokio::test]
async fn a_token_ends_when_it_expires_or_is_revoked_and_a_new_one_sends_again() {
    let fcm = Fcm::start(|_| {});
    let short = TokenAnswer::Grant { expires_in: 60 };
    let rule = Rule::new(Match::recipient(&fcm.sim.account().email), short);
    fcm.sim.token_script().replace(Script::of([rule]));
    let answer = fcm.ask(|_| {}).await;
    assert_eq!(answer.json()["expires_in"], 60);
    let token = answer.json()["access_token"]
        .as_str()
        .map(ToOwned::to_owned);
    let token = token.expect("a token");
    fcm.clock.advance(60 * SECOND_MS - 1);
    assert_eq!(fcm.send(&token, &to_device()).await.status, 200);
    fcm.clock.advance(1);
    let expired = fcm.send(&token, &to_device()).await;
    assert_eq!((expired.status, expired.code().as_str()), (401, ""));
    assert_eq!(
        expired.json()["error"]["status"],
        Row::Unauthenticated.status()
    );

    let token = fcm.token().await;
    assert_eq!(fcm.send(&token, &to_device()).await.status, 200);
    fcm.sim.revoke_tokens();
    assert_eq!(fcm.send(&token, &to_device()).await.status, 401);
    let token = fcm.token().await;
    assert_eq!(fcm.send(&token, &to_device()).await.status, 200);

    fcm.sim.revoke_key();
    assert_eq!(fcm.ask(|_| {}).await.json()["error"], "invalid_grant");
    assert_eq!(
        fcm.send(&token, &to_device()).await.status,
        200,
        "it lives on"
    );
}

#[tokio::test]
async fn the_endpoint_fails_on_demand() {
    let fcm = Fcm::start(|_| {});
    let cases = [
        (
            TokenAnswer::refuse(400, "invalid_grant", "Token has been revoked."),
            400,
        ),
        (
            TokenAnswer::refuse(401, "invalid_client", "The OAuth client was not found."),
            401,
        ),
        (TokenAnswer::Fault(Fault::Canned(Canned::edge(503))), 503),
    ];
    for (answer, status) in cases {
        fcm.sim
            .token_script()
            .replace(Script::of([Rule::always(answer)]));
        assert_eq!(fcm.ask(|_| {}).await.status, status);
    }
    let counts = fcm.sim.counts();
    assert_eq!(counts.refused["invalid_grant"], 1);
    assert_eq!(counts.refused["invalid_client"], 1);
    assert_eq!(counts.refused["503"], 1);
    assert_eq!(counts.granted, 0);

    let slow = TokenAnswer::Fault(Fault::Hold);
    fcm.sim
        .token_script()
        .replace(Script::of([Rule::always(slow)]));
    let gate = fcm.sim.gate().clone();
    let (answer, ()) = tokio::join!(fcm.ask(|_| {}), async move {
        gate.until_waiting(1).await;
        gate.release(1);
    });
    assert_eq!(answer.status, 200);
}
