use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::json;

use super::*;
use crate::fcm::test_key;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn file() -> Value {
    json!({
        "type": "service_account",
        "project_id": "shop-prod",
        "private_key_id": "kid7",
        "private_key": test_key::pair().0,
        "client_email": "push@shop-prod.iam.gserviceaccount.com",
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    })
}

fn with(name: &str, value: Value) -> String {
    let mut file = file();
    file[name] = value;
    file.to_string()
}

#[test]
fn the_assertion_says_who_asks_for_what_for_one_hour_and_is_signed() {
    let account = ServiceAccount::parse(&file().to_string(), false).unwrap();
    assert_eq!(account.project_id, "shop-prod");
    let assertion = account.assertion(NOW).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&["https://oauth2.googleapis.com/token"]);
    rules.validate_exp = false;
    let key = DecodingKey::from_rsa_der(&test_key::pair().1);
    let token = jsonwebtoken::decode::<Value>(assertion.as_bytes(), &key, &rules).unwrap();
    assert_eq!(token.header.kid.as_deref(), Some("kid7"));
    assert_eq!(
        token.claims,
        json!({
            "iss": "push@shop-prod.iam.gserviceaccount.com",
            "scope": "https://www.googleapis.com/auth/firebase.messaging",
            "aud": "https://oauth2.googleapis.com/token",
            "iat": NOW.seconds(),
            "exp": NOW.seconds() + 3_600,
        })
    );
}

#[test]
fn each_member_that_is_missing_or_wrong_is_named() {
    for (text, says) in [
        ("-----BEGIN PRIVATE KEY-----".to_owned(), "is not JSON"),
        (
            json!({"project_info": {}}).to_string(),
            "google-services.json",
        ),
        (with("type", json!("authorized_user")), "authorized_user"),
        (with("type", Value::Null), "nothing"),
        (with("client_email", json!(7)), "no text"),
        (with("client_email", json!("")), "client_email"),
        (with("project_id", Value::Null), "project_id"),
        (with("private_key_id", Value::Null), "private_key_id"),
        (with("private_key", Value::Null), "private_key"),
        (with("private_key", json!("MIIE")), "RSA key in PEM"),
        (with("token_uri", Value::Null), "token_uri"),
        (with("token_uri", json!("token")), "token_uri"),
        (
            with("token_uri", json!("http://127.0.0.1/token")),
            "token_uri",
        ),
    ] {
        let error = ServiceAccount::parse(&text, false).err().unwrap();
        assert_eq!(error.field, "service_account");
        assert!(error.problem.contains(says), "{says}: {error}");
    }
}

#[test]
fn tokens_come_over_plain_http_only_where_private_addresses_are_allowed() {
    let text = with("token_uri", json!("http://127.0.0.1:9446/token"));
    assert!(ServiceAccount::parse(&text, true).is_ok());
    assert!(ServiceAccount::parse(&text, false).is_err());
}

#[test]
fn what_is_said_about_a_broken_file_repeats_nothing_of_it() {
    let error = ServiceAccount::parse(r#"{"private_key": "s3cret" oops"#, false)
        .err()
        .unwrap();
    assert!(!error.to_string().contains("s3cret"), "{error}");
    let header = URL_SAFE_NO_PAD.encode("{}");
    let text = with("private_key", json!(header));
    let error = ServiceAccount::parse(&text, false).err().unwrap();
    assert!(!error.to_string().contains(&header), "{error}");
}
