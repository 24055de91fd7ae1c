//! Whether a request really comes from Twilio: `X-Twilio-Signature` (providers.md 5.1).

#[cfg(test)]
mod tests;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

/// Checks a form. `url` is the address that Twilio called, as it is written in the settings there,
/// with the query of the request: behind a proxy the `Host` header says something else. Twilio writes
/// the standard port in some cases and leaves it out in others, so both spellings are tried.
pub fn is_valid(auth_token: &str, url: &str, fields: &[(String, String)], signature: &str) -> bool {
    let mut sorted: Vec<(&str, &str)> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    sorted.sort_unstable();
    sorted.dedup();
    let rest: String = sorted.into_iter().flat_map(|(n, v)| [n, v]).collect();
    matches(auth_token, url, &rest, signature)
}

/// Checks a JSON body: its SHA-256 stands in the query as `bodySHA256`, and the signature covers the
/// URL alone.
pub fn is_valid_json(auth_token: &str, url: &str, body: &[u8], signature: &str) -> bool {
    let Ok(parsed) = Url::parse(url) else {
        return false;
    };
    let stated = parsed
        .query_pairs()
        .find(|(name, _)| name == "bodySHA256")
        .map(|(_, value)| value.to_lowercase());
    let actual = hex(digest::digest(&digest::SHA256, body).as_ref());
    stated.is_some_and(|stated| stated == actual) && matches(auth_token, url, "", signature)
}

fn matches(auth_token: &str, url: &str, rest: &str, signature: &str) -> bool {
    let Ok(signature) = STANDARD.decode(signature.trim()) else {
        return false;
    };
    // SHA-1 is Twilio's choice; as HMAC it is not known to be weak.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, auth_token.as_bytes());
    spellings(url)
        .iter()
        .any(|url| hmac::verify(&key, format!("{url}{rest}").as_bytes(), &signature).is_ok())
}

/// The URL as it is given, and with the standard port written out or left out.
fn spellings(url: &str) -> Vec<String> {
    let mut spellings = vec![url.to_owned()];
    let Some((scheme, after)) = url.split_once("://") else {
        return spellings;
    };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return spellings,
    };
    let end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (authority, path) = after.split_at(end);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    // A colon inside brackets belongs to an IPv6 address.
    let has_port = host.rfind(':') > host.rfind(']');
    if let Some(bare) = authority.strip_suffix(port) {
        spellings.push(format!("{scheme}://{bare}{path}"));
    } else if !has_port {
        spellings.push(format!("{scheme}://{authority}{port}{path}"));
    }
    spellings
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
