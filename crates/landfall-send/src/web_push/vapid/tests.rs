use landfall_domain::time::{MINUTE_MS, SECOND_MS};
use serde_json::Value;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);
/// The key pair of RFC 8292 is not printed there; this is the sender's of RFC 8291 appendix A.
const PRIVATE: &str = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw";
const PUBLIC: &str =
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8";

fn credential() -> VapidCredential {
    VapidCredential {
        private_key: PRIVATE.to_owned(),
        subject: "mailto:push@shop.example".to_owned(),
        ..VapidCredential::default()
    }
}

fn vapid() -> Vapid {
    Vapid::new(&credential()).unwrap()
}

fn token(header: &str) -> &str {
    let (token, key) = header
        .strip_prefix("vapid t=")
        .and_then(|rest| rest.split_once(", k="))
        .unwrap();
    assert_eq!(key, PUBLIC);
    token
}

fn part(token: &str, number: usize) -> Value {
    let part = token.split('.').nth(number).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn the_token_names_the_service_the_end_and_us_and_is_signed_by_the_key_beside_it() {
    let header = vapid().authorization("https://push.example:8443", NOW);
    let token = token(&header);
    assert_eq!(part(token, 0), json!({"typ": "JWT", "alg": "ES256"}));
    assert_eq!(
        part(token, 1),
        json!({
            "aud": "https://push.example:8443",
            "exp": NOW.seconds() + 12 * 3_600,
            "sub": "mailto:push@shop.example",
        })
    );
    let (signed, signature) = token.rsplit_once('.').unwrap();
    UnparsedPublicKey::new(
        &ECDSA_P256_SHA256_FIXED,
        URL_SAFE_NO_PAD.decode(PUBLIC).unwrap(),
    )
    .verify(
        signed.as_bytes(),
        &URL_SAFE_NO_PAD.decode(signature).unwrap(),
    )
    .unwrap();
    assert!(vapid().proves_itself(NOW));
}

#[test]
fn one_token_serves_a_service_for_six_hours_and_no_other_service() {
    let vapid = vapid();
    let first = vapid.authorization("https://a.example", NOW);
    let just_before = NOW.plus_millis(6 * HOUR_MS - SECOND_MS);
    assert_eq!(vapid.authorization("https://a.example", just_before), first);
    assert_ne!(vapid.authorization("https://b.example", NOW), first);
    let later = NOW.plus_millis(6 * HOUR_MS);
    let second = vapid.authorization("https://a.example", later);
    assert_ne!(second, first);
    assert_eq!(part(token(&second), 1)["exp"], later.seconds() + 12 * 3_600);
}

#[test]
fn a_clock_that_is_set_back_brings_a_new_token_only_after_an_hour() {
    let vapid = vapid();
    let first = vapid.authorization("https://a.example", NOW);
    let little = NOW.plus_millis(-59 * MINUTE_MS);
    assert_eq!(vapid.authorization("https://a.example", little), first);
    let much = NOW.plus_millis(-13 * HOUR_MS);
    assert_ne!(vapid.authorization("https://a.example", much), first);
}

#[test]
fn services_without_number_do_not_fill_the_memory() {
    let vapid = vapid();
    for number in 0..ORIGINS_MAX + 10 {
        vapid.authorization(&format!("https://{number}.example"), NOW);
    }
    assert_eq!(vapid.tokens.lock().unwrap().len(), ORIGINS_MAX);
    let later = NOW.plus_millis(7 * HOUR_MS);
    vapid.authorization("https://new.example", later);
    assert_eq!(vapid.tokens.lock().unwrap().len(), 1);
}

#[test]
fn a_malformed_credential_is_refused_with_the_field() {
    let cases: [(&str, VapidCredential); 7] = [
        (
            "private_key",
            VapidCredential {
                private_key: String::new(),
                ..credential()
            },
        ),
        (
            "private_key",
            VapidCredential {
                private_key: PUBLIC.to_owned(),
                ..credential()
            },
        ),
        (
            "private_key",
            VapidCredential {
                private_key: URL_SAFE_NO_PAD.encode([0; 32]),
                ..credential()
            },
        ),
        (
            "private_key",
            VapidCredential {
                private_key: URL_SAFE_NO_PAD.encode([255; 32]),
                ..credential()
            },
        ),
        (
            "subject",
            VapidCredential {
                subject: "push@shop.example".to_owned(),
                ..credential()
            },
        ),
        (
            "subject",
            VapidCredential {
                subject: "mailto:<push@shop.example>".to_owned(),
                ..credential()
            },
        ),
        (
            "subject",
            VapidCredential {
                subject: "https://".to_owned(),
                ..credential()
            },
        ),
    ];
    for (field, credential) in cases {
        let error = Vapid::new(&credential).err().unwrap();
        assert_eq!(error.field, field, "{error}");
    }
}
