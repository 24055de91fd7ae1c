//! The credentials of a workspace at work: who carries what, how fast, and whether it works.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use landfall_domain::attempt::Answer;
use landfall_domain::channel::{Channel, Platform, Provider};
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use landfall_send::Sender;

use super::breaker::{Breaker, Open};
use super::bucket::Bucket;
use super::guard::{Guard, Judgement, Removed};
use super::queue::Way;

/// Which messages a credential carries, and how fast.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Only for this app; `None`: for every app that has no credential of its own.
    pub app: Option<String>,
    /// Messages a second; `None`: as many as the provider takes.
    pub per_second: Option<u32>,
}

/// One credential at work.
pub struct Carrier {
    /// Its name in the workspace.
    pub name: String,
    /// Carries.
    pub sender: Arc<dyn Sender>,
    terms: Terms,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bucket: Option<Bucket>,
    breaker: Breaker,
    guards: BTreeMap<Option<Platform>, Guard>,
    health: Health,
}

/// What a credential did lately, for `landfall doctor` and metrics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// Messages that the provider took.
    pub accepted: u64,
    /// Messages that it did not, by reason.
    pub refused: BTreeMap<Reason, u64>,
    /// When it took one last.
    pub last_accepted: Option<Timestamp>,
    /// When the provider was asked last whether the credential works, and what it said.
    pub checked: Option<(Timestamp, Answer)>,
    /// Why it is not used now.
    pub open: Option<Open>,
    /// Platforms for which so many tokens are rejected that none is removed, with the share.
    pub guarded: Vec<(Option<Platform>, f64)>,
}

impl Carrier {
    /// A credential that nothing is known of yet.
    pub fn new(name: String, sender: Arc<dyn Sender>, terms: Terms) -> Self {
        Self {
            name,
            sender,
            terms,
            state: Mutex::default(),
        }
    }

    /// Who carries.
    pub fn provider(&self) -> Provider {
        self.sender.provider()
    }

    /// How many of `wanted` messages may be handed over at `now`.
    pub fn room(&self, wanted: usize, now: Timestamp) -> usize {
        let mut state = self.state();
        let allowed = state.breaker.room(wanted, now);
        let Some(per_second) = self.terms.per_second else {
            return allowed;
        };
        let bucket = state
            .bucket
            .get_or_insert_with(|| Bucket::new(per_second, now));
        let taken = bucket.take(allowed, now);
        if taken == 0 && allowed > 0 {
            state.breaker.give_back();
        }
        taken
    }

    /// When there may be room again, if there is none at `now`.
    pub fn room_at(&self, now: Timestamp) -> Option<Timestamp> {
        let state = self.state();
        let open = state.breaker.open().map(|open| open.until);
        let rate = state.bucket.as_ref().map(|bucket| bucket.wait_ms());
        let rate = rate.filter(|wait| *wait > 0);
        open.or(rate.map(|wait| now.plus_millis(wait)))
    }

    /// Gives back what [`Carrier::room`] allowed and was not used.
    pub fn give_back(&self, unused: usize) {
        if unused > 0 {
            let mut state = self.state();
            state.breaker.give_back();
            if let Some(bucket) = &mut state.bucket {
                bucket.give_back(unused);
            }
        }
    }

    /// Takes what came of a message to a device of somebody.
    pub fn note(
        &self,
        answer: &Answer,
        platform: Option<Platform>,
        device: impl FnOnce() -> Option<Removed>,
        now: Timestamp,
    ) -> Judgement {
        let mut state = self.state();
        state.breaker.note(answer, now);
        match answer.reason() {
            None => {
                state.health.accepted += 1;
                state.health.last_accepted = Some(now);
            }
            Some(reason) => *state.health.refused.entry(reason).or_default() += 1,
        }
        let judgement = state
            .guards
            .entry(platform)
            .or_default()
            .judge(answer, device);
        if judgement.tripped {
            tracing::error!(
                credential = %self.name,
                "so many tokens are rejected that the fault may be ours: none is removed until it is over"
            );
        }
        judgement
    }

    /// Takes what the provider said to the question whether the credential works.
    pub fn note_check(&self, answer: Answer, now: Timestamp) {
        let mut state = self.state();
        state.breaker.note(&answer, now);
        state.health.checked = Some((now, answer));
    }

    /// What it did lately.
    pub fn health(&self) -> Health {
        let state = self.state();
        let guards = state.guards.iter();
        let guarded = guards.filter_map(|(platform, guard)| {
            let (tripped, share) = guard.state();
            tripped.then_some((*platform, share))
        });
        Health {
            open: state.breaker.open().cloned(),
            guarded: guarded.collect(),
            ..state.health.clone()
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How well it fits: `None`: not at all; more is better.
    fn fit(&self, way: &Way) -> Option<u8> {
        let own = match &self.terms.app {
            None => 0,
            Some(app) if *app == way.app => 2,
            Some(_) if way.app.is_empty() => 0,
            Some(_) => return None,
        };
        let carries = match (way.channel, way.platform, self.provider()) {
            (Channel::Push, Some(Platform::Ios), Provider::Apns)
            | (Channel::Push, Some(Platform::Android), Provider::Fcm)
            | (Channel::Push, Some(Platform::Web), Provider::WebPush)
            | (Channel::Email, _, Provider::Smtp)
            | (Channel::Sms, _, Provider::SmsGateway)
            | (Channel::Slack, _, Provider::Slack)
            | (Channel::Webhook, _, Provider::Webhook) => 1,
            // Firebase reaches iPhones too, for those who have no key of Apple's.
            (Channel::Push, Some(Platform::Ios), Provider::Fcm) => 0,
            _ => return None,
        };
        Some(own + carries)
    }
}

/// All credentials of a workspace.
#[derive(Clone, Default)]
pub struct Carriers(Arc<RwLock<Vec<Arc<Carrier>>>>);

impl Carriers {
    /// Who carries over this way. Of several that fit equally well, the first by name.
    pub fn over(&self, way: &Way) -> Option<Arc<Carrier>> {
        let carriers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let fitting = carriers
            .iter()
            .filter_map(|carrier| Some((carrier.fit(way)?, carrier)));
        let best = fitting.max_by(|(a, one), (b, other)| {
            let by_name = || other.name.cmp(&one.name);
            a.cmp(b).then_with(by_name)
        });
        best.map(|(_, carrier)| Arc::clone(carrier))
    }

    /// The credential of that name.
    pub fn named(&self, name: &str) -> Option<Arc<Carrier>> {
        let carriers = self.all();
        carriers
            .iter()
            .find(|carrier| carrier.name == name)
            .cloned()
    }

    /// Every credential, by name.
    pub fn all(&self) -> Vec<Arc<Carrier>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Puts these in the place of those before.
    pub fn replace(&self, mut carriers: Vec<Arc<Carrier>>) {
        carriers.sort_by(|a, b| a.name.cmp(&b.name));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = carriers;
    }
}
