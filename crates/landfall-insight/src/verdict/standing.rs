//! How a journey stands, in one word, for lists of many.

use serde::Serialize;

use super::{Diagnosis, Problem};
use crate::decompose::funnel::Factor;

/// People who must have reached the message steps in each period before silence counts as health.
pub const LEAST_PEOPLE: f64 = 40.0;

/// How a journey stands, what asks for somebody first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A stage lost more than chance takes, and it costs something.
    Losing,
    /// Reports are missing; what they would tell of is not known to be lost.
    Unreported,
    /// Less of everything, elsewhere too: the season.
    Quieter,
    /// Nothing beyond chance.
    Healthy,
    /// Nothing beyond chance, of so few people that this says nothing.
    TooLittle,
}

impl Diagnosis {
    /// How the journey stands.
    pub fn standing(&self) -> Standing {
        match self.verdict.problem {
            Problem::Delivery
            | Problem::Coverage
            | Problem::Eligibility
            | Problem::Engagement
            | Problem::Offer => Standing::Losing,
            Problem::Measurement | Problem::OrderTracking => Standing::Unreported,
            Problem::Seasonality => Standing::Quieter,
            Problem::Nothing if self.says_something() => Standing::Healthy,
            Problem::Nothing => Standing::TooLittle,
        }
    }

    fn says_something(&self) -> bool {
        let people = self.stages.iter().find(|s| s.factor == Factor::Qualified);
        people.is_some_and(|people| {
            let hits = people.ratio.hits;
            hits.before >= LEAST_PEOPLE && hits.after >= LEAST_PEOPLE
        })
    }
}
