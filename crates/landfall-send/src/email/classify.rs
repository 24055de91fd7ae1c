//! What a relay's replies mean (providers.md 6.1 and 9): the enhanced code before the basic one, and
//! both in the light of what they answer.

#[cfg(test)]
mod tests;

use landfall_domain::channel::Channel;
use landfall_domain::marks::Mark;
use landfall_domain::reason::Reason;

/// What a reply answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The connection, `EHLO` or `STARTTLS`.
    Connect,
    /// The credentials.
    Auth,
    /// `MAIL FROM`: the sender.
    Mail,
    /// `RCPT TO`: the recipient.
    Rcpt,
    /// `DATA`, before the message.
    Data,
    /// The message.
    Message,
}

/// An enhanced status code: class, subject, detail (RFC 3463).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Enhanced {
    /// 4 for what may pass, 5 for what will not.
    pub class: u16,
    /// 1 address, 2 mailbox, 3 system, 4 network, 5 protocol, 6 content, 7 policy.
    pub subject: u16,
    /// What exactly.
    pub detail: u16,
}

impl std::fmt::Display for Enhanced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.class, self.subject, self.detail)
    }
}

impl Enhanced {
    /// The code in the words of a reply: at their beginning, where it belongs, or later where some
    /// relays put it, then only one that agrees with the reply.
    pub fn find(reply: u16, text: &str) -> Option<Self> {
        let mut words = text.split_whitespace().map(Self::read);
        let first = words.next().flatten();
        first.or_else(|| words.flatten().find(|code| code.class == reply / 100))
    }

    fn read(word: &str) -> Option<Self> {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        let mut numbers = word.split('.').map(|part| {
            let digits = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse().ok().filter(|_| digits)
        });
        let class = numbers.next().flatten()?;
        let subject = numbers.next().flatten()?;
        let detail = numbers.next().flatten()?;
        let found = Self {
            class,
            subject,
            detail,
        };
        (matches!(class, 4 | 5) && numbers.next().is_none()).then_some(found)
    }
}

/// Why a relay refused. `text` are the words behind the reply's code.
pub fn refusal(stage: Stage, reply: u16, text: &str) -> Reason {
    // Before a message is named, a refusal is about us, not about the message.
    match (stage, reply) {
        (_, 421) => return Reason::ProviderUnavailable,
        (_, 530 | 534 | 535 | 538) | (Stage::Auth, 454) => return Reason::ProviderAuth,
        (Stage::Connect | Stage::Auth, 400..=499) => return Reason::ProviderUnavailable,
        (Stage::Connect | Stage::Auth, _) => return Reason::ProviderConfig,
        _ => {}
    }
    let enhanced = Enhanced::find(reply, text);
    let found = enhanced.and_then(|code| of_enhanced(stage, code, text));
    found.unwrap_or_else(|| of_reply(stage, reply, text))
}

/// What an enhanced code says; `None` when it says no more than the reply.
fn of_enhanced(stage: Stage, code: Enhanced, text: &str) -> Option<Reason> {
    let Enhanced {
        class,
        subject,
        detail,
    } = code;
    Some(match (class, subject, detail) {
        // Soft although some relays call it permanent.
        (_, 2, 2) => Reason::MailboxFull,
        // Some answer so, even permanently, when one mailbox gets too much.
        (_, 2, 1) if is_about_rate(text) => Reason::DeviceThrottled,
        (4, ..) => Reason::ProviderUnavailable,
        // These two are about the sender's address, and so is every code that answers `MAIL`.
        (5, 1, 7 | 8) => Reason::ProviderConfig,
        (5, 1, _) if stage == Stage::Mail => Reason::ProviderConfig,
        (5, 1, _) | (5, 2, 1) => Reason::RecipientInvalid,
        (5, 2, 3) | (5, 3, 4) => Reason::PayloadTooLarge,
        // The next hop gave up after trying for its own time.
        (5, 4, 7) => Reason::ExpiredAtProvider,
        (5, 4, _) => Reason::BouncedUnknown,
        (5, 5, _) => Reason::ProviderConfig,
        (5, 6, _) => Reason::PayloadInvalid,
        (5, 7, 8 | 9) => Reason::ProviderAuth,
        (5, 7, _) => Reason::ContentFiltered,
        _ => return None,
    })
}

fn is_about_rate(text: &str) -> bool {
    let text = text.to_lowercase();
    ["too quickly", "at a rate", "rate limit", "too many"]
        .iter()
        .any(|words| text.contains(words))
}

/// What a reply says by itself (RFC 5321 section 4.2).
fn of_reply(stage: Stage, reply: u16, text: &str) -> Reason {
    match (stage, reply) {
        (_, 400..=499) => Reason::ProviderUnavailable,
        (_, 500..=504 | 555) => Reason::ProviderConfig,
        // Size, when it is declared or counted; a full mailbox, when it is the recipient's.
        (Stage::Mail | Stage::Data | Stage::Message, 552) => Reason::PayloadTooLarge,
        (Stage::Rcpt, 552) => Reason::MailboxFull,
        (Stage::Mail, 550 | 551 | 553 | 554) => Reason::ProviderConfig,
        (Stage::Rcpt, 551 | 553 | 556) => Reason::RecipientInvalid,
        _ => in_words(text),
    }
}

/// What the words say, where the codes leave open whether the address or a policy is meant: a mere 550
/// or 554 is no reason to give up an address (RFC 5321 allows it for policy too). Only what they can
/// mean in the mouth of a relay counts.
fn in_words(text: &str) -> Reason {
    match Reason::from_report(Channel::Email, Mark::Bounced, text) {
        found @ (Reason::RecipientInvalid
        | Reason::MailboxFull
        | Reason::ContentFiltered
        | Reason::PayloadTooLarge) => found,
        _ => Reason::BouncedUnknown,
    }
}
