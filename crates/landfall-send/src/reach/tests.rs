use super::*;

fn public(address: &str) -> bool {
    is_public(address.parse().unwrap())
}

#[test]
fn addresses_of_the_public_internet_may_be_called() {
    for address in [
        "8.8.8.8",
        "1.1.1.1",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2a00:1450:4001:82a::200a",
        "2606:4700::1111",
        "2001:4860:4860::8888",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2002:808:808::1",
    ] {
        assert!(public(address), "{address}");
    }
}

#[test]
fn no_special_address_may_be_called_in_any_spelling() {
    for address in [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::8.8.8.8",
        "2002:7f00:1::",
        "2002:a00:1::",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:db8::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!public(address), "{address}");
    }
}

#[test]
fn literal_addresses_are_found_in_every_spelling() {
    for (url, address) in [
        ("https://127.0.0.1/a", "127.0.0.1"),
        ("https://0x7f.1/a", "127.0.0.1"),
        ("https://2130706433/a", "127.0.0.1"),
        ("https://[::1]:8443/a", "::1"),
        ("https://[::ffff:10.0.0.1]/", "::ffff:10.0.0.1"),
    ] {
        let url = Url::parse(url).unwrap();
        assert_eq!(literal(&url), Some(address.parse().unwrap()), "{url}");
        assert!(check_literal(&url).is_err(), "{url}");
    }
    let named = Url::parse("https://push.example/x").unwrap();
    assert_eq!(literal(&named), None);
    assert_eq!(check_literal(&named), Ok(()));
    let public = Url::parse("https://8.8.8.8/x").unwrap();
    assert_eq!(check_literal(&public), Ok(()));
}

#[test]
fn a_name_with_public_and_private_addresses_is_called_at_the_public_ones() {
    let found = ["10.0.0.1:0", "8.8.8.8:0", "[::1]:0"].map(|address| address.parse().unwrap());
    let kept: Vec<SocketAddr> = only_public("push.example", found.into_iter())
        .unwrap()
        .collect();
    assert_eq!(kept, ["8.8.8.8:0".parse().unwrap()]);
}

#[tokio::test]
async fn a_client_with_this_resolver_does_not_connect_to_loopback_by_name() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let tls = rustls::ClientConfig::builder_with_provider(std::sync::Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_root_certificates(rustls::RootCertStore::empty())
    .with_no_client_auth();
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .dns_resolver(PublicOnly)
        .build()
        .unwrap();
    let error = client
        .get(format!("http://localhost:{port}/"))
        .send()
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&error),
        Some(&NotPublic {
            host: "localhost".to_owned()
        })
    );
    assert!(error.is_connect());
}
