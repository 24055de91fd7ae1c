//! The key file of a service account, and the assertion that it signs (RFC 7523, providers.md 2.1).

#[cfg(test)]
mod tests;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use landfall_domain::time::{HOUR_MS, Timestamp};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::CredentialError;

/// All that sending needs; narrower than the `cloud-platform` that Google's examples ask for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";
/// Longest life of an assertion that Google takes.
const ASSERTION_MS: i64 = HOUR_MS;
const FIELD: &str = "service_account";

/// A service account, ready to sign.
pub(crate) struct ServiceAccount {
    /// Where access tokens come from.
    pub(crate) token_uri: Url,
    /// The project that it belongs to.
    pub(crate) project_id: String,
    client_email: String,
    private_key_id: String,
    key: EncodingKey,
}

/// The members that are read of the file.
#[derive(Deserialize)]
struct KeyFile {
    #[serde(rename = "type")]
    kind: Option<String>,
    project_id: Option<String>,
    private_key_id: Option<String>,
    private_key: Option<String>,
    client_email: Option<String>,
    token_uri: Option<String>,
}

#[derive(Serialize)]
struct Claims<'c> {
    iss: &'c str,
    scope: &'static str,
    aud: &'c str,
    iat: i64,
    exp: i64,
}

impl ServiceAccount {
    /// Reads the file's text. `private_allowed`: whether tokens may come from a plain http address.
    ///
    /// # Errors
    /// What is missing or malformed, and where to get the right file.
    pub(crate) fn parse(text: &str, private_allowed: bool) -> Result<Self, CredentialError> {
        let value: Value = serde_json::from_str(text).map_err(|error| {
            // Only the place: the words of the parser could repeat a part of the key.
            let (line, column) = (error.line(), error.column());
            wrong(format!(
                "is not JSON (line {line}, column {column}): give the whole text of the key file"
            ))
        })?;
        if value.get("project_info").is_some() {
            return Err(wrong(
                "is the app's google-services.json; the key file of a service account is needed: \
                 Firebase console, project settings, service accounts, generate new private key",
            ));
        }
        let file: KeyFile = serde_json::from_value(value)
            .map_err(|_| wrong("is not the key file of a service account: a member is no text"))?;
        let kind = file.kind.as_deref().unwrap_or("nothing");
        if kind != "service_account" {
            return Err(wrong(format!(
                "has the type {kind}; the key file of a service account is needed: Firebase console, \
                 project settings, service accounts, generate new private key"
            )));
        }
        let private_key = needed("private_key", file.private_key)?;
        let key = EncodingKey::from_rsa_pem(private_key.as_bytes()).map_err(|_| {
            wrong("has a private_key that is not an RSA key in PEM: take the file unchanged")
        })?;
        Ok(Self {
            token_uri: token_uri(&needed("token_uri", file.token_uri)?, private_allowed)?,
            project_id: needed("project_id", file.project_id)?,
            client_email: needed("client_email", file.client_email)?,
            private_key_id: needed("private_key_id", file.private_key_id)?,
            key,
        })
    }

    /// A signed statement that this is us, valid for an hour from `now`.
    ///
    /// # Errors
    /// When the key cannot sign: an RSA key that is too short.
    pub(crate) fn assertion(&self, now: Timestamp) -> Result<String, CredentialError> {
        let header = Header {
            kid: Some(self.private_key_id.clone()),
            ..Header::new(Algorithm::RS256)
        };
        let claims = Claims {
            iss: &self.client_email,
            scope: SCOPE,
            aud: self.token_uri.as_str(),
            iat: now.seconds(),
            exp: now.plus_millis(ASSERTION_MS).seconds(),
        };
        jsonwebtoken::encode(&header, &claims, &self.key)
            .map_err(|error| wrong(format!("has a private_key that cannot sign: {error}")))
    }
}

fn needed(name: &str, member: Option<String>) -> Result<String, CredentialError> {
    member
        .filter(|text| !text.trim().is_empty())
        .ok_or_else(|| wrong(format!("has no {name}: take the key file unchanged")))
}

fn token_uri(text: &str, private_allowed: bool) -> Result<Url, CredentialError> {
    let url = Url::parse(text).map_err(|_| wrong("has a token_uri that is not a URL"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if private_allowed => Ok(url),
        _ => Err(wrong(
            "has a token_uri that is not https; Google's is https://oauth2.googleapis.com/token",
        )),
    }
}

fn wrong(problem: impl std::fmt::Display) -> CredentialError {
    CredentialError::new(FIELD, problem)
}
