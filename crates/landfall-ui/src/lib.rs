//! The web application, built by Vite into `ui/dist` and embedded here.
//!
//! Built files have their hash in their name and are kept by browsers for ever; the page itself is asked for each
//! time. The Content-Security-Policy allows scripts and calls of this server only. One style element of
//! the component kit is written at run time, so styles carry a nonce that is new in each answer.

mod files;
mod policy;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use files::{FILES, File};

/// Paths at which the application begins; what is below them belongs to it too. None of them is a path of an API.
pub const PAGES: &[&str] = &[
    "journeys",
    "log",
    "alerts",
    "experiments",
    "people",
    "coverage",
    "segments",
    "names",
    "settings",
];

/// What stands in the built page where the nonce goes.
const NONCE_PLACE: &str = "__LANDFALL_NONCE__";

/// What there is to say without a build.
const UNBUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Landfall</title>\
    <h1>Landfall runs; its web application is not built in</h1>\
    <p>Stop the server and run <code>cargo x up</code>, which builds the application (Node.js 20.19 or \
    newer is needed), or build it by hand and compile again:</p>\
    <pre>npm --prefix ui ci\nnpm --prefix ui run build\ncargo build --package landfall-server</pre>\
    <p>The APIs and the command line work without it.</p></html>";

/// Makes nonces: a text of letters and digits that nobody can guess, another one at each call.
pub type Nonces = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Clone)]
struct Site {
    files: &'static [File],
    nonces: Nonces,
}

/// Serves the application at `/`, at [`PAGES`] and at `/assets`.
pub fn router(nonces: Nonces) -> Router {
    serving(FILES, nonces)
}

fn serving(files: &'static [File], nonces: Nonces) -> Router {
    let mut router = Router::new()
        .route("/", get(page))
        .route("/assets/{*name}", get(asset))
        .route("/icon.svg", get(icon));
    for name in PAGES {
        router = router
            .route(&format!("/{name}"), get(page))
            .route(&format!("/{name}/{{*rest}}"), get(page));
    }
    router.with_state(Site { files, nonces })
}

async fn page(State(site): State<Site>) -> Response {
    let nonce = (site.nonces)();
    let index = site.files.iter().find(|file| file.name == "index.html");
    let text = index.map_or(UNBUILT.into(), |file| String::from_utf8_lossy(file.bytes));
    let text = text.replace(NONCE_PLACE, &nonce);
    let mut headers = policy::headers(&nonce);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    // The nonce must not come from a cache, and a new build must be seen at once.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    (headers, text).into_response()
}

async fn asset(State(site): State<Site>, Path(name): Path<String>, asked: HeaderMap) -> Response {
    file(
        &site,
        &format!("assets/{name}"),
        &asked,
        "public, max-age=31536000, immutable",
    )
}

async fn icon(State(site): State<Site>, asked: HeaderMap) -> Response {
    file(&site, "icon.svg", &asked, "public, max-age=3600")
}

fn file(site: &Site, name: &str, asked: &HeaderMap, cache: &'static str) -> Response {
    let Some(file) = site.files.iter().find(|file| file.name == name) else {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    };
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_TYPE, files::media_type(file.name));
    set(header::CACHE_CONTROL, cache);
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::VARY, "accept-encoding");
    match file.gzip.filter(|_| files::takes_gzip(asked)) {
        Some(packed) => {
            set(header::CONTENT_ENCODING, "gzip");
            (headers, packed).into_response()
        }
        None => (headers, file.bytes).into_response(),
    }
}
