//! Computing conversions anew from history, when a journey's goal was changed.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall_audience::{EventInHand, Profile};
use landfall_domain::activity::{Activity, PersonInput};
use landfall_domain::ids::{PersonKey, RunKey};
use landfall_domain::time::Timestamp;
use landfall_domain::working_set::{LogMark, WorkingSet};
use landfall_journey::definition::{Goal, GoalOn};
use landfall_journey::{Recomputed, Run, recompute};
use landfall_store::StoreError;

use super::Reactor;

impl Reactor {
    /// Credits a run's deliveries anew by the goal of the journey's newest version, which the run is
    /// measured by from now on.
    pub(super) fn recompute(
        &mut self,
        set: &mut WorkingSet,
        key: RunKey,
    ) -> Result<(), StoreError> {
        let Some(row) = set.run(key).cloned() else {
            return Ok(());
        };
        let (Some(live), Some(newest)) =
            (self.plan_of(&row), self.live.newest(row.journey).cloned())
        else {
            return Ok(());
        };
        let Some(goal) = newest.plan.definition.goal.as_ref() else {
            return Ok(());
        };
        let mut run = match Run::decode(&row.body) {
            Ok(run) => run,
            Err(damage) => {
                self.set_aside(set, &row, &damage);
                return Ok(());
            }
        };
        run.person = row.person;
        let history = self.history_for(set, row.person, run.origin.at, goal)?;
        let version = newest.plan.version;
        let outcome = self.with_setting(set, row.person, key, &live, None, |setting| {
            recompute(&live.plan, goal, version, &mut run, setting, &history)
        })?;
        let Some(outcome) = outcome else {
            return Ok(());
        };
        self.keep(set, key, &live, &mut run, &outcome.trace)?;
        self.apply(set, key, &run, outcome.effects)
    }

    /// What happened to a person since a moment that may concern a goal, in order of time.
    fn history_for(
        &mut self,
        set: &WorkingSet,
        person: PersonKey,
        since: Timestamp,
        goal: &Goal,
    ) -> Result<Vec<Recomputed>, StoreError> {
        let activities = self.activities_of(set, person)?;
        let profile = &self.mind(set, person)?.memory.profile;
        Ok(history_of(activities.iter(), profile, goal, since))
    }

    /// Everything that is stored about a person and the records that were merged into it, and what this
    /// batch has added.
    fn activities_of(
        &self,
        set: &WorkingSet,
        person: PersonKey,
    ) -> Result<Vec<Activity>, StoreError> {
        let absorbed = set.person(person).map(Arc::clone);
        let absorbed = absorbed.iter().flat_map(|person| &person.absorbed);
        let mut records: Vec<_> = absorbed.map(|old| (old.key, old.history_from)).collect();
        records.push((person, Timestamp::EPOCH));
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for (key, from) in records {
            if !seen.insert(key) {
                continue;
            }
            let stored = self.store.inputs_of(key)?.into_iter();
            let batch = set.activities_since(LogMark::default()).iter();
            let batch = batch
                .filter(|activity| activity.person == Some(key))
                .cloned();
            all.extend(
                stored
                    .chain(batch)
                    .filter(|activity| activity.occurred_at >= from),
            );
        }
        Ok(all)
    }
}

/// What of a person's history since a moment may concern a goal, in order of time.
pub(crate) fn history_of<'a>(
    activities: impl Iterator<Item = &'a Activity>,
    profile: &Profile,
    goal: &Goal,
    since: Timestamp,
) -> Vec<Recomputed> {
    let activities = activities.filter(|activity| activity.occurred_at >= since);
    let mut found: Vec<Recomputed> = activities
        .filter_map(|activity| happened(activity, goal))
        .collect();
    // When somebody left a segment that follows conditions is not kept; when they entered is.
    if let GoalOn::SegmentEntered(segment) = &goal.on {
        let entered = profile.memberships().iter();
        let entered = entered.filter(|(known, at)| known == segment && *at >= since);
        found.extend(entered.map(|(segment, at)| Recomputed::Segment {
            segment: *segment,
            entered: true,
            at: *at,
        }));
    }
    found.sort_by_key(Recomputed::at);
    found
}

/// What an activity means for a goal, if anything.
fn happened(activity: &Activity, goal: &Goal) -> Option<Recomputed> {
    match &activity.input {
        PersonInput::Tracked {
            event, name, data, ..
        } => {
            let of_goal = matches!(&goal.on, GoalOn::Event(filter) if filter.names(*event, name));
            let refund = goal.refund.as_ref();
            let of_refund = refund.is_some_and(|refund| refund.event.names(*event, name));
            (of_goal || of_refund).then(|| {
                Recomputed::Did(EventInHand::new(*event, name, data, activity.occurred_at))
            })
        }
        PersonInput::SegmentChanged { segment, added } => {
            let wanted = match &goal.on {
                GoalOn::SegmentEntered(wanted) => Some((wanted, true)),
                GoalOn::SegmentLeft(wanted) => Some((wanted, false)),
                GoalOn::Event(_) => None,
            };
            (wanted == Some((segment, *added))).then_some(Recomputed::Segment {
                segment: *segment,
                entered: *added,
                at: activity.occurred_at,
            })
        }
        _ => None,
    }
}
