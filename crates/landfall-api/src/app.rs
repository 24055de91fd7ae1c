//! The application: what handlers share, and all routes together.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use landfall_engine::credentials::Network;
use landfall_engine::qa::EmptyStores;
use landfall_engine::random::SystemRandom;
use landfall_engine::{Directory, Links, Reporting, Sending};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{Any, CorsLayer};

use crate::landfall::Qa;
use crate::rejected::Refusals;
use crate::{landfall, routes};

/// What an operator can set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Host (and port) under which apps reach this server; `None`: what the request says.
    pub public_host: Option<String>,
    /// Where exported files go.
    pub exports: PathBuf,
    /// Parse and answer, but store nothing: for measuring the HTTP side alone.
    pub store_nothing: bool,
}

/// What every handler can reach. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub(crate) directory: Directory,
    pub(crate) settings: Arc<Settings>,
    pub(crate) refusals: Arc<Refusals>,
    pub(crate) sending: Sending,
    pub(crate) reporting: Reporting,
    /// Links of ours in messages; `None`: nobody said where this server is reached.
    pub(crate) links: Option<Links>,
    pub(crate) qa: Qa,
}

impl App {
    /// Over the workspaces of a directory; nothing is sent or reported.
    pub fn new(directory: Directory, settings: Settings) -> Self {
        let network = Network::default();
        Self {
            sending: Sending::new(directory.clone(), network.clone(), false),
            reporting: Reporting::new(directory.clone(), network, Arc::new(SystemRandom)),
            directory,
            settings: Arc::new(settings),
            refusals: Arc::default(),
            links: None,
            qa: Qa::default(),
        }
    }

    /// The same, with what makes stores for test profiles of journeys.
    #[must_use]
    pub fn with_qa(self, stores: Arc<EmptyStores>) -> Self {
        let qa = Qa::on(stores);
        Self { qa, ..self }
    }

    /// The same, with what sends.
    #[must_use]
    pub fn with_sending(self, sending: Sending) -> Self {
        Self { sending, ..self }
    }

    /// The same, with links of ours.
    #[must_use]
    pub fn with_links(self, links: Option<Links>) -> Self {
        Self { links, ..self }
    }

    /// The same, with what reports to webhooks.
    #[must_use]
    pub fn with_reporting(self, reporting: Reporting) -> Self {
        Self { reporting, ..self }
    }
}

/// Every route.
pub fn router(app: App) -> Router {
    let (own, document) = landfall::router().split_for_parts();
    let document = document.to_json().unwrap_or_default();
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods(Any)
        .allow_headers(Any);
    Router::new()
        .merge(own)
        .merge(routes::app::router())
        .merge(routes::track::router())
        .merge(routes::pipelines::router())
        .merge(routes::hooks::router())
        .merge(routes::unsubscribe::router())
        .merge(routes::health::router(document))
        .fallback(routes::health::nothing_here)
        .layer(DefaultBodyLimit::max(crate::body::BODY_BYTES_MAX))
        .layer(CatchPanicLayer::new())
        .layer(cors)
        .with_state(app)
}
