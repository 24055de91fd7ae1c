//! `landfall credentials`: what is sent with.

mod add;
mod fields;
mod words;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use landfall_domain::time::{Clock as _, WallClock};
use landfall_engine::credentials::{CredentialError, Network, Verdict, check as ask, verdict};
use landfall_engine::directory::{DirectoryFile, WorkspaceRecord};
use serde_json::json;

use super::ask::show;
use crate::cli::Data;
use crate::data::DataFolder;
use crate::serve::sending::Reach;

/// `landfall credentials`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall credentials add apple --provider apns --key-file AuthKey_ABC123DEFG.p8 \\
      --key-id ABC123DEFG --team-id DEF123GHIJ --topic com.shop.app
  landfall credentials add google --provider fcm --service-account shop-firebase.json
  landfall credentials add browsers --provider web-push --generate --subject mailto:ops@shop.example
  landfall credentials add relay --from-json relay.json
  landfall credentials check")]
pub(crate) struct Credentials {
    #[command(flatten)]
    data: Data,
    #[command(subcommand)]
    action: Option<Action>,
    /// Of which workspace; the only one if left out.
    #[arg(long, value_name = "NAME", global = true)]
    workspace: Option<String>,
    /// Print JSON.
    #[arg(long, global = true)]
    json: bool,
}

/// What to do with credentials.
#[derive(Debug, Subcommand)]
enum Action {
    /// List them. Secrets are never shown.
    List,
    /// Add one, or replace the one of that name. It is checked against its provider first.
    Add(Box<add::Add>),
    /// Ask the providers whether they work; nobody gets a message. Fails when one does not.
    Check {
        /// Only this one.
        name: Option<String>,
        #[command(flatten)]
        reach: Reach,
    },
    /// Remove one. A running server forgets it within two seconds.
    Remove {
        /// Which.
        name: String,
    },
}

/// Runs the command.
pub(crate) fn run(credentials: Credentials) -> Result<()> {
    let folder = DataFolder::open(&credentials.data.data)?;
    let place = Place::find(folder, credentials.workspace.as_deref())?;
    let as_json = credentials.json;
    match credentials.action.unwrap_or(Action::List) {
        Action::List => {
            list(&place, as_json);
            Ok(())
        }
        Action::Add(add) => add::run(place, &add, as_json),
        Action::Check { name, reach } => check(&place, name.as_deref(), &reach, as_json),
        Action::Remove { name } => remove(place, &name),
    }
}

/// Where the credentials of a workspace lie.
struct Place {
    folder: DataFolder,
    file: DirectoryFile,
    workspace: String,
}

impl Place {
    fn find(folder: DataFolder, workspace: Option<&str>) -> Result<Self> {
        let file = folder.directory()?;
        let workspace = match (workspace, file.workspaces.as_slice()) {
            (Some(name), _) => name.to_owned(),
            (None, [only]) => only.name.clone(),
            (None, []) => bail!("there is no workspace yet: make one with `landfall init`"),
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|it| it.name.as_str()).collect();
                bail!("which workspace? --workspace {}", names.join(" or "))
            }
        };
        if file.workspace(&workspace).is_none() {
            bail!("there is no workspace `{workspace}`: `landfall workspace` lists them");
        }
        Ok(Self {
            folder,
            file,
            workspace,
        })
    }

    fn record(&self) -> Option<&WorkspaceRecord> {
        self.file.workspace(&self.workspace)
    }

    /// Changes the record as it is now, which may be another than at the beginning: a provider was asked
    /// meanwhile.
    fn change(self, change: impl FnOnce(&mut WorkspaceRecord) -> Result<()>) -> Result<()> {
        let mut file = self.folder.held_directory()?;
        let record = file.workspace_mut(&self.workspace);
        change(record.context("the workspace is gone")?)?;
        Ok(file.write()?)
    }
}

fn list(place: &Place, as_json: bool) {
    let records = place.record().map(|record| &record.credentials);
    let records = || records.into_iter().flatten();
    if as_json {
        let rows = records().map(|(name, record)| {
            json!({
                "name": name, "provider": record.kind, "app": record.app,
                "per_second": record.per_second, "created_ms": record.created_ms,
                "expires_ms": record.expires_ms, "shown": record.shown,
            })
        });
        println!("{}", serde_json::Value::from_iter(rows));
        return;
    }
    if records().next().is_none() {
        println!("No credential yet. Add one: landfall credentials add NAME --provider apns ...");
        return;
    }
    let mut table = show::table(["credential", "provider", "app", "a second", "details"]);
    for (name, record) in records() {
        let mut shown: Vec<String> = record
            .shown
            .iter()
            .map(|(name, value)| format!("{} {value}", name.replace('_', " ")))
            .collect();
        if let Some(ends) = record.expires_ms {
            shown.push(format!("ends {}", show::time(&ends.into())));
        }
        table.add_row([
            name.clone(),
            record.kind.to_string(),
            record.app.clone().unwrap_or_else(|| "every app".to_owned()),
            record
                .per_second
                .map_or("-".to_owned(), |rate| rate.to_string()),
            shown.join("\n"),
        ]);
    }
    println!("{table}");
}

fn check(place: &Place, only: Option<&str>, reach: &Reach, as_json: bool) -> Result<()> {
    let record = place.record().context("the workspace is gone")?;
    if let Some(name) = only.filter(|name| !record.credentials.contains_key(*name)) {
        bail!("there is no credential `{name}`: `landfall credentials` lists them");
    }
    let (master, network) = (place.folder.master_key()?, reach.network()?);
    let mut checked = Vec::new();
    for (name, stored) in &record.credentials {
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let opened = stored.open(&master, &record.id, name);
        let credential = opened.with_context(|| format!("credential `{name}`"))?;
        let said = asked(&credential, &network)?;
        checked.push((name.clone(), stored.kind, said));
    }
    words::print(&checked, as_json);
    let bad = |said: &Answered| !said.as_ref().is_ok_and(|said| said.standing.is_good());
    match checked.iter().filter(|(_, _, said)| bad(said)).count() {
        0 => Ok(()),
        1 => bail!("one credential does not work"),
        bad => bail!("{bad} credentials do not work"),
    }
}

/// What a provider said, or what is wrong with the credential itself.
type Answered = Result<Verdict, CredentialError>;

/// Asks the provider; nobody gets anything.
fn asked(
    credential: &landfall_engine::credentials::Credential,
    network: &Network,
) -> Result<Answered> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(ask(credential, network, WallClock.now()));
    Ok(answer.map(|answer| verdict(&answer)))
}

fn remove(place: Place, name: &str) -> Result<()> {
    place.change(|record| {
        let removed = record.credentials.remove(name);
        removed.map(drop).with_context(|| {
            format!("there is no credential `{name}`: `landfall credentials` lists them")
        })
    })?;
    println!("Credential `{name}` is removed. A running server forgets it within two seconds.");
    Ok(())
}
