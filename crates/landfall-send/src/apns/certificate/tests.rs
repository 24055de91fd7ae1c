use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

fn certificate(year: i32, month: u8, day: u8) -> String {
    let mut params = CertificateParams::new(vec!["push.test".to_owned()]).unwrap();
    params.not_before = date_time_ymd(1_990, 1, 1);
    params.not_after = date_time_ymd(year, month, day);
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().pem()
}

#[test]
fn the_end_of_a_certificate_is_read_in_both_forms_of_time() {
    // Seconds from 1970 to midnight UTC of each day. Years from 2050 on are written with four digits.
    for ((year, month, day), seconds) in [
        ((1_999, 12, 31), 946_598_400),
        ((2_000, 2, 29), 951_782_400),
        ((2_027, 3, 1), 1_803_859_200),
        ((2_049, 12, 31), 2_524_521_600),
        ((2_050, 1, 1), 2_524_608_000),
        ((2_100, 3, 1), 4_107_542_400),
    ] {
        let pem = certificate(year, month, day);
        assert_eq!(
            expires_at(&pem),
            Ok(Timestamp::from_seconds(seconds)),
            "{year}-{month}-{day}"
        );
    }
}

#[test]
fn the_first_certificate_of_a_chain_counts() {
    let chain = certificate(2_027, 3, 1) + &certificate(2_040, 1, 1);
    assert_eq!(
        expires_at(&chain),
        Ok(Timestamp::from_seconds(1_803_859_200))
    );
}

#[test]
fn what_is_no_certificate_is_refused() {
    let text = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    for pem in ["", "text", text] {
        assert!(
            matches!(expires_at(pem), Err(TlsError::Certificate(_))),
            "{pem}"
        );
    }
}

#[test]
fn broken_der_is_refused_wherever_it_breaks() {
    let chain = certificates(&certificate(2_027, 3, 1)).unwrap();
    let whole = chain[0].as_ref();
    assert!(not_after(whole).is_some());
    for length in 0..whole.len() {
        assert_eq!(not_after(&whole[..length]), None, "cut to {length}");
    }
}
