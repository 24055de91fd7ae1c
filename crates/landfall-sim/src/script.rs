//! What a simulated provider answers to whom: an ordered list of rules, the first that applies decides.
//!
//! Nothing here is left to chance. A rule for a share of requests draws from the script's seed, the
//! recipient, and how often that recipient was drawn for, so that the same requests get the same answers
//! in whatever order they arrive, and a load test can say exact figures beforehand.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::{Deserialize, Deserializer, Serialize};

pub(crate) mod draw;
mod facts;
mod handle;
#[cfg(test)]
mod tests;

pub use draw::draw;
pub use facts::Facts;
pub use handle::{Counts, ScriptHandle};

/// Rules in the order in which they are asked, generic over what the provider can answer.
///
/// As JSON: `{"seed": 7, "rules": [{"when": {"prefix": "dead"}, "answer": …, "probability": 0.3}]}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script<A> {
    /// Seed of the draws of rules with a probability.
    #[serde(default)]
    pub seed: u64,
    /// The first rule that applies answers. A request that none applies to is treated as the real provider
    /// would treat it.
    #[serde(default = "Vec::new")]
    pub rules: Vec<Rule<A>>,
}

/// One rule of a script.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule<A> {
    /// Which requests.
    #[serde(default)]
    pub when: Match,
    /// What they get.
    pub answer: A,
    /// How often the rule answers before it is used up; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// Share of the matching requests that the rule answers, 0 to 1. Those that it lets go are offered to
    /// the rules after it.
    #[serde(default = "certain", deserialize_with = "share")]
    pub probability: f64,
}

/// A condition on requests: all that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// The token, address or number, exactly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// What the token, address or number starts with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Facts with their values: those of the request (a provider's documentation names them, such as
    /// `topic`), then those that [`Facts`] holds of the recipient, such as `person` or `app_version`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// Which of the requests that fulfil the conditions above, by their number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests: Option<Requests>,
}

/// Requests by their number, counted from 1 over those that a rule's other conditions let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// First number.
    #[serde(default = "one")]
    pub from: NonZeroU64,
    /// Last number; without end when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<u64>,
    /// Every how many from the first on; 1 is each.
    #[serde(default = "one")]
    pub every: NonZeroU64,
}

/// A request as rules see it.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Token, address or number.
    pub recipient: &'a str,
    /// Facts that the request itself states.
    pub facts: &'a [(&'a str, &'a str)],
}

impl<A> Default for Script<A> {
    fn default() -> Self {
        Self {
            seed: 0,
            rules: Vec::new(),
        }
    }
}

impl<A> Script<A> {
    /// A script of these rules with seed 0.
    pub fn of(rules: impl IntoIterator<Item = Rule<A>>) -> Self {
        Self {
            seed: 0,
            rules: rules.into_iter().collect(),
        }
    }

    /// The same with another seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }
}

impl<A> Rule<A> {
    /// Answers every request that matches.
    pub fn new(when: Match, answer: A) -> Self {
        Self {
            when,
            answer,
            times: None,
            probability: 1.0,
        }
    }

    /// Answers every request.
    pub fn always(answer: A) -> Self {
        Self::new(Match::default(), answer)
    }

    /// The same, used up after so many answers.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// The same for a share of the matching requests, 0 to 1.
    #[must_use]
    pub fn probability(mut self, probability: f64) -> Self {
        self.probability = probability;
        self
    }
}

impl Match {
    /// One recipient.
    pub fn recipient(recipient: impl Into<String>) -> Self {
        Self {
            recipient: Some(recipient.into()),
            ..Self::default()
        }
    }

    /// All recipients that start so.
    pub fn prefix(prefix: impl Into<String>) -> Self {
        Self {
            prefix: Some(prefix.into()),
            ..Self::default()
        }
    }

    /// A fact with its value.
    pub fn fact(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self::default().and_fact(name, value)
    }

    /// This, and a fact with its value.
    #[must_use]
    pub fn and_fact(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.facts.insert(name.into(), value.into());
        self
    }

    /// This, and only these of the requests.
    #[must_use]
    pub fn requests(mut self, requests: Requests) -> Self {
        self.requests = Some(requests);
        self
    }
}

impl Requests {
    /// The request with this number alone.
    pub fn nth(number: NonZeroU64) -> Self {
        Self {
            from: number,
            to: Some(number.get()),
            every: NonZeroU64::MIN,
        }
    }

    /// Each request whose number is a multiple of this.
    pub fn every(number: NonZeroU64) -> Self {
        Self {
            from: number,
            to: None,
            every: number,
        }
    }

    /// From this number on.
    pub fn from(number: NonZeroU64) -> Self {
        Self {
            from: number,
            to: None,
            every: NonZeroU64::MIN,
        }
    }

    fn hold(&self, number: u64) -> bool {
        number >= self.from.get()
            && self.to.is_none_or(|to| number <= to)
            && (number - self.from.get()) % self.every == 0
    }
}

fn certain() -> f64 {
    1.0
}

fn one() -> NonZeroU64 {
    NonZeroU64::MIN
}

fn share<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let share = f64::deserialize(deserializer)?;
    if (0.0..=1.0).contains(&share) {
        return Ok(share);
    }
    Err(serde::de::Error::custom(format!(
        "a probability is between 0 and 1, not {share}"
    )))
}
