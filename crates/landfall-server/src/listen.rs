//! The accept loop: plain and TLS, with a limit on how long a client may dawdle over its headers,
//! and an orderly end (ADR 0009).

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A client that has not sent its request head after this is cut off.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A client that has not finished its TLS handshake after this is cut off.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// Requests in flight get this long to finish when the server stops.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// One address that is listened on.
pub(crate) struct Door {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Door {
    /// Listens on `address`, without TLS.
    pub(crate) async fn plain(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            listener: bind(address).await?,
            tls: None,
        })
    }

    /// Listens on `address` with the certificate chain and key in two PEM files.
    pub(crate) async fn tls(address: SocketAddr, certificates: &Path, key: &Path) -> Result<Self> {
        let acceptor = acceptor(certificates, key)?;
        Ok(Self {
            listener: bind(address).await?,
            tls: Some(acceptor),
        })
    }

    /// The address in use, with the port that the system chose when 0 was asked for.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is another server using it? choose another --listen")
    })
}

fn acceptor(certificates: &Path, key: &Path) -> Result<TlsAcceptor> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read certificates from {}", certificates.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("cannot read a private key from {}", key.display()))?;
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not fit together")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Serves `router` on all doors until `stop` ends, then lets requests in flight finish.
pub(crate) async fn serve(doors: Vec<Door>, router: Router, stop: impl Future<Output = ()>) {
    let graceful = Arc::new(GracefulShutdown::new());
    let mut loops = tokio::task::JoinSet::new();
    for door in doors {
        loops.spawn(accept(door, router.clone(), Arc::clone(&graceful)));
    }
    stop.await;
    loops.shutdown().await;
    let Some(graceful) = Arc::into_inner(graceful) else {
        return;
    };
    if tokio::time::timeout(DRAIN_TIMEOUT, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
}

async fn accept(door: Door, router: Router, graceful: Arc<GracefulShutdown>) {
    loop {
        let (stream, peer) = match door.listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::task::yield_now().await;
                continue;
            }
        };
        // Small answers should not wait for a full segment.
        let _ = stream.set_nodelay(true);
        let watcher = graceful.watcher();
        let router = router.clone();
        match door.tls.clone() {
            None => {
                tokio::spawn(converse(stream, router, watcher, peer));
            }
            Some(acceptor) => {
                tokio::spawn(async move {
                    let handshake =
                        tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream));
                    if let Ok(Ok(stream)) = handshake.await {
                        converse(stream, router, watcher, peer).await;
                    }
                });
            }
        }
    }
}

async fn converse<S>(
    stream: S,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
    peer: SocketAddr,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Some(Duration::from_secs(30)));
    let service = TowerToHyperService::new(router);
    let connection = builder
        .serve_connection_with_upgrades(TokioIo::new(stream), service)
        .into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}
