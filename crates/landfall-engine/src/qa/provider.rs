//! Providers within the process: they answer at once, as the test says, and phones report at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::future::{BoxFuture, ready};
use landfall_domain::attempt::Answer;
use landfall_domain::channel::{Channel, Provider};
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;
use landfall_domain::time::{SECOND_MS, Timestamp};
use landfall_send::{Address, Outgoing, Sender};

/// How long after a message was taken its receipt comes, in milliseconds.
const RECEIPT_MS: i64 = 2 * SECOND_MS;

/// What providers do and what phones report.
#[derive(Clone, Debug, Default)]
pub(super) struct Script(Arc<Mutex<Scripted>>);

#[derive(Debug, Default)]
pub(super) struct Scripted {
    /// What a channel's provider says, if it does not take messages.
    pub(super) answers: BTreeMap<Channel, Reason>,
    /// Tokens whose apps report receipts.
    pub(super) reporting: Vec<String>,
    /// Receipts that are on their way.
    pub(super) receipts: Vec<Receipt>,
}

/// A receipt on its way.
#[derive(Clone, Debug)]
pub(super) struct Receipt {
    pub(super) at: Timestamp,
    pub(super) delivery_id: String,
    pub(super) mark: Mark,
    pub(super) recipient: Option<String>,
}

impl Script {
    pub(super) fn lock(&self) -> MutexGuard<'_, Scripted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next receipt comes.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.lock().receipts.iter().map(|receipt| receipt.at).min()
    }

    /// Receipts that have come by `now`.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Receipt> {
        let mut scripted = self.lock();
        let (due, later) = scripted
            .receipts
            .drain(..)
            .partition(|receipt| receipt.at <= now);
        scripted.receipts = later;
        due
    }
}

/// One provider.
pub(super) struct Scriptwise {
    pub(super) provider: Provider,
    pub(super) script: Script,
}

impl Scriptwise {
    fn answer(&self, outgoing: &Outgoing, now: Timestamp) -> Answer {
        let mut scripted = self.script.lock();
        let channel = outgoing.content.channel();
        if let Some(reason) = scripted.answers.get(&channel) {
            let mut answer = Answer::refused(*reason);
            answer.dead_since = (*reason == Reason::TokenUnregistered).then_some(now);
            return answer;
        }
        let recipient = match &outgoing.to {
            Address::Device { token, .. } => Some(token.clone()),
            _ => None,
        };
        let reports = match (&recipient, channel) {
            (Some(token), _) => scripted.reporting.contains(token),
            (None, channel) => channel == Channel::Sms,
        };
        if reports {
            scripted.receipts.push(Receipt {
                at: now.plus_millis(RECEIPT_MS),
                delivery_id: outgoing.delivery_id.clone(),
                mark: Mark::Delivered,
                recipient,
            });
        }
        Answer::accepted(200, Some(outgoing.attempt_id.clone()))
    }
}

impl Sender for Scriptwise {
    fn provider(&self) -> Provider {
        self.provider
    }

    fn send<'a>(&'a self, outgoing: &'a Outgoing, now: Timestamp) -> BoxFuture<'a, Answer> {
        Box::pin(ready(self.answer(outgoing, now)))
    }

    fn check(&self, _: Timestamp) -> BoxFuture<'_, Answer> {
        Box::pin(ready(Answer::accepted(200, None)))
    }
}
