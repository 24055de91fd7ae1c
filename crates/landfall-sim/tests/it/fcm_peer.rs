//! A bare client of the simulated FCM.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use landfall_domain::time::{Clock, ManualClock, Timestamp};
use landfall_sim::fcm::{FcmOptions, FcmSim};
use landfall_sim::http::form;
use serde_json::{Value, json};

/// Where the tests' clocks stand.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A simulator with the clock that it goes by, and what a sender needs to know of it.
pub(crate) struct Fcm {
    pub(crate) sim: FcmSim,
    pub(crate) clock: Arc<ManualClock>,
    /// Protocols that the client offers.
    pub(crate) protocols: &'static [&'static str],
}

/// An answer, read whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// `errorCode` of the `FcmError` detail; empty when there is none.
    pub(crate) fn code(&self) -> String {
        let body = self.json();
        let details = body["error"]["details"].as_array();
        details
            .into_iter()
            .flatten()
            .find_map(|detail| detail["errorCode"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Fcm {
    pub(crate) fn start(change: impl FnOnce(&mut FcmOptions)) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let mut options = FcmOptions::new(Arc::clone(&clock) as Arc<dyn Clock>);
        change(&mut options);
        Self {
            sim: FcmSim::start(options).expect("the simulator starts"),
            clock,
            protocols: &["http/1.1"],
        }
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> std::io::Result<Answer> {
        let mut request = Request::post(format!("{}{path}", self.sim.base_url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = self.sim.authority().client_config(self.protocols, None)?;
        let request = request.body(body.into()).map_err(std::io::Error::other)?;
        let answer = landfall_sim::http::send(request, Some(Arc::new(config))).await?;
        let (parts, body) = answer.into_parts();
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&body).into_owned(),
        })
    }

    /// Sends a message to the account's project with this access token.
    pub(crate) async fn send(&self, token: &str, message: &Value) -> Answer {
        let path = format!("/v1/projects/{}/messages:send", self.sim.account().project);
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let body = json!({"message": message}).to_string();
        self.post(&path, &headers, body).await.expect("an answer")
    }

    /// Asks for an access token with these changes to the claims.
    pub(crate) async fn ask(&self, change: impl FnOnce(&mut Value)) -> Answer {
        let file = self.sim.key_file();
        let now = self.clock.now().seconds();
        let mut claims = json!({
            "iss": file["client_email"],
            "scope": "https://www.googleapis.com/auth/firebase.messaging",
            "aud": file["token_uri"],
            "iat": now,
            "exp": now + 3600,
        });
        change(&mut claims);
        let private = file["private_key"].as_str().expect("a key");
        self.ask_with(&assertion(
            &claims,
            file["private_key_id"].as_str(),
            private,
        ))
        .await
    }

    /// Asks for an access token with an assertion.
    pub(crate) async fn ask_with(&self, assertion: &str) -> Answer {
        let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
        let fields = [("grant_type", grant), ("assertion", assertion)];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let body = form::write(&fields);
        self.post("/token", &[], body).await.expect("an answer")
    }

    /// Fetches an access token.
    pub(crate) async fn token(&self) -> String {
        let answer = self.ask(|_| {}).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["access_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }
}

/// An assertion, signed with RS256.
pub(crate) fn assertion(claims: &Value, kid: Option<&str>, private: &str) -> String {
    let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
    header.kid = kid.map(ToOwned::to_owned);
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(private.as_bytes()).expect("a key");
    jsonwebtoken::encode(&header, claims, &key).expect("signs")
}
