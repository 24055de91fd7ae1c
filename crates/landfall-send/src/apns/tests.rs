use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

use super::*;

fn with_key() -> ApnsCredential {
    ApnsCredential {
        key_p8: Some(KeyPair::generate().unwrap().serialize_pem()),
        key_id: Some("ABC123DEFG".to_owned()),
        team_id: Some("TEAM567890".to_owned()),
        topic: "com.example.app".to_owned(),
        ..ApnsCredential::default()
    }
}

fn with_certificate() -> ApnsCredential {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["push.test".to_owned()]).unwrap();
    ApnsCredential {
        certificate_pem: Some(cert.pem()),
        certificate_key_pem: Some(signing_key.serialize_pem()),
        topic: "com.example.app".to_owned(),
        ..ApnsCredential::default()
    }
}

fn sender(credential: &ApnsCredential) -> Result<ApnsSender, CredentialError> {
    ApnsSender::new(credential, &Network::default())
}

fn wrong_field(credential: &ApnsCredential) -> &'static str {
    sender(credential).err().unwrap().field
}

#[test]
fn the_environment_decides_about_the_host() {
    let mut credential = with_key();
    assert_eq!(
        sender(&credential).unwrap().origin.host(),
        "api.push.apple.com"
    );
    credential.sandbox = true;
    let host = "api.sandbox.push.apple.com";
    assert_eq!(sender(&credential).unwrap().origin.host(), host);
    credential.base_url = Some("https://proxy.test:2197".to_owned());
    assert_eq!(sender(&credential).unwrap().origin.host(), "proxy.test");
}

#[test]
fn a_certificate_says_when_it_ends_and_a_key_does_not() {
    let certificate = with_certificate();
    let pem = certificate.certificate_pem.as_deref().unwrap();
    let end = sender(&certificate).unwrap().certificate_expires_at();
    assert_eq!(end, Some(expires_at(pem).unwrap()));
    assert_eq!(sender(&with_key()).unwrap().certificate_expires_at(), None);
}

#[test]
fn what_is_missing_or_wrong_is_told_by_its_field() {
    assert_eq!(wrong_field(&ApnsCredential::default()), "key_p8");

    let mut credential = with_key();
    credential.key_id = None;
    assert_eq!(wrong_field(&credential), "key_id");

    let mut credential = with_key();
    credential.certificate_pem = with_certificate().certificate_pem;
    assert_eq!(wrong_field(&credential), "certificate_pem");

    let mut credential = with_certificate();
    credential.certificate_key_pem = None;
    assert_eq!(wrong_field(&credential), "certificate_key_pem");

    let mut credential = with_certificate();
    credential.certificate_key_pem = with_certificate().certificate_key_pem;
    assert_eq!(wrong_field(&credential), "certificate_key_pem");

    let mut credential = with_certificate();
    credential.certificate_pem = Some("text".to_owned());
    assert_eq!(wrong_field(&credential), "certificate_pem");

    let mut credential = with_key();
    credential.base_url = Some("http://127.0.0.1:1".to_owned());
    assert_eq!(wrong_field(&credential), "base_url");

    let mut credential = with_key();
    credential.ca_pem = Some("text".to_owned());
    assert_eq!(wrong_field(&credential), "ca_pem");
}

#[test]
fn connections_are_given_up_for_a_new_key_at_most_every_twenty_minutes() {
    let sender = sender(&with_key()).unwrap();
    let at = |minutes: i64| Timestamp::EPOCH.plus_millis(minutes * MINUTE_MS);
    assert!(sender.may_reset(at(0)));
    assert!(!sender.may_reset(at(19)));
    assert!(sender.may_reset(at(20)));
    assert!(!sender.may_reset(at(21)));
}
