//! A simulated Twilio Messages API (providers.md 5.1).
//!
//! Rules of its script see the number that a message goes to as recipient, and the facts `from` and
//! `service` of the request. Nothing happens by itself after a message was taken: [`Twilio::advance`] moves
//! messages on, and the reports that follow are data for the caller to post.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use landfall_domain::time::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use crate::certificate::Authority;
use crate::http::{Fault, Front, Gate, RetryAfter};
use crate::script::ScriptHandle;

mod account;
mod api;
mod callback;
mod codes;
mod message;
mod segments;

pub use callback::{Callback, signature};
pub use codes::{CODES, Code, look_up};
pub use message::{Course, Message, Status, Step};
pub use segments::segments;

use account::Account;

/// What a script can have the API answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Refuse the request with a code.
    Refuse {
        /// The code; its HTTP status is that of [`look_up`].
        code: u32,
        /// When to come back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<RetryAfter>,
    },
    /// Take the message, if it is right, and let this become of it.
    Take(Course),
    /// Something outside of the API.
    Fault(Fault),
}

/// A key beside the account's own token.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its id, `SK…`.
    pub sid: String,
    /// Its secret.
    pub secret: String,
}

/// How a simulated API is set up.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Who signs the certificate for `localhost`; without it the API speaks plain HTTP.
    pub authority: Option<Arc<Authority>>,
    /// The account's id, `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The account's token, which also signs callbacks.
    pub auth_token: String,
    /// Keys that may be used instead of the token.
    pub api_keys: Vec<ApiKey>,
    /// Senders of the account: numbers, short codes, alphanumeric names.
    pub senders: Vec<String>,
    /// Messaging Services of the account, `MG…`.
    pub services: Vec<String>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Seed of the ids of messages.
    pub seed: u64,
}

impl Options {
    /// An account with one number, `+15005550006`, and one Messaging Service, on a free port of loopback.
    pub fn plain(clock: Arc<dyn Clock>) -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            authority: None,
            account_sid: format!("AC{}", "a".repeat(32)),
            auth_token: "token-of-the-simulator".to_owned(),
            api_keys: Vec::new(),
            senders: vec!["+15005550006".to_owned()],
            services: vec![format!("MG{}", "b".repeat(32))],
            clock,
            seed: 0,
        }
    }
}

/// What requests and the API's owner share.
struct Shared {
    options: Options,
    script: ScriptHandle<Answer>,
    gate: Gate,
    account: Mutex<Account>,
}

impl Shared {
    fn account(&self) -> MutexGuard<'_, Account> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Timestamp {
        self.options.clock.now()
    }
}

/// A running simulated Twilio. It stops when it is dropped.
pub struct Twilio {
    front: Front,
    shared: Arc<Shared>,
}

impl Twilio {
    /// Starts an API on the current tokio runtime.
    ///
    /// # Errors
    /// When the address cannot be bound, or no runtime runs.
    pub fn start(options: Options) -> io::Result<Self> {
        let (address, authority) = (options.address, options.authority.clone());
        let shared = Arc::new(Shared {
            script: ScriptHandle::default(),
            gate: Gate::closed(),
            account: Mutex::new(Account::new(options.seed)),
            options,
        });
        let front = Front::over(address, authority.as_deref(), Arc::clone(&shared))?;
        Ok(Self { front, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.front.address()
    }

    /// What stands in for `https://api.twilio.com`.
    pub fn base_url(&self) -> String {
        self.front.base_url()
    }

    /// The certificate to trust, as PEM; `None` for plain HTTP.
    pub fn authority_pem(&self) -> Option<&str> {
        self.shared.options.authority.as_ref().map(|one| one.pem())
    }

    /// The rules that it answers by.
    pub fn script(&self) -> &ScriptHandle<Answer> {
        &self.shared.script
    }

    /// Where answers wait that the script holds back.
    pub fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// The recipient with this number sends STOP: messages to it are refused with 21610 until
    /// [`Twilio::start_again`].
    pub fn stop(&self, number: &str) {
        self.shared.account().stop(number);
    }

    /// The recipient with this number sends START.
    pub fn start_again(&self, number: &str) {
        self.shared.account().start_again(number);
    }

    /// Every message that was taken, in order, as it is now.
    pub fn taken(&self) -> Vec<Message> {
        self.shared.account().messages().to_vec()
    }

    /// Moves each message one step on its way, oldest first, and returns how many moved. Messages whose time
    /// has not come, and those that ended, stay.
    pub fn advance(&self) -> usize {
        let now = self.shared.now();
        let options = &self.shared.options;
        self.shared.account().advance(options, now)
    }

    /// The reports that have become due since the last call, in the order of the changes. A message without
    /// `StatusCallback` gives none, and the status in the answer to the request is never reported.
    pub fn next_callbacks(&self) -> Vec<Callback> {
        self.shared.account().next_callbacks()
    }
}
