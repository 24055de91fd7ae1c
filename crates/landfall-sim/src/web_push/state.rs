//! What a push service remembers: subscriptions, and messages with what became of them.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use landfall_domain::time::Timestamp;

use super::encryption::{ReceiverKeys, Unreadable};
use super::headers::{Urgency, Wishes};
use super::problem::Problem;
use super::vapid::Identity;

#[cfg(test)]
mod tests;

/// A message that the service took: the ground truth of a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Id of the subscription.
    pub subscription: String,
    /// Id of the message, the last part of its `Location`.
    pub message: String,
    /// When it was taken.
    pub at: Timestamp,
    /// Seconds for which it is kept, after the service shortened what was asked for.
    pub ttl: u64,
    /// How urgent it is.
    pub urgency: Urgency,
    /// What it replaces.
    pub topic: Option<String>,
    /// Who sent it; `None` when it came without VAPID and the service allows that.
    pub sender: Option<Identity>,
    /// What the browser reads.
    pub content: Content,
    /// What became of it.
    pub fate: Fate,
}

/// What a browser finds in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing: a message without a body.
    Empty,
    /// The text that was encrypted.
    Plain(Bytes),
    /// Something that it drops without a word.
    Unreadable(Unreadable),
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It reached the browser.
    Delivered(Timestamp),
    /// The browser is offline; the message is kept until this instant.
    Stored(Timestamp),
    /// A later message with the same topic took its place.
    Replaced(Timestamp),
    /// Its time was over before the browser came online. For a TTL of 0 that is at once.
    Expired(Timestamp),
    /// The sender took it back with `DELETE`.
    Withdrawn(Timestamp),
    /// The subscription ended before the browser came online.
    Lost(Timestamp),
}

/// What one subscription is to the service.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) keys: Arc<ReceiverKeys>,
    /// The application server's key that the subscription is restricted to (RFC 8292 section 4).
    pub(super) bound_to: Option<Vec<u8>>,
    pub(super) expires: Option<Timestamp>,
    pub(super) online: bool,
    /// Why it is gone, when it is.
    pub(super) gone: Option<Problem>,
}

/// The memory of the service. Messages stay in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct State {
    subscribers: HashMap<String, Subscriber>,
    messages: Vec<Taken>,
    /// Numbers of the stored messages of each subscription, oldest first.
    stored: HashMap<String, Vec<usize>>,
}

impl State {
    /// Whether an id is free for a new subscription.
    pub(super) fn is_free(&self, id: &str) -> bool {
        !self.subscribers.contains_key(id)
    }

    pub(super) fn add(&mut self, id: String, subscriber: Subscriber) {
        self.subscribers.insert(id, subscriber);
    }

    /// The living subscription with this id.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) fn subscriber(&self, id: &str, now: Timestamp) -> Result<&Subscriber, Problem> {
        let subscriber = self.subscribers.get(id).ok_or(Problem::UnknownEndpoint)?;
        if let Some(problem) = subscriber.gone {
            return Err(problem);
        }
        match subscriber.expires {
            Some(expires) if expires <= now => Err(Problem::ExpiredSubscription),
            _ => Ok(subscriber),
        }
    }

    /// Takes a message for a living subscription.
    pub(super) fn take(
        &mut self,
        id: &str,
        wishes: Wishes,
        sender: Option<Identity>,
        content: Content,
        now: Timestamp,
    ) -> Taken {
        self.settle(id, now);
        let number = self.messages.len();
        let stored = self.stored.entry(id.to_owned()).or_default();
        let key = sender.as_ref().map(|sender| &sender.key);
        if let Some(topic) = &wishes.topic {
            // A topic replaces messages of the same application server only (RFC 8030 section 5.4).
            stored.retain(|older| {
                let older = &mut self.messages[*older];
                let same = older.topic.as_ref() == Some(topic)
                    && older.sender.as_ref().map(|sender| &sender.key) == key;
                if same {
                    older.fate = Fate::Replaced(now);
                }
                !same
            });
        }
        let online = self.subscribers.get(id).is_some_and(|one| one.online);
        let fate = if online {
            Fate::Delivered(now)
        } else if wishes.ttl == 0 {
            Fate::Expired(now)
        } else {
            stored.push(number);
            Fate::Stored(later(now, wishes.ttl))
        };
        let taken = Taken {
            subscription: id.to_owned(),
            message: format!("{number:08}"),
            at: now,
            ttl: wishes.ttl,
            urgency: wishes.urgency,
            topic: wishes.topic,
            sender,
            content,
            fate,
        };
        self.messages.push(taken.clone());
        taken
    }

    /// Withdraws a message that is still stored; says whether it was.
    pub(super) fn withdraw(&mut self, message: &str, now: Timestamp) -> bool {
        let Some(number) = message.parse::<usize>().ok().filter(|number| {
            self.messages
                .get(*number)
                .is_some_and(|m| m.message == message)
        }) else {
            return false;
        };
        let id = self.messages[number].subscription.clone();
        self.settle(&id, now);
        let stored = self.stored.entry(id).or_default();
        let Some(place) = stored.iter().position(|one| *one == number) else {
            return false;
        };
        stored.remove(place);
        self.messages[number].fate = Fate::Withdrawn(now);
        true
    }

    /// The browser of a subscription goes offline, or comes online and gets what is stored.
    pub(super) fn set_online(&mut self, id: &str, online: bool, now: Timestamp) -> Vec<Taken> {
        self.settle(id, now);
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return Vec::new();
        };
        subscriber.online = online;
        if !online {
            return Vec::new();
        }
        self.end_all(id, Fate::Delivered(now))
    }

    /// Ends a subscription; says whether there was one.
    pub(super) fn end(&mut self, id: &str, problem: Problem, now: Timestamp) -> bool {
        self.settle(id, now);
        let Some(subscriber) = self.subscribers.get_mut(id) else {
            return false;
        };
        subscriber.gone = Some(problem);
        self.end_all(id, Fate::Lost(now));
        true
    }

    /// All messages with their fates as of now.
    pub(super) fn taken(&mut self, now: Timestamp) -> Vec<Taken> {
        let ids: Vec<_> = self.stored.keys().cloned().collect();
        for id in ids {
            self.settle(&id, now);
        }
        self.messages.clone()
    }

    /// Ends every stored message of a subscription in the same way.
    fn end_all(&mut self, id: &str, fate: Fate) -> Vec<Taken> {
        let numbers = self.stored.remove(id).unwrap_or_default();
        numbers
            .into_iter()
            .map(|number| {
                self.messages[number].fate = fate;
                self.messages[number].clone()
            })
            .collect()
    }

    /// Expires what is over: messages by their TTL, and all of them with their subscription.
    fn settle(&mut self, id: &str, now: Timestamp) {
        let ended = self.subscribers.get(id).and_then(|one| one.expires);
        let Some(stored) = self.stored.get_mut(id) else {
            return;
        };
        stored.retain(|number| {
            let message = &mut self.messages[*number];
            let until = match message.fate {
                Fate::Stored(until) => until,
                _ => return false,
            };
            match ended {
                Some(ended) if ended <= now && ended < until => message.fate = Fate::Lost(ended),
                _ if until <= now => message.fate = Fate::Expired(until),
                _ => return true,
            }
            false
        });
    }
}

fn later(now: Timestamp, seconds: u64) -> Timestamp {
    let millis = i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000);
    now.plus_millis(millis)
}
