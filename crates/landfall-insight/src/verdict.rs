//! The verdict of a diagnosis: which problem it is, where, since when, how much money, how sure.
//!
//! The stages of the funnel are compared between two periods. What changed beyond chance is split into
//! contributions to revenue ([`crate::decompose`]); the greatest loss is the suspect. Then what else is
//! known is asked: whether opens fell with the receipts (delivery, or only its measurement), which
//! reasons grew, whether every channel lost its orders at once, whether other journeys shrank as well.
//! A verdict of nothing is a verdict too: most weeks differ by chance alone.

mod arrival;
mod coincide;
mod facts;
mod onset;
mod recent;
mod standing;
mod suspect;
#[cfg(test)]
mod tests;

pub use arrival::{Arrival, judge_arrival};
pub use coincide::{Adoption, AdoptionEffect, adoption_effect};
pub use onset::{Onset, Point, onset};
pub use standing::{LEAST_PEOPLE, Standing};

use landfall_domain::reason::Reason;
use landfall_domain::time::Timestamp;
use serde::Serialize;

use crate::decompose::funnel::{self, Decomposition, Factor, Funnel};
use crate::decompose::uncertain::{self, Noise, Span, Uncertainty};
use crate::decompose::{DecomposeError, Shift};

/// Which problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Problem {
    /// Messages are not taken, or do not arrive.
    Delivery,
    /// Messages arrive, and their receipts do not.
    Measurement,
    /// Fewer people can be reached.
    Coverage,
    /// Fewer people qualify, or more are held back by rules.
    Eligibility,
    /// Messages arrive and are opened less.
    Engagement,
    /// Messages are opened, and less is bought, or for less.
    Offer,
    /// What is bought is not reported.
    OrderTracking,
    /// Everything is quieter, by every channel: the season, not the journey.
    Seasonality,
    /// Nothing beyond chance.
    Nothing,
}

/// What lies behind it, as far as the ledger tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Tokens became invalid faster than before.
    TokenChurn,
    /// The provider does not accept the sender's key.
    Credential,
    /// Sender, app and provider do not fit together, such as another project or environment.
    Configuration,
    /// The provider is down, overloaded or limits the sender.
    Provider,
    /// The content cannot be built, or is refused.
    Payload,
    /// The time to live ends too early.
    TimeToLive,
    /// The provider takes it, and devices do not get or show it.
    NotReceived,
    /// Fewer devices permit notifications.
    PermissionChange,
    /// People have no device that is known.
    TokensMissing,
    /// A cap holds back more than before.
    Cap,
    /// Quiet hours hold back more than before.
    QuietHours,
    /// More people have opted out, or are suppressed.
    Consent,
    /// Fewer people start the journey.
    AudienceShrink,
    /// People moved between platforms.
    Mix,
    /// The message convinces fewer people to open it.
    Creative,
    /// Fewer orders for each message.
    Conversion,
    /// Orders are worth less.
    OrderValue,
    /// Devices stopped to report.
    ReceiptsLost,
    /// Orders stopped to come in, by every channel.
    OrdersUnreported,
    /// Less of everything.
    Season,
    /// The ledger does not tell.
    Unknown,
}

/// A query that opens rows: parameters of `/landfall/v1/deliveries`, of the command line's `log`, and
/// of the page.
/// Serialised as the query of a link.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows(pub Vec<(String, String)>);

impl Serialize for Rows {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::runbook::query(self))
    }
}

impl Rows {
    /// With one more parameter.
    #[must_use]
    pub fn and(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.push((name.to_owned(), value.into()));
        self
    }

    /// With the values of a slice.
    #[must_use]
    pub fn of(mut self, slice: &Slice) -> Self {
        self.0.extend(slice.0.iter().cloned());
        self
    }
}

/// Where: values of dimensions that must all hold; several values of one are separated by commas.
/// Empty: everywhere.
/// Serialised as an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slice(pub Vec<(String, String)>);

impl Serialize for Slice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl std::fmt::Display for Slice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return f.write_str("everywhere");
        }
        for (place, (name, value)) in self.0.iter().enumerate() {
            if place > 0 {
                f.write_str(", ")?;
            }
            write!(
                f,
                "{name} {}",
                if value.is_empty() { "unknown" } else { value }
            )?;
        }
        Ok(())
    }
}

/// Where a change was localised.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Place {
    /// The slice.
    pub slice: Slice,
    /// Other descriptions of the same rows.
    pub also: Vec<Slice>,
    /// Chance of finding any slice at least as striking when nothing changed.
    pub p_value: f64,
    /// Share of the change that lies in it.
    pub share: f64,
}

/// How often a reason was given, of all who got as far as the stage that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReasonCount {
    /// The reason.
    pub reason: Reason,
    /// How often.
    pub count: Shift,
}

/// Another channel of the journey, or other journeys: whether they changed alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Beside {
    /// Its name.
    pub name: String,
    /// People who reached its steps.
    pub qualified: Shift,
    /// Messages that were taken.
    pub sent: Shift,
    /// Orders.
    pub converted: Shift,
    /// Money.
    pub value: Shift,
}

/// Something that was changed and may be the cause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// When.
    #[serde(rename = "at_ms")]
    pub at: Timestamp,
    /// What, in words.
    pub what: String,
}

/// Everything that a verdict is given on.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Pushes of the journey, with what is still to come already expected.
    pub funnel: Funnel,
    /// What the funnel's values are counted in, such as `EUR`.
    pub unit: String,
    /// How much rates vary.
    pub noise: Noise,
    /// Why pushes were refused.
    pub reasons: Vec<ReasonCount>,
    /// The journey's other channels.
    pub channels: Vec<Beside>,
    /// The other journeys together, if there are any.
    pub others: Option<Beside>,
    /// People who qualified in earlier periods of the same length, oldest first, the one to compare
    /// with being the last.
    pub qualified_before: Vec<f64>,
    /// Orders among messages of all channels over the time of both periods.
    pub orders: Vec<Point>,
    /// Beginning of the period that is looked at.
    pub start: Timestamp,
    /// Orders among delivered pushes by day, from weeks before both periods to the end.
    pub orders_by_day: Vec<Point>,
    /// People who qualified by day, over the same time, as `x`.
    pub people_by_day: Vec<Point>,
    /// What was changed lately.
    pub changes: Vec<Change>,
    /// The query that opens the rows of the period that is looked at.
    pub rows: Rows,
    /// The same for the period to compare with.
    pub rows_before: Rows,
}

impl Default for Picture {
    /// Of nothing at all.
    fn default() -> Self {
        Self {
            funnel: Funnel::default(),
            unit: String::new(),
            noise: Noise::default(),
            reasons: Vec::new(),
            channels: Vec::new(),
            others: None,
            qualified_before: Vec::new(),
            orders: Vec::new(),
            start: Timestamp::EPOCH,
            orders_by_day: Vec::new(),
            people_by_day: Vec::new(),
            changes: Vec::new(),
            rows: Rows::default(),
            rows_before: Rows::default(),
        }
    }
}

/// What may be looked up once there is a suspect.
pub trait Lookup {
    /// Where the change of a factor lies, if anything can be said.
    fn place(&self, factor: Factor) -> Option<Place>;
    /// The factor's rate in a slice over the time of both periods.
    fn series(&self, factor: Factor, slice: &Slice) -> Vec<Point>;
    /// The factor's rate in a slice, and outside of it, in both periods.
    fn rates(&self, factor: Factor, slice: &Slice) -> Option<Contrast>;
    /// How a version of a platform spread, beside the platform's other versions.
    fn adoption(&self, factor: Factor, platform: &str, version: &str) -> Vec<Adoption>;
}

/// Hits and cases in both periods.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Ratio {
    /// Hits.
    pub hits: Shift,
    /// Cases.
    pub of: Shift,
}

impl Ratio {
    /// The rate in both periods; `None` where there are no cases.
    pub fn rate(&self) -> Option<Shift> {
        let divide = |hits: f64, of: f64| (of > 0.0).then(|| hits / of);
        Some(Shift::new(
            divide(self.hits.before, self.of.before)?,
            divide(self.hits.after, self.of.after)?,
        ))
    }

    /// How far the rates are apart, in standard errors of their difference.
    pub fn z(&self, dispersion: f64) -> f64 {
        let (n0, n1) = (self.of.before, self.of.after);
        if n0 <= 0.0 || n1 <= 0.0 {
            return 0.0;
        }
        let p = ((self.hits.before + self.hits.after) / (n0 + n1)).clamp(0.0, 1.0);
        let variance = p * (1.0 - p) * (1.0 / n0 + 1.0 / n1) * dispersion.max(1.0);
        let change = self.hits.after / n1 - self.hits.before / n0;
        if variance > 0.0 {
            change / variance.sqrt()
        } else {
            0.0
        }
    }
}

/// A slice and the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Contrast {
    /// Within the slice.
    pub inside: Ratio,
    /// Everything else.
    pub outside: Ratio,
}

/// One fact behind a verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// In words, figures included.
    pub says: String,
    /// How strong, in standard errors; the sign is that of the change.
    pub z: f64,
    /// The figures in both periods, as shares or amounts.
    pub figures: Shift,
    /// The rows behind it.
    pub rows: Rows,
}

/// What it costs in the period that is looked at, in the unit of the funnel's values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Money {
    /// The loss, as a positive amount, after what other channels caught.
    pub lost: f64,
    /// Its 95 % interval.
    pub interval: Span,
    /// The loss before other channels caught any of it.
    pub gross: f64,
    /// Share of the revenue of the period to compare with.
    pub share: Option<f64>,
}

/// How sure a verdict is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Beyond reasonable doubt: more than six standard errors, and nothing speaks against it.
    High,
    /// More than chance would bring once in a thousand looks.
    Medium,
    /// There is too little to be sure.
    Low,
}

/// A verdict with what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Verdict {
    /// Which problem.
    pub problem: Problem,
    /// What lies behind it.
    pub cause: Cause,
    /// The reason that grew most, if one did.
    pub reason: Option<&'static str>,
    /// The stage of the funnel that shows it.
    pub factor: Option<Factor>,
    /// Where.
    pub place: Place,
    /// The stage's rate there in both periods; for what is new, such as a release, the rate of
    /// everything before.
    pub rates: Option<Shift>,
    /// Since when.
    pub since: Option<Onset>,
    /// How much.
    pub money: Money,
    /// How sure.
    pub confidence: Confidence,
    /// The three strongest facts.
    pub facts: Vec<Fact>,
    /// The release that explains it, by difference in differences over its adoption.
    pub release: Option<AdoptionEffect>,
    /// Changes that coincide with the beginning.
    pub coincides: Vec<Change>,
    /// In one sentence.
    pub says: String,
}

/// The whole diagnosis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diagnosis {
    /// The verdict.
    pub verdict: Verdict,
    /// What money is counted in, such as `EUR`.
    pub unit: String,
    /// The change of revenue, split up.
    pub decomposition: Decomposition,
    /// How sure its parts are.
    pub uncertainty: Uncertainty,
    /// The stages, one by one.
    pub stages: Vec<StageLine>,
    /// The journey's other channels.
    pub channels: Vec<Beside>,
    /// The other journeys.
    pub others: Option<Beside>,
}

/// One stage in both periods.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StageLine {
    /// Which.
    pub factor: Factor,
    /// Hits and cases.
    pub ratio: Ratio,
    /// What its change contributed.
    pub money: f64,
    /// The 95 % interval of that.
    pub interval: Span,
    /// Whether the change is more than chance.
    pub distinguishable: bool,
    /// Share of the reports that is usually here by now.
    pub complete: f64,
    /// The rows that passed the stage.
    pub rows: Rows,
}

/// Draws of the intervals.
const DRAWS: usize = 400;

/// Gives the verdict. `seed` is for the draws of the intervals: the same seed, the same diagnosis.
///
/// # Errors
/// As [`funnel::decompose`]: counts that are no numbers.
pub fn judge(
    picture: &Picture,
    lookup: &dyn Lookup,
    seed: u64,
) -> Result<Diagnosis, DecomposeError> {
    let decomposition = funnel::decompose(&picture.funnel)?;
    let uncertainty = uncertain::intervals(&picture.funnel, &picture.noise, DRAWS, seed)?;
    let case = suspect::Case {
        picture,
        decomposition: &decomposition,
        uncertainty: &uncertainty,
    };
    let suspicion = case.suspect();
    let verdict = facts::conclude(&case, &suspicion, lookup);
    let stages = Factor::ALL
        .into_iter()
        .filter(|factor| *factor != Factor::Mix)
        .map(|factor| case.line(factor))
        .collect();
    Ok(Diagnosis {
        verdict,
        unit: picture.unit.clone(),
        stages,
        channels: picture.channels.clone(),
        others: picture.others.clone(),
        decomposition,
        uncertainty,
    })
}
