//! The door of the App API: an App API key as a bearer token, and JSON bodies.

use std::path::PathBuf;

use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use landfall_engine::Workspace;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::refusal::Refusal;
use super::view::View;
use crate::app::App;
use crate::{auth, body, rejected, role};

/// How refusals without a workspace are counted.
const SURFACE: &str = "App API";
/// Largest body: filters and definitions are small.
const BODY_BYTES_MAX: usize = 1 << 20;

/// A request with a valid key: the workspace that it opens.
pub(super) struct Door {
    app: App,
    workspace: Workspace,
}

impl Door {
    pub(super) const fn app(&self) -> &App {
        &self.app
    }

    pub(super) const fn workspace(&self) -> &Workspace {
        &self.workspace
    }

    pub(super) fn view(&self) -> View {
        View::of(&self.workspace)
    }

    /// Where files of exports go.
    pub(super) fn exports(&self) -> PathBuf {
        self.app.settings.exports.clone()
    }
}

impl FromRequestParts<App> for Door {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let key = auth::bearer(&parts.headers);
        let caller = key.and_then(|key| app.directory.app(&key));
        let caller = caller.ok_or_else(|| {
            app.refusals.count(SURFACE, "unauthorized");
            Refusal::unauthorized()
        })?;
        if let Some(words) = role::refusal(&caller, parts) {
            app.refusals.count(SURFACE, "forbidden");
            return Err(Refusal::with(StatusCode::FORBIDDEN, words));
        }
        Ok(Self {
            app: app.clone(),
            workspace: caller.workspace,
        })
    }
}

/// The decoded parts of a path.
pub(super) struct Path<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for Path<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Path(inner)| Self(inner))
            .map_err(|error| Refusal::with(error.status(), error.body_text()))
    }
}

/// A body of JSON, of at most so many bytes.
pub(super) struct JsonBody<const BYTES_MAX: usize = BODY_BYTES_MAX>(pub(super) Value);

impl<const BYTES_MAX: usize> FromRequest<App> for JsonBody<BYTES_MAX> {
    type Rejection = Refusal;

    async fn from_request(request: Request, app: &App) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        let door = Door::from_request_parts(&mut parts, app).await?;
        let read = body::read(&parts.headers, body, BYTES_MAX).await;
        let (problem, bytes) = match read {
            Ok(bytes) => match body::json(&bytes) {
                Ok(value) => return Ok(Self(value)),
                Err(problem) => (problem, bytes),
            },
            Err(problem) => (problem, Vec::new()),
        };
        let matched = parts.extensions.get::<MatchedPath>();
        let path = matched.map_or(SURFACE, MatchedPath::as_str);
        let surface = format!("{} {path}", parts.method);
        rejected::record(door.workspace(), &surface, problem.status, &problem, &bytes).await;
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::BAD_REQUEST);
        Err(Refusal::with(status, problem.message))
    }
}
