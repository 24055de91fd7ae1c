//! The way from a name to HTTP/2, over real sockets on loopback.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::tls::{ClientIdentity, client_config};

struct Keys {
    certificate_pem: String,
    key_pem: String,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

fn keys(name: &str) -> Keys {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    Keys {
        certificate_pem: cert.pem(),
        key_pem: signing_key.serialize_pem(),
        certificate: cert.der().clone(),
        key: PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap(),
    }
}

/// A server with TLS that answers each request with 200 and the number of certificates it was shown.
async fn tls_server(keys: &Keys, alpn: &[u8], clients: Option<&Keys>) -> String {
    let builder = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.certificate.clone()).unwrap();
            let provider = Arc::new(default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                .allow_unauthenticated();
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let mut config = builder
        .with_single_cert(vec![keys.certificate.clone()], keys.key.clone_key())
        .unwrap();
    config.alpn_protocols = vec![alpn.to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(socket).await else {
                    return;
                };
                let shown = stream.get_ref().1.peer_certificates().map_or(0, <[_]>::len);
                answer_all(stream, shown).await;
            });
        }
    });
    format!("https://localhost:{}", address.port())
}

async fn answer_all(stream: impl AsyncRead + AsyncWrite + Unpin, shown: usize) {
    let Ok(mut connection) = h2::server::handshake(stream).await else {
        return;
    };
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let response = http::Response::builder()
            .header("certificates-shown", shown)
            .body(())
            .unwrap();
        respond.send_response(response, true).unwrap();
    }
}

fn local() -> Network {
    Network {
        private_allowed: true,
        ..Network::default()
    }
}

fn pool(base: &str, tls: rustls::ClientConfig, network: &Network) -> Pool {
    Pool::new(Origin::parse(base).unwrap(), tls, network, settings()).unwrap()
}

async fn ask(pool: &Pool) -> Outcome {
    pool.call(pool.deadline(), request, Bytes::new()).await
}

fn why(outcome: Outcome) -> String {
    match outcome {
        Outcome::ConnectionFailed(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_added_authority_is_trusted_and_others_are_not() {
    let keys = keys("localhost");
    let base = tls_server(&keys, b"h2", None).await;
    let trusting = client_config([keys.certificate_pem.as_str()], None).unwrap();
    assert_eq!(status(&ask(&pool(&base, trusting, &local())).await), 200);
    let doubting = client_config([], None).unwrap();
    let why = why(ask(&pool(&base, doubting, &local())).await);
    assert!(why.contains("TLS with localhost failed"), "{why}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let keys = keys("elsewhere.test");
    let base = tls_server(&keys, b"h2", None).await;
    let tls = client_config([keys.certificate_pem.as_str()], None).unwrap();
    let why = why(ask(&pool(&base, tls, &local())).await);
    assert!(why.contains("TLS with localhost failed"), "{why}");
}

#[tokio::test]
async fn a_server_that_does_not_speak_http2_is_told_from_one_that_is_down() {
    let keys = keys("localhost");
    let base = tls_server(&keys, b"http/1.1", None).await;
    let tls = client_config([keys.certificate_pem.as_str()], None).unwrap();
    let why = why(ask(&pool(&base, tls, &local())).await);
    assert!(why.contains("failed") || why.contains("HTTP/2"), "{why}");
}

#[tokio::test]
async fn the_client_certificate_is_shown() {
    let (server, client) = (keys("localhost"), keys("client.test"));
    let base = tls_server(&server, b"h2", Some(&client)).await;
    for (identity, shown) in [
        (
            Some(ClientIdentity {
                certificate_pem: &client.certificate_pem,
                key_pem: &client.key_pem,
            }),
            "1",
        ),
        (None, "0"),
    ] {
        let tls = client_config([server.certificate_pem.as_str()], identity).unwrap();
        let Outcome::Answered(reply) = ask(&pool(&base, tls, &local())).await else {
            panic!("no answer");
        };
        assert_eq!(reply.headers["certificates-shown"], shown);
    }
}

#[tokio::test]
async fn private_addresses_are_refused_unless_they_are_allowed() {
    let tls = || client_config([], None).unwrap();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "10.0.0.1",
        "169.254.169.254",
    ] {
        let pool = pool(&format!("https://{host}:9"), tls(), &Network::default());
        let why = why(ask(&pool).await);
        assert!(why.contains("not public"), "{host}: {why}");
    }
}

#[tokio::test]
async fn plain_http2_is_spoken_on_this_machine_and_nowhere_else() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        answer_all(socket, 0).await;
    });
    let tls = || client_config([], None).unwrap();
    let base = format!("http://{address}");
    assert_eq!(status(&ask(&pool(&base, tls(), &local())).await), 200);

    let elsewhere = pool("http://10.0.0.1:9", tls(), &local());
    let why = why(ask(&elsewhere).await);
    assert!(why.contains("only for simulators on this machine"), "{why}");

    let origin = Origin::parse(&base).unwrap();
    let refused = Pool::new(origin, tls(), &Network::default(), settings());
    assert_eq!(refused.err(), Some(OriginError::NotEncrypted));
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_a_failed_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let tls = client_config([], None).unwrap();
    let pool = pool(&format!("https://{address}"), tls, &local());
    let why = why(ask(&pool).await);
    assert!(why.contains("does not take connections"), "{why}");
}

#[test]
fn an_origin_is_scheme_host_and_port_and_nothing_else() {
    let origin = Origin::parse("https://api.push.apple.com").unwrap();
    assert_eq!((origin.host(), origin.port()), ("api.push.apple.com", 443));
    let origin = Origin::parse("https://[::1]:2197/").unwrap();
    assert_eq!((origin.host(), origin.port()), ("::1", 2197));
    let origin = Origin::parse("http://127.0.0.1").unwrap();
    assert_eq!((origin.is_tls(), origin.port()), (false, 80));
    assert_eq!(
        origin.uri("/v1/x?y=z").unwrap().to_string(),
        "http://127.0.0.1/v1/x?y=z"
    );
    for wrong in ["", "api.push.apple.com", "ftp://x", "/path"] {
        let refused = Origin::parse(wrong);
        assert!(
            matches!(refused, Err(OriginError::NotAnAddress(_))),
            "{wrong}"
        );
    }
    for wrong in ["https://x/path", "https://x?y", "https://user@x"] {
        let refused = Origin::parse(wrong);
        assert!(
            matches!(refused, Err(OriginError::MoreThanOrigin(_))),
            "{wrong}"
        );
    }
}
