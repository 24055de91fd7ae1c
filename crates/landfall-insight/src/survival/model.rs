//! How likely a token is alive after so long a silence: discrete hazards with two exits, return and rejection.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::life::{Ending, Kind, Life, Silence};
use super::rates::{Exposure, GROUPS, Rates};
use crate::rate::{Interval, Z_95};

/// Upper ends of the intervals of silence in days; each holds its beginning and not its end. FCM calls a token
/// stale after a month and ends it after 270 days (diagnosis.md 5); nobody is followed beyond the last one.
pub const SILENCE_DAYS: [u32; 15] = [1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90, 150, 270, 400];
/// How many intervals there are.
pub(super) const INTERVALS: usize = SILENCE_DAYS.len();

/// Rejections without which nothing is said about a platform: before that nobody knows how tokens end there.
pub const REJECTIONS_MIN: u64 = 20;
/// Silences that got as far as an interval, without which nothing is said about it.
const SILENCES_MIN: f64 = 50.0;
/// Days for which silences must have been followed beyond an interval: who is silent is only known to be alive
/// when something comes.
const FOLLOWED_DAYS: u32 = 30;
/// Unless so few of them were left that nothing that may still come matters.
const LEFT_MAX: f64 = 0.05;
/// Silences and rejections from which on receipts or an app version are looked at by themselves.
const OWN_SILENCES: f64 = 200.0;
const OWN_REJECTIONS: f64 = 10.0;

/// A probability with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The probability.
    pub alive: f64,
    /// Its interval.
    pub interval: Interval,
}

/// What is known of tokens that are silent for so long.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// Days of silence from which on.
    pub from_days: u32,
    /// Days of silence up to which, not included.
    pub to_days: u32,
    /// Silences that came so far.
    pub silences: u64,
    /// Of them ended in it by a sign of life.
    pub returned: u64,
    /// Of them ended in it by the provider's rejection.
    pub rejected: u64,
    /// The probability that such a token is alive; `None`: too little is known.
    pub alive: Option<Estimate>,
    /// The share of those alive in the interval before that is dead in this one.
    pub hazard: Option<f64>,
}

/// Probabilities of one kind of tokens, by silence.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// By interval, in the order of [`SILENCE_DAYS`].
    pub rows: Vec<Row>,
    rates: Rates,
}

/// Which tokens a table is about: `None` stands for all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The platform.
    pub platform: Arc<str>,
    /// Whether they report receipts.
    pub reports: Option<bool>,
    /// The app version.
    pub app_version: Option<Arc<str>>,
}

impl Cell {
    /// The cells of a kind of tokens, each a refinement of the one before.
    fn of(kind: &Kind) -> [Option<Self>; 3] {
        let cell = |reports, app_version: Option<&Arc<str>>| Self {
            platform: Arc::clone(&kind.platform),
            reports,
            app_version: app_version.cloned(),
        };
        let version = kind.app_version.as_ref();
        [
            Some(cell(None, None)),
            Some(cell(Some(kind.reports), None)),
            version.map(|version| cell(Some(kind.reports), Some(version))),
        ]
    }
}

/// From what was learned about a platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Tokens.
    pub tokens: u64,
    /// Silences.
    pub silences: u64,
    /// Silences that ended with a sign of life.
    pub returned: u64,
    /// Tokens that their provider rejected.
    pub rejected: u64,
}

impl Evidence {
    /// Whether that is enough to say anything.
    pub const fn suffices(&self) -> bool {
        self.rejected >= REJECTIONS_MIN && self.silences as f64 >= OWN_SILENCES
    }
}

/// The probability of being alive by silence, platform, receipts and app version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    tables: BTreeMap<Cell, Table>,
    evidence: BTreeMap<Arc<str>, Evidence>,
}

type Counts = [[Exposure; INTERVALS]; GROUPS];

impl Model {
    /// Learns from the lives of tokens, as they were known at a moment (days as in [`super::Sign`]).
    ///
    /// In each interval of silence two things may happen: the token shows life again, or its provider rejects
    /// it. Each interval has a rate of both; versions are drawn towards their platform by twenty cases. The
    /// share of the silent who return adds up over the later intervals, and each return is weighted up by those
    /// who were alive as well but died before they could show it: by the one daily loss with which a token
    /// that has just shown life is certainly alive. The intervals come from leaving out a twentieth of
    /// the tokens at a time (the jackknife).
    pub fn learn(lives: &[Life], as_of: f64) -> Self {
        let mut counts: BTreeMap<Cell, Box<Counts>> = BTreeMap::new();
        let mut model = Self::default();
        for life in lives {
            let silences = life.silences(as_of);
            let evidence = match model.evidence.get_mut(&life.platform) {
                Some(known) => known,
                None => model
                    .evidence
                    .entry(Arc::clone(&life.platform))
                    .or_default(),
            };
            evidence.tokens += u64::from(!silences.is_empty());
            for silence in &silences {
                evidence.silences += 1;
                evidence.returned += u64::from(silence.ending == Ending::Returned);
                evidence.rejected += u64::from(silence.ending == Ending::Rejected);
                count(&mut counts, silence);
            }
        }
        let enough = |cell: &&Cell| {
            let evidence = model.evidence.get(&cell.platform);
            evidence.is_some_and(Evidence::suffices) && speaks_for_itself(cell, &counts[*cell])
        };
        let cells: Vec<&Cell> = counts.keys().filter(enough).collect();
        let tables = cells.into_iter().map(|cell| {
            let chain = chain_of(cell, &counts);
            (cell.clone(), table(&chain))
        });
        model.tables = tables.collect();
        model
    }

    /// What was learned from, by platform.
    pub const fn evidence(&self) -> &BTreeMap<Arc<str>, Evidence> {
        &self.evidence
    }

    /// All tables, platforms before their refinements.
    pub const fn tables(&self) -> &BTreeMap<Cell, Table> {
        &self.tables
    }

    /// The table of a kind of tokens: the finest one that there is.
    pub fn table(&self, kind: &Kind) -> Option<&Table> {
        let cells = Cell::of(kind);
        let mut cells = cells.iter().rev().flatten();
        cells.find_map(|cell| self.tables.get(cell))
    }

    /// The probability that a token is alive; `None`: too little is known.
    pub fn alive(&self, kind: &Kind, silent_days: f64) -> Option<Estimate> {
        let rows = &self.table(kind)?.rows;
        rows[interval_of(silent_days)].alive
    }

    /// The probability that a token shows life within so many days from now; `None`: too little is known.
    pub fn shows_life_within(&self, kind: &Kind, silent_days: f64, days: f64) -> Option<f64> {
        let table = self.table(kind)?;
        table.rates.returns_within(silent_days, days)
    }
}

/// The interval that a silence lies in.
pub fn interval_of(silent_days: f64) -> usize {
    let ends = SILENCE_DAYS.iter();
    let within = ends.take_while(|end| f64::from(**end) <= silent_days);
    within.count().min(INTERVALS - 1)
}

/// The day at which an interval begins.
pub(super) const fn start_of(interval: usize) -> u32 {
    match interval.checked_sub(1) {
        Some(before) => SILENCE_DAYS[before],
        None => 0,
    }
}

fn count(counts: &mut BTreeMap<Cell, Box<Counts>>, silence: &Silence) {
    for cell in Cell::of(&silence.kind).into_iter().flatten() {
        let counts = counts
            .entry(cell)
            .or_insert_with(|| Box::new([[Exposure::default(); INTERVALS]; GROUPS]));
        let group = &mut counts[silence.token as usize % GROUPS];
        let last = interval_of(silence.days);
        for (nth, exposure) in group.iter_mut().enumerate().take(last + 1) {
            let (start, end) = (f64::from(start_of(nth)), f64::from(SILENCE_DAYS[nth]));
            exposure.came += 1.0;
            exposure.days += (silence.days.min(end) - start).max(0.0);
        }
        match silence.ending {
            Ending::Returned => group[last].returned += 1.0,
            Ending::Rejected => group[last].rejected += 1.0,
            Ending::Unseen => {}
        }
    }
}

/// The counts of all groups but one.
fn sum(counts: &Counts, without: Option<usize>) -> [Exposure; INTERVALS] {
    let mut all = [Exposure::default(); INTERVALS];
    let groups = counts.iter().enumerate();
    for (_, group) in groups.filter(|(nth, _)| Some(*nth) != without) {
        for (sum, one) in all.iter_mut().zip(group) {
            sum.add(one);
        }
    }
    all
}

fn speaks_for_itself(cell: &Cell, counts: &Counts) -> bool {
    let all = sum(counts, None);
    let rejected: f64 = all.iter().map(|one| one.rejected).sum();
    cell.reports.is_none() || (all[0].came >= OWN_SILENCES && rejected >= OWN_REJECTIONS)
}

/// The counts of a cell and of those that it refines, coarsest first.
fn chain_of<'a>(cell: &Cell, counts: &'a BTreeMap<Cell, Box<Counts>>) -> Vec<&'a Counts> {
    let kind = Kind {
        platform: Arc::clone(&cell.platform),
        reports: cell.reports.unwrap_or_default(),
        app_version: cell.app_version.clone(),
    };
    let depth = 1 + usize::from(cell.reports.is_some()) + usize::from(cell.app_version.is_some());
    let cells = Cell::of(&kind).into_iter().take(depth).flatten();
    cells
        .filter_map(|cell| counts.get(&cell).map(Box::as_ref))
        .collect()
}

fn rates_of(chain: &[&Counts], without: Option<usize>) -> Rates {
    let mut rates = Rates::unknown();
    for (nth, counts) in chain.iter().enumerate() {
        let all = sum(counts, without);
        rates = if nth == 0 {
            Rates::of(&all)
        } else {
            rates.refined(&all)
        };
    }
    rates
}

fn table(chain: &[&Counts]) -> Table {
    let rates = rates_of(chain, None);
    let alive = rates.alive();
    let others: Vec<[f64; INTERVALS]> = (0..GROUPS)
        .map(|without| rates_of(chain, Some(without)).alive())
        .collect();
    let counted = chain.last().map(|counts| sum(counts, None));
    let counted = counted.unwrap_or([Exposure::default(); INTERVALS]);
    let whole = chain.first().map(|counts| sum(counts, None));
    let whole = whole.unwrap_or([Exposure::default(); INTERVALS]);
    let followed = |nth: usize| {
        let day = SILENCE_DAYS[nth].saturating_add(FOLLOWED_DAYS);
        let last = interval_of(f64::from(day.min(SILENCE_DAYS[INTERVALS - 2])));
        whole[last].came >= SILENCES_MIN / 2.0 || rates.left_of(nth, &whole) <= LEFT_MAX
    };
    let mut before: Option<f64> = Some(1.0);
    let rows = (0..INTERVALS).map(|nth| {
        let exposure = &counted[nth];
        let known = whole[nth].came >= SILENCES_MIN && followed(nth);
        let estimate = known.then(|| Estimate {
            alive: alive[nth],
            interval: interval(alive[nth], others.iter().map(|other| other[nth])),
        });
        let now = estimate.map(|estimate| estimate.alive);
        let hazard = before.zip(now).filter(|(before, _)| *before > 0.0);
        before = now;
        let range = (start_of(nth), SILENCE_DAYS[nth]);
        Row {
            from_days: range.0,
            to_days: range.1,
            silences: exposure.came as u64,
            returned: exposure.returned as u64,
            rejected: exposure.rejected as u64,
            alive: estimate,
            hazard: hazard.map(|(before, now)| (1.0 - now / before).max(0.0)),
        }
    });
    let rows = rows.collect();
    Table { rows, rates }
}

fn interval(estimate: f64, others: impl Iterator<Item = f64> + Clone) -> Interval {
    let groups = GROUPS as f64;
    let mean = others.clone().sum::<f64>() / groups;
    let squares: f64 = others.map(|other| (other - mean).powi(2)).sum();
    let half = Z_95 * ((groups - 1.0) / groups * squares).sqrt();
    Interval {
        low: (estimate - half).max(0.0),
        high: (estimate + half).min(1.0),
    }
}
