//! The metric dictionary: what each figure means, as code.
//!
//! One definition for each metric, with a version: the API serves it, `docs/metrics.md` is generated
//! from it, and a test fails when the two differ. A table says what other products' words are here,
//! since the same word means four things among them.

mod dictionary;
#[cfg(test)]
mod document;
mod terms;

pub use dictionary::DICTIONARY;
pub use terms::TERMS;

use landfall_domain::marks::Mark;
use serde::Serialize;

/// Which time decides about the range and the bucket of a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// When the delivery was created: all that happens to it later counts there. `basis=occurred`
    /// counts it where it happened instead.
    Created,
    /// When somebody asks: a state of people or devices, not of messages.
    Asked,
}

/// What counts once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dedupe {
    /// A delivery counts once, however many devices or reports it has; `count=` chooses people, devices
    /// or targets instead.
    Delivery,
    /// A target (one device of a delivery) counts once, however often it is reported.
    Target,
    /// A person counts once.
    Person,
    /// Each order counts once for the delivery that got the credit.
    Order,
}

/// When a figure stops to grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "rule")]
pub enum Settles {
    /// At once.
    AtOnce,
    /// When 99 % of the reports are usually here, as learned for platform and version; without
    /// history after `hours`.
    Learned {
        /// Hours without history.
        hours: u32,
    },
}

/// One metric.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Metric {
    /// Its name in queries and answers.
    pub name: &'static str,
    /// What it says, in one sentence.
    pub says: &'static str,
    /// What is counted.
    pub numerator: &'static str,
    /// What it is a share of; nothing for counts and amounts.
    pub denominator: Option<&'static str>,
    /// Which time decides.
    pub clock: Clock,
    /// What counts once.
    pub dedupe: Dedupe,
    /// When it stops to grow.
    pub settles: Settles,
    /// Raised whenever its figures would come out differently.
    pub version: u32,
}

/// What a word of another product is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Term {
    /// Whose word.
    pub product: &'static str,
    /// The word.
    pub word: &'static str,
    /// The metric here; nothing when there is none that means the same.
    pub metric: Option<&'static str>,
    /// Where the difference hides.
    pub differs: &'static str,
}

/// The metric of that name, if there is one.
pub fn named(name: &str) -> Option<&'static Metric> {
    DICTIONARY.iter().find(|metric| metric.name == name)
}

/// Settling of a mark's count, with what holds without history.
const fn after(mark: Mark) -> Settles {
    let ms = crate::settling::Settling::default_for(mark).after_ms;
    Settles::Learned {
        hours: (ms / landfall_domain::time::HOUR_MS) as u32,
    }
}
