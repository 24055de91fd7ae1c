//! The tests of a journey: where chance gives people one arm or another, and which messages are whose.

use std::collections::BTreeSet;

use crate::chance::SHARES;
use crate::definition::{Kind, Share, Step};
use crate::plan::{Plan, nested};

/// What kind of step it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialKind {
    /// Variants of messages.
    AbTest,
    /// Ways by chance.
    Split,
    /// Some people get nothing from there on.
    Holdout,
}

impl TrialKind {
    /// The stable name: that of the step.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AbTest => "ab_test",
            Self::Split => "split",
            Self::Holdout => "holdout",
        }
    }
}

/// A step at which chance assigns people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its slug.
    pub step: String,
    /// Its number, for ever.
    pub number: u64,
    /// Its place in [`Plan::steps`], as [`crate::Assigned::step`] names it.
    pub place: u16,
    /// What kind of step it is.
    pub kind: TrialKind,
    /// Its arms by [`crate::Assigned::way`]; the first is the control.
    pub arms: Vec<Arm>,
}

/// An arm of a trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// The slug of the way; of a holdout `held_out` and `treated`.
    pub name: String,
    /// How many people it gets, in hundredths of a percent.
    pub hundredths: u32,
    /// The steps within it that send, and the channels of its reach steps, by place.
    pub places: BTreeSet<u16>,
    /// The same by number.
    pub numbers: BTreeSet<u64>,
}

impl Arm {
    /// Whether it sends nothing.
    pub fn is_silent(&self) -> bool {
        self.places.is_empty()
    }
}

impl Trial {
    /// Whether people are divided in the same way by both: the same arms with the same shares.
    pub fn divides_as(&self, other: &Self) -> bool {
        let design = |trial: &Self| -> Vec<(String, u32)> {
            let arms = trial.arms.iter();
            arms.map(|arm| (arm.name.clone(), arm.hundredths)).collect()
        };
        self.kind == other.kind && design(self) == design(other)
    }
}

/// Every trial of a plan, in the order of the file.
pub fn trials(plan: &Plan) -> Vec<Trial> {
    let mut found = Vec::new();
    collect(plan, &plan.definition.steps, &mut found);
    found
}

fn collect(plan: &Plan, steps: &[Step], found: &mut Vec<Trial>) {
    for step in steps {
        found.extend(trial(plan, step));
        for (below, _) in nested(&step.kind, "") {
            collect(plan, below, found);
        }
    }
}

fn trial(plan: &Plan, step: &Step) -> Option<Trial> {
    let ways = |shares: &[Share]| {
        let arm = |share: &Share| arm(plan, &share.id, share.hundredths, &slugs(&share.steps));
        shares.iter().map(arm).collect()
    };
    let (kind, arms) = match &step.kind {
        Kind::AbTest(shares) => (TrialKind::AbTest, ways(shares)),
        Kind::Split(shares) => (TrialKind::Split, ways(shares)),
        Kind::Holdout(share) => {
            let all = slugs(&plan.definition.steps);
            let held_out = arm(plan, "held_out", *share, &BTreeSet::new());
            let treated = arm(plan, "treated", SHARES.saturating_sub(*share), &all);
            (TrialKind::Holdout, vec![held_out, treated])
        }
        _ => return None,
    };
    let mut places = (0_u16..).zip(plan.steps());
    let (place, known) = places.find(|(_, known)| known.id == step.id)?;
    Some(Trial {
        step: step.id.clone(),
        number: known.number,
        place,
        kind,
        arms,
    })
}

fn slugs(steps: &[Step]) -> BTreeSet<&str> {
    let mut all = BTreeSet::new();
    for step in steps {
        all.insert(step.id.as_str());
        for (below, _) in nested(&step.kind, "") {
            all.extend(slugs(below));
        }
    }
    all
}

fn arm(plan: &Plan, name: &str, hundredths: u32, slugs: &BTreeSet<&str>) -> Arm {
    // Channels of a reach step are `step/channel`.
    let within = |id: &str| slugs.contains(id.split('/').next().unwrap_or(id));
    let sending = (0_u16..).zip(plan.steps());
    let sending = sending.filter(|(_, step)| step.channel.is_some() && within(&step.id));
    let (places, numbers) = sending.map(|(place, step)| (place, step.number)).unzip();
    Arm {
        name: name.to_owned(),
        hundredths,
        places,
        numbers,
    }
}
