use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::*;

fn pair() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["push.test".to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

#[test]
fn several_authorities_may_stand_in_one_text() {
    let both = pair().0 + &pair().0;
    assert!(client_config([both.as_str(), pair().0.as_str()], None).is_ok());
    assert_eq!(certificates(&both).unwrap().len(), 2);
}

#[test]
fn what_is_no_authority_is_refused() {
    for pem in ["", "text", &pair().1] {
        let refused = client_config([pem], None);
        assert!(matches!(refused, Err(TlsError::Authorities(_))), "{pem}");
    }
}

#[test]
fn the_private_key_must_be_the_certificate_s() {
    let (certificate_pem, key_pem) = pair();
    let other = pair().1;
    let config = |key_pem: &str| {
        let identity = ClientIdentity {
            certificate_pem: &certificate_pem,
            key_pem,
        };
        client_config([], Some(identity)).map(drop)
    };
    assert_eq!(config(&key_pem), Ok(()));
    assert!(matches!(config(&other), Err(TlsError::Pair(_))));
    assert_eq!(config("text"), Err(TlsError::PrivateKey));
}

#[test]
fn an_error_names_the_field_of_the_credential_and_nothing_of_the_key() {
    let (certificate_pem, key_pem) = pair();
    let broken = key_pem.replace("PRIVATE KEY", "PRIVATE K");
    let identity = ClientIdentity {
        certificate_pem: &certificate_pem,
        key_pem: &broken,
    };
    let error = CredentialError::from(client_config([], Some(identity)).unwrap_err());
    assert_eq!(error.field, "certificate_key_pem");
    let secret = key_pem.lines().nth(1).unwrap();
    assert!(!error.to_string().contains(secret));
}
