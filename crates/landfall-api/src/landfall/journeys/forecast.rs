//! What would come of a journey if it started now.

use std::collections::BTreeMap;

use axum::Json;
use landfall_domain::channel::Platform;
use landfall_engine::forecast::{self, Forecast, IntentForecast, People};
use landfall_journey::forecast::Cost;
use landfall_journey::money;
use serde::Serialize;
use serde_json::Value;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Sent, Visit};

/// What would come of a journey if it started now.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ForecastAnswer {
    /// The journey's slug.
    journey: String,
    /// The version that is forecast: the newest, or the one that the draft would become.
    version: u32,
    /// Whom the trigger is about.
    base: BaseAnswer,
    /// People of the base who would not enter, by reason: `already_in`, `too_often`, `filter_unmet`.
    kept_out: BTreeMap<&'static str, u64>,
    /// People of the base who would enter.
    qualified: PeopleAnswer,
    /// Of those: who has a valid token whose app may show notifications.
    covered: PeopleAnswer,
    /// Of those who would enter: who may get at least one message of the journey.
    eligible: PeopleAnswer,
    /// Each reach step and each message of its own, in the order of the file.
    intents: Vec<IntentAnswer>,
    /// What the fallback costs if everybody who qualifies goes through once: messages over every channel of a
    /// reach step but the first.
    fallback_cost: CostAnswer,
    /// The same for as many as qualify in a week; absent: nobody can tell how many.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_week: Option<WeekAnswer>,
    /// What became of messages lately, by channel: what the expected cost follows.
    measured: Vec<MeasuredAnswer>,
    /// What was assumed, in words.
    assumptions: Vec<String>,
    /// Whether everything that lies in the store is counted already in `measured`.
    complete: bool,
}

/// Whom the trigger is about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BaseAnswer {
    /// `event`: who did the trigger's event lately; `segment`: who is in the trigger's segment; `date`: whose
    /// date comes soon; `product`: who showed interest in a product; `everybody`.
    kind: &'static str,
    /// How many.
    people: u64,
    /// How many come in a week, by the last weeks; absent: that cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_week: Option<u64>,
    /// Where the numbers come from, in words.
    told: String,
}

/// People, and on which platform they are.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PeopleAnswer {
    /// How many.
    people: u64,
    /// By the platform of the device to which a push would go, `none` without any; they add up.
    by_platform: BTreeMap<&'static str, u64>,
}

/// A sum of money between bounds, in whatever currency the definition states prices in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CostAnswer {
    /// If every message is confirmed in time.
    least: String,
    /// As often as channels passed on lately; absent: not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
    /// If every message fails.
    most: String,
}

/// A week at the pace of the last weeks.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WeekAnswer {
    /// People who would enter.
    people: u64,
    /// What the fallback would cost.
    fallback_cost: CostAnswer,
}

/// What an intent would be to the people who qualify.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IntentAnswer {
    /// The step.
    step: String,
    /// How many of those who enter come to it at most, in percent: chance and holdouts keep the others away.
    share_percent: f64,
    /// Its channels in order, or the one message.
    channels: Vec<ChannelAnswer>,
    /// People to whom no channel is open.
    unreached: u64,
    /// What the channels after the first would cost.
    fallback_cost: CostAnswer,
}

/// What a channel of an intent would be to the people who qualify.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChannelAnswer {
    /// The step as reports call it: `remind/push`.
    step: String,
    /// The channel.
    channel: &'static str,
    /// What one message costs.
    price: String,
    /// People who would be sent it first.
    first: u64,
    /// People to whom it is closed, by reason.
    closed: BTreeMap<&'static str, u64>,
}

/// What became of messages lately.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MeasuredAnswer {
    /// Over what.
    channel: &'static str,
    /// Of a push: on what.
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<&'static str>,
    /// Messages that were handed over, or failed on the way there.
    attempted: u64,
    /// Of those: bounced, failed or expired.
    failed: u64,
    /// Of those: confirmed.
    delivered: u64,
}

impl PeopleAnswer {
    fn of(people: &People) -> Self {
        let named = |platform: &Option<Platform>| platform.map_or("none", Platform::name);
        Self {
            people: people.all,
            by_platform: people
                .by_platform
                .iter()
                .map(|(platform, count)| (named(platform), *count))
                .collect(),
        }
    }
}

impl CostAnswer {
    fn of(cost: Cost) -> Self {
        Self {
            least: money::text(cost.least),
            expected: cost.expected.map(money::text),
            most: money::text(cost.most),
        }
    }
}

impl IntentAnswer {
    fn of(told: &IntentForecast) -> Self {
        let channels = told.intent.channels.iter().zip(&told.first);
        let channels = channels
            .zip(&told.closed)
            .map(|((channel, first), closed)| {
                let closed = closed.iter().map(|(why, people)| (why.name(), *people));
                ChannelAnswer {
                    step: channel.step.clone(),
                    channel: channel.channel.name(),
                    price: money::text(channel.price_micros),
                    first: *first,
                    closed: closed.collect(),
                }
            });
        Self {
            step: told.intent.step.clone(),
            share_percent: f64::from(told.intent.share) / 100.0,
            channels: channels.collect(),
            unreached: told.unreached,
            fallback_cost: CostAnswer::of(told.fallback),
        }
    }
}

impl MeasuredAnswer {
    fn of(measured: &forecast::Measured) -> Self {
        Self {
            channel: measured.channel.name(),
            platform: measured.platform.map(Platform::name),
            attempted: measured.attempted,
            failed: measured.failed,
            delivered: measured.delivered,
        }
    }
}

impl ForecastAnswer {
    fn of(forecast: Forecast, complete: bool) -> Self {
        let kept_out = forecast.kept_out.iter();
        Self {
            journey: forecast.journey.slug,
            version: forecast.journey.version,
            base: BaseAnswer {
                kind: forecast.base.kind.name(),
                people: forecast.base.people,
                per_week: forecast.base.per_week,
                told: forecast.base.told,
            },
            kept_out: kept_out
                .map(|(why, people)| (why.name(), *people))
                .collect(),
            qualified: PeopleAnswer::of(&forecast.qualified),
            covered: PeopleAnswer::of(&forecast.covered),
            eligible: PeopleAnswer::of(&forecast.eligible),
            intents: forecast.intents.iter().map(IntentAnswer::of).collect(),
            fallback_cost: CostAnswer::of(forecast.fallback),
            per_week: forecast.weekly.map(|week| WeekAnswer {
                people: week.people,
                fallback_cost: CostAnswer::of(week.fallback),
            }),
            measured: forecast.measured.iter().map(MeasuredAnswer::of).collect(),
            assumptions: forecast.assumptions,
            complete,
        }
    }
}

/// How many people qualify now, are covered, and may get something, by platform, and what the fallback would
/// cost. Everybody whom the trigger may be about is looked at: with a million people it takes a while.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/forecast", operation_id = "getForecast",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = ForecastAnswer), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn get(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<ForecastAnswer>, Problem> {
    let forecast = visit.workspace.forecast(&name).await?;
    Ok(Json(ForecastAnswer::of(forecast, visit.complete())))
}

/// What would come of a definition that is being written if it started now. Nothing is stored; `assumptions` say
/// when its conditions ask about something that is not counted yet.
#[utoipa::path(post, path = "/landfall/v1/forecast", operation_id = "forecastDraft", request_body = Object,
    responses((status = 200, body = ForecastAnswer), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 422, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn of_draft(
    visit: Visit,
    Sent(definition): Sent<Value>,
) -> Result<Json<ForecastAnswer>, Problem> {
    let forecast = visit.workspace.forecast_draft(&definition).await?;
    Ok(Json(ForecastAnswer::of(forecast, visit.complete())))
}
