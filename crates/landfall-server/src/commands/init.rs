//! `landfall init`: make a workspace.

use anyhow::{Context as _, Result, bail};
use landfall_engine::directory::{KeyKind, WorkspaceRecord};
use landfall_engine::seal::random_hex;
use serde_json::json;

use super::now_ms;
use crate::cli::Init;
use crate::data::DataFolder;

/// Bytes of randomness in a secret key.
const KEY_BYTES: usize = 20;
/// Bytes of randomness in a site id, which is a name rather than a secret.
const SITE_ID_BYTES: usize = 10;

/// Makes the workspace and prints its keys.
pub(crate) fn run(init: Init) -> Result<()> {
    let name = init.workspace.trim();
    if name.is_empty() {
        bail!("the workspace needs a name");
    }
    let folder = DataFolder::open(&init.data.data)?;
    let mut file = folder.held_directory()?;
    if file.workspace(name).is_some() {
        bail!(
            "workspace `{name}` exists already in {}: its keys were printed when it was made; \
             `landfall keys add` makes new ones",
            init.data.data.display()
        );
    }
    folder.master_key()?;
    let site_id = given_or_random(init.site_id, SITE_ID_BYTES)?;
    let track_key = given_or_random(init.track_key, KEY_BYTES)?;
    let app_key = given_or_random(init.app_key, KEY_BYTES)?;
    let write_key = given_or_random(init.write_key, KEY_BYTES)?;
    let now = now_ms();
    let number = file
        .workspaces
        .iter()
        .map(|workspace| workspace.number)
        .max()
        .unwrap_or(0)
        + 1;
    let mut record = WorkspaceRecord {
        id: format!("ws_{}", random_hex(6).context("no workspace id")?),
        name: name.to_owned(),
        number,
        created_ms: now,
        keys: Vec::new(),
        sources: std::collections::BTreeMap::new(),
        credentials: std::collections::BTreeMap::new(),
    };
    record.add_key(KeyKind::Track, Some(&site_id), &track_key, now);
    record.add_key(KeyKind::App, None, &app_key, now);
    record.add_key(KeyKind::Write, None, &write_key, now);
    file.workspaces.push(record);
    file.write()?;
    if init.json {
        let keys = json!({
            "workspace": name, "site_id": site_id, "track_key": track_key,
            "app_key": app_key, "write_key": write_key,
        });
        println!("{keys}");
    } else {
        println!("Workspace `{name}` is ready. Its keys are shown this once; keep them safe.\n");
        println!("  site id    {site_id}");
        println!("  track key  {track_key}   Track API: Basic site-id:track-key");
        println!("  app key    {app_key}   App API and Landfall API: Bearer");
        println!("  write key  {write_key}   Pipelines API and SDKs");
    }
    Ok(())
}

fn given_or_random(given: Option<String>, bytes: usize) -> Result<String> {
    match given {
        Some(given) if given.trim().is_empty() => bail!("a key that is given must not be empty"),
        Some(given) => Ok(given),
        None => random_hex(bytes).context("the machine gives no randomness"),
    }
}
