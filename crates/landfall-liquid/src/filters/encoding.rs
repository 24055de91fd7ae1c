//! Base64, digests and signatures.

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use md5::{Digest as _, Md5};

use super::{Call, Outcome, Spec, spec};
use crate::error::RenderError;
use crate::value::Value;

pub(super) const SPECS: &[Spec] = &[
    spec("base64", 0, 0, base64_encode),
    spec("base64_decode", 0, 0, |call| {
        decoded(call, "base64_decode", |text| STANDARD.decode(text).ok())
    }),
    spec("base64_encode", 0, 0, base64_encode),
    spec("base64_url_safe_decode", 0, 0, |call| {
        decoded(call, "base64_url_safe_decode", |text| {
            let mut text = text.replace('-', "+").replace('_', "/");
            if !text.ends_with('=') {
                let missing = (4 - text.len() % 4) % 4;
                text.extend(std::iter::repeat_n('=', missing));
            }
            STANDARD.decode(text).ok()
        })
    }),
    spec("base64_url_safe_encode", 0, 0, |call| {
        Ok(Value::text(URL_SAFE.encode(&*call.text())))
    }),
    spec("hex_base64", 0, 0, hex_base64),
    spec("hmac_sha1", 1, 1, |call| {
        Ok(signed(call, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY))
    }),
    spec("hmac_sha256", 1, 1, |call| {
        Ok(signed(call, hmac::HMAC_SHA256))
    }),
    spec("md5", 0, 0, |call| {
        Ok(Value::text(hex(&Md5::digest(call.text().as_bytes()))))
    }),
    spec("sha1", 0, 0, |call| {
        Ok(digested(call, &digest::SHA1_FOR_LEGACY_USE_ONLY))
    }),
    spec("sha256", 0, 0, |call| Ok(digested(call, &digest::SHA256))),
];

fn base64_encode<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    Ok(Value::text(STANDARD.encode(&*call.text())))
}

fn decoded<'a>(
    call: &mut Call<'_, 'a>,
    name: &str,
    decode: impl Fn(&str) -> Option<Vec<u8>>,
) -> Outcome<'a> {
    let invalid = || RenderError::argument(format!("invalid base64 provided to {name}"));
    let bytes = decode(&call.text()).ok_or_else(invalid)?;
    let text = String::from_utf8(bytes);
    text.map(Value::text)
        .map_err(|_| RenderError::argument(format!("what {name} decoded is no text (UTF-8)")))
}

/// Base64 of the bytes that are written in hexadecimal digits.
fn hex_base64<'a>(call: &mut Call<'_, 'a>) -> Outcome<'a> {
    let text = call.text();
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect();
    match digits {
        Some(digits) if digits.len() % 2 == 0 => {
            let bytes: Vec<u8> = digits
                .chunks(2)
                .map(|pair| pair[0] << 4 | pair[1])
                .collect();
            Ok(Value::text(STANDARD.encode(bytes)))
        }
        _ => Err(RenderError::argument(
            "hex_base64 takes an even number of hexadecimal digits",
        )),
    }
}

fn digested<'a>(call: &Call<'_, 'a>, algorithm: &'static digest::Algorithm) -> Value<'a> {
    let digest = digest::digest(algorithm, call.text().as_bytes());
    Value::text(hex(digest.as_ref()))
}

fn signed<'a>(call: &Call<'_, 'a>, algorithm: hmac::Algorithm) -> Value<'a> {
    let key = call.argument(0).to_text();
    let key = hmac::Key::new(algorithm, key.as_bytes());
    Value::text(hex(hmac::sign(&key, call.text().as_bytes()).as_ref()))
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
        }
    }
    out
}
