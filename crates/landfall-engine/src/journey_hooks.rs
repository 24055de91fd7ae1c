//! Addresses at which somebody's server starts a journey: `/hooks/journeys/{workspace}/{token}`.
//!
//! Whoever knows the token may call. It is made here, shown once, and stored as a hash; a new one takes the
//! place of the old one at once.

use landfall_domain::attributes::Attributes;
use landfall_domain::decide::Taken;
use landfall_domain::event_data::EventData;
use landfall_domain::identifier::Identifier;
use landfall_domain::ids::JourneyId;
use landfall_domain::input::{Body, Claims, Input, Source};
use landfall_domain::run::RunInput;
use landfall_domain::time::Timestamp;
use landfall_journey::definition::{Trigger, Unknown, WebhookTrigger};
use landfall_journey::occurrence::{Call, CallFault};
use landfall_store::{DocumentKind, Store, StoreError, person_named};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::intake::SubmitError;
use crate::journeys::{self, JourneyError};
use crate::random::Random;
use crate::seal::{hex, key_hash};
use crate::workspace::Workspace;

/// Random bytes in a token.
const TOKEN_BYTES: usize = 32;
/// How a run sees the call, as an event's name.
const EVENT: &str = "webhook";

/// Where a webhook starts a journey, as stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Hook {
    journey: JourneyId,
    /// SHA-256 of the token, in hex.
    hash: String,
    created_at: Timestamp,
}

/// A new address. Nobody can be shown the token again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewHook {
    /// The journey's number.
    pub journey: JourneyId,
    /// Its slug.
    pub slug: String,
    /// The last part of the address.
    pub token: String,
}

/// What came of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// The person came to the door. Whether they entered is decided by the journey's entry rules.
    Taken,
    /// The same call came before.
    Duplicate,
}

/// Why a call was not taken.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// No journey has this token.
    #[error("no journey has this address: ask for a new one")]
    Unknown,
    /// The journey lets nobody in now.
    #[error("the journey `{0}` does not run: start it, and send the call again")]
    NotRunning(String),
    /// The journey has another trigger by now.
    #[error("the journey `{0}` is not started by calls any more")]
    OtherTrigger(String),
    /// The body is not what the journey's trigger expects.
    #[error(transparent)]
    Fault(#[from] CallFault),
    /// Nobody is known by that name, and the trigger makes nobody known.
    #[error(
        "nobody has this {kind}: identify the person first, or write \"unknown\": \"create\" into the trigger",
        kind = .0.kind()
    )]
    Nobody(Identifier),
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The call could not be stored now.
    #[error(transparent)]
    Submit(#[from] SubmitError),
}

impl Workspace {
    /// Makes a new address for a journey that is started by calls. The old one leads nowhere from then on.
    ///
    /// # Errors
    /// When there is no such journey, or its newest version has another trigger.
    pub async fn renew_hook(
        &self,
        name: &str,
        random: &dyn Random,
    ) -> Result<NewHook, JourneyError> {
        let (journey, known) = self.find_journey(name).await?;
        let mut bytes = [0; TOKEN_BYTES];
        random.fill(&mut bytes);
        let token = hex(&bytes);
        let hook = Hook {
            journey,
            hash: key_hash(&token),
            created_at: self.now(),
        };
        let slug = known.slug.clone();
        let version = known.version;
        let _one_at_a_time = self.shared.defining.lock().await;
        let is_called = self
            .read(move |store| {
                let is_called = is_started_by_calls(store, journey, version)?;
                if is_called {
                    replace(store, &hook)?;
                }
                Ok(is_called)
            })
            .await?;
        if !is_called {
            return Err(JourneyError::NotCalled(slug));
        }
        Ok(NewHook {
            journey,
            slug,
            token,
        })
    }

    /// Whether a token is that of an address here.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn is_hook(&self, token: &str) -> Result<bool, StoreError> {
        let hash = key_hash(token);
        self.read(move |store| Ok(all(store)?.iter().any(|(_, hook)| hook.hash == hash)))
            .await
    }

    /// Takes a call: the person that it names comes to the door of the token's journey. `key` tells calls
    /// apart; without one the body may say it.
    ///
    /// # Errors
    /// Nothing was stored then.
    pub async fn call_hook(
        &self,
        token: &str,
        body: &Value,
        key: Option<&str>,
    ) -> Result<Called, HookError> {
        let (journey, trigger) = self.called(token).await?;
        let call = trigger.read(body)?;
        let who = call.who.clone();
        let known = self.read(move |store| person_named(store, &who)).await?;
        if known.is_none() && trigger.unknown == Unknown::Refuse {
            return Err(HookError::Nobody(call.who));
        }
        let key = key.or(call.key.as_deref());
        let creates = trigger.unknown == Unknown::Create;
        let taken = self.submit(inputs(journey, &call, key, creates)).await?;
        Ok(match taken.last() {
            Some(Taken::Duplicate) => Called::Duplicate,
            _ => Called::Taken,
        })
    }

    /// The journey that a token starts, and how.
    async fn called(&self, token: &str) -> Result<(JourneyId, WebhookTrigger), HookError> {
        let hash = key_hash(token);
        let found = self
            .read(move |store| {
                let hooks = all(store)?.into_iter();
                let mut hooks = hooks.filter(|(_, hook)| hook.hash == hash);
                let journey = hooks.next().map(|(_, hook)| hook.journey);
                let journeys = journeys::all(store)?.into_iter();
                let mut journeys = journeys.filter(|(id, _)| Some(*id) == journey);
                Ok(journeys.next())
            })
            .await?;
        let (journey, known) = found.ok_or(HookError::Unknown)?;
        let live = self.live();
        let open = live.open(journey);
        let open = open.ok_or_else(|| HookError::NotRunning(known.slug.clone()))?;
        match &open.plan.definition.trigger {
            Trigger::Webhook(trigger) => Ok((journey, trigger.clone())),
            _ => Err(HookError::OtherTrigger(known.slug)),
        }
    }
}

/// Who is not known becomes so in the same transaction.
fn inputs(journey: JourneyId, call: &Call, key: Option<&str>, creates: bool) -> Vec<Input> {
    let of = |body: Body, kind: &str| Input {
        source: Source::App,
        at: None,
        sent_at: None,
        dedupe_key: key.map(|key| format!("{kind}:{}:{key}", journey.0)),
        body,
    };
    let identify = creates.then(|| {
        let body = Body::Identify {
            who: call.who.clone(),
            claims: Claims::default(),
            attributes: Attributes::default(),
            update_only: false,
        };
        of(body, "hook_person")
    });
    let enter = RunInput::Enter {
        journey,
        who: call.who.clone(),
        event: EVENT.to_owned(),
        data: EventData::from(&call.data),
        trigger_id: None,
    };
    let enter = of(Body::Run(Box::new(enter)), "hook");
    identify.into_iter().chain([enter]).collect()
}

fn all(store: &dyn Store) -> Result<Vec<(u32, Hook)>, StoreError> {
    let documents = store.documents(DocumentKind::JourneyHook)?;
    let hooks = documents.iter().map(|document| {
        let corrupt = |error| StoreError::corrupt("documents", document.id, error);
        Ok((
            document.id,
            serde_json::from_str(&document.body).map_err(corrupt)?,
        ))
    });
    hooks.collect()
}

fn replace(store: &dyn Store, hook: &Hook) -> Result<(), StoreError> {
    // Texts and numbers only.
    let body = serde_json::to_string(hook).unwrap_or_default();
    let known = all(store)?.into_iter();
    let mut known = known.filter(|(_, known)| known.journey == hook.journey);
    match known.next() {
        Some((id, _)) => store
            .replace_document(DocumentKind::JourneyHook, id, &body)
            .map(drop),
        None => store
            .insert_document(DocumentKind::JourneyHook, &body)
            .map(drop),
    }
}

fn is_started_by_calls(
    store: &dyn Store,
    journey: JourneyId,
    version: u32,
) -> Result<bool, StoreError> {
    let versions = journeys::versions(store)?;
    let newest = versions
        .iter()
        .rev()
        .find(|known| known.journey == journey && known.version == version);
    let trigger = newest.map(|newest| &newest.definition["trigger"]);
    Ok(trigger.is_some_and(|trigger| trigger == "webhook" || trigger.get("webhook").is_some()))
}
