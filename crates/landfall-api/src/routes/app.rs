//! The App API: what Customer.io's server clients read (docs/api/app.md).
//!
//! Handlers answer from the store, the catalogue and the board of the workspace that the key opens.
//! They change nothing but manual segments, exports and reporting webhooks.

mod activities;
mod answer;
mod calendar;
mod campaigns;
mod door;
mod exports;
mod journeys;
mod ledger;
mod links;
mod messages;
mod names;
mod params;
mod parts;
mod people;
mod refusal;
mod reporting_webhooks;
mod segments;
mod send;
mod series;
mod small;
mod snippets;
mod sources;
mod spans;
mod subscriptions;
mod suppression;
mod templates;
#[cfg(test)]
mod tests;
mod triggers;
mod view;

use axum::routing::{MethodRouter, any, delete, get, post, put};
use axum::{Extension, Router};

use self::door::{Door, Path};
use self::params::Params;
use self::series::Part;
use self::sources::{BROADCASTS, CAMPAIGNS, Family, NEWSLETTERS, TRANSACTIONAL};
use crate::app::App;

/// Every route of the App API.
pub(crate) fn router() -> Router<App> {
    Router::new()
        .merge(people_routes())
        .merge(message_routes())
        .merge(source_routes("/v1/campaigns", CAMPAIGNS))
        .merge(source_routes("/v1/broadcasts", BROADCASTS))
        .merge(source_routes("/v1/newsletters", NEWSLETTERS))
        .merge(source_routes("/v1/transactional", TRANSACTIONAL))
        .merge(segment_routes())
        .merge(export_routes())
        .merge(reporting_routes())
        .merge(suppression_routes())
        .merge(small_routes())
        .method_not_allowed_fallback(small::wrong_method)
}

fn people_routes() -> Router<App> {
    Router::new()
        .route("/v1/customers", get(people::by_email).post(people::search))
        .route("/v1/customers/attributes", post(people::attributes_of_many))
        .route("/v1/customers/{id}/attributes", get(people::attributes))
        .route("/v1/customers/{id}/segments", get(people::segments_of))
        .route("/v1/customers/{id}/messages", get(messages::of_customer))
        .route(
            "/v1/customers/{id}/activities",
            get(activities::of_customer),
        )
        .route(
            "/v1/customers/{id}/relationships",
            get(people::relationships),
        )
        .route(
            "/v1/customers/{id}/subscription_preferences",
            get(subscriptions::of_customer),
        )
        .route("/v1/activities", get(activities::list))
        .route("/v1/subscription_topics", get(subscriptions::known_topics))
}

fn message_routes() -> Router<App> {
    Router::new()
        .route("/v1/messages", get(messages::list))
        .route("/v1/messages/{id}", get(messages::get))
        .route(
            "/v1/messages/{id}/archived_message",
            get(messages::archived),
        )
}

/// What campaigns, broadcasts, newsletters and transactional messages have in common, and what each
/// has of its own.
fn source_routes(prefix: &str, family: Family) -> Router<App> {
    let path = |rest: &str| format!("{prefix}{rest}");
    let router = Router::new()
        .route(
            prefix,
            get(move |door, params| sources::list(family, door, params)),
        )
        .route(
            &path("/{id}"),
            get(move |door, Path(id)| sources::get(family, door, id)),
        )
        .route(&path("/{id}/messages"), deliveries(family))
        .route(&path("/{id}/metrics"), metrics(family))
        .route(&path("/{id}/metrics/links"), links(family));
    match family {
        NEWSLETTERS => content_routes(router, prefix, family),
        TRANSACTIONAL => router
            .route(&path("/{id}/deliveries"), deliveries(family))
            .route(&path("/{id}/contents"), get(templates::contents))
            .route(
                &path("/{id}/content/{content}"),
                put(templates::put_content),
            )
            .route(
                &path("/{id}/language/{language}"),
                get(templates::language).put(templates::put_language),
            ),
        BROADCASTS => action_routes(router, prefix, family)
            .route(&path("/{id}/triggers"), get(triggers::list)),
        _ => action_routes(router, prefix, family)
            .route(&path("/{id}/journey_metrics"), get(journeys::metrics))
            .route(
                &path("/{id}/triggers"),
                get(triggers::list).post(triggers::post),
            )
            .route(&path("/{id}/triggers/{trigger}"), get(triggers::get))
            .route(
                &path("/{id}/triggers/{trigger}/errors"),
                get(triggers::errors),
            ),
    }
}

fn deliveries(family: Family) -> MethodRouter<App> {
    get(move |door, Path(id), params| sources::deliveries(family, door, id, params))
}

fn metrics(family: Family) -> MethodRouter<App> {
    get(move |door: Door, Path(id), params: Params| {
        series::metrics(family, door, id, Part::Whole, params)
    })
}

fn links(family: Family) -> MethodRouter<App> {
    get(move |door: Door, Path(id), params: Params| {
        links::links(family, door, id, Part::Whole, params)
    })
}

fn action_routes(router: Router<App>, prefix: &str, family: Family) -> Router<App> {
    let path = |rest: &str| format!("{prefix}/{{id}}/actions{rest}");
    router
        .route(
            &path(""),
            get(move |door, Path(id)| parts::actions(family, door, id)),
        )
        .route(
            &path("/{action}"),
            get(move |door, Path((id, step))| parts::action(family, door, id, step)),
        )
        .route(
            &path("/{action}/metrics"),
            get(move |door: Door, Path((id, step)), params: Params| {
                series::metrics(family, door, id, Part::Step(step), params)
            }),
        )
        .route(
            &path("/{action}/metrics/links"),
            get(move |door: Door, Path((id, step)), params: Params| {
                links::links(family, door, id, Part::Step(step), params)
            }),
        )
}

fn content_routes(router: Router<App>, prefix: &str, family: Family) -> Router<App> {
    let path = |rest: &str| format!("{prefix}/{{id}}/contents{rest}");
    router
        .route(
            &path(""),
            get(move |door, Path(id)| parts::contents(family, door, id)),
        )
        .route(
            &path("/{content}"),
            get(move |door, Path((id, content))| parts::content(family, door, id, content)),
        )
        .route(
            &path("/{content}/metrics"),
            get(move |door: Door, Path((id, content)), params: Params| {
                series::metrics(family, door, id, Part::Content(content), params)
            }),
        )
        .route(
            &path("/{content}/metrics/links"),
            get(move |door: Door, Path((id, content)), params: Params| {
                links::links(family, door, id, Part::Content(content), params)
            }),
        )
}

fn segment_routes() -> Router<App> {
    Router::new()
        .route("/v1/segments", get(segments::list).post(segments::create))
        .route(
            "/v1/segments/{id}",
            get(segments::get).delete(segments::delete),
        )
        .route("/v1/segments/{id}/customer_count", get(segments::count))
        .route("/v1/segments/{id}/membership", get(segments::membership))
        .route("/v1/segments/{id}/used_by", get(segments::used_by))
}

fn export_routes() -> Router<App> {
    Router::new()
        .route("/v1/exports", get(exports::list))
        .route("/v1/exports/customers", post(exports::customers))
        .route("/v1/exports/deliveries", post(exports::deliveries))
        .route("/v1/exports/{id}", get(exports::get))
        .route("/v1/exports/{id}/download", get(exports::download))
        .route("/v1/exports/files/{workspace}/{id}", get(exports::serve))
        .layer(Extension(exports::Runner::default()))
        .layer(Extension(exports::Links::fresh()))
}

fn reporting_routes() -> Router<App> {
    use reporting_webhooks::{create, delete, get as one, list, update};
    Router::new()
        .route("/v1/reporting_webhooks", get(list).post(create))
        .route(
            "/v1/reporting_webhooks/{id}",
            get(one).put(update).delete(delete),
        )
}

fn suppression_routes() -> Router<App> {
    Router::new()
        .route(
            "/v1/esp/search_suppression/{email}",
            get(suppression::search),
        )
        .route("/v1/esp/suppression/{list}", get(suppression::list))
        .route(
            "/v1/esp/suppression/{list}/{email}",
            post(suppression::add).delete(suppression::remove),
        )
}

/// What is small, refused or not offered. Paths below are the App API's alone, so that a path that
/// another API owns is not answered here.
fn small_routes() -> Router<App> {
    const NOT_OFFERED: [&str; 12] = [
        "assets",
        "collections",
        "data_index",
        "design_studio",
        "esp",
        "imports",
        "live_notifications",
        "object_types",
        "objects",
        "sender_identities",
        "subscription_center",
        "subscription_channels",
    ];
    let router = Router::new()
        .route("/v1/info/ip_addresses", get(small::ip_addresses))
        .route("/v1/workspaces", get(small::workspaces))
        .route(
            "/v1/snippets",
            get(snippets::list)
                .post(snippets::create)
                .put(snippets::replace),
        )
        .route("/v1/snippets/{name}", delete(snippets::delete))
        .route("/v1/snippets/{name}/{*rest}", any(small::unknown))
        .route("/v1/send/{channel}", post(send::send));
    NOT_OFFERED.iter().fold(router, |router, name| {
        router
            .route(&format!("/v1/{name}"), any(small::unknown))
            .route(&format!("/v1/{name}/{{*rest}}"), any(small::unknown))
    })
}
