use super::*;

/// The vector of providers.md 5.1.
const TOKEN: &str = "12345";
const URL: &str = "https://push.example.test/hooks/twilio?x=1";
const SIGNATURE: &str = "ex/jUCsQU3/kj8JYgMi6omWEe6k=";

fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn report() -> Vec<(String, String)> {
    form(&[
        ("MessageSid", "SM1"),
        ("MessageStatus", "delivered"),
        ("To", "+15550001111"),
    ])
}

#[test]
fn the_reference_vector_is_valid_in_any_order_of_fields() {
    assert!(is_valid(TOKEN, URL, &report(), SIGNATURE));
    let mut turned = report();
    turned.reverse();
    assert!(is_valid(TOKEN, URL, &turned, SIGNATURE));
}

#[test]
fn a_written_out_standard_port_changes_nothing() {
    let with_port = "https://push.example.test:443/hooks/twilio?x=1";
    assert!(is_valid(TOKEN, with_port, &report(), SIGNATURE));
}

#[test]
fn another_port_token_path_field_or_scheme_is_refused() {
    for url in [
        "https://push.example.test:8443/hooks/twilio?x=1",
        "http://push.example.test/hooks/twilio?x=1",
        "https://push.example.test/hooks/twilio?x=2",
        "https://push.example.test/hooks/twilio",
    ] {
        assert!(!is_valid(TOKEN, url, &report(), SIGNATURE), "{url}");
    }
    assert!(!is_valid("12346", URL, &report(), SIGNATURE));
    let mut forged = report();
    forged[1].1 = "failed".to_owned();
    assert!(!is_valid(TOKEN, URL, &forged, SIGNATURE));
    assert!(!is_valid(TOKEN, URL, &report(), "not base64!"));
    assert!(!is_valid(TOKEN, URL, &report(), ""));
}

#[test]
fn ports_are_told_from_parts_of_ipv6_addresses() {
    assert_eq!(
        spellings("https://[2001:db8::1]/x"),
        ["https://[2001:db8::1]/x", "https://[2001:db8::1]:443/x"]
    );
    assert_eq!(
        spellings("http://a.example:80?q"),
        ["http://a.example:80?q", "http://a.example?q"]
    );
    assert_eq!(spellings("https://a.example:1"), ["https://a.example:1"]);
}

#[test]
fn a_json_body_must_have_the_hash_that_the_url_states() {
    let body = br#"{"a":1}"#;
    let hash = hex(digest::digest(&digest::SHA256, body).as_ref());
    let url = format!("https://push.example.test/hooks/twilio?bodySHA256={hash}");
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, TOKEN.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, url.as_bytes()));
    assert!(is_valid_json(TOKEN, &url, body, &signature));
    assert!(!is_valid_json(TOKEN, &url, br#"{"a":2}"#, &signature));
    assert!(!is_valid_json(TOKEN, URL, body, SIGNATURE));
}
