//! A simulator, and a sender that talks to it.

use futures_util::future::join_all;
use landfall_domain::attempt::Answer;
use landfall_domain::channel::Platform;
use landfall_domain::content::{Content, PushContent};
use landfall_domain::reason::Reason;
use landfall_domain::time::{Clock, HOUR_MS, ManualClock, Timestamp};
use landfall_send::apns::ApnsSender;
use landfall_send::credential::ApnsCredential;
use landfall_send::pool::PoolSettings;
use landfall_send::{Address, Network, Outgoing, Sender};
use landfall_sim::apns::{
    ApnsAnswer, ApnsOptions, ApnsSim, Auth, Connections, Ended, ProviderKey, StreamLimit, Violation,
};
use landfall_sim::script::{Rule, Script};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const TOPIC: &str = "com.example.app";
pub(crate) const KEY_ID: &str = "ABC123DEFG";
pub(crate) const TEAM_ID: &str = "TEAM567890";

/// A simulator and a sender that talks to it.
pub(crate) struct Line {
    pub(crate) sim: ApnsSim,
    pub(crate) sender: Arc<ApnsSender>,
    pub(crate) clock: Arc<ManualClock>,
}

#[derive(Default)]
pub(crate) struct Setup {
    pub(crate) connections: Connections,
    pub(crate) only_registered: bool,
    pub(crate) attempt_timeout: Option<Duration>,
    pub(crate) pool: Option<PoolSettings>,
}

impl Setup {
    pub(crate) fn limited(streams: StreamLimit) -> Self {
        Self {
            connections: Connections {
                streams,
                violation: Violation::GoAway,
                ..Connections::default()
            },
            ..Self::default()
        }
    }

    pub(crate) fn start(self) -> Line {
        let (key, p8) = ProviderKey::generate(KEY_ID, TEAM_ID).expect("a key");
        let clock = Arc::new(ManualClock::at(NOW));
        let mut options = ApnsOptions::new(Arc::clone(&clock) as Arc<dyn Clock>);
        options.auth = Auth::Tokens(vec![key]);
        options.connections = self.connections;
        options.only_registered = self.only_registered;
        let sim = ApnsSim::start(options).expect("the simulator starts");
        let credential = ApnsCredential {
            key_p8: Some(p8),
            key_id: Some(KEY_ID.to_owned()),
            team_id: Some(TEAM_ID.to_owned()),
            ..credential(&sim)
        };
        let mut network = network();
        if let Some(limit) = self.attempt_timeout {
            network.attempt_timeout = limit;
        }
        let pool = self.pool.unwrap_or(PoolSettings::apns(7));
        let sender = ApnsSender::with_pool(&credential, &network, pool).expect("a sender");
        Line {
            sim,
            sender: Arc::new(sender),
            clock,
        }
    }
}

pub(crate) fn credential(sim: &ApnsSim) -> ApnsCredential {
    ApnsCredential {
        topic: TOPIC.to_owned(),
        base_url: Some(format!("https://{}", sim.addr())),
        ca_pem: Some(sim.ca_pem().to_owned()),
        ..ApnsCredential::default()
    }
}

/// Long enough that a busy machine does not turn waiting into a failure.
pub(crate) fn network() -> Network {
    Network {
        private_allowed: true,
        connect_timeout: Duration::from_secs(60),
        attempt_timeout: Duration::from_secs(120),
        ..Network::default()
    }
}

pub(crate) fn token(which: usize) -> String {
    format!("{which:064x}")
}

pub(crate) fn outgoing(which: usize) -> Outgoing {
    Outgoing {
        attempt_id: format!("00000000-0000-4000-8000-{which:012x}"),
        delivery_id: format!("dlv_{which}"),
        to: Address::Device {
            token: token(which),
            platform: Platform::Ios,
            app: TOPIC.to_owned(),
            keys: None,
        },
        content: Content::Push(Box::new(PushContent {
            title: Some("Title".to_owned()),
            body: Some("Body".to_owned()),
            ..PushContent::default()
        })),
        expires_at: NOW.plus_millis(HOUR_MS),
        dry_run: false,
        analytics_label: None,
    }
}

impl Line {
    pub(crate) async fn send(&self, which: usize) -> Answer {
        self.sender.send(&outgoing(which), NOW).await
    }

    /// Sends so many pushes at once, each to its own token.
    pub(crate) async fn send_all(&self, count: usize) -> Vec<Answer> {
        let sends = (0..count).map(|which| {
            let sender = Arc::clone(&self.sender);
            tokio::spawn(async move { sender.send(&outgoing(which), NOW).await })
        });
        let answers = join_all(sends.collect::<Vec<_>>()).await;
        answers
            .into_iter()
            .map(|answer| answer.expect("no panic"))
            .collect()
    }

    pub(crate) fn says(&self, answer: impl Into<ApnsAnswer>) {
        self.sim
            .script()
            .replace(Script::of([Rule::always(answer.into())]));
    }

    pub(crate) fn says_once(&self, answer: impl Into<ApnsAnswer>) {
        let rule = Rule::always(answer.into()).times(1);
        self.sim.script().replace(Script::of([rule]));
    }

    /// How often each push was accepted, by its token.
    pub(crate) fn accepted(&self) -> BTreeMap<String, usize> {
        let mut accepted = BTreeMap::new();
        for taken in self.sim.taken() {
            if matches!(taken.ended, Ended::Accepted { .. }) {
                *accepted.entry(taken.token).or_insert(0) += 1;
            }
        }
        accepted
    }

    pub(crate) fn once_each(&self, count: usize) {
        let accepted = self.accepted();
        assert_eq!(accepted.len(), count, "none lost");
        assert!(accepted.values().all(|times| *times == 1), "none doubled");
    }
}

pub(crate) fn reasons(answers: &[Answer]) -> BTreeMap<Option<Reason>, usize> {
    let mut counts = BTreeMap::new();
    for answer in answers {
        *counts.entry(answer.reason()).or_insert(0) += 1;
    }
    counts
}

pub(crate) fn certified(sim: &ApnsSim) -> ApnsCredential {
    let issued = sim.client_certificate(TOPIC).expect("a certificate");
    ApnsCredential {
        certificate_pem: Some(issued.certificate_pem),
        certificate_key_pem: Some(issued.key_pem),
        ..credential(sim)
    }
}
