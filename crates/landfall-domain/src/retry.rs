//! When to try again (providers.md 10). The queue is the only layer that does.

#[cfg(test)]
mod tests;

use crate::channel::Provider;
use crate::reason::{Class, Reason, Retry};
use crate::time::{HOUR_MS, MINUTE_MS, SECOND_MS};

/// Most tries of one target, whatever the reasons (semantics.md 2.4).
pub const TRIES_MAX: u16 = 10;
/// How long a target waits that cannot be sent now for a reason on our side: a missing credential, an
/// open breaker.
pub const LATER_MS: i64 = MINUTE_MS;

/// A try that did not succeed.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// Whom it was handed to, or would have been; `None`: there is nobody who could carry it.
    pub provider: Option<Provider>,
    /// Why it did not succeed.
    pub reason: Reason,
    /// Which try it was, from one.
    pub number: u16,
    /// How long ago the first try began, in milliseconds.
    pub since_first_ms: i64,
    /// How long the provider asks us to wait, in milliseconds.
    pub retry_after_ms: Option<i64>,
    /// A random number, for jitter.
    pub random: u32,
}

/// How pauses grow: the first, the factor, the longest, and when to stop.
struct Schedule {
    first: i64,
    factor: i64,
    cap: i64,
    tries: u16,
    give_up: i64,
}

impl Schedule {
    const fn of(first: i64, factor: i64, cap: i64) -> Self {
        Self {
            first,
            factor,
            cap,
            tries: TRIES_MAX,
            give_up: i64::MAX,
        }
    }
}

/// How long to wait before the next try, in milliseconds; `None`: do not try again. The message's
/// time to live ends the tries too, which is the caller's to check.
pub fn next_try(failure: &Failure) -> Option<i64> {
    match failure.reason.retry() {
        Retry::Never => None,
        Retry::Later => Some(failure.retry_after_ms.unwrap_or(LATER_MS)),
        Retry::AtOnce => (failure.number < 3).then_some(0),
        Retry::Once => once(failure),
        Retry::Backoff => backoff(failure),
    }
}

fn once(failure: &Failure) -> Option<i64> {
    match failure.reason {
        Reason::OutcomeUnknown => unknown(failure),
        _ if failure.number > 1 => None,
        Reason::DeviceUnreachable => Some(HOUR_MS),
        _ => Some(0),
    }
}

/// Nobody knows whether it was taken. A second push carries the collapse id of the first and takes its
/// place on the phone, so it is sent until an answer comes: at once, then with growing pauses. A mail
/// carries the same `Message-ID` and is sent once more. A text message or call has no key by which a second
/// copy would be recognised: what may have been sent is not sent again (providers.md 5.1).
fn unknown(failure: &Failure) -> Option<i64> {
    match failure.provider {
        None | Some(Provider::SmsGateway | Provider::Webhook) => None,
        Some(Provider::Apns | Provider::Fcm | Provider::WebPush) if failure.number < TRIES_MAX => {
            let doubled = SECOND_MS << failure.number.min(6);
            Some(if failure.number == 1 { 0 } else { doubled })
        }
        _ => (failure.number == 1).then_some(0),
    }
}

fn backoff(failure: &Failure) -> Option<i64> {
    let schedule = schedule(failure);
    if failure.number >= schedule.tries || failure.since_first_ms >= schedule.give_up {
        return None;
    }
    let steps = u32::from(failure.number.saturating_sub(1)).min(32);
    let grown = schedule
        .first
        .saturating_mul(schedule.factor.saturating_pow(steps))
        .min(schedule.cap);
    let pause = match failure.retry_after_ms {
        Some(asked) => asked
            .max(0)
            .saturating_add(spread(asked.max(SECOND_MS) / 10, failure)),
        // Half is kept and half is random: nobody comes back at once, and not all together.
        None => grown / 2 + spread(grown / 2, failure),
    };
    Some(pause)
}

fn spread(width: i64, failure: &Failure) -> i64 {
    let share = i128::from(width) * i128::from(failure.random) / i128::from(u32::MAX);
    i64::try_from(share).unwrap_or(width)
}

fn schedule(failure: &Failure) -> Schedule {
    let class = failure.reason.class();
    if class == Class::DeviceRate {
        return Schedule::of(2 * MINUTE_MS, 2, 30 * MINUTE_MS);
    }
    match failure.provider {
        // The first retry goes to another connection; then Apple asks for 15 minutes.
        Some(Provider::Apns) if class != Class::Quota && failure.number == 1 => {
            Schedule::of(2 * SECOND_MS, 1, 2 * SECOND_MS)
        }
        Some(Provider::Apns) if class != Class::Quota => Schedule::of(15 * MINUTE_MS, 2, HOUR_MS),
        Some(Provider::Apns) => Schedule::of(10 * SECOND_MS, 2, 10 * MINUTE_MS),
        Some(Provider::Fcm | Provider::WebPush | Provider::CustomerIo) if class == Class::Quota => {
            Schedule::of(2 * MINUTE_MS, 2, 10 * MINUTE_MS)
        }
        Some(Provider::Fcm | Provider::WebPush | Provider::CustomerIo) => Schedule {
            give_up: HOUR_MS,
            ..Schedule::of(20 * SECOND_MS, 2, 10 * MINUTE_MS)
        },
        Some(Provider::SmsGateway) => Schedule {
            tries: 3,
            ..Schedule::of(10 * SECOND_MS, 3, 10 * MINUTE_MS)
        },
        Some(Provider::Smtp) => Schedule {
            give_up: 24 * HOUR_MS,
            ..Schedule::of(10 * MINUTE_MS, 2, 4 * HOUR_MS)
        },
        Some(Provider::Slack | Provider::Webhook) | None => Schedule {
            give_up: HOUR_MS,
            ..Schedule::of(2 * SECOND_MS, 2, 5 * MINUTE_MS)
        },
    }
}
