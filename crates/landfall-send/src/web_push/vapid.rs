//! How we tell push services who we are: a signed token for each of them (VAPID, RFC 8292).

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use landfall_domain::time::{HOUR_MS, Timestamp};
use serde_json::json;

use super::encryption::POINT_BYTES;
use crate::credential::{CredentialError, VapidCredential};

/// How long a token is valid. Services refuse more than 24 h (RFC 8292 2); half of it leaves room for
/// clocks that differ.
const VALID_MS: i64 = 12 * HOUR_MS;
/// A token of this age is replaced, so that none is ever close to its end.
const RENEW_MS: i64 = 6 * HOUR_MS;
/// Apple takes at most one new token per hour (providers.md 3.1).
const RENEW_AT_MOST_EVERY_MS: i64 = HOUR_MS;
const _: () = assert!(RENEW_AT_MOST_EVERY_MS < RENEW_MS && RENEW_MS < VALID_MS);
/// Most services whose tokens are kept. There are about four; endpoints come from clients, who could
/// name any number.
const ORIGINS_MAX: usize = 256;

/// Our key pair, and the tokens that were signed with it.
pub(crate) struct Vapid {
    pair: EcdsaKeyPair,
    public: [u8; POINT_BYTES],
    subject: String,
    tokens: Mutex<HashMap<String, Token>>,
}

struct Token {
    header: String,
    issued_at: Timestamp,
}

impl Token {
    /// Whether it may still be used: young, or too young to be replaced even after the clock moved.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.since(self.issued_at);
        (0..RENEW_MS).contains(&age) || age.abs() < RENEW_AT_MOST_EVERY_MS
    }
}

impl Vapid {
    /// From the credential.
    ///
    /// # Errors
    /// A private key that is none, or a subject that push services would refuse.
    pub(crate) fn new(credential: &VapidCredential) -> Result<Self, CredentialError> {
        let malformed = || {
            CredentialError::new(
                "private_key",
                "is not a private key of P-256: 32 bytes in base64url are needed, as \
                 `web-push generate-vapid-keys` prints them",
            )
        };
        let private = URL_SAFE_NO_PAD
            .decode(credential.private_key.trim().trim_end_matches('='))
            .map_err(|_| malformed())?;
        let point = PrivateKey::from_private_key(&ECDH_P256, &private)
            .map_err(|_| malformed())?
            .compute_public_key()
            .map_err(|_| malformed())?;
        let public = point.as_ref().try_into().map_err(|_| malformed())?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &private,
            point.as_ref(),
        )
        .map_err(|_| malformed())?;
        Ok(Self {
            pair,
            public,
            subject: subject(&credential.subject)?,
            tokens: Mutex::default(),
        })
    }

    /// The public key as browsers subscribe with it (`applicationServerKey`), base64url.
    pub(crate) fn public_key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.public)
    }

    /// Value of the `Authorization` header for a push service; `origin` is its scheme and host, with
    /// the port when it is not the scheme's own. The same for up to six hours.
    pub(crate) fn authorization(&self, origin: &str, now: Timestamp) -> String {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(token) = tokens.get(origin).filter(|token| token.is_fresh(now)) {
            return token.header.clone();
        }
        if tokens.len() >= ORIGINS_MAX {
            tokens.retain(|_, token| token.is_fresh(now));
        }
        let header = format!(
            "vapid t={}, k={}",
            self.sign(origin, now),
            self.public_key()
        );
        if tokens.len() < ORIGINS_MAX {
            let token = Token {
                header: header.clone(),
                issued_at: now,
            };
            tokens.insert(origin.to_owned(), token);
        }
        header
    }

    /// A token for `origin` that ends twelve hours after `now`.
    fn sign(&self, origin: &str, now: Timestamp) -> String {
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ES256"}"#);
        let claims = json!({
            "aud": origin,
            "exp": now.plus_millis(VALID_MS).seconds(),
            "sub": self.subject,
        });
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self
            .pair
            .sign(&SystemRandom::new(), signed.as_bytes())
            .expect("signing with a key that was checked needs nothing that could be missing");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// Whether what the private key signs verifies with the public key that services will see.
    pub(crate) fn proves_itself(&self, now: Timestamp) -> bool {
        let token = self.sign("https://push.example", now);
        let Some((signed, signature)) = token.rsplit_once('.') else {
            return false;
        };
        URL_SAFE_NO_PAD.decode(signature).is_ok_and(|signature| {
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, self.public)
                .verify(signed.as_bytes(), &signature)
                .is_ok()
        })
    }
}

/// Apple refuses subjects that are not a plain address, with words that do not say so.
fn subject(subject: &str) -> Result<String, CredentialError> {
    let plain = |rest: &str| {
        !rest.contains(|letter: char| {
            letter.is_whitespace() || letter.is_control() || "<>\"".contains(letter)
        })
    };
    let valid = match subject.split_once(':') {
        Some(("mailto", rest)) => {
            rest.split_once('@')
                .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
                && plain(rest)
        }
        Some(("https", rest)) => rest.len() > 2 && rest.starts_with("//") && plain(rest),
        _ => false,
    };
    if !valid {
        return Err(CredentialError::new(
            "subject",
            "must be `mailto:name@host` or an https address, without spaces or brackets: push services \
             write to it when something is wrong",
        ));
    }
    Ok(subject.to_owned())
}
