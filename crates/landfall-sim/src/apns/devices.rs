//! Devices behind APNs: which tokens live, and the one notification that waits for each app on a device
//! that is away (providers.md 1.6).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use landfall_domain::time::{DAY_MS, SECOND_MS, Timestamp};

use super::answer::Moment;
use super::{Accepted, Reason, Refusal};
use crate::script::draw;

/// Longest storage of a push without an expiration.
const STORED_MS: i64 = 30 * DAY_MS;
/// Parts of the registry, so that two cores seldom wait for each other.
const SHARDS: u64 = 16;

/// What became of an accepted push, as far as Apple's servers go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Handed to the device.
    Delivered,
    /// A later push for the same app took its place in storage.
    Superseded,
    /// The device was away when it was to be delivered, or until it expired.
    Expired,
    /// The token died while it was stored.
    Unregistered,
}

/// A push with what became of it.
pub(super) type Told = (Arc<Accepted>, Fate);

#[derive(Debug, Default)]
struct Device {
    /// The only topic that the token is for; any when absent.
    topic: Option<String>,
    state: Life,
    away: bool,
    /// One push for each topic.
    stored: Vec<Arc<Accepted>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Life {
    #[default]
    Lives,
    Unregistered(Timestamp),
    Expired(Timestamp),
    Elsewhere,
}

/// All tokens that something is known of.
#[derive(Debug)]
pub(super) struct Devices {
    /// Whether a token that nothing is known of is a bad one.
    only_known: bool,
    /// Whether anything is known of any token: otherwise nothing is looked up.
    used: AtomicBool,
    shards: Vec<Mutex<HashMap<String, Device>>>,
}

impl Devices {
    pub(super) fn new(only_known: bool) -> Self {
        Self {
            only_known,
            used: AtomicBool::new(only_known),
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }

    /// Whether pushes must be shown to this registry at all.
    pub(super) fn used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    fn shard(&self, token: &str) -> MutexGuard<'_, HashMap<String, Device>> {
        let place = usize::try_from(draw::name(token) % SHARDS).unwrap_or_default();
        self.shards[place]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn change<R>(&self, token: &str, change: impl FnOnce(&mut Device) -> R) -> R {
        self.used.store(true, Ordering::Release);
        change(self.shard(token).entry(token.to_owned()).or_default())
    }

    /// The token lives, for one topic or for any.
    pub(super) fn register(&self, token: &str, topic: Option<String>) {
        self.change(token, |device| {
            device.topic = topic;
            device.state = Life::Lives;
        });
    }

    /// The token is dead since then: the app is gone, or the token was replaced.
    pub(super) fn unregister(&self, token: &str, since: Timestamp) -> Vec<Told> {
        self.change(token, |device| {
            device.state = Life::Unregistered(since);
            let lost = device.stored.drain(..);
            lost.map(|push| (push, Fate::Unregistered)).collect()
        })
    }

    /// The token is expired since then.
    pub(super) fn expire(&self, token: &str, since: Timestamp) {
        self.change(token, |device| device.state = Life::Expired(since));
    }

    /// The token belongs to the other environment.
    pub(super) fn move_elsewhere(&self, token: &str) {
        self.change(token, |device| device.state = Life::Elsewhere);
    }

    /// What APNs says of a token, before anything is accepted for it.
    pub(super) fn check(&self, token: &str, topic: &str) -> Result<(), Refusal> {
        if !self.used() {
            return Ok(());
        }
        let shard = self.shard(token);
        let Some(device) = shard.get(token) else {
            return if self.only_known {
                Err(Reason::BadDeviceToken.into())
            } else {
                Ok(())
            };
        };
        let dead = |reason: Reason, since| Err(Refusal::from(reason).since(Moment::At(since)));
        match device.state {
            Life::Elsewhere => return Err(Reason::BadDeviceToken.into()),
            Life::Unregistered(since) => return dead(Reason::Unregistered, since),
            Life::Expired(since) => return dead(Reason::ExpiredToken, since),
            Life::Lives => {}
        }
        match &device.topic {
            Some(own) if own != topic => Err(Reason::DeviceTokenNotForTopic.into()),
            _ => Ok(()),
        }
    }

    /// Delivers or stores an accepted push. What is stored is told of later.
    pub(super) fn take(&self, push: &Arc<Accepted>) -> Vec<Told> {
        let told = |fate| vec![(Arc::clone(push), fate)];
        let mut shard = self.shard(&push.token);
        let Some(device) = shard.get_mut(&push.token).filter(|device| device.away) else {
            return told(Fate::Delivered);
        };
        if until(push) <= push.at {
            return told(Fate::Expired);
        }
        let before = device
            .stored
            .iter()
            .position(|stored| stored.topic == push.topic)
            .map(|place| (device.stored.remove(place), Fate::Superseded));
        device.stored.push(Arc::clone(push));
        before.into_iter().collect()
    }

    /// The device loses its network.
    pub(super) fn go_offline(&self, token: &str) {
        self.change(token, |device| device.away = true);
    }

    /// The device is back: what was stored for it and has not expired is delivered, oldest first.
    pub(super) fn come_online(&self, token: &str, now: Timestamp) -> Vec<Told> {
        self.change(token, |device| {
            device.away = false;
            let fate = |push: &Accepted| {
                if until(push) > now {
                    Fate::Delivered
                } else {
                    Fate::Expired
                }
            };
            let stored = device.stored.drain(..);
            stored
                .map(|push| (Arc::clone(&push), fate(&push)))
                .collect()
        })
    }

    /// What is stored for a token.
    pub(super) fn stored(&self, token: &str) -> Vec<Arc<Accepted>> {
        let shard = self.shard(token);
        shard
            .get(token)
            .map(|device| device.stored.clone())
            .unwrap_or_default()
    }
}

/// Until when a push may be stored; not at all with an expiration of 0 or in the past.
fn until(push: &Accepted) -> Timestamp {
    let longest = push.at.plus_millis(STORED_MS);
    push.expiration.map_or(longest, |seconds| {
        Timestamp::from_millis(seconds.saturating_mul(SECOND_MS)).min(longest)
    })
}
