//! Takes connections in.

use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::core::Core;
use super::session;

/// Longest handshake of TLS and HTTP/2.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Accepts until it is aborted, and every connection with it.
pub(super) async fn accept(listener: TcpListener, tls: Arc<ServerConfig>, core: Arc<Core>) {
    let acceptor = TlsAcceptor::from(tls);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, acceptor.clone(), Arc::clone(&core)));
                }
                Err(error) => {
                    tracing::warn!(%error, "the simulated APNs could not accept a connection");
                    tokio::task::yield_now().await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, acceptor: TlsAcceptor, core: Arc<Core>) {
    // Answers are gathered before they are written; waiting for more would only delay them.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Box::pin(session::serve(stream, core, HANDSHAKE)).await,
        Ok(Err(error)) => tracing::debug!(%error, "a client did not finish its TLS handshake"),
        Err(_) => tracing::debug!("a client took too long for its TLS handshake"),
    }
}
