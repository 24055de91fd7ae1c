//! Who asks: the workspace behind the app key, and what every handler needs from the request.

use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use landfall_engine::directory::User;
use landfall_engine::dispatch::render::Renderer;
use landfall_engine::journeys::Author;
use landfall_engine::{Links, Rebuild, Workspace};
use serde::de::DeserializeOwned;

use super::problem::{Code, Problem};
use crate::app::App;
use crate::{body, role};

/// A call that proved to belong to a workspace.
pub(crate) struct Visit {
    pub(crate) workspace: Workspace,
    /// The number of the app key.
    key: u32,
    /// Whose key it is, when it is a user's.
    user: Option<User>,
    /// Query parameters in order; a name may come more than once.
    pub(crate) parameters: Vec<(String, String)>,
    links: Option<Links>,
}

impl Visit {
    /// Who asks, for logs: the user whose key it is; else the name that the call gives, or that of the key; and
    /// the key's number.
    pub(crate) fn author(&self, by: Option<&str>) -> Author {
        let user = self.user.as_ref().map(|user| user.name.as_str());
        let by = by.map(str::trim).filter(|by| !by.is_empty());
        let by = user.or(by);
        Author {
            by: by.map_or_else(|| format!("app key {}", self.key), str::to_owned),
            key: Some(self.key),
        }
    }

    /// Whose key it is; `None`: one of servers and scripts.
    pub(crate) const fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// The number of the key.
    pub(crate) const fn key(&self) -> u32 {
        self.key
    }

    /// Links of ours; `None`: nobody said where this server is reached.
    pub(crate) const fn links(&self) -> Option<&Links> {
        self.links.as_ref()
    }

    /// What renders messages of the workspace as they are sent.
    pub(crate) async fn renderer(&self) -> Result<Renderer, Problem> {
        let renderer = Renderer::linking(self.links.clone(), self.workspace.id());
        renderer.set_snippets(self.workspace.snippets().await?);
        Ok(renderer)
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let key = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, key)| key.trim());
        let found = key.and_then(|key| app.directory.app(key));
        let caller = found.ok_or_else(|| {
            Problem::new(
                Code::Unauthorized,
                "no workspace has this key: send `Authorization: Bearer <app key>`",
            )
        })?;
        if let Some(words) = role::refusal(&caller, parts) {
            return Err(Problem::new(Code::Forbidden, words));
        }
        Ok(Self {
            workspace: caller.workspace,
            key: caller.key,
            user: caller.user,
            parameters: pairs(parts.uri.query().unwrap_or_default()),
            links: app.links.clone(),
        })
    }
}

/// The decoded part of a path; what cannot be one is nothing that exists.
pub(crate) struct Place<T>(pub(crate) T);

impl<T, S> FromRequestParts<S> for Place<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = Path::<T>::from_request_parts(parts, state).await;
        read.map(|Path(part)| Self(part))
            .map_err(|_| Problem::new(Code::NotFound, "the path cannot be read"))
    }
}

/// A body of JSON, whatever content type it claims to be.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T, S> FromRequest<S> for Sent<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = body::read(&parts.headers, body, body::BODY_BYTES_MAX)
            .await
            .map_err(|problem| Problem::of_body(&problem))?;
        let value = body::json(&bytes).map_err(|problem| Problem::of_body(&problem))?;
        serde_json::from_value(value)
            .map(Self)
            .map_err(|error| Problem::new(Code::InvalidParameter, error.to_string()))
    }
}

/// A body of lines.
pub(crate) struct SentLines(pub(crate) Vec<u8>);

impl<S: Send + Sync> FromRequest<S> for SentLines {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let read = body::read(&parts.headers, body, body::BODY_BYTES_MAX).await;
        read.map(Self).map_err(|problem| Problem::of_body(&problem))
    }
}

impl Visit {
    /// The first parameter of that name that is not blank.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self
            .parameters
            .iter()
            .find(|(n, value)| n == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// A whole number between 1 and `max`, or `default`.
    pub(crate) fn limit(&self, default: usize, max: usize) -> Result<usize, Problem> {
        let Some(text) = self.parameter("limit") else {
            return Ok(default);
        };
        let limit = text.parse().ok().filter(|limit| (1..=max).contains(limit));
        limit.ok_or_else(|| Problem::field("limit", format!("write a number from 1 to {max}")))
    }

    /// Whether the board holds everything that the ledger holds.
    pub(crate) fn complete(&self) -> bool {
        self.workspace.rebuild() == Rebuild::Done
    }
}

/// Names and values of a query or form, decoded, in order.
pub(crate) fn pairs(query: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text)
            .decode_utf8_lossy()
            .into_owned()
    };
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}
