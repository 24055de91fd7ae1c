//! The JSON form of credentials, checked field by field: messages of a general parser repeat values,
//! and values are secrets here.

use landfall_send::{Credential, CredentialError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Fields;

pub(super) const NOT_AN_OBJECT: &str = "a credential is a JSON object such as \
     {\"provider\": \"apns\", \"key_p8\": \"...\"}";

/// What a credential is for, finer than [`landfall_domain::channel::Provider`]: there are several
/// kinds of gateways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// Apple Push Notification service.
    Apns,
    /// Firebase Cloud Messaging.
    Fcm,
    /// Web Push (VAPID).
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

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Text,
    /// Text; an object is taken as its text, because key files are objects.
    TextOrObject,
    Flag,
    Port,
    Texts,
    Security,
}

impl CredentialKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Apns,
        Self::Fcm,
        Self::WebPush,
        Self::Twilio,
        Self::HttpSms,
        Self::Smtp,
        Self::Slack,
        Self::Webhook,
    ];

    /// The stable name.
    pub const fn name(self) -> &'static str {
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

    /// The kind of that name, if there is one.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What a credential is for.
    pub const fn of(credential: &Credential) -> Self {
        match credential {
            Credential::Apns(_) => Self::Apns,
            Credential::Fcm(_) => Self::Fcm,
            Credential::WebPush(_) => Self::WebPush,
            Credential::Twilio(_) => Self::Twilio,
            Credential::HttpSms(_) => Self::HttpSms,
            Credential::Smtp(_) => Self::Smtp,
            Credential::Slack(_) => Self::Slack,
            Credential::Webhook(_) => Self::Webhook,
        }
    }

    const fn fields(self) -> &'static [(&'static str, Holds)] {
        use Holds::{Flag, Port, Security, Text, TextOrObject, Texts};
        match self {
            Self::Apns => &[
                ("key_p8", Text),
                ("key_id", Text),
                ("team_id", Text),
                ("certificate_pem", Text),
                ("certificate_key_pem", Text),
                ("topic", Text),
                ("sandbox", Flag),
                ("base_url", Text),
                ("ca_pem", Text),
            ],
            Self::Fcm => &[
                ("service_account", TextOrObject),
                ("project_id", Text),
                ("base_url", Text),
                ("ca_pem", Text),
            ],
            Self::WebPush => &[
                ("private_key", Text),
                ("subject", Text),
                ("hosts", Texts),
                ("ca_pem", Text),
            ],
            Self::Twilio => &[
                ("account_sid", Text),
                ("key_sid", Text),
                ("secret", Text),
                ("from", Text),
                ("callback_url", Text),
                ("base_url", Text),
                ("ca_pem", Text),
            ],
            Self::HttpSms => &[
                ("url", Text),
                ("authorization", Text),
                ("from", Text),
                ("callback_url", Text),
                ("id_pointer", Text),
                ("error_pointer", Text),
                ("ca_pem", Text),
            ],
            Self::Smtp => &[
                ("host", Text),
                ("port", Port),
                ("security", Security),
                ("username", Text),
                ("password", Text),
                ("events_key", Text),
                ("from", Text),
                ("ca_pem", Text),
            ],
            Self::Slack => &[("url", Text), ("ca_pem", Text)],
            Self::Webhook => &[("signing_key", Text), ("ca_pem", Text)],
        }
    }
}

impl std::fmt::Display for CredentialKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// A credential from the fields of its JSON object.
pub(super) fn read(mut fields: Fields) -> Result<Credential, CredentialError> {
    let kind = fields.get("provider").and_then(Value::as_str);
    let Some(kind) = kind.and_then(CredentialKind::named) else {
        let all = CredentialKind::ALL.map(CredentialKind::name).join(", ");
        return Err(CredentialError::new(
            "provider",
            format!("write one of {all}"),
        ));
    };
    fields.retain(|_, value| !value.is_null());
    for (name, holds) in kind.fields() {
        if let Some(value) = fields.get_mut(*name) {
            if *holds == Holds::TextOrObject && value.is_object() {
                *value = Value::String(value.to_string());
            }
            holds.check(name, value)?;
        }
    }
    let known = |name: &str| kind.fields().iter().any(|(known, _)| *known == name);
    let mut names = fields.keys().filter(|name| *name != "provider");
    if let Some(name) = names.find(|name| !known(name)) {
        return Err(unknown(kind, name));
    }
    serde_json::from_value(Value::Object(fields))
        .map_err(|_| CredentialError::new("provider", "its fields do not fit together"))
}

/// A field that is not one. Its name is repeated when it looks like a name.
fn unknown(kind: CredentialKind, name: &str) -> CredentialError {
    let plain = |c: char| c.is_ascii_lowercase() || c == '_';
    let named = name.len() <= 30 && name.chars().all(plain);
    let what = if named {
        format!("`{name}` is no field of it")
    } else {
        "it has a field too many".to_owned()
    };
    let fields: Vec<&str> = kind.fields().iter().map(|(name, _)| *name).collect();
    let fields = fields.join(", ");
    CredentialError::new(
        "provider",
        format!("{what}: {kind} has {fields}; app and per_second can stand beside them"),
    )
}

impl Holds {
    fn check(self, name: &'static str, value: &Value) -> Result<(), CredentialError> {
        let (fits, wanted) = match self {
            Self::Text => (value.is_string(), "write text"),
            Self::TextOrObject => (value.is_string(), "write the text of the key file"),
            Self::Flag => (value.is_boolean(), "write true or false"),
            Self::Port => (
                value
                    .as_u64()
                    .is_some_and(|port| port <= u64::from(u16::MAX)),
                "write the number of a port, or 0 for the usual one",
            ),
            Self::Texts => (
                value
                    .as_array()
                    .is_some_and(|texts| texts.iter().all(Value::is_string)),
                "write a list of texts",
            ),
            Self::Security => (
                matches!(value.as_str(), Some("starttls" | "tls" | "plain")),
                "write starttls, tls or plain",
            ),
        };
        if fits {
            Ok(())
        } else {
            Err(CredentialError::new(name, wanted))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn blank(kind: CredentialKind) -> Value {
        json!({ "provider": kind.name() })
    }

    #[test]
    fn the_fields_are_those_of_the_credentials() {
        for kind in CredentialKind::ALL {
            let credential: Credential = serde_json::from_value(blank(kind)).unwrap();
            assert_eq!(CredentialKind::of(&credential), kind);
            let written = serde_json::to_value(&credential).unwrap();
            let mut names: Vec<&str> = written
                .as_object()
                .unwrap()
                .keys()
                .map(String::as_str)
                .filter(|name| *name != "provider")
                .collect();
            let mut known: Vec<&str> = kind.fields().iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            known.sort_unstable();
            assert_eq!(names, known, "{kind}");
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
        }
    }
}
