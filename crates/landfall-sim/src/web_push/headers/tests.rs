use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

use super::*;

fn request(headers: &[(&'static str, &'static str)], body: &'static str) -> Received {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        })
        .collect();
    Received {
        method: Method::POST,
        uri: Uri::from_static("/push/1"),
        headers,
        body: body.into(),
    }
}

#[test]
fn a_request_says_how_long_how_urgent_and_instead_of_what() {
    let full = request(
        &[
            ("ttl", "0"),
            ("urgency", "very-low"),
            ("topic", "Cart_2-x"),
            ("content-encoding", "aes128gcm"),
        ],
        "body",
    );
    let wishes = read(&full).expect("right");
    assert_eq!((wishes.ttl, wishes.urgency), (0, Urgency::VeryLow));
    assert_eq!(wishes.topic.as_deref(), Some("Cart_2-x"));
    let bare = read(&request(&[("ttl", "2592000")], "")).expect("right");
    assert_eq!((bare.ttl, bare.urgency), (2_592_000, Urgency::Normal));
    let endless = read(&request(&[("ttl", "99999999999999999999999")], "")).expect("right");
    assert_eq!(endless.ttl, u64::MAX);
}

#[test]
fn each_wrong_header_has_its_problem() {
    let long = "abcdefghijklmnopqrstuvwxyz0123456";
    assert_eq!(long.len(), 33);
    let cases = [
        ([None, None, None], "", Problem::MissingTtl),
        ([Some(""), None, None], "", Problem::BadTtl),
        ([Some("-1"), None, None], "", Problem::BadTtl),
        ([Some("1.5"), None, None], "", Problem::BadTtl),
        ([Some("soon"), None, None], "", Problem::BadTtl),
        ([Some("1"), Some(""), None], "", Problem::BadTopic),
        ([Some("1"), Some("a b"), None], "", Problem::BadTopic),
        ([Some("1"), Some("a="), None], "", Problem::BadTopic),
        ([Some("1"), Some(long), None], "", Problem::BadTopic),
        ([Some("1"), None, Some("urgent")], "", Problem::BadUrgency),
        ([Some("1"), None, Some("High")], "", Problem::BadUrgency),
        ([Some("1"), None, None], "body", Problem::BadEncryption),
    ];
    for (values, body, problem) in cases {
        let headers: Vec<_> = ["ttl", "topic", "urgency"]
            .into_iter()
            .zip(values)
            .filter_map(|(name, value)| Some((name, value?)))
            .collect();
        assert_eq!(read(&request(&headers, body)), Err(problem), "{headers:?}");
    }
    let older = [("ttl", "1"), ("content-encoding", "aesgcm")];
    assert_eq!(read(&request(&older, "body")), Err(Problem::BadEncryption));
}
