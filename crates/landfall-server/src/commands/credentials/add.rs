//! `landfall credentials add`.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use landfall_domain::time::{Clock as _, WallClock};
use landfall_engine::credentials::{
    CredentialKind, CredentialRecord, Network, NewCredential, Standing, check_name, vapid,
};
use serde_json::{Value, json};

use super::fields::{Fields, For};
use super::{Answered, Place, asked, words};
use crate::serve::sending::Reach;

/// A credential to add.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Its name: letters, digits, `-`, `_` and `.`.
    name: String,
    /// What it is for.
    #[arg(long, value_enum, required_unless_present = "from_json")]
    provider: Option<For>,
    /// Take it from a JSON file (`-`: standard input) with `provider` and its fields, as the API does.
    #[arg(long, value_name = "FILE", conflicts_with = "provider")]
    from_json: Option<PathBuf>,
    /// Only for messages to this app: its bundle id or package name.
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// At most so many messages a second.
    #[arg(long, value_name = "N")]
    rate: Option<u32>,
    /// Store it without asking the provider whether it works.
    #[arg(long)]
    unchecked: bool,
    /// Make a new key pair for Web Push.
    #[arg(long, conflicts_with_all = ["private_key", "from_json"])]
    generate: bool,
    #[command(flatten)]
    fields: Fields,
    #[command(flatten)]
    reach: Reach,
}

/// Checks it and stores it.
pub(super) fn run(place: Place, add: &Add, as_json: bool) -> Result<()> {
    if let Err(error) = check_name(&add.name) {
        bail!(
            "`{}` is no name for a credential: {}",
            add.name,
            error.problem
        );
    }
    let new = NewCredential::read(add.json()?)?;
    let network = add.reach.network()?;
    let said = if add.unchecked {
        validate(&new, &network)?;
        None
    } else {
        Some(tried(&new, &network)?)
    };
    let id = place.record().context("the workspace is gone")?.id.clone();
    let master = place.folder.master_key()?;
    let record = new.seal(&master, &id, &add.name, WallClock.now())?;
    let stored = record.clone();
    place.change(|workspace| {
        workspace.credentials.insert(add.name.clone(), stored);
        Ok(())
    })?;
    say(add, &record, said.as_ref(), as_json);
    Ok(())
}

impl Add {
    fn json(&self) -> Result<Value> {
        let mut fields = match &self.from_json {
            Some(path) => read(path)?,
            None => self
                .fields
                .json(self.provider.context("--provider is missing")?)?,
        };
        if self.generate {
            fields["private_key"] = vapid::generate()?.private_key.into();
        }
        // What is written beside the file counts more than what is in it.
        if let Some(app) = &self.app {
            fields["app"] = app.as_str().into();
        }
        if let Some(rate) = self.rate {
            fields["per_second"] = rate.into();
        }
        Ok(fields)
    }
}

/// A JSON object from a file. What is wrong in it is not repeated: it holds secrets.
fn read(path: &Path) -> Result<Value> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read {}", path.display()))?;
    }
    let value: Option<Value> = serde_json::from_str(&text).ok();
    value
        .filter(Value::is_object)
        .with_context(|| format!("{} is not a JSON object", path.display()))
}

fn validate(new: &NewCredential, network: &Network) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    // Connections belong to a runtime from the beginning.
    let _inside = runtime.enter();
    Ok(new.validate(network)?)
}

/// Asks the provider; what it refuses, or could not be asked about, is not stored.
fn tried(new: &NewCredential, network: &Network) -> Result<Answered> {
    let said = asked(&new.credential, network)?;
    let sentence = words::sentence(&said);
    match &said {
        Ok(verdict) => match verdict.standing {
            Standing::Works | Standing::NotAsked => Ok(said),
            Standing::Refused => bail!(
                "the provider refuses it; nothing was stored. {sentence}\n\
                 (--unchecked stores it all the same)"
            ),
            Standing::NotReached => bail!(
                "the provider could not be asked; nothing was stored. {sentence}\n\
                 (--unchecked stores it all the same)"
            ),
        },
        Err(error) => bail!("{error}"),
    }
}

fn say(add: &Add, record: &CredentialRecord, said: Option<&Answered>, as_json: bool) {
    let (name, kind) = (&add.name, record.kind);
    if as_json {
        let stored = json!({
            "name": name, "provider": kind.name(), "shown": record.shown,
            "expires_ms": record.expires_ms, "check": said.map(words::json),
        });
        println!("{stored}");
        return;
    }
    match said {
        Some(said) => println!("{}", words::sentence(said)),
        None => println!("It was not checked."),
    }
    println!(
        "Credential `{name}` ({kind}) is stored. A running server takes it within two seconds."
    );
    let public = record.shown.get("public_key");
    if let (CredentialKind::WebPush, Some(key)) = (kind, public) {
        println!("\n  public key  {key}   for browsers: applicationServerKey");
    }
}
