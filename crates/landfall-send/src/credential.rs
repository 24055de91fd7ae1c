//! What a sender proves itself with, and where it calls. Stored sealed; never printed.

use std::fmt;

use landfall_domain::channel::Provider;
use serde::{Deserialize, Serialize};

/// A credential of one provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
pub enum Credential {
    /// Apple Push Notification service.
    Apns(ApnsCredential),
    /// Firebase Cloud Messaging.
    Fcm(FcmCredential),
    /// Web Push (VAPID).
    WebPush(VapidCredential),
    /// Twilio.
    Twilio(TwilioCredential),
    /// Any SMS gateway with an HTTP interface.
    HttpSms(GatewayCredential),
    /// An SMTP relay.
    Smtp(SmtpCredential),
    /// A Slack incoming webhook.
    Slack(SlackCredential),
    /// Servers that webhook messages call.
    Webhook(WebhookCredential),
}

/// A credential is incomplete or malformed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct CredentialError {
    /// Which field.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub problem: String,
}

impl CredentialError {
    /// Names the field and what is wrong with it.
    pub fn new(field: &'static str, problem: impl fmt::Display) -> Self {
        Self {
            field,
            problem: problem.to_string(),
        }
    }
}

/// Keys for APNs: a signing key (`key_p8` with `key_id` and `team_id`), or a client certificate.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApnsCredential {
    /// The `.p8` file's text.
    pub key_p8: Option<String>,
    /// Ten characters.
    pub key_id: Option<String>,
    /// Ten characters.
    pub team_id: Option<String>,
    /// Client certificate and chain, PEM, instead of a key.
    pub certificate_pem: Option<String>,
    /// The certificate's private key, PEM.
    pub certificate_key_pem: Option<String>,
    /// Bundle id: the topic of tokens whose app is not known.
    pub topic: String,
    /// `true`: the sandbox, for builds with the development entitlement.
    pub sandbox: bool,
    /// Base address instead of Apple's, such as `https://127.0.0.1:2197`.
    pub base_url: Option<String>,
    /// Certificates of more authorities for this endpoint, PEM.
    pub ca_pem: Option<String>,
}

/// A service account for FCM.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FcmCredential {
    /// The service account's key file, JSON text. Its `token_uri` is where access tokens come from.
    pub service_account: String,
    /// Project, when it is not the service account's own.
    pub project_id: Option<String>,
    /// Base address instead of Google's.
    pub base_url: Option<String>,
    /// Certificates of more authorities for this endpoint, PEM.
    pub ca_pem: Option<String>,
}

/// A VAPID key pair (RFC 8292).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VapidCredential {
    /// The private key: 32 bytes in base64url, as `web-push generate-vapid-keys` prints it.
    pub private_key: String,
    /// `mailto:` or `https:` address of whoever is responsible.
    pub subject: String,
    /// Hosts that endpoints may have, with their subdomains; empty: every public host.
    pub hosts: Vec<String>,
    /// Certificates of more authorities for this endpoint, PEM.
    pub ca_pem: Option<String>,
}

/// A Twilio account.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TwilioCredential {
    /// `AC...`.
    pub account_sid: String,
    /// API key SID (`SK...`) when the secret is not the account's auth token.
    pub key_sid: Option<String>,
    /// Auth token, or the API key's secret. The auth token also checks callbacks' signatures.
    pub secret: String,
    /// Sender: a number, or the SID of a messaging service (`MG...`).
    pub from: String,
    /// Where Twilio reports to, public address.
    pub callback_url: Option<String>,
    /// Base address instead of Twilio's.
    pub base_url: Option<String>,
    /// Certificates of more authorities for this endpoint, PEM.
    pub ca_pem: Option<String>,
}

/// A gateway of the shape of providers.md 5.2.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayCredential {
    /// Where requests go.
    pub url: String,
    /// Value of the `Authorization` header.
    pub authorization: Option<String>,
    /// Sender.
    pub from: String,
    /// Where it reports to.
    pub callback_url: Option<String>,
    /// JSON pointer of the message's id in the answer; `/id` when empty.
    pub id_pointer: String,
    /// JSON pointer of the error's code in the answer; `/error/code` when empty.
    pub error_pointer: String,
    /// Certificates of more authorities for this endpoint, PEM.
    pub ca_pem: Option<String>,
}

/// An SMTP relay.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmtpCredential {
    /// Host name.
    pub host: String,
    /// Port; 465 for `tls`, 587 otherwise when 0.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<String>,
    /// Sender of messages that name none.
    pub from: String,
    /// SendGrid's verification key, base64: events must be signed with it.
    pub events_key: Option<String>,
    /// Certificates of more authorities for this endpoint, PEM.
    pub ca_pem: Option<String>,
}

/// How a connection to a relay is protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmtpSecurity {
    /// Plain first, then TLS by `STARTTLS`, which must succeed.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// None: only for a relay on the same machine.
    Plain,
}

/// An incoming webhook. Its address is a secret.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SlackCredential {
    /// `https://hooks.slack.com/services/...`.
    pub url: String,
    /// Certificates of more authorities for this endpoint, PEM.
    pub ca_pem: Option<String>,
}

/// Servers that webhook messages call; the content says which.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookCredential {
    /// Key that requests are signed with, so that the server knows who calls.
    pub signing_key: Option<String>,
    /// Certificates of more authorities for this endpoint, PEM.
    pub ca_pem: Option<String>,
}

impl Credential {
    /// Who carries with it.
    pub const fn provider(&self) -> Provider {
        match self {
            Self::Apns(_) => Provider::Apns,
            Self::Fcm(_) => Provider::Fcm,
            Self::WebPush(_) => Provider::WebPush,
            Self::Twilio(_) | Self::HttpSms(_) => Provider::SmsGateway,
            Self::Smtp(_) => Provider::Smtp,
            Self::Slack(_) => Provider::Slack,
            Self::Webhook(_) => Provider::Webhook,
        }
    }
}

/// Only the provider: everything else may be a secret.
impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential({}, ***)", self.provider())
    }
}
