//! Where the arms of an experiment lose people: by platform, app version and reason, from the board.

use std::collections::BTreeMap;

use landfall_board::{
    Alike, Board, Condition, Dimension, Filter, MessageInfo, QueryError, TimeRange, Value,
};
use landfall_domain::marks::Mark;
use landfall_domain::message::SourceKind;
use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use landfall_insight::experiments::{Slice, Span, Stage, Stratum};
use landfall_journey::trial::TrialKind;

use super::{Counted, Design};

/// Messages below which a slice is not compared: it could not show anything, and each costs.
const CASES_MIN: u64 = 40;

/// What the board says beside the runs.
pub(super) struct Slices {
    /// Counts of slices, by the arms that send.
    pub(super) slices: Vec<Slice>,
    /// People who were alike before sending, by arm.
    pub(super) strata: Vec<Vec<Stratum>>,
}

/// Messages of one arm in one slice.
#[derive(Clone, Copy, Default)]
struct Ways {
    at: [u64; 5],
    converted: u64,
}

/// Counts the messages of an experiment's arms since its start, in time that counts.
pub(super) fn slices(
    board: &Board,
    messages: &[MessageInfo],
    design: &Design,
    counted: &Counted,
    excluded: &[Span],
    now: Timestamp,
) -> Result<Slices, QueryError> {
    let arms = &design.trial.arms;
    let mut found = Slices {
        slices: Vec::new(),
        strata: vec![Vec::new(); arms.len()],
    };
    let Some(since) = counted
        .since
        .filter(|_| design.trial.kind != TrialKind::Holdout)
    else {
        return Ok(found);
    };
    let journey = Value::Source(SourceKind::Campaign, u64::from(design.journey.0));
    let filter = Filter(vec![Condition::In(Dimension::Journey, vec![journey])]);
    let senders: Vec<usize> = (0..arms.len()).filter(|n| !arms[*n].is_silent()).collect();
    let mut tally: BTreeMap<(&str, String), Vec<Ways>> = BTreeMap::new();
    let mut reasons: BTreeMap<Reason, Vec<u64>> = BTreeMap::new();
    let mut created = vec![0_u64; senders.len()];
    let mut strata: BTreeMap<String, Vec<Ways>> = BTreeMap::new();
    for span in between(since, now.plus_millis(1), excluded) {
        for alike in board.alike(messages, &filter, TimeRange::between(span.from, span.to))? {
            let step = messages
                .get(alike.message.0 as usize)
                .and_then(|info| info.step_id);
            let own = |n: &usize| step.is_some_and(|step| arms[*n].numbers.contains(&step));
            let Some(place) = senders.iter().position(own).filter(|_| alike.is_first) else {
                continue;
            };
            created[place] += alike.rows;
            if !stage(&alike, Stage::Sent)
                && let Some(reason) = Reason::from_code(alike.fate.reason)
            {
                let counts = reasons
                    .entry(reason)
                    .or_insert_with(|| vec![0; senders.len()]);
                counts[place] += alike.rows;
            }
            for key in keys(&alike) {
                let ways = tally.entry(key);
                add(&mut ways.or_insert_with(|| fresh(&senders))[place], &alike);
            }
            let ways = strata.entry(stratum(&alike));
            add(&mut ways.or_insert_with(|| fresh(&senders))[place], &alike);
        }
    }
    for ((dimension, value), ways) in tally {
        found.slices.extend(stages(dimension, &value, &ways));
    }
    found
        .slices
        .extend(reasons.into_iter().map(|(reason, hits)| Slice {
            dimension: "reason".to_owned(),
            value: reason.name().to_owned(),
            stage: Stage::Sent,
            hits,
            of: created.clone(),
        }));
    for (name, ways) in strata {
        for (place, ways) in senders.iter().zip(ways) {
            found.strata[*place].push(Stratum {
                name: name.clone(),
                assigned: ways.at[0],
                delivered: ways.at[Stage::Receipt as usize],
                converted: ways.converted,
            });
        }
    }
    Ok(found)
}

fn fresh(senders: &[usize]) -> Vec<Ways> {
    vec![Ways::default(); senders.len()]
}

/// The time between two moments that counts.
fn between(from: Timestamp, to: Timestamp, excluded: &[Span]) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut start = from;
    for span in excluded {
        if span.from > start {
            spans.push(Span {
                from: start,
                to: span.from.min(to),
            });
        }
        start = start.max(span.to);
    }
    spans.push(Span { from: start, to });
    spans.retain(|span| span.from < span.to);
    spans
}

fn stage(alike: &Alike, stage: Stage) -> bool {
    let accepted = alike.has(Mark::Sent) || alike.has(Mark::Delivered);
    match stage {
        Stage::Assigned => true,
        Stage::Sent => accepted || alike.has(Mark::Attempted) || alike.has(Mark::Bounced),
        Stage::Accepted => accepted,
        Stage::Receipt => alike.has(Mark::Delivered),
        Stage::Opened => alike.has(Mark::Opened),
    }
}

fn keys(alike: &Alike) -> Vec<(&'static str, String)> {
    let Some(platform) = alike.dims.platform else {
        return Vec::new();
    };
    let mut keys = vec![("platform", platform.name().to_owned())];
    if let Some(version) = &alike.dims.app_version {
        keys.push(("version", format!("{} {version}", platform.name())));
    }
    keys
}

fn stratum(alike: &Alike) -> String {
    let platform = alike
        .dims
        .platform
        .map_or("none", |platform| platform.name());
    format!("{platform}, token {}", alike.dims.token_age.name())
}

fn add(ways: &mut Ways, alike: &Alike) {
    for each in Stage::ALL {
        if stage(alike, each) {
            ways.at[each as usize] += alike.rows;
        }
    }
    if stage(alike, Stage::Receipt) && alike.has(Mark::Converted) {
        ways.converted += alike.rows;
    }
}

/// A slice at each stage, of those who came to the stage before.
fn stages(dimension: &str, value: &str, ways: &[Ways]) -> Vec<Slice> {
    let pairs = Stage::ALL.into_iter().zip(Stage::ALL.into_iter().skip(1));
    let slices = pairs.map(|(before, stage)| Slice {
        dimension: dimension.to_owned(),
        value: value.to_owned(),
        stage,
        hits: ways.iter().map(|ways| ways.at[stage as usize]).collect(),
        of: ways.iter().map(|ways| ways.at[before as usize]).collect(),
    });
    slices
        .filter(|slice| slice.of.iter().sum::<u64>() >= CASES_MIN)
        .collect()
}
