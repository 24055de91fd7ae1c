//! Signed reports about messages.

use std::io;
use std::sync::Arc;

use ::http::{Request, StatusCode};
use aws_lc_rs::hmac;
use bytes::Bytes;
use landfall_domain::time::Timestamp;
use rustls::ClientConfig;
use serde_json::json;

use super::{Message, Status};
use crate::http::send;

/// The header with the signature: hexadecimal digits.
pub const SIGNATURE: &str = "x-signature";
/// The header with the time of signing: seconds since 1970.
pub const TIMESTAMP: &str = "x-timestamp";

/// A report that is due to be posted. It is data: it can be posted late, twice, in another order, or never.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Where to.
    pub url: String,
    /// The status that it reports.
    pub status: Status,
    /// The body: `{"id", "reference", "to", "status", "error"}`.
    pub body: String,
    /// When it was signed, in seconds since 1970.
    pub timestamp: i64,
    /// The signature.
    pub signature: String,
}

impl Report {
    pub(super) fn of(message: &Message, secret: &str, now: Timestamp) -> Option<Self> {
        let url = message.callback_url.clone()?;
        let error = message.error.as_ref().map(|code| json!({"code": code}));
        let body = json!({
            "id": message.id,
            "reference": message.reference,
            "to": message.to,
            "status": message.status.word(),
            "error": error,
        })
        .to_string();
        let timestamp = now.seconds();
        Some(Self {
            url,
            status: message.status,
            signature: signature(secret, timestamp, &body),
            timestamp,
            body,
        })
    }

    /// The same with a signature by somebody who does not have the secret.
    #[must_use]
    pub fn forged(&self) -> Self {
        Self {
            signature: signature("not the secret", self.timestamp, &self.body),
            ..self.clone()
        }
    }

    /// Posts it and tells the status of the answer.
    ///
    /// # Errors
    /// When the URL is none, or there is no answer; `https` needs TLS settings that trust the receiver.
    pub async fn post(&self, tls: Option<Arc<ClientConfig>>) -> io::Result<StatusCode> {
        let request = Request::post(&self.url)
            .header("content-type", "application/json")
            .header(SIGNATURE, &self.signature)
            .header(TIMESTAMP, self.timestamp)
            .body(Bytes::from(self.body.clone()))
            .map_err(io::Error::other)?;
        Ok(send(request, tls).await?.status())
    }
}

/// HMAC-SHA-256, keyed by the secret, over the timestamp in digits, a dot, and the body as it is sent.
pub fn signature(secret: &str, timestamp: i64, body: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("{timestamp}.{body}").as_bytes());
    tag.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
