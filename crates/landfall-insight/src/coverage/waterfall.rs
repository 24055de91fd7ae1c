//! Counts of people by the first condition that they fail.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::rate::Rate;

/// What a person must have, in this order; who fails one is lost there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// An app of theirs is known.
    AppKnown,
    /// A token was ever registered.
    Token,
    /// A token is valid: no provider has rejected it.
    Valid,
    /// The device may show notifications.
    Permission,
    /// The person wants messages.
    Consent,
    /// There was evidence of life lately.
    NotStale,
}

impl Step {
    /// All, in their order.
    pub const ALL: [Self; 6] = [
        Self::AppKnown,
        Self::Token,
        Self::Valid,
        Self::Permission,
        Self::Consent,
        Self::NotStale,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AppKnown => "app_known",
            Self::Token => "token",
            Self::Valid => "valid",
            Self::Permission => "permission",
            Self::Consent => "consent",
            Self::NotStale => "not_stale",
        }
    }

    /// Those who lack it, in words.
    pub const fn lack(self) -> &'static str {
        match self {
            Self::AppKnown => "no app known",
            Self::Token => "never a token",
            Self::Valid => "no valid token",
            Self::Permission => "notifications not allowed",
            Self::Consent => "no consent",
            Self::NotStale => "silent for too long",
        }
    }
}

/// Where a person is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Not among the active people.
    Outside,
    /// Lost at a step.
    LostAt(Step),
    /// Within reach.
    Reachable,
}

impl Place {
    /// All of them.
    pub fn all() -> Vec<Self> {
        let lost = Step::ALL.into_iter().map(Self::LostAt);
        std::iter::once(Self::Outside)
            .chain(lost)
            .chain([Self::Reachable])
            .collect()
    }
}

/// One step of the waterfall.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rung {
    /// The step.
    pub step: Step,
    /// People who came to it.
    pub before: u64,
    /// People lost at it.
    pub lost: u64,
    /// People left after it.
    pub after: u64,
    /// The share of those who came that pass.
    pub passes: Rate,
}

/// The waterfall.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Waterfall {
    /// Active people.
    pub active: u64,
    /// The steps in their order.
    pub rungs: Vec<Rung>,
    /// People within reach.
    pub reachable: u64,
    /// The share of active people within reach.
    pub coverage: Rate,
}

/// Why counts make no waterfall.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WaterfallError {
    /// More are lost than there are.
    #[error(
        "{lost} people are lost at {step} where only {before} came: each is lost at one step only"
    )]
    LosesMore {
        /// Where.
        step: &'static str,
        /// How many came.
        before: u64,
        /// How many are said to be lost.
        lost: u64,
    },
}

/// The waterfall of `active` people of whom so many are lost at each step, in the order of
/// [`Step::ALL`]; each person is lost at the first step that it fails.
///
/// # Errors
/// When more are lost than came.
pub fn waterfall(active: u64, lost: [u64; 6]) -> Result<Waterfall, WaterfallError> {
    let mut before = active;
    let mut rungs = Vec::with_capacity(lost.len());
    for (step, lost) in Step::ALL.into_iter().zip(lost) {
        let step_name = step.name();
        let after = before.checked_sub(lost).ok_or(WaterfallError::LosesMore {
            step: step_name,
            before,
            lost,
        })?;
        rungs.push(Rung {
            step,
            before,
            lost,
            after,
            passes: Rate::new(step_name, after, "people before it", before),
        });
        before = after;
    }
    Ok(Waterfall {
        active,
        reachable: before,
        coverage: Rate::new("reachable", before, "active people", active),
        rungs,
    })
}

/// People who were in one place a week ago and are in another now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// Where they were.
    pub from: Place,
    /// Where they are.
    pub to: Place,
    /// How many.
    pub people: u64,
}

/// What a week changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WeekFlows {
    /// People at each place, then and now, and the difference.
    pub places: Vec<(Place, u64, u64, i64)>,
    /// Flows into reach, the largest first; those who stayed are not among them.
    pub gained: Vec<Flow>,
    /// Flows out of reach, the largest first.
    pub lost: Vec<Flow>,
}

/// Sums flows: what came into reach, what went out of it, and how each place changed.
pub fn flows(flows: &[Flow]) -> WeekFlows {
    let sum = |keep: &dyn Fn(&Flow) -> bool| -> u64 {
        flows
            .iter()
            .filter(|flow| keep(flow))
            .map(|flow| flow.people)
            .sum()
    };
    let places = Place::all()
        .into_iter()
        .map(|place| {
            let then = sum(&|flow| flow.from == place);
            let now = sum(&|flow| flow.to == place);
            (place, then, now, now as i64 - then as i64)
        })
        .collect();
    let sorted = |keep: &dyn Fn(&Flow) -> bool| {
        let mut kept: Vec<Flow> = flows
            .iter()
            .copied()
            .filter(|f| f.people > 0 && keep(f))
            .collect();
        kept.sort_by(|a, b| {
            b.people
                .cmp(&a.people)
                .then(a.from.cmp(&b.from))
                .then(a.to.cmp(&b.to))
        });
        kept
    };
    WeekFlows {
        places,
        gained: sorted(&|flow| flow.to == Place::Reachable && flow.from != Place::Reachable),
        lost: sorted(&|flow| flow.from == Place::Reachable && flow.to != Place::Reachable),
    }
}
