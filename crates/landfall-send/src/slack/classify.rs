//! What Slack's plain-text errors mean (providers.md 7 and 9).

#[cfg(test)]
mod tests;

use landfall_domain::reason::Reason;

/// Every documented error of incoming webhooks.
const ERRORS: &[(&str, Reason)] = &[
    ("invalid_payload", Reason::PayloadInvalid),
    ("no_text", Reason::PayloadInvalid),
    ("too_many_attachments", Reason::PayloadInvalid),
    ("invalid_blocks", Reason::PayloadInvalid),
    ("msg_blocks_too_long", Reason::PayloadTooLarge),
    ("user_not_found", Reason::ProviderConfig),
    ("channel_not_found", Reason::ProviderConfig),
    ("channel_is_archived", Reason::ProviderConfig),
    ("action_prohibited", Reason::ProviderConfig),
    ("posting_to_general_channel_denied", Reason::ProviderConfig),
    ("team_disabled", Reason::ProviderConfig),
    ("no_team", Reason::ProviderConfig),
    ("no_service", Reason::ProviderConfig),
    ("no_service_id", Reason::ProviderConfig),
    ("no_active_hooks", Reason::ProviderConfig),
    ("invalid_token", Reason::ProviderConfig),
    ("rollup_error", Reason::ProviderUnavailable),
];

/// Why a message was not posted; `None` when it was. A success is 200 with the word `ok`: anything
/// else on that status comes from something that is not Slack.
pub fn refusal(status: u16, body: &str) -> Option<Reason> {
    if status == 200 && body.trim() == "ok" {
        return None;
    }
    let listed = code(body).and_then(|code| ERRORS.iter().find(|(known, _)| *known == code));
    Some(match (status, listed) {
        // Slack may say so with any word.
        (429, _) => Reason::ProviderThrottled,
        (_, Some((_, reason))) => *reason,
        (400, None) => Reason::PayloadInvalid,
        (413, None) => Reason::PayloadTooLarge,
        (300..=399 | 401 | 403 | 404 | 410, None) => Reason::ProviderConfig,
        (408 | 500..=599, None) => Reason::ProviderUnavailable,
        _ => Reason::FailedUnknown,
    })
}

/// The error's word, if the body is one.
pub fn code(body: &str) -> Option<&str> {
    let word = body.split([':', '\n']).next().unwrap_or_default().trim();
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    (!word.is_empty() && word != "ok" && word.len() <= 64 && word.chars().all(is_word))
        .then_some(word)
}

/// Whether the message might be taken without its blocks.
pub(super) fn blames_blocks(body: &str) -> bool {
    matches!(
        code(body),
        Some("invalid_payload" | "invalid_blocks" | "no_text" | "msg_blocks_too_long")
    )
}
