//! The fields of credentials as flags.

use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use serde_json::{Map, Value};

/// What a credential is for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum For {
    /// Apple Push Notification service.
    Apns,
    /// Firebase Cloud Messaging.
    Fcm,
    /// Web Push.
    WebPush,
    /// Twilio.
    Twilio,
    /// Any SMS gateway with an HTTP interface.
    HttpSms,
    /// An SMTP relay.
    Smtp,
    /// A Slack incoming webhook.
    Slack,
    /// Servers that webhook messages call.
    Webhook,
}

/// A value that is never printed.
#[derive(Clone)]
pub(super) struct Secret(String);

impl FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Fields; which of them a provider has is said when others are given.
#[derive(Debug, Args)]
pub(super) struct Fields {
    /// APNs: the signing key, a .p8 file.
    #[arg(long, value_name = "F")]
    key_file: Option<PathBuf>,
    /// APNs: id of the signing key.
    #[arg(long, value_name = "ID")]
    key_id: Option<String>,
    /// APNs: id of the team.
    #[arg(long, value_name = "ID")]
    team_id: Option<String>,
    /// APNs: bundle id of the app.
    #[arg(long, value_name = "BUNDLE")]
    topic: Option<String>,
    /// APNs: the sandbox, for development builds.
    #[arg(long)]
    sandbox: bool,
    /// APNs: client certificate in PEM, instead of a signing key.
    #[arg(long, value_name = "F")]
    certificate_file: Option<PathBuf>,
    /// APNs: the certificate's private key in PEM.
    #[arg(long, value_name = "F")]
    certificate_key_file: Option<PathBuf>,
    /// FCM: the service account's key file.
    #[arg(long, value_name = "F")]
    service_account: Option<PathBuf>,
    /// FCM: project, if it is not the service account's own.
    #[arg(long, value_name = "ID")]
    project_id: Option<String>,
    /// Web Push: private key in base64url.
    #[arg(
        long,
        value_name = "KEY",
        env = "LANDFALL_PRIVATE_KEY",
        hide_env_values = true
    )]
    private_key: Option<Secret>,
    /// Web Push: mailto: or https: address of whoever is responsible.
    #[arg(long, value_name = "URI")]
    subject: Option<String>,
    /// Web Push: hosts that endpoints may have, separated by commas.
    #[arg(long, value_name = "HOSTS", value_delimiter = ',')]
    hosts: Option<Vec<String>>,
    /// Twilio: account SID.
    #[arg(long, value_name = "SID")]
    account_sid: Option<String>,
    /// Twilio: API key SID, if the secret is that key's.
    #[arg(long, value_name = "SID")]
    key_sid: Option<String>,
    /// Twilio: auth token, or the API key's secret.
    #[arg(
        long,
        value_name = "SECRET",
        env = "LANDFALL_SECRET",
        hide_env_values = true
    )]
    secret: Option<Secret>,
    /// SMS and e-mail: the sender's number, service or address.
    #[arg(long, value_name = "SENDER")]
    from: Option<String>,
    /// SMS: public address that reports come to.
    #[arg(long, value_name = "URL")]
    callback_url: Option<String>,
    /// SMS gateway: where requests go. Slack: the incoming webhook.
    #[arg(
        long,
        value_name = "URL",
        env = "LANDFALL_CREDENTIAL_URL",
        hide_env_values = true
    )]
    url: Option<Secret>,
    /// SMS gateway: value of the Authorization header.
    #[arg(
        long,
        value_name = "VALUE",
        env = "LANDFALL_AUTHORIZATION",
        hide_env_values = true
    )]
    authorization: Option<Secret>,
    /// SMS gateway: JSON pointer of the message's id in answers.
    #[arg(long, value_name = "POINTER")]
    id_pointer: Option<String>,
    /// SMS gateway: JSON pointer of the error's code in answers.
    #[arg(long, value_name = "POINTER")]
    error_pointer: Option<String>,
    /// SMTP: host of the relay.
    #[arg(long, value_name = "HOST")]
    host: Option<String>,
    /// SMTP: port, if it is not the usual one.
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// SMTP: how the connection is protected: starttls, tls or plain.
    #[arg(long, value_name = "HOW")]
    security: Option<String>,
    /// SMTP: user name.
    #[arg(long, value_name = "NAME")]
    username: Option<String>,
    /// SMTP: password.
    #[arg(
        long,
        value_name = "PASSWORD",
        env = "LANDFALL_PASSWORD",
        hide_env_values = true
    )]
    password: Option<Secret>,
    /// SMTP with SendGrid: verification key of its signed event webhook.
    #[arg(long, value_name = "KEY")]
    events_key: Option<String>,
    /// Webhooks: key that requests are signed with.
    #[arg(
        long,
        value_name = "KEY",
        env = "LANDFALL_WEBHOOK_KEY",
        hide_env_values = true
    )]
    signing_key: Option<Secret>,
    /// Call this address instead of the provider's: a simulator or a proxy.
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Certificates of more authorities for this endpoint, in PEM; kept with the credential.
    #[arg(long, value_name = "F")]
    ca_file: Option<PathBuf>,
}

impl For {
    /// The name in JSON.
    const fn name(self) -> &'static str {
        match self {
            Self::Apns => "apns",
            Self::Fcm => "fcm",
            Self::WebPush => "web_push",
            Self::Twilio => "twilio",
            Self::HttpSms => "http_sms",
            Self::Smtp => "smtp",
            Self::Slack => "slack",
            Self::Webhook => "webhook",
        }
    }
}

impl Fields {
    /// As the JSON object that the API takes.
    pub(super) fn json(&self, provider: For) -> Result<Value> {
        let mut json = Json::default();
        json.text("provider", Some(provider.name()));
        json.file("key_p8", self.key_file.as_ref())?;
        json.file("certificate_pem", self.certificate_file.as_ref())?;
        json.file("certificate_key_pem", self.certificate_key_file.as_ref())?;
        json.file("service_account", self.service_account.as_ref())?;
        json.file("ca_pem", self.ca_file.as_ref())?;
        for (name, value) in [
            ("key_id", &self.key_id),
            ("team_id", &self.team_id),
            ("topic", &self.topic),
            ("project_id", &self.project_id),
            ("subject", &self.subject),
            ("account_sid", &self.account_sid),
            ("key_sid", &self.key_sid),
            ("from", &self.from),
            ("callback_url", &self.callback_url),
            ("id_pointer", &self.id_pointer),
            ("error_pointer", &self.error_pointer),
            ("host", &self.host),
            ("security", &self.security),
            ("username", &self.username),
            ("events_key", &self.events_key),
            ("base_url", &self.base_url),
        ] {
            json.text(name, value.as_deref());
        }
        for (name, value) in [
            ("private_key", &self.private_key),
            ("secret", &self.secret),
            ("url", &self.url),
            ("authorization", &self.authorization),
            ("password", &self.password),
            ("signing_key", &self.signing_key),
        ] {
            json.text(name, value.as_ref().map(|secret| secret.0.as_str()));
        }
        json.put("sandbox", self.sandbox.then_some(true));
        json.put("port", self.port);
        json.put("hosts", self.hosts.clone());
        Ok(Value::Object(json.0))
    }
}

#[derive(Default)]
struct Json(Map<String, Value>);

impl Json {
    fn put(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
    }

    fn text(&mut self, name: &str, value: Option<&str>) {
        self.put(name, value);
    }

    fn file(&mut self, name: &str, path: Option<&PathBuf>) -> Result<()> {
        if let Some(path) = path {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            self.put(name, Some(text));
        }
        Ok(())
    }
}
