//! `/landfall/v1/journeys/{journey}/conversions`: what a journey's messages brought, by three models.

use std::collections::BTreeMap;

use axum::Json;
use landfall_board::{Condition, Dimension, Filter, Position, Search, TimeRange, Value};
use landfall_domain::credit::{Earned, Share, Shares, minor_units};
use landfall_domain::delivery::Delivery;
use landfall_domain::ids::JourneyId;
use landfall_domain::marks::Mark;
use landfall_domain::message::{MessageRef, SourceKind};
use landfall_engine::{Catalogue, Workspace};
use serde::Serialize;

use super::super::problem::{Problem, ProblemBody};
use super::super::visit::{Place, Visit};
use super::super::{board, range};

/// Deliveries read at a time.
const PAGE: usize = 1_000;

/// What a journey's messages brought.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Conversions {
    /// The journey's number.
    pub(crate) journey: u32,
    /// What a row is: `step`, `variant`, `run` or `delivery`.
    pub(crate) by: &'static str,
    /// What each has a share in: those who were sent something, and the holdout apart.
    pub(crate) rows: Vec<Brought>,
    /// The sums of all rows but those of the holdout.
    pub(crate) total: Models,
    /// The sums of the rows of the holdout.
    pub(crate) holdout: Models,
    /// Whether the board held everything that the ledger holds when this was answered.
    pub(crate) complete: bool,
    /// Give it as `after` for the next page of runs or deliveries; absent: that was all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
    /// How far computing history anew is, in percent; absent unless it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recomputing: Option<u64>,
}

/// What a step, variant, run or delivery brought.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Brought {
    /// Its number or id.
    pub(crate) key: String,
    /// Its name, for steps and variants that have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Whether these people are in the holdout and were sent nothing.
    pub(crate) holdout: bool,
    /// What it brought.
    #[serde(flatten)]
    pub(crate) models: Models,
}

/// One thing by three models side by side.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Models {
    /// Everything to the last touch: what metrics count.
    pub(crate) last: Brings,
    /// Everything to the first touch.
    pub(crate) first: Brings,
    /// The same to every touch.
    pub(crate) linear: Brings,
}

/// Conversions and their value.
#[derive(Debug, Default, Serialize, utoipa::ToSchema)]
pub(crate) struct Brings {
    /// How many; shares of one are fractions.
    pub(crate) conversions: f64,
    /// Value less refunds in smallest units by currency, `XXX` without one.
    pub(crate) value: BTreeMap<String, i64>,
}

/// What a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Step,
    Variant,
    Run,
    Delivery,
}

impl By {
    fn read(visit: &Visit) -> Result<Self, Problem> {
        match visit.parameter("by") {
            None | Some("step") => Ok(Self::Step),
            Some("variant") => Ok(Self::Variant),
            Some("run") => Ok(Self::Run),
            Some("delivery") => Ok(Self::Delivery),
            Some(_) => Err(Problem::field("by", "write step, variant, run or delivery")),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Variant => "variant",
            Self::Run => "run",
            Self::Delivery => "delivery",
        }
    }

    /// The key of a delivery's row; `None`: it belongs to no row.
    fn key(self, delivery: &Delivery, message: &MessageRef) -> Option<String> {
        match self {
            Self::Step => message.step_id.map(|step| step.to_string()),
            Self::Variant => message.variant_id.map(|variant| variant.to_string()),
            Self::Run => {
                let run = delivery.about.run.as_ref()?;
                Some(run.text.trim_start_matches("run-").to_owned())
            }
            Self::Delivery => Some(delivery.id.clone()),
        }
    }

    fn name_of(self, message: &MessageRef, catalogue: &Catalogue) -> Option<String> {
        let name = match self {
            Self::Step => catalogue.step_name(message),
            Self::Variant => catalogue.variant_name(message),
            Self::Run | Self::Delivery => None,
        };
        name.map(str::to_owned)
    }

    /// Whether there may be as many rows as people.
    const fn is_long(self) -> bool {
        matches!(self, Self::Run | Self::Delivery)
    }
}

/// Sums in millionths.
#[derive(Debug, Default)]
struct Sums {
    name: Option<String>,
    weights: Shares,
    by_currency: BTreeMap<Option<String>, Shares>,
}

impl Sums {
    fn add(&mut self, earned: &Earned) {
        add(&mut self.weights, &earned.shares);
        let currency = earned.currency.as_deref().map(str::to_ascii_uppercase);
        add(
            self.by_currency.entry(currency).or_default(),
            &earned.shares,
        );
    }

    fn models(&self) -> Models {
        let brings = |pick: fn(&Shares) -> Share| {
            let values = self.by_currency.iter().filter_map(|(currency, shares)| {
                let minor = minor_units(pick(shares).micros, currency.as_deref());
                let letters = currency.clone().unwrap_or_else(|| "XXX".to_owned());
                (minor != 0).then_some((letters, minor))
            });
            Brings {
                conversions: fraction(pick(&self.weights).weight),
                value: values.collect(),
            }
        };
        Models {
            last: brings(|shares| shares.last),
            first: brings(|shares| shares.first),
            linear: brings(|shares| shares.linear),
        }
    }
}

fn add(sums: &mut Shares, more: &Shares) {
    for (sum, more) in [
        (&mut sums.last, more.last),
        (&mut sums.first, more.first),
        (&mut sums.linear, more.linear),
    ] {
        sum.weight = sum.weight.saturating_add(more.weight);
        sum.micros = sum.micros.saturating_add(more.micros);
    }
}

/// Millionths as a number: whole millionths up to nine billion conversions are exact.
#[expect(
    clippy::cast_precision_loss,
    reason = "shares are shown; sums are made of whole numbers before"
)]
fn fraction(weight: i64) -> f64 {
    weight as f64 / 1_000_000.0
}

/// Everything that is summed up.
#[derive(Debug, Default)]
struct Book {
    rows: BTreeMap<(String, bool), Sums>,
    total: Sums,
    holdout: Sums,
}

impl Book {
    fn enter(&mut self, by: By, delivery: &Delivery, catalogue: &Catalogue) {
        let message = catalogue.message(delivery.message);
        let (Some(earned), Some(message)) = (delivery.credits.earned(), message) else {
            return;
        };
        if let Some(key) = by.key(delivery, message) {
            let row = self.rows.entry((key, earned.holdout)).or_default();
            row.name = row.name.take().or_else(|| by.name_of(message, catalogue));
            row.add(&earned);
        }
        match earned.holdout {
            true => self.holdout.add(&earned),
            false => self.total.add(&earned),
        }
    }
}

/// Where the deliveries that have a share in a conversion stand on the board.
async fn credited(
    workspace: &Workspace,
    journey: JourneyId,
    range: TimeRange,
) -> Result<Vec<Position>, Problem> {
    let source = Value::Source(SourceKind::Campaign, u64::from(journey.0));
    let search = Search {
        filter: Filter(vec![
            Condition::In(Dimension::Journey, vec![source]),
            Condition::Has(Mark::Credited),
        ]),
        range,
        after: None,
        limit: usize::MAX,
    };
    let (shared, catalogue) = (workspace.clone(), workspace.catalogue());
    let found = board(move || shared.board().view().search(catalogue.infos(), &search));
    Ok(found.await??)
}

async fn read(workspace: &Workspace, by: By, positions: &[Position]) -> Result<Book, Problem> {
    let catalogue = workspace.catalogue();
    let mut book = Book::default();
    for page in positions.chunks(PAGE) {
        let keys: Vec<_> = page.iter().map(|position| position.delivery).collect();
        let deliveries = workspace.read(move |store| store.deliveries(&keys)).await?;
        for delivery in &deliveries {
            book.enter(by, delivery, &catalogue);
        }
    }
    Ok(book)
}

/// What a journey's messages brought by last touch, first touch and linear side by side, refunds netted.
#[utoipa::path(get, path = "/landfall/v1/journeys/{journey}/conversions", operation_id = "listConversions",
    params(("journey" = String, Path, description = "Slug, number or name"),
        ("by" = Option<String>, Query, description = "`step` (default), `variant`, `run` or `delivery`"),
        ("range" = Option<String>, Query, description = "When deliveries were created: `7d`, `2026-11-01..2026-11-08`"),
        ("after" = Option<String>, Query, description = "`next` of the page before, for runs and deliveries"),
        ("limit" = Option<usize>, Query, description = "Deliveries looked at for a page of runs or deliveries: 1 to 10000, default 1000")),
    responses((status = 200, body = Conversions), (status = 400, body = ProblemBody),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)), tag = "journeys")]
pub(crate) async fn list(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<Conversions>, Problem> {
    let (id, journey) = visit.workspace.find_journey(&name).await?;
    let by = By::read(&visit)?;
    let when = visit.parameter("range").map(|text| {
        let now = visit.workspace.now();
        range::parse(text, now, &jiff::tz::TimeZone::UTC)
            .map_err(|error| Problem::field("range", error.to_string()))
    });
    let when = when.transpose()?.unwrap_or(TimeRange::ALL);
    let mut positions = credited(&visit.workspace, id, when).await?;
    // Rising keys: pages stay where they are while new deliveries come.
    positions.sort_unstable_by_key(|position| position.delivery);
    let mut next = None;
    if by.is_long() {
        let limit = visit.limit(1_000, 10_000)?;
        if let Some(after) = visit.parameter("after") {
            let after: u32 = after
                .parse()
                .map_err(|_| Problem::field("after", "write the `next` of the page before"))?;
            positions.retain(|position| position.delivery.0 > after);
        }
        if positions.len() > limit {
            positions.truncate(limit);
            next = positions.last().map(|last| last.delivery.0.to_string());
        }
    }
    let book = read(&visit.workspace, by, &positions).await?;
    let rows = book.rows.iter().map(|((key, holdout), sums)| Brought {
        key: key.clone(),
        name: sums.name.clone(),
        holdout: *holdout,
        models: sums.models(),
    });
    Ok(Json(Conversions {
        journey: id.0,
        by: by.name(),
        rows: rows.collect(),
        total: book.total.models(),
        holdout: book.holdout.models(),
        complete: visit.complete(),
        next,
        recomputing: journey.recompute.map(|build| build.percent()),
    }))
}

/// Computes the conversions of every run anew by the goal of the newest version, in the background. Until
/// it is done, `recomputing` says how far it is.
#[utoipa::path(post, path = "/landfall/v1/journeys/{journey}/conversions/recompute",
    operation_id = "recomputeConversions",
    params(("journey" = String, Path, description = "Slug, number or name")),
    responses((status = 200, body = Recomputing), (status = 401, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody, description = "the newest version has no goal")), tag = "journeys")]
pub(crate) async fn recompute(
    visit: Visit,
    Place(name): Place<String>,
) -> Result<Json<Recomputing>, Problem> {
    let (id, journey) = visit.workspace.recompute_conversions(&name).await?;
    Ok(Json(Recomputing {
        journey: id.0,
        version: journey.version,
        recomputing: journey.recompute.map_or(0, |build| build.percent()),
    }))
}

/// That history is computed anew.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Recomputing {
    /// The journey's number.
    pub(crate) journey: u32,
    /// The version whose goal counts.
    pub(crate) version: u32,
    /// How far it is, in percent.
    pub(crate) recomputing: u64,
}
