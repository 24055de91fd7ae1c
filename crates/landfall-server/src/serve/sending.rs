//! Sending what is due, beside serving.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use clap::builder::FalseyValueParser;
use landfall_domain::time::{MINUTE_MS, WallClock};
use landfall_engine::broadcast::Broadcaster;
use landfall_engine::credentials::Network;
use landfall_engine::dispatch::Limits;
use landfall_engine::random::SystemRandom;
use landfall_engine::{Dispatcher, Heartbeat, Links, Monitor, Sending};
use tokio::task::JoinHandle;

/// What is being handed over gets this long to be answered when the server stops. What is not
/// answered then has an unknown outcome and is taken up again after the next start.
const PATIENCE: Duration = Duration::from_secs(5);

/// How messages leave.
#[derive(Debug, Args)]
pub(crate) struct SendingArgs {
    /// Record only: send nothing, even if it is due.
    #[arg(long, env = "LANDFALL_NO_SEND", value_parser = FalseyValueParser::new())]
    pub(crate) no_send: bool,
    #[command(flatten)]
    pub(crate) reach: Reach,
    /// How often each credential is checked against its provider, in minutes.
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1440))]
    pub(crate) check_every: u16,
}

/// What may be called.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// Let messages go to loopback and private addresses: simulators, and relays in your own network.
    #[arg(long, env = "LANDFALL_ALLOW_PRIVATE_ADDRESSES", value_parser = FalseyValueParser::new())]
    pub(crate) allow_private_addresses: bool,
    /// Certificates of more authorities that providers may have theirs from, in PEM.
    #[arg(long, value_name = "F", env = "LANDFALL_PROVIDER_CA_FILE")]
    pub(crate) provider_ca_file: Option<PathBuf>,
}

impl Reach {
    /// As senders take it.
    pub(crate) fn network(&self) -> Result<Network> {
        let ca_pem = self.provider_ca_file.as_ref().map(|path| {
            std::fs::read_to_string(path)
                .with_context(|| format!("cannot read certificates from {}", path.display()))
        });
        Ok(Network {
            private_allowed: self.allow_private_addresses,
            ca_pem: ca_pem.transpose()?,
            ..Network::default()
        })
    }
}

impl SendingArgs {
    /// How providers are reached.
    pub(crate) fn network(&self) -> Result<Network> {
        self.reach.network()
    }
}

/// Sending that goes on until it is stopped.
pub(crate) struct Running(Vec<(Dispatcher, JoinHandle<()>)>);

/// Connects the credentials and follows their changes; unless told not to, sends what is due in every
/// workspace and checks the credentials by and by.
pub(crate) fn start(sending: &Sending, args: &SendingArgs, links: Option<&Links>) -> Running {
    sending.refresh();
    tokio::spawn(sending.clone().follow());
    if !sending.is_on() {
        tracing::info!("due messages are not sent (--no-send)");
        return Running(Vec::new());
    }
    let random = Arc::new(SystemRandom);
    let every_ms = i64::from(args.check_every) * MINUTE_MS;
    let heartbeat = Heartbeat::new(sending.clone(), random.clone(), every_ms);
    tokio::spawn(heartbeat.run(Arc::new(WallClock)));
    for workspace in sending.workspaces() {
        let broadcaster = Broadcaster::new(workspace, sending.network().clone());
        tokio::spawn(broadcaster.run());
    }
    watch(sending, &random, links);
    let dispatchers = sending.workspaces().into_iter().map(|workspace| {
        let carriers = sending.carriers(&workspace);
        let (random, links) = (random.clone(), links.cloned());
        let limits = Limits::default();
        let dispatcher = Dispatcher::with_links(workspace, carriers, random, limits, links);
        let running = tokio::spawn(dispatcher.clone().run());
        (dispatcher, running)
    });
    Running(dispatchers.collect())
}

/// Watches every workspace, and tells of incidents by its credentials.
fn watch(sending: &Sending, random: &Arc<SystemRandom>, links: Option<&Links>) {
    for workspace in sending.workspaces() {
        let carriers = sending.carriers(&workspace);
        let network = sending.network().clone();
        let monitor = Monitor::new(workspace, carriers, network, random.clone());
        tokio::spawn(monitor.linking(links.cloned()).run());
    }
}

impl Running {
    /// Claims nothing more and waits a moment for what is being handed over.
    pub(crate) async fn stop(self) {
        for (dispatcher, _) in &self.0 {
            dispatcher.stop();
        }
        let all = async {
            for (dispatcher, running) in self.0 {
                // Looking ends first, so that nothing is claimed after the wait.
                if let Err(error) = running.await {
                    tracing::error!(%error, "sending ended badly");
                }
                dispatcher.idle().await;
            }
        };
        if tokio::time::timeout(PATIENCE, all).await.is_err() {
            tracing::warn!(
                "messages that are still being handed over have an unknown outcome for now"
            );
        }
    }
}
