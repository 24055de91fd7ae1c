//! All, any and not, over whatever checks: of a person, of a device, of an event's data.

use std::cell::Cell;

use serde_json::{Value, json};

use crate::answer::{Answer, Explanation, Joined};
use crate::definition::Place;
use crate::filter::{DEPTH_MAX, NODES_MAX};

/// Checks joined with all, any and not.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Logic<C> {
    /// All of these; there is at least one.
    All(Vec<Logic<C>>),
    /// One of these; there is at least one.
    Any(Vec<Logic<C>>),
    /// Not this.
    Not(Box<Logic<C>>),
    /// One check.
    Check(C),
}

/// How much more a definition may hold.
#[derive(Debug)]
pub(crate) struct Budget(Cell<usize>);

impl Budget {
    pub(crate) const fn new() -> Self {
        Self(Cell::new(NODES_MAX))
    }

    fn take(&self, place: &Place<'_>) -> Option<()> {
        match self.0.get().checked_sub(1) {
            Some(left) => {
                self.0.set(left);
                Some(())
            }
            None => place.refuse(
                format!("there are more than {NODES_MAX} checks"),
                "put a part of them into a segment of its own and ask about that",
            ),
        }
    }
}

/// What joins checks.
pub(crate) const GROUPS: [&str; 3] = ["all", "any", "not"];

impl<C> Logic<C> {
    /// Reads checks; `check` reads what is not a group.
    pub(crate) fn parse<'v>(
        place: &Place<'v>,
        depth: usize,
        budget: &Budget,
        check: &dyn Fn(&Place<'v>, usize) -> Option<Self>,
    ) -> Option<Self> {
        budget.take(place)?;
        if depth > DEPTH_MAX {
            let wrong = format!("this is nested more than {DEPTH_MAX} levels deep");
            return place.refuse(wrong, "flatten it, or put a part into a segment of its own");
        }
        let entries = place.value().as_object();
        let is_group = |group: &&str| entries.is_some_and(|entries| entries.contains_key(*group));
        if !GROUPS.iter().any(is_group) {
            return check(place, depth);
        }
        let (group, inner) = place.object(&GROUPS)?.exactly_one(&GROUPS)?;
        let below = |place: &Place<'v>| Self::parse(place, depth + 1, budget, check);
        if group == "not" {
            return Some(Self::Not(Box::new(below(&inner)?)));
        }
        // Every item is read, so that the faults of all are found.
        let parts: Vec<Option<Self>> = inner.items()?.iter().map(below).collect();
        let parts = parts.into_iter().collect::<Option<Vec<_>>>()?;
        Some(match group {
            "all" => Self::All(parts),
            _ => Self::Any(parts),
        })
    }

    /// As JSON.
    pub(crate) fn to_json(&self, check: &dyn Fn(&C) -> Value) -> Value {
        let list = |parts: &[Self]| {
            parts
                .iter()
                .map(|part| part.to_json(check))
                .collect::<Vec<_>>()
        };
        match self {
            Self::All(parts) => json!({ "all": list(parts) }),
            Self::Any(parts) => json!({ "any": list(parts) }),
            Self::Not(part) => json!({ "not": part.to_json(check) }),
            Self::Check(one) => check(one),
        }
    }

    /// Whether they hold; the moment is one before which that does not change.
    pub(crate) fn answer(&self, check: &mut dyn FnMut(&C) -> Answer) -> Answer {
        let (mut joined, parts) = match self {
            Self::Check(one) => return check(one),
            Self::Not(part) => return part.answer(check).negated(),
            Self::All(parts) => (Joined::all(), parts),
            Self::Any(parts) => (Joined::any(), parts),
        };
        for part in parts {
            joined.push(part.answer(check));
            if joined.is_settled() {
                break;
            }
        }
        joined.answer()
    }

    /// Check by check.
    pub(crate) fn explain(&self, check: &mut dyn FnMut(&C) -> Explanation) -> Explanation {
        let (mut joined, parts, words) = match self {
            Self::Check(one) => return check(one),
            Self::Not(part) => {
                let part = part.explain(check);
                return Explanation {
                    check: "not".to_owned(),
                    saw: None,
                    holds: !part.holds,
                    changes_at: part.changes_at,
                    parts: vec![part],
                };
            }
            Self::All(parts) => (Joined::all(), parts, "all of these"),
            Self::Any(parts) => (Joined::any(), parts, "any of these"),
        };
        let parts: Vec<Explanation> = parts.iter().map(|part| part.explain(check)).collect();
        for part in &parts {
            joined.push(Answer {
                holds: part.holds,
                changes_at: part.changes_at,
            });
        }
        let answer = joined.answer();
        Explanation {
            check: words.to_owned(),
            saw: None,
            holds: answer.holds,
            changes_at: answer.changes_at,
            parts,
        }
    }

    /// In words.
    pub(crate) fn describe(&self, check: &dyn Fn(&C) -> String) -> String {
        let list = |parts: &[Self], word: &str| {
            let parts: Vec<String> = parts.iter().map(|part| part.describe(check)).collect();
            match &parts[..] {
                [only] => only.clone(),
                _ => format!("({})", parts.join(word)),
            }
        };
        match self {
            Self::All(parts) => list(parts, " and "),
            Self::Any(parts) => list(parts, " or "),
            Self::Not(part) => format!("not {}", part.describe(check)),
            Self::Check(one) => check(one),
        }
    }

    /// Lets every check be changed.
    pub(crate) fn each_mut(&mut self, change: &mut dyn FnMut(&mut C)) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.each_mut(change);
                }
            }
            Self::Not(part) => part.each_mut(change),
            Self::Check(one) => change(one),
        }
    }

    /// Shows every check.
    pub(crate) fn each(&self, show: &mut dyn FnMut(&C)) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.each(show);
                }
            }
            Self::Not(part) => part.each(show),
            Self::Check(one) => show(one),
        }
    }
}
