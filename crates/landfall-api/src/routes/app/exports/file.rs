//! Handing out the files of exports, to whoever has a link that was signed a short time ago.

use std::path::Path as FilePath;
use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Extension;
use axum::body::Body;
use axum::extract::State as AppState;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::stream;
use landfall_domain::time::Timestamp;
use landfall_store::DocumentKind;
use serde_json::json;
use tokio::io::AsyncReadExt as _;

use super::job::path;
use super::{Export, State, find};
use crate::app::App;
use crate::routes::app::answer::Answer;
use crate::routes::app::door::{Door, Path};
use crate::routes::app::params::Params;
use crate::routes::app::refusal::Refusal;
use crate::routes::app::view::View;

/// How long a link may be used, in seconds.
const LINK_SECONDS: i64 = 15 * 60;
/// Bytes read from a file at a time.
const CHUNK: usize = 64 * 1024;

/// Signs links. The key lives as long as the process: links do not outlast a restart.
#[derive(Clone)]
pub(crate) struct Links(Arc<hmac::Key>);

impl Links {
    /// With a fresh key.
    pub(crate) fn fresh() -> Self {
        let rng = aws_lc_rs::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &rng)
            .expect("the operating system gives random bytes");
        Self(Arc::new(key))
    }

    fn claim(workspace: &str, id: u32, expires: i64) -> String {
        format!("export/{workspace}/{id}/{expires}")
    }

    fn sign(&self, workspace: &str, id: u32, expires: i64) -> String {
        let claim = Self::claim(workspace, id, expires);
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.0, claim.as_bytes()))
    }

    fn holds(&self, workspace: &str, id: u32, expires: i64, signature: &str) -> bool {
        let claim = Self::claim(workspace, id, expires);
        URL_SAFE_NO_PAD
            .decode(signature)
            .is_ok_and(|signature| hmac::verify(&self.0, claim.as_bytes(), &signature).is_ok())
    }
}

/// `GET /v1/exports/{id}/download`.
pub(crate) async fn download(
    door: Door,
    Extension(links): Extension<Links>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let asked = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .map(str::to_owned);
    let origin = origin(door.app().settings.public_host.as_deref(), asked.as_deref());
    door.view()
        .answer(move |view| {
            let document = find(view, &id)?;
            match Export::read(&document)?.state {
                State::Done => {}
                State::Pending => {
                    return Err(Refusal::missing(format!("export {id} is not ready yet")));
                }
                State::Failed => {
                    return Err(Refusal::missing(format!(
                        "export {id} failed: there is no file"
                    )));
                }
            }
            let expires = view.now.seconds() + LINK_SECONDS;
            let workspace = view.workspace.id();
            let signature = links.sign(workspace, document.id, expires);
            let url = format!(
                "{origin}/v1/exports/files/{workspace}/{}?expires={expires}&signature={signature}",
                document.id
            );
            Ok(json!({ "url": url }))
        })
        .await
}

/// Where this server is reached: as the operator says, or else as the caller did. Without either,
/// the link is a path on this server.
fn origin(public_host: Option<&str>, asked: Option<&str>) -> String {
    match (public_host, asked) {
        (Some(host), _) if host.contains("://") => host.trim_end_matches('/').to_owned(),
        (Some(host), _) => format!("https://{host}"),
        (None, Some(host)) => format!("http://{host}"),
        (None, None) => String::new(),
    }
}

/// `GET /v1/exports/files/{workspace}/{id}`: no key is asked for, the signature is.
pub(crate) async fn serve(
    AppState(app): AppState<App>,
    Extension(links): Extension<Links>,
    Path((workspace, id)): Path<(String, u32)>,
    params: Params,
) -> Result<Response<Body>, Refusal> {
    let gone = || Refusal::missing("this link is not valid (any more): ask for a new one");
    let expires = params.number::<i64>("expires")?.ok_or_else(gone)?;
    let signature = params.text("signature").ok_or_else(gone)?;
    if !links.holds(&workspace, id, expires, signature) {
        return Err(gone());
    }
    let open = app.directory.workspaces();
    let found = open
        .iter()
        .find(|open| open.id() == workspace)
        .ok_or_else(gone)?;
    if found.now() > Timestamp::from_seconds(expires) {
        return Err(gone());
    }
    let response = file(&path(&app.settings.exports, &workspace, id), id).await?;
    let view = View::of(found);
    let counted = tokio::task::spawn_blocking(move || count(&view, id)).await;
    if !matches!(counted, Ok(Ok(()))) {
        tracing::warn!(id, "a download could not be counted");
    }
    Ok(response)
}

fn count(view: &View, id: u32) -> Result<(), Refusal> {
    if let Some(document) = view.store().document(DocumentKind::Export, id)? {
        let mut export = Export::read(&document)?;
        export.downloads += 1;
        view.store()
            .replace_document(DocumentKind::Export, id, &export.text())?;
    }
    Ok(())
}

async fn file(path: &FilePath, id: u32) -> Result<Response<Body>, Refusal> {
    let gone = |_| Refusal::missing(format!("the file of export {id} is gone: export again"));
    let file = tokio::fs::File::open(path).await.map_err(gone)?;
    let length = file.metadata().await.map_err(gone)?.len();
    let chunks = stream::try_unfold(file, |mut file| async move {
        let mut chunk = vec![0; CHUNK];
        let read = file.read(&mut chunk).await?;
        chunk.truncate(read);
        Ok::<_, std::io::Error>((read > 0).then_some((chunk, file)))
    });
    Response::builder()
        .header(CONTENT_TYPE, "text/csv; charset=utf-8; header=present")
        .header(CONTENT_LENGTH, length)
        .header(
            CONTENT_DISPOSITION,
            format!("attachment; filename=\"export-{id}.csv\""),
        )
        .body(Body::from_stream(chunks))
        .map_err(|_| Refusal::unavailable("the file could not be sent"))
}
