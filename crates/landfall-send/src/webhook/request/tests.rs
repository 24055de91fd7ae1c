use std::collections::BTreeMap;

use super::*;
use crate::Network;

const NOW: Timestamp = Timestamp::from_seconds(1_790_000_000);

fn content(method: Option<&str>, body: Option<&str>) -> WebhookContent {
    WebhookContent {
        method: method.map(str::to_owned),
        url: "https://a.example/hook?q=1".to_owned(),
        headers: BTreeMap::new(),
        body: body.map(str::to_owned),
    }
}

fn with_header(name: &str, value: &str) -> WebhookContent {
    let mut content = content(None, Some("{}"));
    content.headers.insert(name.to_owned(), value.to_owned());
    content
}

fn built(content: &WebhookContent, key: Option<&str>) -> reqwest::Request {
    let http = HttpCall::new(&Network::default(), None).expect("a client");
    let request = Request::read(content).expect("a request");
    let request = request.build(&http, "d-1", key, NOW);
    request.build().expect("a request")
}

fn header<'r>(request: &'r reqwest::Request, name: &str) -> Option<&'r str> {
    let value = request.headers().get(name)?;
    value.to_str().ok()
}

#[test]
fn it_is_a_post_of_json_unless_said_otherwise() {
    let request = built(&content(None, Some(r#"{"a":1}"#)), None);
    assert_eq!(request.method(), Method::POST);
    assert_eq!(request.url().as_str(), "https://a.example/hook?q=1");
    assert_eq!(header(&request, "content-type"), Some("application/json"));
    assert_eq!(header(&request, "x-landfall-delivery-id"), Some("d-1"));
    assert_eq!(header(&request, "x-cio-signature"), None);
}

#[test]
fn the_type_of_the_body_is_guessed_only_when_nobody_says_it() {
    let text = built(&content(None, Some("hello")), None);
    assert_eq!(
        header(&text, "content-type"),
        Some("text/plain; charset=utf-8")
    );
    let stated = built(&with_header("content-type", "application/xml"), None);
    assert_eq!(header(&stated, "content-type"), Some("application/xml"));
    let empty = built(&content(None, None), None);
    assert_eq!(header(&empty, "content-type"), None);
}

#[test]
fn five_methods_are_taken_in_any_case_and_no_other() {
    for name in ["get", "POST", "Put", "patch", "DELETE", " post "] {
        let request = built(&content(Some(name), None), None);
        assert_eq!(
            request.method().as_str(),
            name.trim().to_uppercase(),
            "{name}"
        );
    }
    for name in ["CONNECT", "TRACE", "HEAD", "OPTIONS", "GET /"] {
        let error = Request::read(&content(Some(name), None)).expect_err("refused");
        assert_eq!(error, RequestError::Method(name.to_owned()));
    }
}

#[test]
fn a_get_has_no_body() {
    let request = built(&content(Some("GET"), Some("{}")), Some("k"));
    assert!(request.body().is_none());
    let expected = sign("k", NOW, b"");
    assert_eq!(
        header(&request, "x-cio-signature"),
        Some(expected.as_str()),
        "what is signed is what is sent"
    );
}

#[test]
fn a_key_signs_the_body_as_it_is_sent() {
    let request = built(&content(None, Some(r#"{"a":1}"#)), Some("whsec_demo"));
    assert_eq!(header(&request, "x-cio-timestamp"), Some("1790000000"));
    assert_eq!(
        header(&request, "x-cio-signature"),
        Some("c6f38e919b78f80959da2045e8e13fbdab84c4237563c0c6cddc5b03138f38ac")
    );
    let body = request.body().and_then(reqwest::Body::as_bytes);
    assert_eq!(body, Some(&br#"{"a":1}"#[..]));
}

#[test]
fn headers_of_the_connection_and_ours_cannot_be_set() {
    for name in [
        "Host",
        "content-length",
        "Transfer-Encoding",
        "X-CIO-Signature",
    ] {
        let error = Request::read(&with_header(name, "1")).expect_err("refused");
        assert_eq!(error, RequestError::Reserved(name.to_owned()));
    }
    for (name, value) in [("a b", "1"), ("x", "1\r\nhost: b"), ("", "1")] {
        let error = Request::read(&with_header(name, value)).expect_err("refused");
        assert_eq!(error, RequestError::Header(name.to_owned()));
    }
}

#[test]
fn an_address_that_is_no_url_is_refused() {
    let mut content = content(None, None);
    content.url = "a.example/hook".to_owned();
    assert!(matches!(Request::read(&content), Err(RequestError::Url(_))));
}
