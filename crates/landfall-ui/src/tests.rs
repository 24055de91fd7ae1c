use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::files::{File, takes_gzip};
use super::{NONCE_PLACE, PAGES, serving};

const BUILT: &[File] = &[
    File {
        name: "index.html",
        bytes: b"<meta name=\"csp-nonce\" content=\"__LANDFALL_NONCE__\">",
        gzip: None,
    },
    File {
        name: "assets/app-1a2b.js",
        bytes: b"plain",
        gzip: Some(b"packed"),
    },
];

/// Status, headers and body of an answer.
async fn ask(files: &'static [File], path: &str, coding: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::get(path)
        .header(header::ACCEPT_ENCODING, coding)
        .body(Body::empty())
        .expect("a request");
    let nonces = Arc::new(|| "abc123".to_owned());
    let answer = serving(files, nonces)
        .oneshot(request)
        .await
        .expect("an answer");
    let (parts, body) = answer.into_parts();
    let bytes = body.collect().await.expect("a body").to_bytes();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    (parts.status, parts.headers, text)
}

#[tokio::test]
async fn every_page_is_the_application_with_a_nonce_and_is_asked_for_each_time() {
    for name in PAGES {
        for path in [format!("/{name}"), format!("/{name}/below/it")] {
            let (status, headers, body) = ask(BUILT, &path, "").await;
            assert_eq!(status, StatusCode::OK, "{path}");
            assert!(body.contains("content=\"abc123\""), "{body}");
            assert_eq!(headers[header::CACHE_CONTROL], "no-cache");
        }
    }
}

#[tokio::test]
async fn the_policy_allows_no_inline_script_and_no_other_host() {
    let (_, headers, _) = ask(BUILT, "/", "").await;
    let policy = headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .expect("text");
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(
        policy.contains("style-src 'self' 'nonce-abc123';"),
        "{policy}"
    );
    assert!(policy.contains("connect-src 'self';"), "{policy}");
    assert!(
        !policy.contains("unsafe") && !policy.contains("http"),
        "{policy}"
    );
    assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
}

#[tokio::test]
async fn hashed_files_are_kept_for_ever_and_are_compressed_for_those_who_take_it() {
    let (_, headers, body) = ask(BUILT, "/assets/app-1a2b.js", "gzip, br").await;
    assert_eq!(body, "packed");
    assert_eq!(headers[header::CONTENT_ENCODING], "gzip");
    assert_eq!(
        headers[header::CACHE_CONTROL],
        "public, max-age=31536000, immutable"
    );
    let (_, headers, body) = ask(BUILT, "/assets/app-1a2b.js", "br").await;
    assert_eq!(body, "plain");
    assert!(!headers.contains_key(header::CONTENT_ENCODING));
    assert_eq!(
        headers[header::CONTENT_TYPE],
        "text/javascript; charset=utf-8"
    );
    let (status, ..) = ask(BUILT, "/assets/../Cargo.toml", "").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_build_the_page_says_how_to_make_one() {
    let (status, _, body) = ask(&[], "/", "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("cargo x up"), "{body}");
    assert!(!body.contains(NONCE_PLACE));
}

#[test]
fn gzip_with_weight_zero_is_not_taken() {
    let taken = |value: &'static str| {
        let value = axum::http::HeaderValue::from_static(value);
        takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]))
    };
    assert!(taken("br, gzip;q=0.5"));
    assert!(!taken("gzip;q=0, br"));
    assert!(!taken("deflate"));
    assert!(!takes_gzip(&HeaderMap::new()));
}
