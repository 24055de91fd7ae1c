//! Tokens that nobody can be reached by, because identities went wrong.

use serde::{Deserialize, Serialize};

use super::Amount;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Tokens on anonymous profiles of somebody who is known by another one.
    StrandedToken,
    /// Merges after which a token of one of both was on neither.
    MergeLostToken,
    /// Tokens that two people claim.
    TwoOwners,
    /// Devices that are registered twice for one person: every push is shown twice.
    DoubleRegistration,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::StrandedToken,
        Self::MergeLostToken,
        Self::TwoOwners,
        Self::DoubleRegistration,
    ];

    /// Stable name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::StrandedToken => "stranded_token",
            Self::MergeLostToken => "merge_lost_token",
            Self::TwoOwners => "two_owners",
            Self::DoubleRegistration => "double_registration",
        }
    }

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// It in words, for a count.
    pub const fn words(self) -> &'static str {
        match self {
            Self::StrandedToken => "tokens stranded on anonymous profiles",
            Self::MergeLostToken => "merges that lost a token",
            Self::TwoOwners => "tokens with two owners in conflict",
            Self::DoubleRegistration => "devices registered twice",
        }
    }

    /// Whether people are out of reach because of it; who is registered twice is reached twice.
    pub const fn costs_reach(self) -> bool {
        !matches!(self, Self::DoubleRegistration)
    }
}

/// One kind of problem.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IdentityProblem {
    /// What went wrong.
    pub kind: Kind,
    /// How often.
    pub count: u64,
    /// People who are out of reach because of it: each once, and only those without another way.
    pub people: u64,
    /// What they would bring in the period.
    pub at_risk: Option<Amount>,
    /// Some of them, by id.
    pub examples: Vec<String>,
    /// The command that repairs it.
    pub repair: Option<String>,
}

/// All problems, the one that costs most people first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdentityReport {
    /// The problems that there are.
    pub problems: Vec<IdentityProblem>,
}

/// Puts a value on problems and orders them; what did not happen is left out. `per_person` is what a
/// person within reach brings in the period.
pub fn identity_report(
    problems: Vec<IdentityProblem>,
    per_person: Option<Amount>,
) -> IdentityReport {
    let mut problems: Vec<IdentityProblem> = problems
        .into_iter()
        .filter(|problem| problem.count > 0)
        .map(|problem| {
            let people = if problem.kind.costs_reach() {
                problem.people as f64
            } else {
                0.0
            };
            let at_risk = per_person.filter(|_| people > 0.0);
            let at_risk = at_risk.map(|amount| amount.times(people));
            IdentityProblem { at_risk, ..problem }
        })
        .collect();
    problems.sort_by(|a, b| {
        (b.people.cmp(&a.people))
            .then(b.count.cmp(&a.count))
            .then(a.kind.cmp(&b.kind))
    });
    IdentityReport { problems }
}
