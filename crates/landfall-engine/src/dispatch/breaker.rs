//! The circuit breaker of a credential: when the provider is down or refuses our key, it is not asked
//! for every message, but now and then.

use landfall_domain::attempt::{Answer, Verdict};
use landfall_domain::reason::{Class, Reason};
use landfall_domain::time::{MINUTE_MS, SECOND_MS, Timestamp};

/// Failures in a row that open the breaker.
const ENOUGH: u32 = 5;
/// How long it stays open at first and at most after an outage.
const OUTAGE_MS: (i64, i64) = (SECOND_MS, MINUTE_MS);
/// How long it stays open at first and at most after refused credentials: a human has to act.
const REFUSED_MS: (i64, i64) = (30 * SECOND_MS, 10 * MINUTE_MS);

/// Whether a credential may be used.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    failures: u32,
    open: Option<Open>,
}

/// Why and until when a credential is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// What the last answer was.
    pub reason: Reason,
    /// Since when.
    pub since: Timestamp,
    /// When one message is tried.
    pub until: Timestamp,
    pause_ms: i64,
    probing: bool,
}

impl Breaker {
    /// How many of `wanted` messages may be sent at `now`: all, none, or one to see whether it works
    /// again.
    pub fn room(&mut self, wanted: usize, now: Timestamp) -> usize {
        match &mut self.open {
            None => wanted,
            Some(open) if now < open.until || open.probing || wanted == 0 => 0,
            Some(open) => {
                open.probing = true;
                1
            }
        }
    }

    /// The probe was not sent after all.
    pub fn give_back(&mut self) {
        if let Some(open) = &mut self.open {
            open.probing = false;
        }
    }

    /// Takes an answer.
    pub fn note(&mut self, answer: &Answer, now: Timestamp) {
        let Some(reason) = trouble(answer) else {
            *self = Self::default();
            return;
        };
        self.failures = self.failures.saturating_add(1);
        let (first, cap) = pauses(reason);
        match &mut self.open {
            None if self.failures >= ENOUGH => {
                self.open = Some(Open {
                    reason,
                    since: now,
                    until: now.plus_millis(first),
                    pause_ms: first,
                    probing: false,
                });
            }
            // Answers to what was sent before it opened say nothing new.
            Some(open) if open.probing => {
                open.pause_ms = (open.pause_ms * 2).clamp(first, cap);
                open.until = now.plus_millis(open.pause_ms);
                open.reason = reason;
                open.probing = false;
            }
            _ => {}
        }
    }

    /// Why it is open, if it is.
    pub const fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }
}

/// What is wrong with the provider or with our key; a message's own trouble does not count.
fn trouble(answer: &Answer) -> Option<Reason> {
    let Verdict::Refused(reason) = answer.verdict else {
        return None;
    };
    let provider = matches!(
        reason.class(),
        Class::Credentials | Class::ProviderOutage | Class::Transport
    );
    (provider && reason != Reason::NotProcessed).then_some(reason)
}

fn pauses(reason: Reason) -> (i64, i64) {
    if reason.class() == Class::Credentials {
        REFUSED_MS
    } else {
        OUTAGE_MS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000);

    fn down() -> Answer {
        Answer::refused(Reason::ProviderUnavailable)
    }

    #[test]
    fn it_opens_after_failures_in_a_row_and_lets_one_through_at_a_time() {
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker.note(&down(), START);
        }
        assert_eq!(breaker.room(100, START), 100);
        breaker.note(&down(), START);
        assert_eq!(breaker.room(100, START), 0);
        let later = START.plus_millis(SECOND_MS);
        assert_eq!(breaker.room(100, later), 1);
        assert_eq!(breaker.room(100, later), 0, "the probe is on its way");
        breaker.note(&down(), later);
        assert_eq!(breaker.room(100, later.plus_millis(SECOND_MS)), 0);
        let again = later.plus_millis(2 * SECOND_MS);
        assert_eq!(breaker.room(100, again), 1);
        breaker.note(&Answer::accepted(200, None), again);
        assert_eq!(breaker.room(100, again), 100);
    }

    #[test]
    fn dead_tokens_and_bad_payloads_do_not_open_it() {
        let mut breaker = Breaker::default();
        for _ in 0..100 {
            breaker.note(&Answer::refused(Reason::TokenUnregistered), START);
            breaker.note(&Answer::refused(Reason::PayloadInvalid), START);
        }
        assert_eq!(breaker.room(7, START), 7);
    }

    #[test]
    fn a_refused_key_is_asked_again_seldom() {
        let mut breaker = Breaker::default();
        let mut now = START;
        for _ in 0..5 {
            breaker.note(&Answer::refused(Reason::ProviderAuth), now);
        }
        for _ in 0..20 {
            let open = breaker.open().expect("it is open");
            assert!(open.until.since(now) >= 30 * SECOND_MS);
            assert!(open.until.since(now) <= 10 * MINUTE_MS);
            now = open.until;
            assert_eq!(breaker.room(1, now), 1);
            breaker.note(&Answer::refused(Reason::ProviderAuth), now);
        }
    }
}
