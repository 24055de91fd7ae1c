//! How a simulator is set up.

use std::net::SocketAddr;
use std::sync::Arc;

use landfall_domain::time::Clock;
use serde::{Deserialize, Serialize};

use super::{Environment, EnvironmentSpelling, OnAccepted, OnFate, ProviderKey, Strictness};
use crate::truth::Recording;

/// Settings of a simulator; begin with [`ApnsOptions::new`].
#[derive(Clone)]
pub struct ApnsOptions {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Names for the certificate beside `localhost`, `127.0.0.1` and `::1`.
    pub names: Vec<String>,
    /// Tells the time of requests, and how old tokens are.
    pub clock: Arc<dyn Clock>,
    /// Which of Apple's two worlds this is.
    pub environment: Environment,
    /// Who may send.
    pub auth: Auth,
    /// How exactly provider tokens must be written.
    pub strictness: Strictness,
    /// How the reason for a key of the other environment is spelled.
    pub spelling: EnvironmentSpelling,
    /// Bundle ids that exist; all do when absent.
    pub apps: Option<Vec<String>>,
    /// Whether a token that was not registered is a bad one; otherwise every well-formed token lives.
    pub only_registered: bool,
    /// How connections behave.
    pub connections: Connections,
    /// How much is remembered.
    pub recording: Recording,
    /// Is told of every accepted push, before its answer is sent. Must not block.
    pub on_accepted: Option<OnAccepted>,
    /// Is told what became of each accepted push. Must not block.
    pub on_fate: Option<OnFate>,
}

/// Who may send (providers.md 1.3).
#[derive(Clone, Debug)]
pub enum Auth {
    /// Anybody, with or without credentials: for load.
    Any,
    /// Holders of these keys, by provider tokens. A client certificate is not looked at.
    Tokens(Vec<ProviderKey>),
    /// Who shows a client certificate of [`client_certificate`](super::ApnsSim::client_certificate), for
    /// these topics. An `authorization` header is ignored then.
    Certificate(Vec<String>),
}

/// How connections behave (providers.md 1.5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Connections {
    /// How many streams a client may have open.
    pub streams: StreamLimit,
    /// What happens to one more.
    pub violation: Violation,
    /// When a connection goes away by itself.
    pub go_away: Option<GoAwayAfter>,
    /// Leaves PING frames unanswered.
    pub ignores_pings: bool,
}

/// `SETTINGS_MAX_CONCURRENT_STREAMS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamLimit {
    /// The same all the time.
    Fixed(u32),
    /// One until the first request with a valid provider token was answered; then this, by a second SETTINGS
    /// frame.
    OneUntilToken(u32),
}

impl Default for StreamLimit {
    /// What was seen in the wild.
    fn default() -> Self {
        Self::Fixed(1000)
    }
}

/// What happens to a stream above the limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Violation {
    /// RST_STREAM with `REFUSED_STREAM`.
    #[default]
    Refuse,
    /// GOAWAY with `PROTOCOL_ERROR`; the streams before are still answered.
    GoAway,
}

/// A connection that goes away after a number of streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoAwayAfter {
    /// The stream with this number on the connection (from 1) is the last.
    pub streams: u32,
    /// `reason` of the debug data, such as `Shutdown`; without it there is none.
    #[serde(default)]
    pub reason: Option<String>,
    /// What happens to streams up to the last that were not answered yet.
    #[serde(default)]
    pub below: Below,
}

/// What happens to streams up to the last one of a GOAWAY.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Below {
    /// They are processed and answered before the connection is closed.
    #[default]
    Answered,
    /// They are processed, and the connection is closed without their answers.
    Unanswered,
}
