//! A bare HTTP/2 client of the simulated APNs, and provider tokens as a sender makes them.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Request};
use landfall_domain::time::{Clock, ManualClock, Timestamp};
use landfall_sim::apns::{ApnsOptions, ApnsSim};
use landfall_sim::certificate::Issued;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where the tests' clocks stand.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
/// A well-formed device token.
pub(crate) const TOKEN: &str = "00fc13adff785122b4ad28809a3420982341241421348097878e577c991de8f0";

/// A simulator and the clock that it goes by.
pub(crate) fn start(change: impl FnOnce(&mut ApnsOptions)) -> (ApnsSim, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(NOW));
    let mut options = ApnsOptions::new(Arc::clone(&clock) as Arc<dyn Clock>);
    change(&mut options);
    (
        ApnsSim::start(options).expect("the simulator starts"),
        clock,
    )
}

/// A push to be sent, well-formed to begin with.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Bytes,
}

impl Push {
    pub(crate) fn to(token: &str) -> Self {
        Self {
            method: "POST",
            path: format!("/3/device/{token}"),
            headers: vec![
                ("apns-topic", "org.example.app".to_owned()),
                ("apns-push-type", "alert".to_owned()),
            ],
            body: Bytes::from_static(br#"{"aps":{"alert":"hello"}}"#),
        }
    }

    /// With a header in place of what was there, or without it.
    pub(crate) fn header(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.and(name, value)
    }

    /// With one more header.
    pub(crate) fn and(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.headers
            .extend(value.map(|value| (name, value.to_owned())));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// DATA frames that were not empty.
    pub(crate) frames: Vec<Bytes>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.frames.concat()).expect("text")
    }

    /// `reason` of the body; empty when there is none.
    pub(crate) fn reason(&self) -> String {
        let body: Value = serde_json::from_str(&self.text()).unwrap_or_default();
        body["reason"].as_str().unwrap_or_default().to_owned()
    }

    pub(crate) fn timestamp(&self) -> Option<i64> {
        let body: Value = serde_json::from_str(&self.text()).ok()?;
        body["timestamp"].as_i64()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A connection.
pub(crate) struct Peer {
    pub(crate) send: SendRequest<Bytes>,
    pub(crate) ended: JoinHandle<Result<(), h2::Error>>,
}

impl Peer {
    pub(crate) async fn connect(sim: &ApnsSim) -> Self {
        Self::with_certificate(sim, None).await
    }

    pub(crate) async fn with_certificate(sim: &ApnsSim, issued: Option<&Issued>) -> Self {
        let (send, connection) = h2::client::Builder::new()
            .initial_max_send_streams(1)
            .handshake(tls(sim, issued).await)
            .await
            .expect("an HTTP/2 handshake");
        Self {
            send,
            ended: tokio::spawn(connection),
        }
    }

    /// Sends without waiting for the answer.
    pub(crate) async fn send(&mut self, push: &Push) -> Result<ResponseFuture, h2::Error> {
        let mut request = Request::builder()
            .method(push.method)
            .uri(format!("https://localhost{}", push.path));
        for (name, value) in &push.headers {
            request = request.header(*name, value);
        }
        let request = request.body(()).expect("a request");
        self.send = self.send.clone().ready().await?;
        let ends = push.body.is_empty();
        let (answer, mut body) = self.send.send_request(request, ends)?;
        if !ends {
            body.send_data(push.body.clone(), true)?;
        }
        Ok(answer)
    }

    pub(crate) async fn push(&mut self, push: &Push) -> Answer {
        let answer = self.send(push).await.expect("is sent");
        read(answer).await.expect("an answer")
    }

    /// Returns when the connection is over.
    pub(crate) async fn closed(self) -> Result<(), h2::Error> {
        drop(self.send);
        self.ended.await.expect("the connection's task")
    }
}

/// Reads an answer to its end.
pub(crate) async fn read(answer: ResponseFuture) -> Result<Answer, h2::Error> {
    let (parts, mut body) = answer.await?.into_parts();
    let mut frames = Vec::new();
    while let Some(data) = body.data().await {
        let data = data?;
        body.flow_control().release_capacity(data.len())?;
        if !data.is_empty() {
            frames.push(data);
        }
    }
    Ok(Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        frames,
    })
}

/// A TLS connection to the simulator.
pub(crate) async fn tls(sim: &ApnsSim, issued: Option<&Issued>) -> TlsStream<TcpStream> {
    let config = sim
        .authority()
        .client_config(&["h2"], issued)
        .expect("client settings");
    let stream = TcpStream::connect(sim.addr()).await.expect("connects");
    let name = ServerName::try_from("localhost").expect("a name");
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .expect("a TLS handshake")
}

/// A provider token as a sender signs it, as the value of `authorization`.
pub(crate) fn signed(key: &str, id: &str, team: &str, issued: Timestamp) -> String {
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::ES256);
    header.kid = Some(id.to_owned());
    let claims = serde_json::json!({"iss": team, "iat": issued.seconds()});
    let key = jsonwebtoken::EncodingKey::from_ec_pem(key.as_bytes()).expect("a key");
    let token = jsonwebtoken::encode(&header, &claims, &key).expect("signs");
    format!("bearer {token}")
}

/// A token whose parts are given, signed by nobody.
pub(crate) fn unsigned(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!("bearer {}.{}.{signature}", part(header), part(claims))
}
