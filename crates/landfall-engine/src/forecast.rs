//! Forecast before launch: how many people qualify now, are covered, and may get something, on which platform;
//! and what the fallback would cost.
//!
//! Everybody who may be meant is looked at once, as they are now, by the rules that runs are decided by
//! ([`landfall_journey::prospect`]). What the future holds is not guessed but bounded; what could be measured
//! lately is told with where it comes from.

mod base;
mod count;
mod lately;
mod measured;

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall_domain::channel::Platform;
use landfall_domain::ids::JourneyId;
use landfall_domain::reason::Reason;
use landfall_domain::time::{DAY_MS, Timestamp};
use landfall_journey::forecast::{Cost, Intent, fallback_cost, intents};
use landfall_journey::{Numbering, Plan, Refusal};
use serde_json::Value;

use crate::journeys::{Journey, JourneyError, JourneyState};
use crate::live::Live;
use crate::workspace::Workspace;

pub use base::{Base, Kind};
pub use lately::EVENTS_MAX;
pub use measured::Measured;

/// How far back triggers are looked for, and what channels did, in days.
pub const DAYS: i64 = 28;
/// Weeks in [`DAYS`].
const WEEKS: u64 = 4;

/// People, and on which platform they are: that of the device to which a push would go; `None`: there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// How many.
    pub all: u64,
    /// They add up to `all`.
    pub by_platform: BTreeMap<Option<Platform>, u64>,
}

impl People {
    fn add(&mut self, platform: Option<Platform>) {
        self.all += 1;
        *self.by_platform.entry(platform).or_default() += 1;
    }
}

/// What an intent would be to the people who qualify.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntentForecast {
    /// The intent.
    pub intent: Intent,
    /// For each channel, people who would be sent it first.
    pub first: Vec<u64>,
    /// For each channel, why it is closed to how many people.
    pub closed: Vec<BTreeMap<Reason, u64>>,
    /// People to whom no channel is open.
    pub unreached: u64,
    /// What the channels after the first would cost.
    pub fallback: Cost,
}

/// What would come of a journey's newest version, or of a draft, if it started now.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Which journey.
    pub id: JourneyId,
    /// The journey as stored.
    pub journey: Journey,
    /// Whom the trigger is about, and where that number comes from.
    pub base: Base,
    /// Of those: who would not enter, and why.
    pub kept_out: BTreeMap<Refusal, u64>,
    /// Of those: who would enter.
    pub qualified: People,
    /// Of those who would enter: who has a valid token whose app may show notifications.
    pub covered: People,
    /// Of those who would enter: who may get at least one message of the journey.
    pub eligible: People,
    /// In the order of the file.
    pub intents: Vec<IntentForecast>,
    /// What the fallback of all intents would cost if everybody who qualifies went through once.
    pub fallback: Cost,
    /// The same for as many as qualify in a week; `None`: nobody can tell how many.
    pub weekly: Option<Weekly>,
    /// How often channels passed on lately.
    pub measured: Vec<Measured>,
    /// What was assumed, in words.
    pub assumptions: Vec<String>,
}

/// A week of the journey at the pace of the last weeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekly {
    /// People who would enter.
    pub people: u64,
    /// What the fallback would cost.
    pub fallback: Cost,
}

impl Workspace {
    /// What would come of a journey's newest version if it started now. Takes as long as reading everybody
    /// whom the trigger may be about.
    ///
    /// # Errors
    /// When there is no such journey, it has no version yet, or the store cannot be read.
    pub async fn forecast(&self, name: &str) -> Result<Forecast, JourneyError> {
        let (id, journey) = self.find_journey(name).await?;
        let plan = self.newest_plan(id, &journey).await?;
        self.forecast_plan(id, journey, plan).await
    }

    /// The same for a definition that is being written: nothing is stored. What its conditions ask about what
    /// people did is known as far as it is counted for others already; the assumptions say when it is not.
    ///
    /// # Errors
    /// When the definition has faults, or the store cannot be read.
    pub async fn forecast_draft(&self, definition: &Value) -> Result<Forecast, JourneyError> {
        let plan = Arc::new(self.check_journey(definition).await?);
        let slug = &plan.definition.id;
        let (id, journey) = match self.find_journey(slug).await {
            Ok(known) => known,
            Err(JourneyError::Missing(_)) => (plan.journey, self.unapplied(&plan)),
            Err(error) => return Err(error),
        };
        let journey = Journey {
            version: plan.version,
            ..journey
        };
        self.forecast_plan(id, journey, plan).await
    }

    /// A journey that nobody applied yet.
    fn unapplied(&self, plan: &Plan) -> Journey {
        Journey {
            slug: plan.definition.id.clone(),
            name: plan.definition.name.clone(),
            state: JourneyState::Draft,
            version: plan.version,
            numbering: Numbering::new(plan.journey),
            build: None,
            unsettled: false,
            recompute: None,
            created_at: self.now(),
            updated_at: self.now(),
            started_at: None,
        }
    }

    async fn forecast_plan(
        &self,
        id: JourneyId,
        journey: Journey,
        plan: Arc<Plan>,
    ) -> Result<Forecast, JourneyError> {
        let measured = measured::read(self, self.now()).await?;
        let (live, now, salt) = (self.live(), self.now(), self.shared.salt);
        let uncounted = uncounted(&plan, &live);
        let about = Arc::clone(&plan);
        let counted = self.read(move |store| {
            let around = count::Around {
                plan: &about,
                live: &live,
                now,
                salt: &salt,
            };
            count::read(store, &around)
        });
        let count::Counted {
            base,
            kept_out,
            qualified,
            covered,
            eligible,
            tallies,
        } = counted.await?;
        let passing = |channel, platform| measured::passing(&measured, channel, platform);
        let told: Vec<IntentForecast> = intents(&plan)
            .into_iter()
            .zip(tallies)
            .map(|(intent, tally)| IntentForecast {
                fallback: fallback_cost(&intent, &tally.lots, passing),
                first: tally.first,
                closed: tally.closed,
                unreached: tally.unreached,
                intent,
            })
            .collect();
        let costs = told.iter().map(|intent| intent.fallback);
        let fallback = costs.fold(Cost::ZERO, Cost::plus);
        let weekly = weekly(&base, qualified.all, fallback);
        let mut forecast = Forecast {
            id,
            journey,
            base,
            kept_out,
            qualified,
            covered,
            eligible,
            intents: told,
            fallback,
            weekly,
            measured,
            assumptions: Vec::new(),
        };
        forecast.assumptions = assumptions(&forecast);
        if uncounted {
            forecast.assumptions.insert(1, UNCOUNTED.to_owned());
        }
        Ok(forecast)
    }
}

/// What is said of a draft whose conditions ask something new.
const UNCOUNTED: &str = "Conditions of the draft ask about something that people did and that is not counted yet: here \
                         it counts as never done. Apply the draft, and its forecast knows the past.";

/// Whether conditions of a plan ask about what nobody asked about before.
fn uncounted(plan: &Plan, live: &Live) -> bool {
    let conditions = plan.conditions().into_iter();
    let mut patterns = conditions.flat_map(landfall_audience::Condition::patterns);
    patterns.any(|pattern| !live.patterns.contains(pattern.id()))
}

/// A week, of whose people the same share enters as of all.
fn weekly(base: &Base, qualified: u64, fallback: Cost) -> Option<Weekly> {
    let (week, all) = (u128::from(base.per_week?), u128::from(base.people));
    // To the nearest whole number.
    let enter = (week * u128::from(qualified) + all / 2).checked_div(all);
    let people = u64::try_from(enter.unwrap_or(0)).unwrap_or(u64::MAX);
    Some(Weekly {
        people,
        fallback: fallback.scaled(people, qualified),
    })
}

/// Everything that a reader has to know to trust the numbers as far as they go.
fn assumptions(forecast: &Forecast) -> Vec<String> {
    let mut told = vec![forecast.base.told.clone()];
    if let Some(build) = forecast.journey.build {
        told.push(format!(
            "What happened before is still being counted for the conditions ({} %): until that is done, people \
             may be missing.",
            build.percent()
        ));
    }
    told.push(
        "Everybody is taken as they are now: consent, devices, addresses, caps and filters. Messages that quiet \
         hours or a cap would hold count as possible."
            .to_owned(),
    );
    told.push(
        "Each intent is reckoned for everybody who comes to it by chance and holdout. Branches, exits and goals \
         keep some of them away, so counts of later intents and costs are upper bounds."
            .to_owned(),
    );
    told.push(
        "The least cost is that of people whose first channel is closed, if every message is confirmed in time; \
         the most is every open channel for everybody."
            .to_owned(),
    );
    if forecast.fallback.expected.is_some() {
        told.push(format!(
            "The expected cost follows what became of messages over the same channels in the {DAYS} days before \
             yesterday."
        ));
    } else {
        told.push(format!(
            "No expected cost is told: in the {DAYS} days before yesterday a channel that matters had fewer than \
             {} messages.",
            landfall_journey::forecast::MEASURED_MIN
        ));
    }
    let unpriced: Vec<&str> = forecast
        .intents
        .iter()
        .flat_map(|told| told.intent.channels.iter().skip(1))
        .filter(|channel| channel.price_micros == 0)
        .map(|channel| channel.step.as_str())
        .collect();
    if !unpriced.is_empty() {
        told.push(format!(
            "These cost nothing, because the definition states no `cost`: {}.",
            unpriced.join(", ")
        ));
    }
    told
}

/// The moment from which triggers are looked for.
const fn since(now: Timestamp) -> Timestamp {
    now.plus_millis(-DAYS * DAY_MS)
}
