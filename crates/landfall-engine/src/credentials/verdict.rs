//! What the answer to "does this credential work?" means for whoever has to act on it.

use landfall_domain::attempt::{Answer, Verdict as Taken};
use landfall_domain::reason::{Class, Reason};
use serde::Serialize;

/// Where a credential stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The provider accepts it.
    Works,
    /// Its form is right; the provider cannot be asked without a message to somebody.
    NotAsked,
    /// The provider was asked and gave no answer that says anything about the credential.
    NotReached,
    /// The provider refuses it.
    Refused,
}

/// An answer in plain words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Where the credential stands.
    pub standing: Standing,
    /// Why it was not accepted.
    pub reason: Option<Reason>,
    /// What was said, in one sentence.
    pub message: String,
    /// What to do; empty when there is nothing to do.
    pub fix: String,
}

/// What an answer to a check means.
pub fn verdict(answer: &Answer) -> Verdict {
    match answer.verdict {
        Taken::Accepted if answer.status.is_none() => Verdict {
            standing: Standing::NotAsked,
            reason: None,
            message: "Its form is right. The provider is asked with the first message only."
                .to_owned(),
            fix: String::new(),
        },
        Taken::Accepted => Verdict {
            standing: Standing::Works,
            reason: None,
            message: "The provider accepts it.".to_owned(),
            fix: String::new(),
        },
        Taken::Refused(reason) => Verdict {
            standing: standing(reason),
            reason: Some(reason),
            message: match answer.words() {
                Some(words) => format!("{} ({words})", reason.explanation()),
                None => reason.explanation().to_owned(),
            },
            fix: reason.fix().to_owned(),
        },
    }
}

/// Who is down, overloaded or out of reach says nothing about us.
fn standing(reason: Reason) -> Standing {
    match reason.class() {
        Class::Transport | Class::ProviderOutage | Class::Quota => Standing::NotReached,
        _ => Standing::Refused,
    }
}

impl Standing {
    /// The stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::NotAsked => "not_asked",
            Self::NotReached => "not_reached",
            Self::Refused => "refused",
        }
    }

    /// Whether nothing is known that speaks against it.
    pub const fn is_good(self) -> bool {
        matches!(self, Self::Works | Self::NotAsked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_not_a_refused_key() {
        let said = |reason| verdict(&Answer::refused(reason)).standing;
        assert_eq!(said(Reason::ProviderAuth), Standing::Refused);
        assert_eq!(said(Reason::ProviderTopic), Standing::Refused);
        assert_eq!(said(Reason::ProviderUnavailable), Standing::NotReached);
        assert_eq!(said(Reason::ConnectionFailed), Standing::NotReached);
        assert_eq!(said(Reason::ProviderThrottled), Standing::NotReached);
        let works = verdict(&Answer::accepted(200, None));
        assert_eq!(works.standing, Standing::Works);
    }

    #[test]
    fn a_refusal_repeats_what_the_provider_said_and_what_to_do() {
        let answer = Answer::refused_saying(Reason::ProviderAuth, "InvalidProviderToken");
        let said = verdict(&answer);
        assert!(
            said.message.contains("InvalidProviderToken"),
            "{}",
            said.message
        );
        assert_eq!(said.fix, Reason::ProviderAuth.fix());
    }
}
