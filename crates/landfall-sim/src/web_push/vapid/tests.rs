use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use landfall_domain::time::HOUR_MS;

use super::*;

/// RFC 8292 section 2.4.
const TOKEN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.\
                     eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1h\
                     aWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.\
                     i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHz\
                     voD1oA";
const KEY: &str =
    "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs";
const ORIGIN: &str = "https://push.example.net";
const EXPIRES: Timestamp = Timestamp::from_seconds(1_453_523_768);
const NOW: Timestamp = Timestamp::from_seconds(1_453_523_768 - 3_600);

fn signed(header: &str, claims: &str) -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = pair
        .sign(&SystemRandom::new(), text.as_bytes())
        .expect("a signature");
    format!(
        "vapid t={text}.{}, k={}",
        URL_SAFE_NO_PAD.encode(signature),
        URL_SAFE_NO_PAD.encode(pair.public_key())
    )
}

fn claims(aud: &str, exp: i64, sub: &str) -> String {
    signed(
        r#"{"typ":"JWT","alg":"ES256"}"#,
        &format!(r#"{{"aud":"{aud}","exp":{exp},"sub":"{sub}"}}"#),
    )
}

#[test]
fn the_example_of_rfc_8292_is_accepted_however_it_is_spaced() {
    for header in [
        format!("vapid t={TOKEN}, k={KEY}"),
        format!("vapid t={TOKEN},k={KEY}"),
        format!("Vapid  k={KEY} ,  t={TOKEN}"),
        format!("vapid t=\"{TOKEN}\",k=\"{KEY}\""),
    ] {
        let identity = check(Some(&header), ORIGIN, NOW).expect(&header);
        assert_eq!(identity.subject, "mailto:push@example.com");
        assert_eq!(identity.expires, EXPIRES);
        assert_eq!(identity.token, TOKEN);
    }
}

#[test]
fn headers_that_are_not_vapid_are_refused() {
    assert_eq!(check(None, ORIGIN, NOW), Err(Refused::Missing));
    for header in [
        "vapid".to_owned(),
        format!("bearer t={TOKEN}, k={KEY}"),
        format!("vapid t={TOKEN}"),
        format!("vapid k={KEY}"),
    ] {
        assert_eq!(
            check(Some(&header), ORIGIN, NOW),
            Err(Refused::Header),
            "{header}"
        );
    }
    let padded = format!("vapid t={TOKEN}, k={KEY}=");
    assert_eq!(check(Some(&padded), ORIGIN, NOW), Err(Refused::Key));
    let short = format!("vapid t={TOKEN}, k={}", &KEY[..43]);
    assert_eq!(check(Some(&short), ORIGIN, NOW), Err(Refused::Key));
}

#[test]
fn a_signature_of_another_key_is_refused() {
    let other = claims(ORIGIN, NOW.seconds() + 60, "mailto:a@example.org");
    let key = other.rsplit_once("k=").expect("a key").1;
    let header = format!("vapid t={TOKEN}, k={key}");
    assert_eq!(check(Some(&header), ORIGIN, NOW), Err(Refused::Signature));
}

#[test]
fn claims_are_held_to_their_limits() {
    let day = DAY_MS / 1_000;
    let now = NOW.seconds();
    let cases = [
        (claims(ORIGIN, now + day, "mailto:a@b.example"), None),
        (claims(ORIGIN, now + 1, "https://b.example/contact"), None),
        (
            claims(
                "https://push.example.net:8443",
                now + 60,
                "mailto:a@b.example",
            ),
            Some(Refused::Audience(ORIGIN.to_owned())),
        ),
        (
            claims(ORIGIN, now, "mailto:a@b.example"),
            Some(Refused::Expired),
        ),
        (
            claims(ORIGIN, now + day + 1, "mailto:a@b.example"),
            Some(Refused::TooLong),
        ),
        (
            claims(ORIGIN, now + 60, "a@b.example"),
            Some(Refused::Subject),
        ),
        (
            signed(
                r#"{"alg":"HS256"}"#,
                r#"{"aud":"x","exp":1,"sub":"mailto:"}"#,
            ),
            Some(Refused::Algorithm),
        ),
        (
            signed(r#"{"alg":"ES256"}"#, r#"{"aud":"x","exp":1}"#),
            Some(Refused::Token),
        ),
    ];
    for (header, refused) in cases {
        assert_eq!(check(Some(&header), ORIGIN, NOW).err(), refused, "{header}");
    }
}

#[test]
fn a_port_that_is_not_the_default_belongs_to_the_audience() {
    let header = claims(
        "https://localhost:9443",
        NOW.seconds() + 60,
        "mailto:a@b.example",
    );
    assert!(check(Some(&header), "https://localhost:9443", NOW).is_ok());
    assert!(check(Some(&header), "https://localhost", NOW).is_err());
    let late = NOW.plus_millis(HOUR_MS);
    assert_eq!(
        check(Some(&header), "https://localhost:9443", late),
        Err(Refused::Expired)
    );
}
