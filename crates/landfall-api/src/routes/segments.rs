//! The decoded segments of a Track API path.

use axum::extract::{FromRequestParts, MatchedPath, Path};
use axum::http::request::Parts;
use axum::response::Response;
use serde::de::DeserializeOwned;

use super::track;
use crate::app::App;
use crate::parse::Problem;

/// Segments, each decoded once. A segment that is not UTF-8 is refused like any other bad input: in
/// the API's own words, and noted.
pub(super) struct Segments<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for Segments<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Response> {
        match Path::<T>::from_request_parts(parts, app).await {
            Ok(Path(segments)) => Ok(Self(segments)),
            Err(_) => {
                let matched = parts.extensions.get::<MatchedPath>();
                let path = matched.map_or("", MatchedPath::as_str);
                let surface = format!("{} {path}", parts.method);
                let problem = Problem::invalid("path", "is not UTF-8");
                Err(track::refuse(app, &surface, &parts.headers, &problem).await)
            }
        }
    }
}
