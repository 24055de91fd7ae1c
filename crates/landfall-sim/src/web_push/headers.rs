//! The headers that say how a message is to be delivered (RFC 8030 section 5).

use serde::{Deserialize, Serialize};

use super::problem::Problem;
use crate::http::Received;

#[cfg(test)]
mod tests;

/// Characters of a topic at most (RFC 8030 section 5.4).
const LONGEST_TOPIC: usize = 32;

/// How soon a message must reach its device (RFC 8030 section 5.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Urgency {
    /// On power and Wi-Fi.
    VeryLow,
    /// On either power or Wi-Fi.
    Low,
    /// On neither power nor Wi-Fi.
    #[default]
    Normal,
    /// Also when the battery is low.
    High,
}

/// What a request says beside its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Seconds for which the service may keep the message.
    pub(super) ttl: u64,
    pub(super) urgency: Urgency,
    pub(super) topic: Option<String>,
}

impl Urgency {
    /// The word in the header.
    pub const fn word(self) -> &'static str {
        match self {
            Self::VeryLow => "very-low",
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    fn read(word: &str) -> Option<Self> {
        [Self::VeryLow, Self::Low, Self::Normal, Self::High]
            .into_iter()
            .find(|urgency| urgency.word() == word)
    }
}

/// Reads the headers of a request.
///
/// # Errors
/// The first header that is missing or wrong. A body must be `aes128gcm`; an empty one needs no coding.
pub(super) fn read(request: &Received) -> Result<Wishes, Problem> {
    let ttl = request.header("ttl").ok_or(Problem::MissingTtl)?;
    if ttl.is_empty() || !ttl.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::BadTtl);
    }
    let topic = request.header("topic").map(topic).transpose()?;
    let urgency = match request.header("urgency") {
        None => Urgency::default(),
        Some(word) => Urgency::read(word).ok_or(Problem::BadUrgency)?,
    };
    if !request.body.is_empty() && request.header("content-encoding") != Some("aes128gcm") {
        return Err(Problem::BadEncryption);
    }
    Ok(Wishes {
        // More digits than a number holds are still only "as long as you can".
        ttl: ttl.parse().unwrap_or(u64::MAX),
        urgency,
        topic,
    })
}

fn topic(topic: &str) -> Result<String, Problem> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (1..=LONGEST_TOPIC).contains(&topic.len()) && topic.bytes().all(known) {
        Ok(topic.to_owned())
    } else {
        Err(Problem::BadTopic)
    }
}
