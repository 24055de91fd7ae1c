//! What lies behind an incident: the diagnosis of its journey, and what became of its messages.

use landfall_board::{Condition, CountBy, Dimension, Measure, Value};
use landfall_domain::message::SourceKind;
use landfall_domain::status::Status;
use landfall_domain::time::{DAY_MS, HOUR_MS, Timestamp};
use landfall_insight::alerts::{Breakdown, Finding, Incident, Metric, SliceOf};
use landfall_insight::verdict::{Change, Problem};
use landfall_store::Store;

use super::MonitorError;
use super::book::Particulars;
use super::counts::{Counting, floored, is_push, is_watched, text};
use super::slice;
use super::step::Heard;
use crate::catalogue::Catalogue;
use crate::diagnosis::{DiagnosisError, Period, Request, diagnose};
use crate::journeys;

/// Journeys that are named in an incident.
const JOURNEYS_MAX: usize = 5;
/// A week: what is compared with has the same hours of the week.
const WEEK_MS: i64 = 7 * DAY_MS;

/// What an explanation is made from.
#[derive(Clone, Copy)]
pub(super) struct Explaining<'b> {
    pub(super) counting: &'b Counting<'b>,
    pub(super) catalogue: &'b Catalogue,
    pub(super) store: &'b dyn Store,
    pub(super) standings: &'b [Heard],
    pub(super) now: Timestamp,
}

impl Explaining<'_> {
    /// What is known of an incident now.
    pub(super) fn particulars(&self, incident: &Incident) -> Result<Particulars, MonitorError> {
        let finding = &incident.finding;
        let journeys = self.journeys(finding)?;
        let mut particulars = Particulars {
            breakdown: self.breakdown(finding)?,
            verdict: self.plain_verdict(finding),
            at: Some(self.now),
            ..Particulars::default()
        };
        if let Some(journey) = journeys
            .first()
            .filter(|_| finding.head.metric != Metric::Heartbeat)
        {
            self.diagnose(finding, journey, &mut particulars)?;
        }
        particulars.journeys = journeys.iter().map(text).collect();
        Ok(particulars)
    }

    /// Since the incident began, at least an hour.
    fn period(&self, finding: &Finding) -> Period {
        let since = floored(finding.since());
        Period {
            start: since.min(self.now.plus_millis(-HOUR_MS)),
            end: self.now,
        }
    }

    /// The journeys that an incident touches: those that its signals name, or those that send most in its
    /// slice.
    fn journeys(&self, finding: &Finding) -> Result<Vec<Value>, MonitorError> {
        let named = finding.head.slice.0.get("journey").map(String::as_str);
        if let Some(journey) = named.and_then(source) {
            return Ok(vec![journey]);
        }
        let groups = self.counting.groups(
            self.filter(&finding.head.slice),
            vec![Dimension::Journey],
            vec![Measure::Rows],
            CountBy::Row,
            self.period(finding),
        )?;
        let mut sizes: Vec<(u64, Value)> = groups
            .into_iter()
            .filter_map(|mut group| {
                let rows = group.cells.first().map_or(0, landfall_board::Cell::count);
                let journey = group.key.pop()?;
                is_watched(&journey).then_some((rows, journey))
            })
            .collect();
        sizes.sort_by(|a, b| b.cmp(a));
        sizes.truncate(JOURNEYS_MAX);
        Ok(sizes.into_iter().map(|(_, journey)| journey).collect())
    }

    fn filter(&self, of: &SliceOf) -> Vec<Condition> {
        let mut filter = slice::conditions(of).unwrap_or_default();
        filter.push(is_push());
        filter
    }

    fn breakdown(&self, finding: &Finding) -> Result<Vec<Breakdown>, MonitorError> {
        let groups = self.counting.groups(
            self.filter(&finding.head.slice),
            vec![Dimension::Status],
            vec![Measure::Rows],
            CountBy::Row,
            self.period(finding),
        )?;
        let named = groups.iter().filter_map(|group| {
            let Some(Value::Code(code)) = group.key.first() else {
                return None;
            };
            Some(Breakdown {
                name: Status::from_code(u8::try_from(*code).ok()?)?
                    .name()
                    .to_owned(),
                count: group.cells.first()?.count(),
            })
        });
        let mut breakdown: Vec<Breakdown> = named.collect();
        breakdown.sort_by(|a, b| b.count.cmp(&a.count).then(a.name.cmp(&b.name)));
        Ok(breakdown)
    }

    /// The figures in a sentence, where there is no diagnosis (yet).
    fn plain_verdict(&self, finding: &Finding) -> String {
        let head = &finding.head;
        let place = self.words(&head.slice);
        if head.metric == Metric::Heartbeat {
            let name = head.slice.0.get("credential");
            let heard = self
                .standings
                .iter()
                .find(|heard| Some(&heard.name) == name);
            let words = heard.map_or("", |heard| heard.words.as_str());
            return format!("The provider refuses the credential of {place}. {words}")
                .trim()
                .to_owned();
        }
        match head.rates() {
            Some((rate, usual)) => format!(
                "{} is {:.1} % instead of {:.1} % on {place}.",
                sentence(head.metric),
                100.0 * rate,
                100.0 * usual
            ),
            None => format!("Nothing at all: {} on {place}.", head.metric.name()),
        }
    }

    /// Asks the diagnosis of a journey, from the beginning on, beside the week before. Of a few quarter hours
    /// it may not make out anything: then the figures have to do.
    fn diagnose(
        &self,
        finding: &Finding,
        journey: &Value,
        particulars: &mut Particulars,
    ) -> Result<(), MonitorError> {
        let period = self.period(finding);
        let weeks = (period.length() + WEEK_MS - 1) / WEEK_MS;
        let by = -weeks * WEEK_MS;
        let request = Request {
            journey: vec![journey.clone()],
            name: text(journey),
            period,
            against: Period {
                start: period.start.plus_millis(by),
                end: period.end.plus_millis(by),
            },
            changes: self.changes(journey)?,
            seed: period.start.millis().unsigned_abs(),
        };
        let Counting {
            board,
            messages,
            threads,
        } = *self.counting;
        let report = match diagnose(board, messages, &request, self.now, threads) {
            Ok(report) => report,
            Err(DiagnosisError::Query(error)) => return Err(error.into()),
            // Counts that are no numbers: there is no diagnosis, and the incident stands.
            Err(DiagnosisError::Decompose(_)) => return Ok(()),
        };
        let verdict = &report.diagnosis.verdict;
        if verdict.problem == Problem::Nothing {
            return Ok(());
        }
        particulars.diagnosed(verdict.problem, verdict.cause);
        let days = period.length() as f64 / DAY_MS as f64;
        if verdict.money.lost > 0.0 && days > 0.0 {
            particulars.money_a_day = Some(verdict.money.lost / days);
            particulars.unit = Some(report.diagnosis.unit.clone());
        }
        particulars.verdict = format!("{} {}", particulars.verdict, verdict.says);
        Ok(())
    }

    fn changes(&self, journey: &Value) -> Result<Vec<Change>, MonitorError> {
        let Value::Source(SourceKind::Campaign, number) = journey else {
            return Ok(Vec::new());
        };
        let versions = journeys::versions(self.store)?.into_iter();
        let own = versions.filter(|version| u64::from(version.journey.0) == *number);
        let changes = own.map(|version| Change {
            at: version.at,
            what: format!("version {} of the journey was applied", version.version),
        });
        Ok(changes.collect())
    }

    /// A slice in words, with the name of its journey.
    pub(super) fn words(&self, slice: &SliceOf) -> String {
        words(slice, self.catalogue)
    }
}

/// A slice in words, with the name of its journey: `Cart Recovery, platform ios`.
pub(super) fn words(slice: &SliceOf, catalogue: &Catalogue) -> String {
    if slice.0.is_empty() {
        return "all journeys".to_owned();
    }
    let mut rest = slice.clone();
    let journey = rest.0.remove("journey");
    let mut words: Vec<String> = journey
        .map(|journey| journey_name(&journey, catalogue).unwrap_or(journey))
        .into_iter()
        .collect();
    if !rest.0.is_empty() {
        words.push(rest.words());
    }
    words.join(", ")
}

/// The name of a journey that is written as in queries.
pub(super) fn journey_name(journey: &str, catalogue: &Catalogue) -> Option<String> {
    let wanted = source(journey)?;
    let messages = catalogue.infos().iter();
    let mut own = messages.filter(|info| Value::Source(info.source, info.source_id) == wanted);
    own.find_map(|info| info.source_name.clone())
}

fn source(journey: &str) -> Option<Value> {
    let (kind, id) = journey.split_once(':')?;
    Some(Value::Source(SourceKind::named(kind)?, id.parse().ok()?))
}

/// How a metric begins a sentence.
const fn sentence(metric: Metric) -> &'static str {
    match metric {
        Metric::Heartbeat => "The heartbeat",
        Metric::Coverage => "The share of people who can be reached by push",
        Metric::Eligible => {
            "The share of people whom caps, quiet hours and other rules let through"
        }
        Metric::Accepted => "The share of pushes that providers take",
        Metric::Bounced => "The share of pushes that bounce",
        Metric::Delivered => "The share of pushes that devices report",
        Metric::Opened => "The share of delivered pushes that are opened",
        Metric::Converted => "The share of delivered pushes that convert",
    }
}
