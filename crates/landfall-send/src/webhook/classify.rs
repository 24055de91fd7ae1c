//! What a server's status means. There is no standard for what webhooks answer; these are the meanings
//! of HTTP (RFC 9110), and the choice between our classes is explained where it is one.

use landfall_domain::attempt::Answer;
use landfall_domain::reason::Reason;

use crate::http_call::Reply;

/// Why a request was refused; `None` when it was taken: any 2xx (reporting-webhooks.md 1).
pub const fn refusal(status: u16) -> Option<Reason> {
    Some(match status {
        200..=299 => return None,
        401 | 403 | 407 => Reason::ProviderAuth,
        // The address is wrong, or its server speaks otherwise than we were told: the message cannot be
        // blamed, and another try brings nothing.
        300..=399 | 404 | 405 | 410 | 421 | 426 => Reason::ProviderConfig,
        413 | 414 | 431 => Reason::PayloadTooLarge,
        429 => Reason::ProviderThrottled,
        // The server asks for another try itself.
        408 | 425 | 500..=599 => Reason::ProviderUnavailable,
        400..=499 => Reason::PayloadInvalid,
        _ => Reason::FailedUnknown,
    })
}

/// The answer that a server's answer is. Its body is kept as its words.
pub(super) fn answer(reply: &Reply) -> Answer {
    match refusal(reply.status) {
        None => reply.accepted(None),
        Some(reason) => reply.refused(reason, None, &reply.text()),
    }
}

#[cfg(test)]
mod tests {
    use landfall_domain::reason::Retry;

    use super::*;

    #[test]
    fn every_success_is_one() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(refusal(status), None, "{status}");
        }
    }

    #[test]
    fn every_status_has_its_meaning() {
        for (statuses, reason) in [
            (
                &[301, 302, 307, 308, 404, 405, 410][..],
                Reason::ProviderConfig,
            ),
            (&[401, 403, 407], Reason::ProviderAuth),
            (&[400, 402, 406, 409, 415, 422], Reason::PayloadInvalid),
            (&[413, 414, 431], Reason::PayloadTooLarge),
            (&[429], Reason::ProviderThrottled),
            (
                &[408, 425, 500, 502, 503, 504, 521],
                Reason::ProviderUnavailable,
            ),
            (&[600], Reason::FailedUnknown),
        ] {
            for status in statuses {
                assert_eq!(refusal(*status), Some(reason), "{status}");
            }
        }
    }

    #[test]
    fn only_what_time_may_mend_is_tried_again() {
        for status in 300..600 {
            let again = matches!(status, 408 | 425 | 429 | 500..=599);
            let reason = refusal(status).expect("a refusal");
            assert_eq!(reason.retry() == Retry::Backoff, again, "{status}");
        }
    }
}
