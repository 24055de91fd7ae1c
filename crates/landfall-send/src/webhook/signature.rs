//! How requests are signed, so that the server knows who calls: the way of Customer.io's reporting
//! webhooks (reporting-webhooks.md 2).

use aws_lc_rs::hmac;
use landfall_domain::time::Timestamp;

/// Carries the seconds since 1970 that the signature covers.
pub const TIMESTAMP_HEADER: &str = "X-CIO-Timestamp";
/// Carries the signature.
pub const SIGNATURE_HEADER: &str = "X-CIO-Signature";

/// Signs a body as it is sent, byte for byte, together with the time in whole seconds: HMAC-SHA256 over
/// `v0:timestamp:body`, as bare hexadecimal digits in lower case. The official verifier compares them
/// exactly so, without a prefix.
pub fn sign(key: &str, at: Timestamp, body: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(format!("v0:{}:", at.seconds()).as_bytes());
    context.update(body);
    let digits = |byte: &u8| format!("{byte:02x}");
    context.sign().as_ref().iter().map(digits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_vector_is_met() {
        let at = Timestamp::from_millis(1_790_000_000_999);
        assert_eq!(
            sign("whsec_demo", at, br#"{"a":1}"#),
            "c6f38e919b78f80959da2045e8e13fbdab84c4237563c0c6cddc5b03138f38ac"
        );
    }

    #[test]
    fn key_time_and_body_all_count() {
        let at = Timestamp::from_seconds(1_790_000_000);
        let usual = sign("k", at, b"b");
        assert_ne!(sign("l", at, b"b"), usual);
        assert_ne!(sign("k", at.plus_millis(1_000), b"b"), usual);
        assert_ne!(sign("k", at, b"c"), usual);
    }
}
