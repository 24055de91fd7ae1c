//! The scoreboard.

use std::collections::BTreeMap;

use landfall_sim::shop::{Fault, Stage};

use crate::percent;

/// Faults that cost at least this share of revenue must be found.
const WORTH: f64 = 0.10;

/// One shop, one verdict.
pub struct Case {
    pub fault: Fault,
    pub seed: u64,
    /// The stage of the verdict.
    pub stage: &'static str,
    pub stage_right: bool,
    pub slice: String,
    /// `None`: there is no slice to be found.
    pub slice_right: Option<bool>,
    /// In the smallest unit.
    pub lost: f64,
    pub truth: f64,
    /// Whether the interval holds the truth.
    pub covers: bool,
    /// The truth as a share of the week before.
    pub share: f64,
    pub says: String,
    pub alert: Alert,
}

/// What the monitor told.
pub struct Alert {
    /// Incidents that were told of where nothing had happened.
    pub false_alarms: usize,
    /// Weeks in which there was nothing to tell.
    pub quiet_weeks: u32,
    /// Hours from the fault to the first incident; `None` when none was told within the week.
    pub after_hours: Option<f64>,
    /// What the first incident was of.
    pub of: String,
    /// Incidents of the fault's week.
    pub incidents: usize,
}

/// All of them.
#[derive(Default)]
pub struct Score(Vec<Case>);

/// Hits of cases.
#[derive(Clone, Copy, Default)]
struct Hits(u32, u32);

impl Hits {
    fn add(&mut self, hit: bool) {
        self.0 += u32::from(hit);
        self.1 += 1;
    }

    fn share(self) -> String {
        match self.1 {
            0 => "-".to_owned(),
            of => format!(
                "{}/{of} = {}",
                self.0,
                percent(f64::from(self.0) / f64::from(of))
            ),
        }
    }
}

impl Score {
    pub fn add(&mut self, case: Case) {
        self.0.push(case);
    }

    pub fn print(&self) {
        println!(
            "{:<20} {:>8} {:>10} {:>10} {:>22} {:>10} {:>9} {:>22} {:>12}   {}",
            "fault",
            "cost",
            "stage",
            "slice",
            "money (median error)",
            "covered",
            "alert",
            "after (median, longest)",
            "false alarms",
            "verdicts"
        );
        for fault in Fault::ALL {
            let cases: Vec<&Case> = self.0.iter().filter(|case| case.fault == *fault).collect();
            if !cases.is_empty() {
                line(*fault, &cases);
            }
        }
        self.totals();
    }

    fn totals(&self) {
        let (mut stage, mut slice, mut silent, mut covered) = (
            Hits::default(),
            Hits::default(),
            Hits::default(),
            Hits::default(),
        );
        for case in &self.0 {
            match case.fault.stage() {
                Stage::Nothing => silent.add(case.stage_right),
                // What is not worth a tenth may be missed.
                _ if case.share < WORTH && case.truth.abs() > 1.0 => {}
                _ => {
                    stage.add(case.stage_right);
                    if let Some(right) = case.slice_right {
                        slice.add(right);
                    }
                    if case.truth.abs() > 1.0 {
                        covered.add(case.covers);
                    }
                }
            }
        }
        println!(
            "\nstage right (faults worth 10 % or more, and lost reports)   {}",
            stage.share()
        );
        println!(
            "slice right                                                 {}",
            slice.share()
        );
        println!(
            "nothing said where nothing happened                         {}",
            silent.share()
        );
        println!(
            "95 % interval holds the truth                               {}",
            covered.share()
        );
        let told = |worth: bool| {
            let mut told = Hits::default();
            let faults = self
                .0
                .iter()
                .filter(|case| case.fault.stage() != Stage::Nothing);
            for case in faults.filter(|case| (case.share >= WORTH) == worth) {
                told.add(case.alert.after_hours.is_some());
            }
            told.share()
        };
        println!(
            "told within the week, faults worth 10 % or more             {}",
            told(true)
        );
        println!(
            "told within the week, other faults                          {}",
            told(false)
        );
        let alarms: usize = self.0.iter().map(|case| case.alert.false_alarms).sum();
        let weeks: u32 = self.0.iter().map(|case| case.alert.quiet_weeks).sum();
        println!("false alarms in weeks without a fault                       {alarms} in {weeks}");
    }
}

fn line(fault: Fault, cases: &[&Case]) {
    let (mut stage, mut slice, mut covered) = (Hits::default(), Hits::default(), Hits::default());
    let mut verdicts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut errors = Vec::new();
    let mut told = Hits::default();
    for case in cases {
        told.add(case.alert.after_hours.is_some());
        stage.add(case.stage_right);
        covered.add(case.covers);
        if let Some(right) = case.slice_right {
            slice.add(right);
        }
        *verdicts.entry(case.stage).or_default() += 1;
        if case.truth.abs() > 1.0 {
            errors.push((case.lost / case.truth - 1.0).abs());
        }
    }
    errors.sort_by(f64::total_cmp);
    let error = errors
        .get(errors.len() / 2)
        .map_or("-".to_owned(), |error| percent(*error));
    let share = cases.iter().map(|case| case.share).sum::<f64>() / cases.len() as f64;
    let of = |hits: Hits| match hits.1 {
        0 => "-".to_owned(),
        of => format!("{}/{of}", hits.0),
    };
    println!(
        "{:<20} {:>8} {:>10} {:>10} {:>22} {:>10} {:>9} {:>22} {:>12}   {:?}",
        fault.name(),
        percent(share),
        of(stage),
        of(slice),
        error,
        of(covered),
        if fault.stage() == Stage::Nothing {
            "-".to_owned()
        } else {
            of(told)
        },
        delays(cases),
        cases
            .iter()
            .map(|case| case.alert.false_alarms)
            .sum::<usize>(),
        verdicts
    );
}

/// The median and the longest time to the first alert, of those that were told.
fn delays(cases: &[&Case]) -> String {
    let mut hours: Vec<f64> = cases
        .iter()
        .filter_map(|case| case.alert.after_hours)
        .collect();
    hours.sort_by(f64::total_cmp);
    match (hours.get(hours.len() / 2), hours.last()) {
        (Some(median), Some(longest)) => format!("{median:.0} h, {longest:.0} h"),
        _ => "-".to_owned(),
    }
}
