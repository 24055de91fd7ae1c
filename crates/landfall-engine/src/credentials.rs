//! Credentials of providers: what they look like as JSON, how they lie on the disk, and what may be
//! shown of them.
//!
//! A whole [`Credential`] is sealed for its workspace and name, so that a sealed one that is copied
//! elsewhere does not open. Beside it lies what people need to tell credentials apart, none of it
//! secret.

pub mod at_work;
mod certificate;
mod form;
mod shown;
pub mod vapid;
pub mod verdict;

use std::collections::BTreeMap;

use landfall_domain::attempt::Answer;
use landfall_domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use landfall_send::credential::{
    ApnsCredential, FcmCredential, GatewayCredential, SlackCredential, SmtpCredential,
    SmtpSecurity, TwilioCredential, VapidCredential, WebhookCredential,
};
pub use landfall_send::email::events as mail_events;
pub use landfall_send::sms::twilio;
pub use landfall_send::{Credential, CredentialError, Network};

pub use at_work::Sending;
pub use form::CredentialKind;
pub use verdict::{Standing, Verdict, verdict};

use crate::dispatch::carriers::Terms;
use crate::seal::{MasterKey, SealError};

/// Most characters of a credential's name.
pub const NAME_CHARS_MAX: usize = 64;

/// A credential to store, with the messages that it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// The credential.
    pub credential: Credential,
    /// Which messages it carries, and how fast.
    pub terms: Terms,
}

/// A credential as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CredentialRecord {
    /// What it is for.
    #[serde(rename = "provider")]
    pub kind: CredentialKind,
    /// Only for this app; `None`: for every app that has no credential of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Messages a second; `None`: as many as the provider takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// The credential as JSON, sealed.
    pub sealed: String,
    /// When it was added or replaced, in milliseconds since the epoch.
    pub created_ms: i64,
    /// What may be shown of it: ids, hosts, the last characters of long secrets.
    #[serde(default)]
    pub shown: BTreeMap<String, String>,
    /// When its certificate ends, in milliseconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<i64>,
}

impl NewCredential {
    /// Reads `{"provider": "apns", "key_p8": ..., "app": ..., "per_second": ...}`: the fields of a
    /// [`Credential`] and, beside them, what it is for.
    ///
    /// # Errors
    /// Which field is wrong. Values are never repeated: they may be secrets.
    pub fn read(value: Value) -> Result<Self, CredentialError> {
        let Value::Object(mut fields) = value else {
            return Err(CredentialError::new("provider", form::NOT_AN_OBJECT));
        };
        let terms = Terms {
            app: app(fields.remove("app"))?,
            per_second: per_second(fields.remove("per_second"))?,
        };
        Ok(Self {
            credential: form::read(fields)?,
            terms,
        })
    }

    /// Whether it can be used, without asking anybody. Called within a runtime.
    ///
    /// # Errors
    /// Which field is wrong, and what to do.
    pub fn validate(&self, network: &Network) -> Result<(), CredentialError> {
        landfall_send::connect(&self.credential, network).map(drop)
    }

    /// What is stored of it under `name` in a workspace.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub fn seal(
        &self,
        master: &MasterKey,
        workspace_id: &str,
        name: &str,
        now: Timestamp,
    ) -> Result<CredentialRecord, SealError> {
        // Credentials are texts, numbers and lists: there is always JSON for them.
        let json = serde_json::to_string(&self.credential).map_err(|_| SealError)?;
        Ok(CredentialRecord {
            kind: CredentialKind::of(&self.credential),
            app: self.terms.app.clone(),
            per_second: self.terms.per_second,
            sealed: master.seal(&context(workspace_id, name), &json)?,
            created_ms: now.millis(),
            shown: shown::of(&self.credential),
            expires_ms: expiry(&self.credential).map(Timestamp::millis),
        })
    }
}

impl CredentialRecord {
    /// The credential itself.
    ///
    /// # Errors
    /// When it was sealed with another key, for another workspace or under another name.
    pub fn open(
        &self,
        master: &MasterKey,
        workspace_id: &str,
        name: &str,
    ) -> Result<Credential, SealError> {
        let json = master.open(&context(workspace_id, name), &self.sealed)?;
        serde_json::from_str(&json).map_err(|_| SealError)
    }

    /// Which messages it carries, and how fast.
    pub fn terms(&self) -> Terms {
        Terms {
            app: self.app.clone(),
            per_second: self.per_second,
        }
    }
}

/// Asks the provider whether a credential works, without sending anything to anybody.
///
/// # Errors
/// When it is incomplete or malformed: which field, and what to do.
pub async fn check(
    credential: &Credential,
    network: &Network,
    now: Timestamp,
) -> Result<Answer, CredentialError> {
    Ok(landfall_send::connect(credential, network)?
        .check(now)
        .await)
}

/// Whether a credential may have this name: it stands in addresses and on command lines.
///
/// # Errors
/// What to write instead.
pub fn check_name(name: &str) -> Result<(), CredentialError> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let short = name.chars().count() <= NAME_CHARS_MAX;
    if name.is_empty() || !short || !name.chars().all(fits) {
        return Err(CredentialError::new(
            "name",
            format!("use up to {NAME_CHARS_MAX} letters, digits, `-`, `_` and `.`"),
        ));
    }
    Ok(())
}

/// The place that a credential is sealed for.
fn context(workspace_id: &str, name: &str) -> String {
    format!("credential:{workspace_id}:{name}")
}

/// When the credential ends by itself: only certificates say so.
fn expiry(credential: &Credential) -> Option<Timestamp> {
    match credential {
        Credential::Apns(apns) => certificate::not_after(apns.certificate_pem.as_deref()?),
        _ => None,
    }
}

fn app(value: Option<Value>) -> Result<Option<String>, CredentialError> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(app)) if !app.trim().is_empty() => Ok(Some(app.trim().to_owned())),
        Some(_) => Err(CredentialError::new(
            "app",
            "write a bundle id or package name, or leave it out for every app",
        )),
    }
}

fn per_second(value: Option<Value>) -> Result<Option<u32>, CredentialError> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let rate = value.as_u64().and_then(|rate| u32::try_from(rate).ok());
    match rate.filter(|rate| *rate > 0) {
        Some(rate) => Ok(Some(rate)),
        None => Err(CredentialError::new(
            "per_second",
            "write how many messages a second, from 1, or leave it out",
        )),
    }
}

/// Fields of a JSON object.
type Fields = Map<String, Value>;
