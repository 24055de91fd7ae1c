//! From an origin to a connection that can speak HTTP/2. The name is resolved anew each time; the
//! address that was checked is the one that is connected to.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Origin;
use crate::Network;
use crate::reach::is_public;
use crate::tls::ALPN_H2;

/// Bytes in both directions.
pub(super) trait Transport: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Transport for T {}

/// Makes connections. Tests put their own in its place.
pub(super) trait Dial: Send + Sync {
    fn dial(&self) -> BoxFuture<'_, Result<Box<dyn Transport>, DialError>>;
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum DialError {
    #[error("the name {0} could not be resolved: {1}")]
    Unresolved(String, io::Error),
    #[error(
        "{0} leads to an address that is not public; allow private addresses if it is meant to"
    )]
    NotPublic(String),
    #[error("plain http is only for simulators on this machine, and {0} is not on it")]
    NotEncrypted(IpAddr),
    #[error("{0} does not take connections: {1}")]
    Refused(SocketAddr, io::Error),
    #[error("{0} did not take the connection in time")]
    Silent(SocketAddr),
    #[error("TLS with {0} failed: {1}")]
    Tls(String, io::Error),
    #[error("{0} does not speak HTTP/2")]
    NoHttp2(String),
    #[error("HTTP/2 could not be started: {0}")]
    Handshake(h2::Error),
    #[error("connecting took longer than {} ms", .0.as_millis())]
    TimedOut(Duration),
}

/// The real thing.
pub(super) struct Dialer {
    origin: Origin,
    tls: Option<TlsConnector>,
    private_allowed: bool,
    connect_timeout: Duration,
}

impl Dialer {
    pub(super) fn new(origin: Origin, mut tls: ClientConfig, network: &Network) -> Self {
        tls.alpn_protocols = vec![ALPN_H2.to_vec()];
        let tls = origin.is_tls().then(|| TlsConnector::from(Arc::new(tls)));
        Self {
            origin,
            tls,
            private_allowed: network.private_allowed,
            connect_timeout: network.connect_timeout,
        }
    }

    async fn connect(&self) -> Result<Box<dyn Transport>, DialError> {
        let socket = self.reach(self.resolve().await?).await?;
        // Requests are gathered before they are written; the kernel must not wait for more.
        let _ = socket.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return Ok(Box::new(socket));
        };
        let host = self.origin.host();
        let failed = |error| DialError::Tls(host.to_owned(), error);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| failed(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
        let stream = tls.connect(name, socket).await.map_err(failed)?;
        if stream.get_ref().1.alpn_protocol() != Some(ALPN_H2) {
            return Err(DialError::NoHttp2(host.to_owned()));
        }
        Ok(Box::new(stream))
    }

    async fn resolve(&self) -> Result<Vec<SocketAddr>, DialError> {
        let host = self.origin.host();
        let found = tokio::net::lookup_host((host, self.origin.port()))
            .await
            .map_err(|error| DialError::Unresolved(host.to_owned(), error))?;
        let mut allowed: Vec<SocketAddr> = found
            .filter(|address| self.private_allowed || is_public(address.ip()))
            .collect();
        let Some(first) = allowed.first().map(SocketAddr::ip) else {
            return Err(DialError::NotPublic(host.to_owned()));
        };
        if self.tls.is_none() {
            allowed.retain(|address| address.ip().is_loopback());
        }
        match allowed.is_empty() {
            true => Err(DialError::NotEncrypted(first)),
            false => Ok(allowed),
        }
    }

    /// The first address that takes the connection. None may use up the time of the others.
    async fn reach(&self, addresses: Vec<SocketAddr>) -> Result<TcpStream, DialError> {
        let shares = u32::try_from(addresses.len().clamp(1, 3)).unwrap_or(1);
        let patience = self.connect_timeout / shares;
        let mut last = DialError::NotPublic(self.origin.host().to_owned());
        for address in addresses {
            last = match timeout(patience, TcpStream::connect(address)).await {
                Ok(Ok(socket)) => return Ok(socket),
                Ok(Err(error)) => DialError::Refused(address, error),
                Err(_) => DialError::Silent(address),
            };
        }
        Err(last)
    }
}

impl Dial for Dialer {
    fn dial(&self) -> BoxFuture<'_, Result<Box<dyn Transport>, DialError>> {
        Box::pin(async {
            timeout(self.connect_timeout, self.connect())
                .await
                .unwrap_or(Err(DialError::TimedOut(self.connect_timeout)))
        })
    }
}
