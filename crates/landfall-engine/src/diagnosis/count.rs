//! What people came to, from rows that are alike.
//!
//! People are counted by deliveries, devices by rows. A delivery that was refused before sending says
//! by its reason whether its person was out of reach, held back by a rule, or lost to an error;
//! what is not decided yet is left out.

use std::collections::BTreeMap;

use landfall_board::{Alike, Currency, MessageInfo};
use landfall_domain::marks::Mark;
use landfall_domain::reason::{Kind, Reason, Stage};
use landfall_domain::status::Outcome;
use landfall_insight::decompose::Shift;
use landfall_insight::decompose::funnel::{
    Entrance, Factor, Funnel, Message, Platform, Steps, Version,
};
use landfall_insight::verdict::ReasonCount;

use super::attribute::Attribute;

/// How far the person of a delivery came before devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// Nothing is decided yet.
    Undecided,
    /// No device that can be reached.
    Uncovered,
    /// A rule holds it back.
    HeldBack,
    /// It was to be sent.
    Eligible,
}

fn stand_of(outcome: u8, reason: u16) -> (Stand, Option<Reason>) {
    let reason = Reason::from_code(reason);
    let stand = match Outcome::from_code(outcome) {
        None | Some(Outcome::Pending | Outcome::Held) => Stand::Undecided,
        Some(outcome) if outcome.is_refused() => match reason.map(|r| (r.stage(), r.kind())) {
            Some((Stage::PreSend, Kind::Reach)) => Stand::Uncovered,
            Some((Stage::PreSend, Kind::Policy)) => Stand::HeldBack,
            _ => Stand::Eligible,
        },
        Some(_) => Stand::Eligible,
    };
    (stand, reason)
}

/// Where the person of a row's delivery stands.
pub(super) fn stand(row: &Alike) -> Stand {
    stand_of(row.fate.outcome, row.fate.reason).0
}

/// Whether a row is one for a device that a push was meant for.
pub(super) fn is_device(row: &Alike) -> bool {
    let (stand, reason) = stand_of(row.fate.target_outcome, row.fate.target_reason);
    let lost_before_choice = !row.has_device
        && !row.has(Mark::Sent)
        && reason.is_some_and(|r| r.stage() == Stage::PreSend);
    stand == Stand::Eligible && !lost_before_choice
}

/// Cases and hits of a factor among rows that are alike; nothing when they are no cases.
pub(super) fn case(row: &Alike, factor: Factor) -> Option<(u64, u64)> {
    let first = row.is_first.then(|| stand(row));
    let marked = |of: bool, hit: bool| of.then_some((row.rows, if hit { row.rows } else { 0 }));
    let (sent, delivered) = (row.has(Mark::Sent), row.has(Mark::Delivered));
    match factor {
        Factor::Coverage => {
            let stand = first.filter(|stand| *stand != Stand::Undecided)?;
            marked(true, stand != Stand::Uncovered)
        }
        Factor::Eligible => {
            let stand = first?;
            let covered = matches!(stand, Stand::HeldBack | Stand::Eligible);
            marked(covered, stand == Stand::Eligible)
        }
        Factor::Devices => marked(first == Some(Stand::Eligible), is_device(row)),
        Factor::Sent => marked(is_device(row), sent),
        Factor::Delivered => marked(is_device(row) && sent, delivered),
        Factor::Opened => marked(is_device(row) && sent && delivered, row.has(Mark::Opened)),
        Factor::Converted => marked(is_device(row) && sent, row.has(Mark::Converted)),
        Factor::Qualified | Factor::Mix | Factor::Value => None,
    }
}

/// Both periods.
#[derive(Clone, Debug, Default)]
pub(super) struct Counted {
    entrances: [Entrance; 2],
    /// By platform, message step and version.
    pub(super) steps: BTreeMap<String, BTreeMap<String, BTreeMap<String, [Steps; 2]>>>,
    reasons: BTreeMap<Reason, [f64; 2]>,
    currency: Option<Currency>,
    orders: f64,
    sum: f64,
    squares: f64,
    /// What values are counted in.
    pub(super) unit: String,
}

impl Counted {
    /// Every platform, message step and version with what is counted in both periods.
    pub(super) fn cells(&mut self) -> impl Iterator<Item = (&str, &str, &str, &mut [Steps; 2])> {
        self.steps.iter_mut().flat_map(|(platform, messages)| {
            messages.iter_mut().flat_map(move |(message, versions)| {
                let versions = versions.iter_mut();
                versions.map(move |(version, sides)| {
                    (platform.as_str(), message.as_str(), version.as_str(), sides)
                })
            })
        })
    }

    pub(super) fn of(before: &[Alike], after: &[Alike], messages: &[MessageInfo]) -> Self {
        let mut counted = Self {
            currency: main_currency(before.iter().chain(after)),
            ..Self::default()
        };
        counted.unit = counted
            .currency
            .map_or_else(String::new, |currency| currency.letters().to_owned());
        for (period, rows) in [before, after].into_iter().enumerate() {
            for row in rows {
                counted.add(row, messages, period);
            }
        }
        counted
    }

    fn add(&mut self, row: &Alike, messages: &[MessageInfo], period: usize) {
        let rows = row.rows as f64;
        let device = is_device(row);
        if row.is_first {
            let (stand, reason) = stand_of(row.fate.outcome, row.fate.reason);
            let entrance = &mut self.entrances[period];
            if stand != Stand::Undecided {
                entrance.qualified += rows;
            }
            if matches!(stand, Stand::HeldBack | Stand::Eligible) {
                entrance.covered += rows;
            }
            if stand == Stand::Eligible {
                entrance.eligible += rows;
            }
            if let Some(reason) = reason.filter(|_| !device && stand != Stand::Undecided) {
                self.reasons.entry(reason).or_default()[period] += rows;
            }
        }
        if !device {
            return;
        }
        if let Some(reason) = Reason::from_code(row.fate.target_reason) {
            self.reasons.entry(reason).or_default()[period] += rows;
        }
        let value = self.value(row);
        let (platform, version) = (
            Attribute::Platform.text_of_device(row),
            Attribute::AppVersion.text_of_device(row),
        );
        let message = Attribute::Step.text(row, messages);
        let of_platform = self.steps.entry(platform).or_default();
        let versions = of_platform.entry(message).or_default();
        let steps = &mut versions.entry(version).or_default()[period];
        *steps = steps.plus(&of_rows(row, value));
    }

    /// Money of rows in the main currency, and what is known about how it varies.
    fn value(&mut self, row: &Alike) -> f64 {
        let Some(currency) = self.currency else {
            return 0.0;
        };
        let Some(earned) = row.revenue.iter().find(|e| e.currency == currency) else {
            return 0.0;
        };
        let scale = scale(currency);
        self.orders += earned.rows as f64;
        self.sum += earned.minor as f64 * scale;
        self.squares += earned.squares * scale * scale;
        earned.minor as f64 * scale
    }

    /// An amount of the board in the unit of values.
    pub(super) fn money(&self, sums: &[(Currency, i64)]) -> f64 {
        let own = sums.iter().filter(|(c, _)| Some(*c) == self.currency);
        own.map(|(currency, minor)| *minor as f64 * scale(*currency))
            .sum()
    }

    /// Standard deviation of an order's value over its mean; 1 when there are too few to tell.
    pub(super) fn value_variation(&self) -> f64 {
        let mean = self.sum / self.orders;
        let variance = self.squares / self.orders - mean * mean;
        if self.orders >= 10.0 && mean > 0.0 && variance > 0.0 {
            (variance.sqrt() / mean).min(5.0)
        } else if self.currency.is_none() {
            // Values that are numbers of orders do not vary.
            0.0
        } else {
            1.0
        }
    }

    /// Without revenue, orders count one each; without orders, opens do.
    pub(super) fn fill_values(&mut self, notes: &mut Vec<String>) {
        if self.currency.is_some() {
            return;
        }
        let orders = self
            .cells()
            .any(|(.., sides)| sides.iter().any(|steps| steps.converted() > 0.0));
        if orders {
            "orders".clone_into(&mut self.unit);
            notes.push("No revenue is known: every order counts as one.".to_owned());
        } else {
            "opens".clone_into(&mut self.unit);
            notes
                .push("Neither revenue nor orders are known: every open counts as one.".to_owned());
        }
        for steps in self.cells().flat_map(|(.., sides)| sides) {
            if !orders {
                steps.converted_opened = steps.opened;
            }
            steps.value_opened = steps.converted_opened;
            steps.value_unopened = steps.converted_unopened;
            steps.value_unconfirmed = steps.converted_unconfirmed;
        }
    }

    pub(super) fn funnel(&self) -> Funnel {
        let version = |(name, [before, after]): (&String, &[Steps; 2])| Version {
            name: name.clone(),
            before: *before,
            after: *after,
        };
        let message = |(name, versions): (&String, &BTreeMap<String, [Steps; 2]>)| Message {
            name: name.clone(),
            versions: versions.iter().map(version).collect(),
        };
        let platforms = self.steps.iter().map(|(name, messages)| Platform {
            name: name.clone(),
            messages: messages.iter().map(message).collect(),
        });
        Funnel {
            before: self.entrances[0],
            after: self.entrances[1],
            platforms: platforms.collect(),
        }
    }

    pub(super) fn reasons(&self) -> Vec<ReasonCount> {
        let lines = self.reasons.iter();
        lines
            .map(|(reason, [before, after])| ReasonCount {
                reason: *reason,
                count: Shift::new(*before, *after),
            })
            .collect()
    }
}

fn of_rows(row: &Alike, value: f64) -> Steps {
    let rows = row.rows as f64;
    let count = |holds: bool| if holds { rows } else { 0.0 };
    let sent = row.has(Mark::Sent);
    let delivered = sent && row.has(Mark::Delivered);
    let opened = delivered && row.has(Mark::Opened);
    let converted = sent && row.has(Mark::Converted);
    let money = |holds: bool| if holds { value } else { 0.0 };
    let ways = [
        converted && opened,
        converted && delivered && !opened,
        converted && !delivered,
    ];
    Steps {
        devices: rows,
        sent: count(sent),
        delivered: count(delivered),
        opened: count(opened),
        converted_opened: count(ways[0]),
        converted_unopened: count(ways[1]),
        converted_unconfirmed: count(ways[2]),
        value_opened: money(ways[0]),
        value_unopened: money(ways[1]),
        value_unconfirmed: money(ways[2]),
    }
}

/// The currency with the greatest turnover. Amounts of others are left out: nothing here knows rates.
fn main_currency<'a>(rows: impl Iterator<Item = &'a Alike>) -> Option<Currency> {
    let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
    for earned in rows.flat_map(|row| &row.revenue) {
        *sums.entry(earned.currency).or_default() += earned.minor.abs();
    }
    let greatest = sums.into_iter().max_by_key(|(_, sum)| *sum);
    greatest.filter(|(_, sum)| *sum > 0).map(|(c, _)| c)
}

/// How much of the currency's unit its smallest unit is (ISO 4217: two digits but for these).
fn scale(currency: Currency) -> f64 {
    match currency.letters() {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 1.0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 0.001,
        _ => 0.01,
    }
}
