//! Twilio's Messages API (providers.md 5.1).

pub mod callback;
pub mod classify;
mod inbound;
mod recent;
pub mod signature;
#[cfg(test)]
mod tests;

pub use callback::{MessageStatus, StatusCallback};
pub use inbound::{Inbound, Keyword};
pub use recent::RecentMessage;

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::time::Timestamp;
use reqwest::{Method, Url};
use serde::Deserialize;

use super::{Text, checked};
use crate::credential::{CredentialError, TwilioCredential};
use crate::http_call::{HttpCall, Reply, base_url, http_url};
use crate::{Network, Outgoing, Sender};

/// Where Twilio is.
const TWILIO: &str = "https://api.twilio.com";
/// Longest time in seconds for which Twilio keeps a message in its queue by default.
const VALIDITY_SECONDS_MAX: i64 = 36_000;
/// Length of a SID: two letters and 32 hexadecimal digits.
const SID_LENGTH: usize = 34;

/// Sends text messages with one Twilio account.
pub struct TwilioSender {
    http: HttpCall,
    account_sid: String,
    user: String,
    secret: String,
    from: String,
    callback: Option<Url>,
    messages: Url,
}

/// A message as Twilio describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    sid: Option<String>,
    status: Option<String>,
    error_code: Option<u32>,
    error_message: Option<String>,
    body: Option<String>,
    direction: Option<String>,
    date_created: Option<String>,
}

/// An error as Twilio describes it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Refusal {
    code: Option<u32>,
    message: Option<String>,
}

impl TwilioSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong.
    pub fn new(credential: &TwilioCredential, network: &Network) -> Result<Self, CredentialError> {
        let account_sid = credential.account_sid.trim();
        if !is_sid(account_sid, "AC") {
            return Err(CredentialError::new(
                "account_sid",
                "must be the account's SID, AC and letters and digits",
            ));
        }
        let key_sid = credential.key_sid.as_deref().map(str::trim);
        if key_sid.is_some_and(|key| !is_sid(key, "SK")) {
            return Err(CredentialError::new(
                "key_sid",
                "must be an API key's SID, SK and letters and digits; leave it out for the auth token",
            ));
        }
        if credential.secret.trim().is_empty() {
            return Err(CredentialError::new(
                "secret",
                "is missing; give the auth token, or the API key's secret",
            ));
        }
        let callback = credential.callback_url.as_deref().map(http_url);
        let callback = callback
            .transpose()
            .map_err(|problem| CredentialError::new("callback_url", problem))?;
        let base = base_url(credential.base_url.as_deref(), TWILIO)?;
        let messages = http_url(&format!(
            "{base}/2010-04-01/Accounts/{account_sid}/Messages.json"
        ));
        Ok(Self {
            http: HttpCall::new(network, credential.ca_pem.as_deref())?,
            account_sid: account_sid.to_owned(),
            user: key_sid.unwrap_or(account_sid).to_owned(),
            secret: credential.secret.trim().to_owned(),
            from: credential.from.trim().to_owned(),
            callback,
            messages: messages.map_err(|problem| CredentialError::new("base_url", problem))?,
        })
    }

    /// The account that callbacks must name.
    pub fn account_sid(&self) -> &str {
        &self.account_sid
    }

    async fn post(&self, text: &Text<'_>, outgoing: &Outgoing, now: Timestamp) -> Answer {
        let form = self.form(text, outgoing);
        let request = self.http.request(Method::POST, &self.messages);
        let request = request
            .basic_auth(&self.user, Some(&self.secret))
            .form(&form);
        match self.http.call(request, now).await {
            Ok(reply) => classify::answer(&reply),
            Err(error) => error.into(),
        }
    }

    fn form(&self, text: &Text<'_>, outgoing: &Outgoing) -> Vec<(&'static str, String)> {
        let from = text.content.from.as_deref().map(str::trim);
        let from = from.filter(|from| !from.is_empty()).unwrap_or(&self.from);
        let sender = if from.len() == SID_LENGTH && is_sid(from, "MG") {
            "MessagingServiceSid"
        } else {
            "From"
        };
        let validity = text.ttl_seconds.min(VALIDITY_SECONDS_MAX);
        let mut form = vec![
            ("To", text.to.to_owned()),
            (sender, from.to_owned()),
            ("Body", text.content.body.clone()),
            ("ValidityPeriod", validity.to_string()),
        ];
        if let Some(callback) = &self.callback {
            form.push(("StatusCallback", report_to(callback, outgoing)));
        }
        form
    }

    /// Asks for the newest message of the account: it proves the credential, costs nothing, and is
    /// allowed to API keys, which the account's own page is not.
    async fn ask(&self, now: Timestamp) -> Answer {
        let request = self.http.request(Method::GET, &self.messages);
        let request = request
            .basic_auth(&self.user, Some(&self.secret))
            .query(&[("PageSize", "1")]);
        match self.http.call(request, now).await {
            Ok(reply) if reply.is_success() => reply.accepted(None),
            Ok(reply) => classify::refused(&reply),
            Err(error) => error.into(),
        }
    }
}

impl Sender for TwilioSender {
    fn provider(&self) -> Provider {
        Provider::SmsGateway
    }

    /// A dry run checks text and credential; Twilio has no way to check a number without sending.
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

/// Where the provider reports to, with the ids of attempt and delivery in the query: a report may
/// come before the answer that names the message's SID, or instead of it.
pub(super) fn report_to(callback: &Url, outgoing: &Outgoing) -> String {
    let mut url = callback.clone();
    url.query_pairs_mut()
        .append_pair("delivery", &outgoing.delivery_id)
        .append_pair("attempt", &outgoing.attempt_id);
    url.into()
}

/// SIDs become part of a path and must not change it.
fn is_sid(text: &str, kind: &str) -> bool {
    let rest = text.strip_prefix(kind);
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

impl Message {
    fn of(reply: &Reply) -> Self {
        reply.json().unwrap_or_default()
    }
}

impl Refusal {
    fn of(reply: &Reply) -> Self {
        reply.json().unwrap_or_default()
    }
}
