//! The providers within the process: they know which tokens live, and have their small weaknesses.

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use landfall_domain::attempt::Answer;
use landfall_domain::channel::Provider;
use landfall_domain::content::{Content, Priority};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use landfall_engine::dispatch::{Address, Outgoing, Sender};
use landfall_sim::phones::{ProviderAnswer, Push};
use landfall_sim::script::draw;

use super::Shared;

/// Share of requests that a provider answers with 503.
const BUSY: f64 = 0.004;
/// Share of pushes that it takes, and whose answers are lost.
const LOST: f64 = 0.002;

/// What the providers answered.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers(Arc<Mutex<Answered>>);

#[derive(Debug, Default)]
pub(super) struct Answered {
    /// Requests.
    pub(super) requests: u64,
    /// Pushes that were taken, answered or not.
    pub(super) taken: u64,
    /// Tokens that were called dead.
    pub(super) dead: BTreeSet<String>,
    /// How often each push was asked for that did not succeed at once.
    tries: HashMap<String, u64>,
}

impl Answers {
    pub(super) fn lock(&self) -> MutexGuard<'_, Answered> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A provider.
pub(super) struct Simulated {
    provider: Provider,
    seed: u64,
    fleet: Shared,
    answers: Answers,
}

impl Simulated {
    pub(super) const fn new(
        provider: Provider,
        seed: u64,
        fleet: Shared,
        answers: Answers,
    ) -> Self {
        Self {
            provider,
            seed,
            fleet,
            answers,
        }
    }

    fn answer(&self, outgoing: &Outgoing, now: Timestamp) -> Answer {
        let Address::Device { token, .. } = &outgoing.to else {
            return Answer::refused(Reason::NoAddress);
        };
        let mut answered = self.answers.lock();
        answered.requests += 1;
        let luck = self.luck(outgoing, token, &mut answered);
        if luck < BUSY {
            return Answer {
                status: Some(503),
                ..Answer::refused(Reason::ProviderUnavailable)
            };
        }
        let mut fleet = self.fleet.lock();
        match fleet.provider_answer(token, now) {
            ProviderAnswer::Unknown => Answer {
                status: Some(400),
                ..Answer::refused(Reason::TokenInvalid)
            },
            ProviderAnswer::Dead { since } => {
                answered.dead.insert(token.clone());
                let mut answer = Answer::refused(Reason::TokenUnregistered);
                // Only Apple says since when.
                if self.provider == Provider::Apns {
                    (answer.status, answer.dead_since) = (Some(410), Some(since));
                } else {
                    answer.status = Some(404);
                }
                answer
            }
            ProviderAnswer::Accepted => {
                answered.taken += 1;
                fleet.accept(push(self.provider, outgoing, token), now);
                if luck < BUSY + LOST {
                    return Answer::refused(Reason::OutcomeUnknown);
                }
                Answer::accepted(200, Some(outgoing.attempt_id.clone()))
            }
        }
    }

    /// From 0 to 1; another number for every try.
    fn luck(&self, outgoing: &Outgoing, token: &str, answered: &mut Answered) -> f64 {
        let name = format!("{} {token}", outgoing.delivery_id);
        let tries = answered.tries.get(&name).copied().unwrap_or(0);
        let luck = draw(self.seed, 4, &name, tries);
        if luck < BUSY + LOST {
            answered.tries.insert(name, tries + 1);
        }
        luck
    }
}

/// A push as our senders make it: at Google without a collapse key of its own.
fn push(provider: Provider, outgoing: &Outgoing, token: &str) -> Push {
    let mut push = Push::shown(token, &outgoing.delivery_id, outgoing.expires_at);
    if provider != Provider::Apns {
        push.collapse_key = None;
    }
    if let Content::Push(content) = &outgoing.content {
        push.high_priority = content.priority != Some(Priority::Normal);
        push.silent = content.silent;
        if let Some(key) = &content.collapse_key {
            push.collapse_key = Some(key.clone());
        }
    }
    push
}

impl Sender for Simulated {
    fn provider(&self) -> Provider {
        self.provider
    }

    fn send<'a>(
        &'a self,
        outgoing: &'a Outgoing,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Answer> + Send + 'a>> {
        let answer = self.answer(outgoing, now);
        Box::pin(std::future::ready(answer))
    }

    fn check(&self, _: Timestamp) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(std::future::ready(Answer::accepted(200, None)))
    }
}
