use super::*;

fn at(text: &str) -> Timestamp {
    date(text).expect("a date")
}

#[test]
fn dates_of_http_and_of_mail_name_the_same_instant() {
    let http = at("Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(http.millis(), 784_111_777_000);
    assert_eq!(at("Sun, 06 Nov 1994 08:49:37 +0000"), http);
    assert_eq!(date("yesterday"), None);
}

#[test]
fn only_http_addresses_are_taken() {
    assert!(http_url("https://a.example/x").is_ok());
    assert!(http_url(" http://a.example ").is_ok());
    assert!(http_url("ftp://a.example").is_err());
    assert!(http_url("a.example/x").is_err());
}

#[test]
fn a_redirect_names_the_server_and_nothing_secret() {
    let to = |location: &str| {
        let mut reply = Reply::of(308, "moved");
        let location = location.parse().expect("a header value");
        reply.headers.insert(LOCATION, location);
        reply.refused(Reason::ProviderConfig, None, "moved").message
    };
    let words = to("https://user:pw@b.example:8443/services/s3cret?t=1").expect("words");
    assert!(words.contains("https://b.example:8443"), "{words}");
    assert!(
        !words.contains("s3cret") && !words.contains("pw"),
        "{words}"
    );
    assert_eq!(to("/services/s3cret").as_deref(), Some("moved"));
}

#[test]
fn a_base_address_keeps_its_path_and_loses_its_last_slash() {
    let given = base_url(Some("http://127.0.0.1:1/proxy/"), "https://a.example");
    assert_eq!(given.as_deref(), Ok("http://127.0.0.1:1/proxy"));
    let usual = base_url(None, "https://a.example");
    assert_eq!(usual.as_deref(), Ok("https://a.example"));
    assert!(base_url(Some("nonsense"), "https://a.example").is_err());
}

#[test]
fn certificates_that_are_none_are_refused_by_name() {
    let error = HttpCall::new(&Network::default(), Some("not a certificate"))
        .err()
        .expect("refused");
    assert_eq!(error.field, "ca_pem");
}

#[tokio::test]
async fn a_private_literal_is_refused_before_anything_is_sent() {
    let http = HttpCall::new(&Network::default(), None).expect("a client");
    for address in [
        "http://127.0.0.1:9/hidden",
        "http://0x7f.1/hidden",
        "http://[::1]:9/hidden",
    ] {
        let url = http_url(address).expect("a URL");
        let request = http.request(Method::POST, &url);
        let error = http
            .call(request, Timestamp::EPOCH)
            .await
            .expect_err("refused");
        assert!(matches!(error, CallError::Forbidden(_)), "{error:?}");
        assert_eq!(
            Answer::from(error).reason(),
            Some(Reason::ProviderConfig),
            "{address}"
        );
    }
}

#[tokio::test]
async fn a_name_that_leads_home_is_refused_by_the_resolver() {
    let http = HttpCall::new(&Network::default(), None).expect("a client");
    let url = http_url("http://localhost:9/hidden").expect("a URL");
    let error = http
        .call(http.request(Method::GET, &url), Timestamp::EPOCH)
        .await
        .expect_err("refused");
    assert!(matches!(error, CallError::Forbidden(_)), "{error:?}");
}

#[tokio::test]
async fn a_closed_port_means_that_nothing_was_written() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    drop(listener);
    let network = Network {
        private_allowed: true,
        ..Network::default()
    };
    let http = HttpCall::new(&network, None).expect("a client");
    let url = http_url(&format!("http://{address}/secret-path")).expect("a URL");
    let error = http
        .call(http.request(Method::POST, &url), Timestamp::EPOCH)
        .await
        .expect_err("nobody listens");
    assert!(matches!(error, CallError::NotWritten(_)), "{error:?}");
    assert!(!error.to_string().contains("secret-path"), "{error}");
}
