use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation};
use landfall_domain::time::{HOUR_MS, SECOND_MS};
use proptest::prelude::*;
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384, PublicKeyData as _};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn at(minutes: i64) -> Timestamp {
    NOW.plus_millis(minutes * MINUTE_MS)
}

fn token() -> ProviderToken {
    let key = KeyPair::generate().unwrap();
    ProviderToken::new(&key.serialize_pem(), "ABC123DEFG", "TEAM567890").unwrap()
}

fn problem(p8: &str, key_id: &str, team_id: &str) -> &'static str {
    let refused = ProviderToken::new(p8, key_id, team_id);
    refused.err().unwrap().field
}

#[test]
fn the_token_is_what_apple_asks_for() {
    let key = KeyPair::generate().unwrap();
    let token = ProviderToken::new(&key.serialize_pem(), "ABC123DEFG", "TEAM567890").unwrap();
    let bearer = token.bearer(NOW);
    assert!(bearer.value.is_sensitive());
    let jwt = bearer
        .value
        .to_str()
        .unwrap()
        .strip_prefix("bearer ")
        .unwrap();
    let part = |index: usize| {
        let part = jwt.split('.').nth(index).unwrap();
        let json = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice::<serde_json::Value>(&json).unwrap()
    };
    assert_eq!(
        part(0),
        serde_json::json!({"alg": "ES256", "kid": "ABC123DEFG"})
    );
    assert_eq!(
        part(1),
        serde_json::json!({"iss": "TEAM567890", "iat": 1_800_000_000})
    );
    let mut validation = Validation::new(Algorithm::ES256);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    let public = DecodingKey::from_ec_der(key.der_bytes());
    jsonwebtoken::decode::<serde_json::Value>(jwt, &public, &validation).unwrap();
}

#[test]
fn a_token_serves_for_forty_minutes_and_is_renewed_before_fifty() {
    let token = token();
    let first = token.bearer(NOW);
    assert_eq!(token.bearer(at(39)), first);
    let second = token.bearer(at(50));
    assert_ne!(second, first);
    assert_eq!(token.bearer(at(51)), second);
}

#[test]
fn keys_are_renewed_at_different_times_which_a_restart_does_not_change() {
    let of = |key_id: &str| renew_after_ms(key_id);
    assert_eq!(of("ABC123DEFG"), of("ABC123DEFG"));
    let all: std::collections::BTreeSet<_> = (0..100).map(|n| of(&format!("KEY{n:07}"))).collect();
    assert!(all.len() > 90);
    assert!(
        all.iter()
            .all(|ms| (RENEWAL_MS.0..RENEWAL_MS.1).contains(ms))
    );
}

#[test]
fn an_expired_token_is_renewed_at_once_and_all_pushes_share_the_new_one() {
    let token = token();
    let old = token.bearer(NOW);
    let new = token.after_expiry(&old, at(5)).unwrap();
    assert_ne!(new, old);
    // A second push had been sent with the old one, too.
    assert_eq!(token.after_expiry(&old, at(5)), Some(new.clone()));
    assert_eq!(token.bearer(at(6)), new);
}

#[test]
fn a_new_token_that_has_expired_as_well_is_not_renewed_again_for_twenty_minutes() {
    let token = token();
    let first = token.bearer(NOW);
    let second = token.after_expiry(&first, at(1)).unwrap();
    assert_eq!(token.after_expiry(&second, at(1)), None);
    assert_eq!(token.after_expiry(&second, at(20)), None);
    assert!(token.after_expiry(&second, at(21)).is_some());
}

#[test]
fn too_many_updates_bring_the_old_token_back_and_hold_the_next_one() {
    let token = token();
    let old = token.bearer(NOW);
    let new = token.bearer(at(50));
    token.after_too_many_updates(&new, at(50));
    assert_eq!(token.bearer(at(50)), old);
    assert_eq!(
        token.bearer(at(56)),
        old,
        "past its renewal, but not refused"
    );
    assert_ne!(
        token.bearer(at(58)),
        old,
        "Apple would not take it any more"
    );
}

#[test]
fn without_an_old_token_too_many_updates_keep_the_current_one() {
    let token = token();
    let only = token.bearer(NOW);
    token.after_too_many_updates(&only, at(1));
    assert_eq!(token.bearer(at(2)), only);
}

#[test]
fn too_many_updates_said_of_a_token_that_is_gone_change_nothing_but_the_pace() {
    let token = token();
    let old = token.bearer(NOW);
    let new = token.bearer(at(50));
    token.after_too_many_updates(&old, at(50));
    assert_eq!(token.bearer(at(51)), new);
}

#[test]
fn a_clock_that_was_set_back_gets_a_token_of_its_own_time() {
    let token = token();
    let first = token.bearer(NOW);
    assert_eq!(
        token.bearer(at(-1)),
        first,
        "a second or a minute is nothing"
    );
    assert_ne!(token.bearer(NOW.plus_millis(-HOUR_MS)), first);
}

#[test]
fn wrong_keys_and_ids_are_told_by_their_field() {
    let p8 = KeyPair::generate().unwrap().serialize_pem();
    assert_eq!(problem(&p8, "short", "TEAM567890"), "key_id");
    assert_eq!(problem(&p8, "", "TEAM567890"), "key_id");
    assert_eq!(problem(&p8, "ABC123DEFG", "TEAM-67890"), "team_id");
    assert_eq!(problem("no key", "ABC123DEFG", "TEAM567890"), "key_p8");
    let other = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let other = other.serialize_pem();
    assert_eq!(problem(&other, "ABC123DEFG", "TEAM567890"), "key_p8");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn tokens_change_no_faster_than_every_twenty_minutes_and_none_is_used_for_an_hour(
        steps in prop::collection::vec(1_i64..40 * 60, 1..60)
    ) {
        let token = token();
        let mut now = NOW;
        let mut current = token.bearer(now);
        for seconds in steps {
            now = now.plus_millis(seconds * SECOND_MS);
            let next = token.bearer(now);
            prop_assert!(next.age_ms(now) < HOUR_MS);
            if next != current {
                prop_assert!(next.issued.since(current.issued) >= RENEWAL_MS_MIN);
                current = next;
            }
        }
    }
}
