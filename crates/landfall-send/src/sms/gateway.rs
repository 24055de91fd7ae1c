//! Any SMS gateway that takes a JSON request over HTTP (providers.md 5.2).
//!
//! What is posted:
//! `{"to", "from", "text", "reference": attempt id, "callback_url", "validity_seconds"}`.
//! Any success status takes the message, unless the answer carries an error's code nevertheless.

pub mod report;
#[cfg(test)]
mod tests;

pub use report::{GatewayReport, GatewayStatus};

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder, Url};
use serde_json::{Value, json};

use super::twilio::classify::of_status;
use super::twilio::report_to;
use super::{Text, checked};
use crate::credential::{CredentialError, GatewayCredential};
use crate::http_call::{HttpCall, Reply, http_url};
use crate::{Network, Outgoing, Sender};

/// Where the message's id stands in the answer unless the credential says otherwise.
const ID_POINTER: &str = "/id";
/// Where the error's code stands.
const ERROR_POINTER: &str = "/error/code";

/// Sends text messages through one gateway.
pub struct GatewaySender {
    http: HttpCall,
    url: Url,
    authorization: Option<HeaderValue>,
    from: String,
    callback: Option<Url>,
    pointers: Pointers,
}

/// Where in an answer things stand (RFC 6901).
struct Pointers {
    id: String,
    error: String,
}

impl GatewaySender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(credential: &GatewayCredential, network: &Network) -> Result<Self, CredentialError> {
        let callback = credential.callback_url.as_deref().map(http_url);
        let authorization = credential.authorization.as_deref().map(secret_header);
        Ok(Self {
            http: HttpCall::new(network, credential.ca_pem.as_deref())?,
            url: http_url(&credential.url)
                .map_err(|problem| CredentialError::new("url", problem))?,
            authorization: authorization.transpose()?,
            from: credential.from.trim().to_owned(),
            callback: callback
                .transpose()
                .map_err(|problem| CredentialError::new("callback_url", problem))?,
            pointers: Pointers {
                id: pointer("id_pointer", &credential.id_pointer, ID_POINTER)?,
                error: pointer("error_pointer", &credential.error_pointer, ERROR_POINTER)?,
            },
        })
    }

    fn request(&self, method: Method) -> RequestBuilder {
        let request = self.http.request(method, &self.url);
        match &self.authorization {
            Some(value) => request.header(AUTHORIZATION, value.clone()),
            None => request,
        }
    }

    fn body(&self, text: &Text<'_>, outgoing: &Outgoing) -> Value {
        let from = text.content.from.as_deref().map(str::trim);
        let from = from.filter(|from| !from.is_empty()).unwrap_or(&self.from);
        let mut body = json!({
            "to": text.to,
            "from": from,
            "text": text.content.body,
            "reference": outgoing.attempt_id,
            "validity_seconds": text.ttl_seconds,
        });
        if let Some(callback) = &self.callback {
            body["callback_url"] = report_to(callback, outgoing).into();
        }
        body
    }

    async fn post(&self, text: &Text<'_>, outgoing: &Outgoing, now: Timestamp) -> Answer {
        let request = self.request(Method::POST).json(&self.body(text, outgoing));
        match self.http.call(request, now).await {
            Ok(reply) => self.pointers.answer(&reply),
            Err(error) => error.into(),
        }
    }

    /// Asks what the address allows: that it answers at all and does not reject the credential is all
    /// that can be known of a gateway without sending.
    async fn ask(&self, now: Timestamp) -> Answer {
        match self.http.call(self.request(Method::OPTIONS), now).await {
            Ok(reply) => match of_status(reply.status) {
                reason @ (Reason::ProviderAuth | Reason::ProviderUnavailable) => {
                    reply.refused(reason, None, &reply.text())
                }
                _ => reply.accepted(None),
            },
            Err(error) => error.into(),
        }
    }
}

impl Sender for GatewaySender {
    fn provider(&self) -> Provider {
        Provider::SmsGateway
    }

    /// A dry run checks text and address only.
    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            match checked(outgoing, now) {
                Err(answer) => answer,
                Ok(_) if outgoing.dry_run => self.ask(now).await,
                Ok(text) => self.post(&text, outgoing, now).await,
            }
        })
    }

    fn check(&self, now: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(self.ask(now))
    }
}

impl Pointers {
    /// The code is the gateway's own and closed to us, so the status says what it means; a success that
    /// names an error is one all the same.
    fn answer(&self, reply: &Reply) -> Answer {
        let body: Value = reply.json().unwrap_or_default();
        let id = body.pointer(&self.id).and_then(scalar);
        let code = body.pointer(&self.error).and_then(scalar);
        let code = code.filter(|code| code != "0");
        if reply.is_success() && code.is_none() {
            return reply.accepted(id);
        }
        let mut answer = reply.refused(of_status(reply.status), code, &reply.text());
        answer.provider_id = id;
        answer
    }
}

/// Text or number as text; anything else names nothing.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn pointer(field: &'static str, given: &str, usual: &str) -> Result<String, CredentialError> {
    match given.trim() {
        "" => Ok(usual.to_owned()),
        pointer if pointer.starts_with('/') => Ok(pointer.to_owned()),
        _ => Err(CredentialError::new(
            field,
            "must be a JSON pointer, such as /data/id",
        )),
    }
}

fn secret_header(value: &str) -> Result<HeaderValue, CredentialError> {
    let mut value = HeaderValue::from_str(value.trim()).map_err(|_| {
        CredentialError::new("authorization", "has characters that no header may have")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
