//! One request at a time to a server of our own: status callbacks, and tests.

use std::io;
use std::sync::Arc;

use ::http::header::HOST;
use ::http::{HeaderValue, Request, Response, Uri, Version};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Sends one request on a connection of its own and reads the whole answer.
///
/// The URI is absolute. `https` needs `tls`; HTTP/2 is spoken when its settings offer `h2` and the server
/// takes it, or when the request's version says so.
///
/// # Errors
/// When the URI has no host, the connection fails or ends before the answer, or TLS settings are missing.
pub async fn send(
    request: Request<Bytes>,
    tls: Option<Arc<ClientConfig>>,
) -> io::Result<Response<Bytes>> {
    let uri = request.uri().clone();
    let host = uri.host().ok_or_else(|| wrong(&uri, "has no host"))?;
    let secure = uri.scheme_str() == Some("https");
    let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let stream = TcpStream::connect((host.trim_matches(['[', ']']), port)).await?;
    stream.set_nodelay(true)?;
    if !secure {
        let h2 = request.version() == Version::HTTP_2;
        return exchange(stream, request, h2).await;
    }
    let config = tls.ok_or_else(|| wrong(&uri, "needs TLS settings"))?;
    let name =
        ServerName::try_from(host.trim_matches(['[', ']']).to_owned()).map_err(io::Error::other)?;
    let stream = TlsConnector::from(config).connect(name, stream).await?;
    let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    exchange(stream, request, h2).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<Bytes>,
    h2: bool,
) -> io::Result<Response<Bytes>> {
    let request = request.map(Full::new);
    let response = if h2 {
        let (mut sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let connection = Guard(tokio::spawn(connection));
        let response = sender.send_request(request).await;
        whole(response, connection).await
    } else {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        let connection = Guard(tokio::spawn(connection));
        let response = sender.send_request(origin_form(request)).await;
        whole(response, connection).await
    };
    response.map_err(io::Error::other)
}

/// Reads the body while the connection is driven.
async fn whole<T>(
    response: hyper::Result<Response<hyper::body::Incoming>>,
    _connection: Guard<T>,
) -> hyper::Result<Response<Bytes>> {
    let (parts, body) = response?.into_parts();
    let body = body.collect().await?.to_bytes();
    Ok(Response::from_parts(parts, body))
}

/// HTTP/1.1 names the host in a header and the path alone in its first line.
fn origin_form(mut request: Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    *request.version_mut() = Version::HTTP_11;
    let authority = request.uri().authority().map(|one| one.as_str().to_owned());
    if let Some(host) = authority.and_then(|one| HeaderValue::from_str(&one).ok()) {
        request.headers_mut().entry(HOST).or_insert(host);
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    request
}

fn wrong(uri: &Uri, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, format!("{uri} {what}"))
}

/// Ends a connection's task with its request.
struct Guard<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Guard<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
