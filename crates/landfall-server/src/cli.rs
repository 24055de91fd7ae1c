//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Did the push land? Push messaging and the truth about its delivery.
#[derive(Debug, Parser)]
#[command(
    name = "landfall",
    version,
    max_term_width = 100,
    after_help = "\
Start here:
  landfall init --data ./data --workspace shop     make a workspace; prints its keys once
  landfall serve --data ./data                     serve it on 127.0.0.1:7171
  landfall metrics --by journey,platform --since 7d
  landfall trace DELIVERY                          everything known about one delivery"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a workspace with its keys, which are printed once.
    Init(Init),
    /// Serve all workspaces of a data folder.
    Serve(Serve),
    /// List workspaces.
    Workspace(WorkspaceArgs),
    /// List, add or revoke keys.
    Keys(Keys),
    /// Where webhooks come from: list or add.
    Sources(Sources),
    /// What is sent with: keys of APNs, FCM, Web Push, gateways and relays.
    Credentials(crate::commands::credentials::Credentials),
    /// Try a device with its trail shown live; release drafts, take messages back.
    Send(crate::commands::send::Send),
    /// Where changes of deliveries are reported to: add, list, remove, test, dead letters.
    Webhooks(crate::commands::webhooks::Webhooks),
    /// Make journeys and segments from files, or say what is wrong with them.
    Apply(crate::commands::apply::Apply),
    /// Journeys: list, show, start, pause, stop; who is in them.
    Journeys(crate::commands::journeys::Journeys),
    /// A/B tests, splits and holdouts: results, how they are guarded, how many people they need.
    Experiments(crate::commands::experiments::Experiments),
    /// Rules of sending: quiet hours, caps, duplicates, subscription topics.
    Policy(crate::commands::policy::Policy),
    /// What is off, and what is done about it: list, show, acknowledge, snooze, resolve.
    Incidents(crate::commands::incidents::Incidents),
    /// Rules of your own, tried on history; who is told of incidents.
    Alerts(crate::commands::alerts::Alerts),
    /// Names of messages: which depart from the convention, and what they probably mean.
    Names(crate::commands::names::Names),
    /// Repair identities that went wrong, such as tokens on anonymous profiles; undo a repair.
    Identity(crate::commands::identity::Identity),
    /// Try journeys with test profiles, before anybody gets a message.
    Qa(crate::commands::qa::Qa),
    /// Segments: list, show, create, delete; who is in them and why.
    Segments(crate::commands::segments::Segments),
    /// Why a person got a message of a journey, or did not: every check with what it saw.
    Explain(crate::commands::journeys::Explain),
    /// Live a person's runs of a journey again, and show what would have become of them.
    Replay(crate::commands::journeys::replay::Replay),
    #[command(flatten)]
    Ask(crate::commands::ask::Ask),
    /// Import a file: Customer.io delivery export, webhook archive, people or devices.
    Import(crate::commands::import::Import),
    /// Simulate providers, or people and their phones for days.
    Sim(crate::commands::sim::Sim),
    /// Watch a living shop in which something goes wrong.
    Demo(crate::commands::demo::Demo),
    /// Print the OpenAPI document of Landfall's own API.
    Openapi,
    /// Print a completion script for a shell.
    Completions {
        /// Which shell.
        shell: clap_complete::Shell,
    },
}

/// Where the data lies.
#[derive(Clone, Debug, Args)]
pub(crate) struct Data {
    /// The data folder.
    #[arg(
        long,
        value_name = "DIR",
        default_value = "data",
        env = "LANDFALL_DATA"
    )]
    pub(crate) data: PathBuf,
}

/// `landfall init`.
#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Name of the workspace.
    #[arg(long, value_name = "NAME")]
    pub(crate) workspace: String,
    /// Site id of the Track API (random if not given).
    #[arg(long, value_name = "S")]
    pub(crate) site_id: Option<String>,
    /// Key of the Track API (random if not given).
    #[arg(long, value_name = "K")]
    pub(crate) track_key: Option<String>,
    /// Key of the App API and Landfall's own API (random if not given).
    #[arg(long, value_name = "A")]
    pub(crate) app_key: Option<String>,
    /// Write key of the Pipelines API and the SDKs (random if not given).
    #[arg(long, value_name = "W")]
    pub(crate) write_key: Option<String>,
    /// Print the keys as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `landfall serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Address to listen on. Loopback unless you say otherwise.
    #[arg(
        long,
        value_name = "ADDR",
        default_value = "127.0.0.1:7171",
        env = "LANDFALL_LISTEN"
    )]
    pub(crate) listen: SocketAddr,
    /// Address to listen on with TLS.
    #[arg(long, value_name = "ADDR", requires_all = ["tls_cert", "tls_key"])]
    pub(crate) tls_listen: Option<SocketAddr>,
    /// Certificate chain in PEM.
    #[arg(long, value_name = "F", requires = "tls_listen")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key in PEM.
    #[arg(long, value_name = "F", requires = "tls_listen")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Host name (and port) under which apps reach this server, such as `push.example.org`.
    #[arg(long, value_name = "HOST", env = "LANDFALL_PUBLIC_HOST")]
    pub(crate) public_host: Option<String>,
    /// Address under which this server is reached from outside, such as `https://push.example.org`: what
    /// links in messages begin with. Without it, mails offer no unsubscribing of ours.
    #[arg(long, value_name = "URL", env = "LANDFALL_PUBLIC_URL")]
    pub(crate) public_url: Option<String>,
    /// Keep people and ledger in PostgreSQL instead of the data folder.
    #[arg(long, value_name = "URL", env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Option<String>,
    #[command(flatten)]
    pub(crate) sending: crate::serve::sending::SendingArgs,
    /// Accept requests but store nothing: for measuring the HTTP side alone.
    #[arg(long, hide = true)]
    pub(crate) store_nothing: bool,
    /// Log format.
    #[arg(long, value_enum, default_value = "text", env = "LANDFALL_LOG_FORMAT")]
    pub(crate) log_format: LogFormat,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `landfall workspace`.
#[derive(Debug, Args)]
pub(crate) struct WorkspaceArgs {
    #[command(flatten)]
    pub(crate) data: Data,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `landfall keys`.
#[derive(Debug, Args)]
pub(crate) struct Keys {
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(subcommand)]
    pub(crate) action: Option<KeysAction>,
    /// Print JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysAction {
    /// Add a key; it is printed once.
    Add {
        /// Of which workspace.
        #[arg(long, value_name = "NAME")]
        workspace: String,
        /// What for.
        #[arg(long, value_enum)]
        kind: KeyFor,
        /// Whose it is: a name or address. Only app keys belong to people.
        #[arg(long, value_name = "NAME", requires = "role")]
        user: Option<String>,
        /// What they may do.
        #[arg(long, value_enum, requires = "user")]
        role: Option<RoleFor>,
    },
    /// Revoke a key by its number. A running server notices within two seconds.
    Revoke {
        /// Of which workspace.
        #[arg(long, value_name = "NAME")]
        workspace: String,
        /// Number of the key, as `landfall keys` lists it.
        id: u32,
    },
}

/// What a user may do.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RoleFor {
    /// Look at everything, change nothing.
    Viewer,
    /// Work on people, segments, journeys, messages, experiments and alerts too.
    Editor,
    /// Also credentials, webhooks, rules of sending, and users.
    Admin,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum KeyFor {
    /// Track API (comes with a site id).
    Track,
    /// App API and Landfall's own API.
    App,
    /// Pipelines API and SDKs.
    Write,
}

/// `landfall sources`.
#[derive(Debug, Args)]
pub(crate) struct Sources {
    #[command(flatten)]
    pub(crate) data: Data,
    #[command(subcommand)]
    pub(crate) action: Option<SourcesAction>,
}

/// What to do with webhook sources.
#[derive(Debug, Subcommand)]
pub(crate) enum SourcesAction {
    /// Add a source: the place that a Customer.io account posts its reporting webhooks to.
    Add {
        /// For which workspace.
        #[arg(long, value_name = "NAME")]
        workspace: String,
        /// Name of the source: the last part of the URL.
        name: String,
        /// The signing key that Customer.io shows for the webhook.
        #[arg(
            long,
            value_name = "KEY",
            env = "LANDFALL_SIGNING_KEY",
            hide_env_values = true
        )]
        signing_key: String,
    },
}

#[cfg(test)]
mod tests;
