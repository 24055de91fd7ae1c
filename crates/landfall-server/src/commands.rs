//! One module for each command.

pub(crate) mod alerts;
pub(crate) mod apply;
pub(crate) mod ask;
pub(crate) mod credentials;
pub(crate) mod demo;
pub(crate) mod experiments;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod incidents;
mod init;
pub(crate) mod journeys;
mod keys;
pub(crate) mod names;
pub(crate) mod policy;
pub(crate) mod qa;
pub(crate) mod segments;
pub(crate) mod send;
pub(crate) mod sim;
mod sources;
pub(crate) mod webhooks;
mod workspaces;

use anyhow::Result;

use crate::cli::{Cli, Command};

/// Runs what was asked for.
pub(crate) fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Init(init) => init::run(init),
        Command::Serve(serve) => crate::serve::run(&serve),
        Command::Workspace(list) => workspaces::run(&list),
        Command::Keys(keys) => keys::run(&keys),
        Command::Sources(sources) => sources::run(&sources),
        Command::Credentials(credentials) => credentials::run(credentials),
        Command::Send(send) => send::run(&send),
        Command::Webhooks(webhooks) => webhooks::run(&webhooks),
        Command::Apply(apply) => apply::run(&apply),
        Command::Journeys(journeys) => journeys::run(&journeys),
        Command::Incidents(incidents) => incidents::run(&incidents),
        Command::Alerts(alerts) => alerts::run(&alerts),
        Command::Names(names) => names::run(&names),
        Command::Identity(identity) => identity::run(&identity),
        Command::Experiments(experiments) => experiments::run(&experiments),
        Command::Policy(policy) => policy::run(&policy),
        Command::Qa(command) => qa::run(&command),
        Command::Segments(segments) => segments::run(&segments),
        Command::Explain(explain) => journeys::explain(&explain),
        Command::Replay(replay) => journeys::replay::run(&replay),
        Command::Ask(ask) => ask::run(ask),
        Command::Import(import) => import::run(&import),
        Command::Sim(sim) => sim::run(&sim),
        Command::Demo(demo) => demo::run(&demo),
        Command::Openapi => {
            println!("{}", landfall_api::openapi_json());
            Ok(())
        }
        Command::Completions { shell } => {
            use clap::CommandFactory as _;
            clap_complete::generate(
                shell,
                &mut Cli::command(),
                "landfall",
                &mut std::io::stdout(),
            );
            Ok(())
        }
    }
}

/// The wall clock in milliseconds since the epoch.
pub(crate) fn now_ms() -> i64 {
    use landfall_domain::time::{Clock as _, WallClock};
    WallClock.now().millis()
}
