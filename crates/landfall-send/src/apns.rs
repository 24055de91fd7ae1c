//! Apple Push Notification service (providers.md 1).
//!
//! `request` makes a push out of a message, with the JSON of `payload`; `token` keeps the token that we
//! identify with; [`crate::pool`] carries; `classify` says what the answer means.

mod certificate;
mod classify;
mod payload;
mod push_type;
mod request;
#[cfg(test)]
mod tests;
mod token;

use std::sync::{Mutex, PoisonError};

use futures_util::future::BoxFuture;
use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::channel::Provider;
use landfall_domain::reason::Reason;
use landfall_domain::time::{MINUTE_MS, Timestamp};
use tokio::time::Instant;

use self::classify::{UNRELATED_KEY, classify};
use self::request::Push;
use self::token::{Bearer, ProviderToken};
use crate::credential::{ApnsCredential, CredentialError};
use crate::pool::{Gauge, Origin, Pool, PoolSettings};
use crate::tls::{self, ClientIdentity};
use crate::{Address, Network, Outgoing, Sender};

pub use self::certificate::expires_at;
pub(crate) use self::payload::value as payload;
pub(crate) use self::request::collapse_id;

/// Apple's endpoint for builds of the App Store and TestFlight.
const PRODUCTION: &str = "https://api.push.apple.com";
/// Apple's endpoint for builds with the development entitlement.
const SANDBOX: &str = "https://api.sandbox.push.apple.com";
/// Connections are not all given up more often than this, whatever the answers say: Apple takes rapid
/// reconnecting for an attack.
const RESET_MS_MIN: i64 = 20 * MINUTE_MS;

/// Sends pushes to Apple with one key or certificate.
pub struct ApnsSender {
    pool: Pool,
    origin: Origin,
    topic: String,
    proof: Proof,
    reset_at: Mutex<Option<Timestamp>>,
}

/// What we identify with.
enum Proof {
    Token(Box<ProviderToken>),
    /// Shown when the connection is made.
    Certificate {
        expires_at: Timestamp,
    },
}

impl ApnsSender {
    /// From its credential. Connects with the first push.
    ///
    /// # Errors
    /// Which field is missing or wrong, and what to do.
    pub fn new(credential: &ApnsCredential, network: &Network) -> Result<Self, CredentialError> {
        let name = credential.key_id.as_deref().unwrap_or(&credential.topic);
        let settings = PoolSettings::apns(fingerprint(name.as_bytes()));
        Self::with_pool(credential, network, settings)
    }

    /// As [`Self::new`], with other settings of the connections.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_pool(
        credential: &ApnsCredential,
        network: &Network,
        settings: PoolSettings,
    ) -> Result<Self, CredentialError> {
        let usual = if credential.sandbox {
            SANDBOX
        } else {
            PRODUCTION
        };
        let origin = Origin::parse(said(&credential.base_url).unwrap_or(usual))
            .map_err(|error| CredentialError::new("base_url", error))?;
        let (proof, identity) = Proof::of(credential)?;
        let authorities = [&network.ca_pem, &credential.ca_pem];
        let authorities = authorities.into_iter().filter_map(said);
        let tls = tls::client_config(authorities, identity)?;
        let pool = Pool::new(origin.clone(), tls, network, settings)
            .map_err(|error| CredentialError::new("base_url", error))?;
        Ok(Self {
            pool,
            origin,
            topic: credential.topic.clone(),
            proof,
            reset_at: Mutex::default(),
        })
    }

    /// When the client certificate ends; `None` with a key, which has no end.
    pub fn certificate_expires_at(&self) -> Option<Timestamp> {
        match self.proof {
            Proof::Token(_) => None,
            Proof::Certificate { expires_at } => Some(expires_at),
        }
    }

    /// What its connections are doing.
    pub fn gauge(&self) -> Gauge {
        self.pool.gauge()
    }

    /// Lets go of all connections and opens new ones with the next push: after a key was revoked, or
    /// an app got a new topic (providers.md 1.3).
    pub fn reset(&self) {
        self.pool.reset();
    }

    async fn hand_over(&self, outgoing: &Outgoing, now: Timestamp) -> Answer {
        let push = match Push::of(outgoing, &self.origin, &self.topic, now) {
            Ok(push) => push,
            Err(refusal) => return refusal,
        };
        if !outgoing.dry_run {
            return self.deliver(&push, now).await;
        }
        // APNs has no dry run. What can be known without delivering: the message passes all checks, and
        // the credential works.
        let topic = match &outgoing.to {
            Address::Device { app, .. } if !app.is_empty() => app,
            _ => &self.topic,
        };
        let mut answer = self.prove(topic, now).await;
        if answer.verdict == Verdict::Accepted {
            let message =
                "APNs has no dry run: message and credential were checked, the token was not";
            answer.message = Some(message.to_owned());
        }
        answer
    }

    /// Sends a push, and once more where the provider says how a second one would pass.
    async fn deliver(&self, push: &Push, now: Timestamp) -> Answer {
        let deadline = self.pool.deadline();
        let Proof::Token(token) = &self.proof else {
            return self.ask(push, None, deadline, now).await;
        };
        let bearer = token.bearer(now);
        let answer = self.ask(push, Some(&bearer), deadline, now).await;
        match answer.reason() {
            Some(Reason::ProviderJwtExpired) => {
                let Some(renewed) = token.after_expiry(&bearer, now) else {
                    return answer;
                };
                self.ask(push, Some(&renewed), deadline, now).await
            }
            Some(Reason::ProviderJwtRefresh) => {
                token.after_too_many_updates(&bearer, now);
                answer
            }
            Some(Reason::ProviderKeyScope)
                if answer.code.as_deref() == Some(UNRELATED_KEY) && self.may_reset(now) =>
            {
                self.pool.reset();
                self.ask(push, Some(&bearer), deadline, now).await
            }
            _ => answer,
        }
    }

    async fn ask(
        &self,
        push: &Push,
        bearer: Option<&Bearer>,
        deadline: Instant,
        now: Timestamp,
    ) -> Answer {
        let authorization = bearer.map(|bearer| &bearer.value);
        let build = || push.request(authorization);
        let outcome = self.pool.call(deadline, build, push.body.clone()).await;
        match outcome.reply() {
            Ok(reply) => classify(&reply, now),
            Err(answer) => answer,
        }
    }

    fn may_reset(&self, now: Timestamp) -> bool {
        let mut reset_at = self.reset_at.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = reset_at.is_some_and(|at| (0..RESET_MS_MIN).contains(&now.since(at)));
        if !recent {
            *reset_at = Some(now);
        }
        !recent
    }

    /// Pushes to a token that nobody has. Apple looks at the credential first: the answer that the token
    /// is bad (or gone, or not for this topic) says that everything before it was right. The answer
    /// counts as an error with Apple, so this is for new credentials and a rare heartbeat.
    async fn prove(&self, topic: &str, now: Timestamp) -> Answer {
        let probe = match Push::probe(&self.origin, topic) {
            Ok(probe) => probe,
            Err(refusal) => return refusal,
        };
        let answer = self.deliver(&probe, now).await;
        // The token cannot belong to any topic; a topic that the key may not use is refused as
        // `TopicDisallowed`, or with 403.
        let proved = matches!(
            answer.code.as_deref(),
            Some("BadDeviceToken" | "DeviceTokenNotForTopic" | "ExpiredToken" | "Unregistered")
        );
        match proved {
            true => Answer::accepted(answer.status.unwrap_or(400), answer.provider_id),
            false => answer,
        }
    }
}

impl Proof {
    fn of(
        credential: &ApnsCredential,
    ) -> Result<(Self, Option<ClientIdentity<'_>>), CredentialError> {
        let certificate = said(&credential.certificate_pem);
        let Some(key) = said(&credential.key_p8) else {
            let Some(certificate_pem) = certificate else {
                let problem = "missing; give the .p8 key with key_id and team_id, or a certificate";
                return Err(CredentialError::new("key_p8", problem));
            };
            let missing = || CredentialError::new("certificate_key_pem", "missing");
            let identity = ClientIdentity {
                certificate_pem,
                key_pem: said(&credential.certificate_key_pem).ok_or_else(missing)?,
            };
            let expires_at = expires_at(certificate_pem)?;
            return Ok((Self::Certificate { expires_at }, Some(identity)));
        };
        if certificate.is_some() {
            let problem = "APNs ignores the key when a certificate is shown; give one of the two";
            return Err(CredentialError::new("certificate_pem", problem));
        }
        let token = ProviderToken::new(
            key,
            said(&credential.key_id).unwrap_or_default(),
            said(&credential.team_id).unwrap_or_default(),
        )?;
        Ok((Self::Token(Box::new(token)), None))
    }
}

impl Sender for ApnsSender {
    fn provider(&self) -> Provider {
        Provider::Apns
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(self.hand_over(outgoing, now))
    }

    fn check(&self, now: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(self.prove(&self.topic, now))
    }
}

fn said(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.trim().is_empty())
}

/// FNV-1a: spreads what follows from a name, the same in every process.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
