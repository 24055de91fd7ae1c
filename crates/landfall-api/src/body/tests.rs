//! Bodies that are slow, break off, or are not what their headers say.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::stream;

use super::*;

const PATIENCE: Duration = Duration::from_secs(30);

fn headers(encoding: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_ENCODING, encoding.parse().unwrap());
    headers
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn chunks(chunks: Vec<Result<&'static str, std::io::Error>>) -> Body {
    Body::from_stream(stream::iter(chunks))
}

#[track_caller]
fn why(read: Parsed<Vec<u8>>) -> (&'static str, u16) {
    let problem = read.unwrap_err();
    (problem.reason, problem.status)
}

#[tokio::test]
async fn a_client_that_does_not_send_is_not_waited_for() {
    let body = Body::from_stream(stream::pending::<Result<&'static str, std::io::Error>>());
    let read = read_within(Duration::ZERO, &HeaderMap::new(), body, 10).await;
    assert_eq!(why(read), ("timeout", 408));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_malformed() {
    let body = chunks(vec![Ok("{"), Err(std::io::Error::other("gone"))]);
    let read = read_within(PATIENCE, &HeaderMap::new(), body, 10).await;
    assert_eq!(why(read), ("malformed", 400));
}

#[tokio::test]
async fn limits_hold_for_pieces_and_for_what_is_inflated() {
    let read = |headers, body| read_within(PATIENCE, headers, body, 10);
    let none = HeaderMap::new();
    let fits = read(&none, chunks(vec![Ok("01234"), Ok("56789")])).await;
    assert_eq!(fits.unwrap(), b"0123456789");
    let large = read(&none, chunks(vec![Ok("01234"), Ok("567890")])).await;
    assert_eq!(why(large), ("too_large", 413));

    let zipped = headers("gzip");
    let read = |bytes: Vec<u8>, limit| read_within(PATIENCE, &zipped, bytes.into(), limit);
    assert_eq!(read(gzip(b"0123456789"), 100).await.unwrap(), b"0123456789");
    assert_eq!(why(read(gzip(&[b' '; 101]), 100).await), ("too_large", 413));
    // Two members after each other are one body.
    let both = [gzip(b"01234"), gzip(b"56789")].concat();
    assert_eq!(read(both, 100).await.unwrap(), b"0123456789");
    let whole = gzip(b"0123456789");
    for cut in [0, 1, 10, whole.len() - 1] {
        assert_eq!(
            why(read(whole[..cut].to_vec(), 100).await),
            ("malformed", 400),
            "{cut}"
        );
    }
}

#[tokio::test]
async fn encodings_are_named_in_any_case() {
    for encoding in ["gzip", "GZIP", " gzip "] {
        let read = read_within(PATIENCE, &headers(encoding), gzip(b"1").into(), 100).await;
        assert_eq!(read.unwrap(), b"1", "{encoding}");
    }
    for encoding in ["", "identity"] {
        let read = read_within(PATIENCE, &headers(encoding), "1".into(), 100).await;
        assert_eq!(read.unwrap(), b"1", "{encoding}");
    }
    let read = read_within(PATIENCE, &headers("deflate"), "1".into(), 100).await;
    assert_eq!(why(read), ("malformed", 415));
}

#[test]
fn json_says_what_is_wrong_with_it() {
    assert_eq!(json(b"").unwrap(), serde_json::json!({}));
    assert_eq!(json(b" \n").unwrap(), serde_json::json!({}));
    let message = |bytes: &[u8]| json(bytes).unwrap_err().message;
    assert_eq!(message(b"\xff"), "the body is not UTF-8");
    assert!(message(b"{\n\"a\": }").contains("line 2"));
    assert!(message(&b"[".repeat(10_000)).contains("recursion"));
}
