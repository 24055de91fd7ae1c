//! The way into the server: its routes, called within the process as a client would call them.

use anyhow::{Context as _, Result, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, header};
use base64::Engine as _;
use landfall_engine::seal::random_hex;
use serde_json::Value;
use tower::ServiceExt as _;

/// Answers are read up to this many bytes.
const ANSWER_BYTES: usize = 16 << 20;

/// The keys of the shop's workspace.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    /// Site id of the Track API.
    pub(crate) site: String,
    /// Key of the Track API.
    pub(crate) track: String,
    /// Key of the App API and Landfall's own.
    pub(crate) app: String,
    /// Write key of the Pipelines API, as apps have it.
    pub(crate) write: String,
}

impl Keys {
    /// New ones.
    ///
    /// # Errors
    /// When the machine gives no randomness.
    pub(crate) fn random() -> Result<Self> {
        let key = |bytes| random_hex(bytes).context("the machine gives no randomness");
        Ok(Self {
            site: key(10)?,
            track: key(20)?,
            app: key(20)?,
            write: key(20)?,
        })
    }
}

/// The routes, with the shop's keys.
#[derive(Clone)]
pub(crate) struct Door {
    router: Router,
    track: String,
    app: String,
    write: String,
}

impl Door {
    pub(super) fn new(router: Router, keys: &Keys) -> Self {
        let basic = |user: &str, password: &str| {
            let both = format!("{user}:{password}");
            let both = base64::engine::general_purpose::STANDARD.encode(both);
            format!("Basic {both}")
        };
        Self {
            router,
            track: basic(&keys.site, &keys.track),
            write: basic(&keys.write, ""),
            app: format!("Bearer {}", keys.app),
        }
    }

    /// A call of the Track API.
    pub(super) async fn track(&self, path: &str, body: Vec<u8>) -> Result<Value> {
        self.call(Method::POST, path, &self.track, body).await
    }

    /// Calls of the Pipelines API, in order.
    pub(super) async fn pipelines(&self, calls: &[Value]) -> Result<Value> {
        let body = serde_json::json!({ "batch": calls }).to_string();
        self.call(Method::POST, "/v1/batch", &self.write, body.into_bytes())
            .await
    }

    /// A call of Landfall's own API.
    pub(crate) async fn own(&self, method: Method, path: &str, body: &Value) -> Result<Value> {
        self.call(method, path, &self.app, body.to_string().into_bytes())
            .await
    }

    async fn call(&self, method: Method, path: &str, key: &str, body: Vec<u8>) -> Result<Value> {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header(header::AUTHORIZATION, key)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))?;
        let answer = self.router.clone().oneshot(request).await?;
        let status = answer.status();
        let text = to_bytes(answer.into_body(), ANSWER_BYTES).await?;
        if !status.is_success() || status.as_u16() == 207 {
            bail!(
                "{method} {path} answered {status}: {}",
                String::from_utf8_lossy(&text)
            );
        }
        Ok(serde_json::from_slice(&text).unwrap_or(Value::Null))
    }
}
