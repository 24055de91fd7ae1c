//! What Twilio's codes and statuses mean (providers.md 5.1 and 9).

#[cfg(test)]
mod tests;

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;

use super::{Message, MessageStatus, Refusal};
use crate::http_call::Reply;

/// Every documented code. Some are answered at once, some only reported later; the meaning is the
/// same. 21603, 21609 and 21701 are not in the reference: they say that sender, callback address or
/// messaging service of the credential are wrong. The codes of other channels (63016 and following) can occur when a messaging service falls
/// back to one.
const CODES: &[(u32, Reason)] = &[
    (14101, Reason::RecipientInvalid),
    (21211, Reason::RecipientInvalid),
    (21214, Reason::RecipientInvalid),
    (21217, Reason::RecipientInvalid),
    (21401, Reason::RecipientInvalid),
    (21614, Reason::RecipientInvalid),
    (30005, Reason::RecipientInvalid),
    (30006, Reason::RecipientInvalid),
    (63024, Reason::RecipientInvalid),
    (21610, Reason::RecipientOptedOut),
    (30003, Reason::DeviceUnreachable),
    (63036, Reason::DeviceUnreachable),
    (30004, Reason::CarrierBlocked),
    (63032, Reason::CarrierBlocked),
    (30007, Reason::ContentFiltered),
    (30450, Reason::FraudGuard),
    (30453, Reason::FraudGuard),
    (20003, Reason::ProviderAuth),
    (20404, Reason::ProviderAuth),
    (30002, Reason::ProviderAuth),
    (21212, Reason::ProviderConfig),
    (21408, Reason::ProviderConfig),
    (21603, Reason::ProviderConfig),
    (21606, Reason::ProviderConfig),
    (21608, Reason::ProviderConfig),
    (21609, Reason::ProviderConfig),
    (21612, Reason::ProviderConfig),
    (21659, Reason::ProviderConfig),
    (21701, Reason::ProviderConfig),
    (21703, Reason::ProviderConfig),
    (21704, Reason::ProviderConfig),
    (30032, Reason::ProviderConfig),
    (30034, Reason::ProviderConfig),
    (30035, Reason::ProviderConfig),
    (30042, Reason::ProviderConfig),
    (14103, Reason::PayloadInvalid),
    (21602, Reason::PayloadInvalid),
    (21619, Reason::PayloadInvalid),
    (63016, Reason::PayloadInvalid),
    (21617, Reason::PayloadTooLarge),
    (30019, Reason::PayloadTooLarge),
    (14107, Reason::ProviderThrottled),
    (20429, Reason::ProviderThrottled),
    (21611, Reason::ProviderThrottled),
    (30001, Reason::ProviderThrottled),
    (30022, Reason::ProviderThrottled),
    (30023, Reason::ProviderThrottled),
    (63018, Reason::ProviderThrottled),
    (63038, Reason::ProviderThrottled),
    (20500, Reason::ProviderUnavailable),
    (30008, Reason::ProviderUnavailable),
    (30017, Reason::ProviderUnavailable),
    (30410, Reason::ProviderUnavailable),
    (30500, Reason::ProviderUnavailable),
    (30036, Reason::ExpiredAtProvider),
];

/// What a code means; `None` for one that is not documented here.
pub fn of_code(code: u32) -> Option<Reason> {
    let found = CODES.iter().find(|(known, _)| *known == code);
    found.map(|(_, reason)| *reason)
}

/// What a refusal means: its code, or the HTTP status when the code says nothing to us.
pub fn of_refusal(status: u16, code: Option<u32>) -> Reason {
    code.and_then(of_code).unwrap_or_else(|| of_status(status))
}

/// What an HTTP status means when nothing else is known.
pub(crate) const fn of_status(status: u16) -> Reason {
    match status {
        401 | 403 | 407 => Reason::ProviderAuth,
        300..=399 | 404 | 405 | 410 => Reason::ProviderConfig,
        400 | 415 | 422 => Reason::PayloadInvalid,
        413 => Reason::PayloadTooLarge,
        429 => Reason::ProviderThrottled,
        408 | 425 | 500..=599 => Reason::ProviderUnavailable,
        _ => Reason::FailedUnknown,
    }
}

/// The answer to a message that was posted.
pub(super) fn answer(reply: &Reply) -> Answer {
    if !reply.is_success() {
        return refused(reply);
    }
    let message = Message::of(reply);
    let status = message.status.as_deref().and_then(MessageStatus::named);
    match status.and_then(|status| status.refusal(message.error_code)) {
        None => reply.accepted(message.sid),
        Some(reason) => {
            let words = message.error_message.unwrap_or_default();
            let mut answer = reply.refused(reason, message.error_code.map(text), &words);
            answer.provider_id = message.sid;
            answer
        }
    }
}

/// The answer that a refusal is.
pub(super) fn refused(reply: &Reply) -> Answer {
    let refusal = Refusal::of(reply);
    let words = refusal.message.unwrap_or_else(|| reply.text());
    reply.refused(
        of_refusal(reply.status, refusal.code),
        refusal.code.map(text),
        &words,
    )
}

fn text(code: u32) -> String {
    code.to_string()
}
