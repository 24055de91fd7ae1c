//! Status callbacks and their signature (providers.md 5.1).

use std::io;
use std::sync::Arc;

use ::http::{Request, StatusCode};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rustls::ClientConfig;

use super::message::Status;
use crate::http::{form, send};

#[cfg(test)]
mod tests;

/// A report that is due to be posted. It is data: it can be posted late, twice, in another order, or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// Where to, as the request asked for it with `StatusCallback`.
    pub url: String,
    /// The message that it is about.
    pub message: String,
    /// The status that it reports.
    pub status: Status,
    /// The fields of the form.
    pub fields: Vec<(String, String)>,
    /// The value of `X-Twilio-Signature`.
    pub signature: String,
}

impl Callback {
    /// The same with a signature by somebody who does not have the account's token.
    #[must_use]
    pub fn forged(&self) -> Self {
        Self {
            signature: signature("not the token", &self.url, &self.fields),
            ..self.clone()
        }
    }

    /// The request as Twilio makes it.
    ///
    /// # Errors
    /// When the URL is none.
    pub fn request(&self) -> io::Result<Request<Bytes>> {
        Request::post(&self.url)
            .header(
                "content-type",
                "application/x-www-form-urlencoded; charset=utf-8",
            )
            .header("user-agent", "TwilioProxy/1.1")
            .header("x-twilio-signature", &self.signature)
            .body(Bytes::from(form::write(&self.fields)))
            .map_err(io::Error::other)
    }

    /// Posts it and tells the status of the answer.
    ///
    /// # Errors
    /// When there is no answer; `https` needs TLS settings that trust the receiver.
    pub async fn post(&self, tls: Option<Arc<ClientConfig>>) -> io::Result<StatusCode> {
        Ok(send(self.request()?, tls).await?.status())
    }
}

/// Base64 of HMAC-SHA-1, keyed by the token, over the URL and the fields sorted by name, each name followed
/// by its value.
pub fn signature(token: &str, url: &str, fields: &[(String, String)]) -> String {
    let mut sorted: Vec<_> = fields.iter().collect();
    sorted.sort();
    let mut text = url.to_owned();
    for (name, value) in sorted {
        text.push_str(name);
        text.push_str(value);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, token.as_bytes());
    STANDARD.encode(hmac::sign(&key, text.as_bytes()))
}
