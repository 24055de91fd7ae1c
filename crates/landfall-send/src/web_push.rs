//! Web Push (RFC 8030): messages for browsers, encrypted for each subscription (RFC 8291), with our
//! name under them (RFC 8292).
//!
//! [`payload`] says what a service worker gets, [`endpoint`] which addresses are called at all,
//! [`classify`] what answers mean. Push services are many, and subscriptions name them, so requests go
//! through a client that keeps connections by origin and refuses private addresses when it resolves.

mod classify;
mod encryption;
mod endpoint;
mod payload;
mod vapid;

use futures_util::future::BoxFuture;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::content::Content;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use reqwest::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
};
use reqwest::{Method, RequestBuilder, Url};

use crate::credential::{CredentialError, VapidCredential};
use crate::http_call::{CallError, HttpCall, Reply};
use crate::{Address, Network, Outgoing, Sender};
use encryption::{EncryptionError, Fresh, SubscriptionKeys};
use endpoint::Rules;
use vapid::Vapid;

pub(crate) use payload::topic;

const TTL: HeaderName = HeaderName::from_static("ttl");
const URGENCY: HeaderName = HeaderName::from_static("urgency");
const TOPIC: HeaderName = HeaderName::from_static("topic");
const APNS_ID: HeaderName = HeaderName::from_static("apns-id");

/// Sends to browsers with one VAPID key pair.
pub struct WebPushSender {
    vapid: Vapid,
    rules: Rules,
    http: HttpCall,
}

/// A request but for the token, which depends on the time.
struct Prepared {
    url: Url,
    body: Vec<u8>,
    ttl: i64,
    urgency: &'static str,
    topic: String,
}

impl WebPushSender {
    /// From its credential.
    ///
    /// # Errors
    /// Which field is wrong: the key is none, push services would refuse the subject, or certificates
    /// cannot be read.
    pub fn new(credential: &VapidCredential, network: &Network) -> Result<Self, CredentialError> {
        let hosts = credential.hosts.iter();
        Ok(Self {
            vapid: Vapid::new(credential)?,
            rules: Rules {
                hosts: hosts
                    .map(|host| host.trim().trim_matches('.').to_ascii_lowercase())
                    .filter(|host| !host.is_empty())
                    .collect(),
                private_allowed: network.private_allowed,
            },
            http: HttpCall::new(network, credential.ca_pem.as_deref())?,
        })
    }

    /// The public key that sites subscribe with (`applicationServerKey`), base64url.
    pub fn public_key(&self) -> String {
        self.vapid.public_key()
    }

    async fn attempt(&self, outgoing: &Outgoing, now: Timestamp) -> Result<Answer, Answer> {
        let prepared = self.prepare(outgoing, now)?;
        if outgoing.dry_run {
            return Ok(unsent_acceptance());
        }
        let request = self.request(prepared, now)?;
        match self.http.call(request, now).await {
            Ok(reply) => Ok(classify::classify(&as_came(&reply))),
            // The subscription names an address that is not ours to call: that is its fault, not the
            // configuration's.
            Err(CallError::Forbidden(refusal)) => Err(Answer::refused_saying(
                Reason::TokenMalformed,
                &refusal.to_string(),
            )),
            Err(CallError::Malformed(words)) => {
                Err(Answer::refused_saying(Reason::SenderBug, &words))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Everything that can be found out without calling anybody.
    fn prepare(&self, outgoing: &Outgoing, now: Timestamp) -> Result<Prepared, Answer> {
        let (Address::Device { token, keys, .. }, Content::Push(content)) =
            (&outgoing.to, &outgoing.content)
        else {
            return Err(Answer::refused_saying(
                Reason::SenderBug,
                "Web Push carries pushes to devices only",
            ));
        };
        let url = endpoint::accept(token, &self.rules).map_err(|problem| problem.answer())?;
        let Some((p256dh, auth)) = keys else {
            return Err(Answer::refused_saying(
                Reason::TokenMalformed,
                "the subscription has no keys: send p256dh and auth with the endpoint",
            ));
        };
        let keys = SubscriptionKeys::parse(p256dh, auth)
            .map_err(|problem| unencryptable(&problem.into()))?;
        let push = payload::build(outgoing, content, token)?;
        let fresh = Fresh::generate().map_err(|_| unencryptable(&EncryptionError::Library))?;
        let body = encryption::encrypt(&push.plaintext, &keys, &fresh)
            .map_err(|error| unencryptable(&error))?;
        Ok(Prepared {
            url,
            body,
            ttl: payload::ttl_seconds(outgoing, now),
            urgency: push.urgency,
            topic: push.topic,
        })
    }

    fn request(&self, prepared: Prepared, now: Timestamp) -> Result<RequestBuilder, Answer> {
        let origin = prepared.url.origin().ascii_serialization();
        let authorization = self.vapid.authorization(&origin, now);
        let mut authorization = HeaderValue::try_from(authorization).map_err(|_| {
            Answer::refused_saying(Reason::SenderBug, "the VAPID token is no header value")
        })?;
        authorization.set_sensitive(true);
        Ok(self
            .http
            .request(Method::POST, &prepared.url)
            .header(TTL, prepared.ttl)
            .header(URGENCY, prepared.urgency)
            .header(TOPIC, prepared.topic)
            .header(AUTHORIZATION, authorization)
            .header(CONTENT_ENCODING, "aes128gcm")
            .header(CONTENT_TYPE, "application/octet-stream")
            .body(prepared.body))
    }
}

fn unencryptable(error: &EncryptionError) -> Answer {
    let reason = match error {
        EncryptionError::Key(_) => Reason::TokenMalformed,
        EncryptionError::TooLarge(_) => Reason::PayloadTooLarge,
        EncryptionError::Library => Reason::SenderBug,
    };
    Answer::refused_saying(reason, &error.to_string())
}

fn as_came(reply: &Reply) -> classify::Reply<'_> {
    classify::Reply {
        status: reply.status,
        retry_after_ms: reply.retry_after_ms,
        location: reply.header(&LOCATION),
        apns_id: reply.header(&APNS_ID),
        body: &reply.body,
    }
}

/// Nobody was asked, so there is no status.
fn unsent_acceptance() -> Answer {
    Answer {
        status: None,
        ..Answer::accepted(0, None)
    }
}

impl Sender for WebPushSender {
    fn provider(&self) -> Provider {
        Provider::WebPush
    }

    /// Hands one push to the subscription's service. Push services have no dry run: for one, the push
    /// is built and encrypted, which finds unusable subscriptions and contents, and nobody is called.
    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            self.attempt(outgoing, now)
                .await
                .unwrap_or_else(|refused| refused)
        })
    }

    /// Signs a token and verifies it with the public key. No push service is asked: there are many,
    /// none knows us before the first push, and none offers a dry run.
    fn check(&self, now: Timestamp) -> BoxFuture<'_, Answer> {
        let answer = if self.vapid.proves_itself(now) {
            unsent_acceptance()
        } else {
            Answer::refused_saying(
                Reason::ProviderAuth,
                "the private key does not verify with its public key: generate a new pair",
            )
        };
        Box::pin(async { answer })
    }
}
