//! Landfall's own API under `/landfall/v1`.

mod alerts;
pub mod books;
pub mod coverage;
mod credentials;
mod dead_letters;
mod definitions;
pub mod deliveries;
mod diagnosis;
mod dictionary;
pub mod dimension;
mod experiments;
mod find_people;
mod health_of_sending;
mod identity;
mod imports;
mod journeys;
pub mod metrics;
mod names;
pub mod people;
mod policy;
mod preview;
pub mod problem;
pub mod question;
pub mod range;
mod rejected;
mod segments;
mod sending;
mod sources;
mod survival;
pub mod trail;
mod users;
mod views;
mod visit;
mod webhooks;

pub(crate) use journeys::qa::Qa;
pub(crate) use visit::pairs;

use utoipa::OpenApi as _;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Landfall",
        description = "Did the push land? Metrics, deliveries, people and coverage of one workspace. \
                       Every call wants `Authorization: Bearer <app key>`; one that the role of the key's \
                       user does not allow is answered with 403.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    modifiers(&Bearer),
    security(("app_key" = []))
)]
struct Document;

/// The one way to prove who asks.
struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("app_key", scheme);
    }
}

/// The routes, with their descriptions.
pub(crate) fn router() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(metrics::get))
        .routes(routes!(deliveries::list))
        .routes(routes!(deliveries::stream))
        .routes(routes!(deliveries::get))
        .routes(routes!(people::timeline))
        .routes(routes!(find_people::get))
        .routes(routes!(people::replay))
        .routes(routes!(coverage::get))
        .routes(routes!(identity::get))
        .routes(routes!(identity::repair))
        .routes(routes!(identity::undo))
        .routes(routes!(survival::get))
        .routes(routes!(survival::of_person))
        .routes(routes!(survival::of_segment))
        .routes(routes!(books::get))
        .routes(routes!(rejected::list))
        .routes(routes!(names::list, names::put))
        .routes(routes!(names::lint))
        .routes(routes!(sources::list, sources::put))
        .routes(routes!(credentials::list))
        .routes(routes!(
            credentials::get,
            credentials::put,
            credentials::remove
        ))
        .routes(routes!(credentials::check))
        .routes(routes!(health_of_sending::get))
        .routes(routes!(webhooks::list, webhooks::add))
        .routes(routes!(webhooks::remove))
        .routes(routes!(webhooks::renew_key))
        .routes(routes!(webhooks::test))
        .routes(routes!(dead_letters::list))
        .routes(routes!(dead_letters::replay_all))
        .routes(routes!(dead_letters::replay_one))
        .routes(routes!(dead_letters::discard))
        .routes(routes!(imports::begin, imports::list))
        .routes(routes!(imports::get))
        .routes(routes!(imports::chunk))
        .routes(routes!(definitions::transactional::list))
        .routes(routes!(
            definitions::transactional::get,
            definitions::transactional::put,
            definitions::transactional::delete
        ))
        .routes(routes!(definitions::transactional::preview))
        .routes(routes!(definitions::broadcasts::list))
        .routes(routes!(
            definitions::broadcasts::get,
            definitions::broadcasts::put,
            definitions::broadcasts::delete
        ))
        .routes(routes!(definitions::broadcasts::preview))
        .routes(routes!(segments::list, segments::create))
        .routes(routes!(segments::get, segments::change, segments::delete))
        .routes(routes!(segments::inside::members))
        .routes(routes!(segments::inside::counts))
        .routes(routes!(segments::inside::explain))
        .routes(routes!(segments::built_in::list))
        .routes(routes!(sending::release))
        .routes(routes!(sending::cancel))
        .routes(routes!(sending::test))
        .routes(routes!(views::list, views::keep))
        .routes(routes!(views::replace, views::delete))
        .routes(routes!(preview::preview))
        .routes(routes!(users::me))
        .routes(routes!(users::list, users::add))
        .routes(routes!(users::set_role, users::remove))
        .merge(journey_routes())
        .merge(alert_routes())
}

fn alert_routes() -> OpenApiRouter<App> {
    use alerts::{channels, incidents, rules};
    OpenApiRouter::new()
        .routes(routes!(incidents::list))
        .routes(routes!(incidents::get))
        .routes(routes!(incidents::acknowledge))
        .routes(routes!(incidents::snooze))
        .routes(routes!(incidents::resolve))
        .routes(routes!(incidents::note))
        .routes(routes!(incidents::monitor))
        .routes(routes!(rules::list))
        .routes(routes!(rules::get, rules::put, rules::remove))
        .routes(routes!(rules::backtest))
        .routes(routes!(channels::get, channels::put))
        .routes(routes!(channels::test))
}

fn journey_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(journeys::list, journeys::apply))
        .routes(routes!(journeys::get))
        .routes(routes!(journeys::start))
        .routes(routes!(diagnosis::get))
        .routes(routes!(diagnosis::ticks::put))
        .routes(routes!(diagnosis::verdicts::list))
        .routes(routes!(dictionary::get))
        .routes(routes!(journeys::pause))
        .routes(routes!(journeys::stop))
        .routes(routes!(journeys::forecast::get))
        .routes(routes!(journeys::forecast::of_draft))
        .routes(routes!(journeys::gate::get))
        .routes(routes!(journeys::gate::waivers, journeys::gate::waive))
        .routes(routes!(journeys::qa::get, journeys::qa::run))
        .routes(routes!(journeys::qa::run_draft))
        .routes(routes!(journeys::enter::enter))
        .routes(routes!(journeys::hook::renew))
        .routes(routes!(journeys::conversions::list))
        .routes(routes!(journeys::conversions::recompute))
        .routes(routes!(journeys::runs::list))
        .routes(routes!(journeys::runs::get))
        .routes(routes!(journeys::replay::get))
        .routes(routes!(journeys::versions::list))
        .routes(routes!(journeys::versions::get))
        .routes(routes!(journeys::waiting::get))
        .routes(routes!(journeys::runs::of_person))
        .routes(routes!(policy::get, policy::put))
        .routes(routes!(experiments::list))
        .routes(routes!(experiments::power))
        .routes(routes!(experiments::get, experiments::put))
}

/// The OpenAPI document.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    router().split_for_parts().1
}

/// The OpenAPI document as JSON text.
pub fn openapi_json() -> String {
    document().to_pretty_json().unwrap_or_default()
}

/// Asks the board on a thread that may take its time.
pub(crate) async fn board<T: Send + 'static>(
    ask: impl FnOnce() -> T + Send + 'static,
) -> Result<T, problem::Problem> {
    tokio::task::spawn_blocking(ask).await.map_err(|error| {
        tracing::error!(%error, "a question to the board ended badly");
        problem::Problem::new(
            problem::Code::Internal,
            "the question could not be answered",
        )
    })
}

/// Threads for one question: all cores, since a question takes milliseconds.
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
