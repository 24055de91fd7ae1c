//! Decides what a request gets: by credentials, script, and the rules of APNs.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderValue};
use http::request::Parts;
use landfall_domain::time::Timestamp;

use super::exchange::Exchange;
use crate::apns::answer::{ApnsAnswer, Outcome, Refusal};
use crate::apns::core::Core;
use crate::apns::credentials::{Credentials, Keyring};
use crate::apns::options::Auth;
use crate::apns::push::{self, Push, Sender};
use crate::apns::record::{Accepted, Ended};
use crate::apns::{Environment, Reason};
use crate::script::Request;

/// What a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Refused(Refusal),
    /// A status and body that are not APNs' own.
    Edge(u16, String),
    /// It is not looked at.
    Unprocessed,
}

impl Verdict {
    pub(super) fn ended(&self, answered: bool) -> Ended {
        match self {
            Self::Accepted => Ended::Accepted { answered },
            Self::Refused(refusal) => Ended::Refused {
                status: refusal.status(),
                reason: refusal.reason.clone(),
                answered,
            },
            Self::Edge(status, _) => Ended::Refused {
                status: *status,
                reason: String::new(),
                answered,
            },
            Self::Unprocessed => Ended::Unprocessed,
        }
    }
}

/// A judgement.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    /// What the script said, if anything.
    pub(super) scripted: Option<Arc<ApnsAnswer>>,
    /// Whether the request's provider token was valid.
    pub(super) valid_token: bool,
}

/// Judges the requests of one connection.
pub(super) struct Judge {
    core: Arc<Core>,
    credentials: Credentials,
    /// Whether the client showed a certificate.
    certified: bool,
}

impl Judge {
    pub(super) fn new(core: Arc<Core>, certified: bool) -> Self {
        Self {
            core,
            credentials: Credentials::default(),
            certified,
        }
    }

    /// Judges a request, and lets an accepted push have its effect.
    pub(super) fn judge(&mut self, exchange: &mut Exchange, payload: &Bytes) -> Judged {
        let Self {
            core,
            credentials,
            certified,
        } = self;
        let now = core.clock.now();
        let keyring = core.keyring();
        let parts = &exchange.parts;
        let sender = push::address(parts)
            .and_then(|_| sender(core, credentials, *certified, &parts.headers, &keyring, now));
        let id = given_id(&parts.headers).unwrap_or_else(|| made_id(core));
        let scripted = scripted(core, parts, sender.as_ref().ok());
        let verdict = match scripted.as_deref().map(|answer| &answer.outcome) {
            Some(Outcome::Refuse(refusal)) => Verdict::Refused(refusal.clone()),
            Some(Outcome::Edge { status, body }) => Verdict::Edge(*status, body.clone()),
            Some(outcome) if !has_effect(outcome) => Verdict::Unprocessed,
            _ => match natural(core, parts, payload, sender) {
                Ok(push) => {
                    take(core, &push, &id, payload, now);
                    Verdict::Accepted
                }
                Err(refusal) => Verdict::Refused(refusal),
            },
        };
        let valid_token = sender.is_ok();
        exchange.id = Some(id);
        Judged {
            verdict,
            scripted,
            valid_token,
        }
    }
}

/// Whether APNs looks at the push.
const fn has_effect(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Natural | Outcome::Hold | Outcome::Lost(_) => true,
        Outcome::Silent { processed } | Outcome::GoAway { processed, .. } => *processed,
        Outcome::Tear
        | Outcome::RefuseStream
        | Outcome::HalfOpen
        | Outcome::Refuse(_)
        | Outcome::Edge { .. } => false,
    }
}

/// Who sends, if the credentials are right. Where none are checked, everybody's are.
fn sender<'a>(
    core: &'a Core,
    credentials: &mut Credentials,
    certified: bool,
    headers: &HeaderMap,
    keyring: &'a Keyring,
    now: Timestamp,
) -> Result<Sender<'a>, Reason> {
    match &core.auth {
        Auth::Any => Ok(Sender::Anybody),
        Auth::Tokens(_) => credentials.check(headers, keyring, now).map(Sender::Key),
        Auth::Certificate(topics) if certified => Ok(Sender::Certificate(topics)),
        Auth::Certificate(_) if headers.contains_key(AUTHORIZATION) => {
            Err(Reason::InvalidProviderToken)
        }
        Auth::Certificate(_) => Err(Reason::MissingProviderToken),
    }
}

fn scripted(core: &Core, parts: &Parts, sender: Option<&Sender<'_>>) -> Option<Arc<ApnsAnswer>> {
    if core.script.is_empty() {
        return None;
    }
    let environment = match core.environment {
        Environment::Production => "production",
        Environment::Sandbox => "sandbox",
    };
    let mut facts = [("environment", environment); 6];
    let mut count = 1;
    let stated = [
        ("topic", "apns-topic"),
        ("push_type", "apns-push-type"),
        ("priority", "apns-priority"),
        ("collapse_id", "apns-collapse-id"),
    ];
    for (name, header) in stated {
        let value = parts.headers.get(header);
        if let Some(value) = value.and_then(|value| value.to_str().ok()) {
            facts[count] = (name, value);
            count += 1;
        }
    }
    if let Some(Sender::Key(key)) = sender {
        facts[count] = ("key", &key.id);
        count += 1;
    }
    core.script.decide(&Request {
        recipient: push::token_of(parts),
        facts: &facts[..count],
    })
}

fn natural<'r>(
    core: &Core,
    parts: &'r Parts,
    payload: &[u8],
    sender: Result<Sender<'r>, Reason>,
) -> Result<Push<'r>, Refusal> {
    let push = push::read(parts, payload, sender?, core.apps.as_deref())?;
    core.devices.check(push.token, push.topic)?;
    Ok(push)
}

/// Lets a push have its effect.
fn take(core: &Core, push: &Push<'_>, id: &HeaderValue, payload: &Bytes, now: Timestamp) {
    if !core.is_watched() {
        return;
    }
    core.accepted(Accepted {
        at: now,
        id: id.to_str().unwrap_or_default().to_owned(),
        token: push.token.to_owned(),
        topic: push.topic.to_owned(),
        push_type: push.push_type.map(ToOwned::to_owned),
        priority: push.priority,
        expiration: push.expiration,
        collapse_id: push.collapse_id.map(ToOwned::to_owned),
        payload: payload.clone(),
    });
}

fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get("apns-id")?;
    push::is_uuid(id.as_bytes()).then(|| id.clone())
}

fn made_id(core: &Core) -> HeaderValue {
    HeaderValue::from_str(&core.make_id())
        .expect("hexadecimal digits and hyphens can stand in a header")
}
