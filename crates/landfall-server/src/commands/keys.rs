//! `landfall keys`: list, add, revoke.

use anyhow::{Context as _, Result, bail};
use landfall_engine::directory::{KeyKind, Role, User};
use landfall_engine::seal::random_hex;
use serde_json::json;

use super::now_ms;
use crate::cli::{KeyFor, Keys, KeysAction, RoleFor};
use crate::data::DataFolder;

/// Runs the command.
pub(crate) fn run(keys: &Keys) -> Result<()> {
    let folder = DataFolder::open(&keys.data.data)?;
    match &keys.action {
        None => list(&folder, keys.json),
        Some(KeysAction::Add {
            workspace,
            kind,
            user,
            role,
        }) => match (user, role) {
            (Some(name), Some(role)) => {
                add_user(&folder, workspace, (*kind, name, *role), keys.json)
            }
            _ => add(&folder, workspace, *kind, keys.json),
        },
        Some(KeysAction::Revoke { workspace, id }) => revoke(&folder, workspace, *id),
    }
}

fn list(folder: &DataFolder, as_json: bool) -> Result<()> {
    let file = folder.directory()?;
    let keys = || {
        file.workspaces
            .iter()
            .flat_map(|w| w.keys.iter().map(move |key| (w, key)))
    };
    if as_json {
        let rows: Vec<_> = keys()
            .map(|(workspace, key)| {
                json!({
                    "workspace": workspace.name, "id": key.id, "kind": key.kind,
                    "ends_with": key.tail, "site_id": key.site_id, "created_ms": key.created_ms,
                    "user": key.user.as_ref().map(|user| &user.name),
                    "role": key.user.as_ref().map(|user| user.role.name()),
                })
            })
            .collect();
        println!("{}", serde_json::Value::from(rows));
        return Ok(());
    }
    let mut table = super::ask::show::table([
        "workspace",
        "key",
        "for",
        "ends with",
        "site id",
        "user",
        "role",
    ]);
    for (workspace, key) in keys() {
        let kind = match key.kind {
            KeyKind::Track => "track",
            KeyKind::App => "app",
            KeyKind::Write => "write",
        };
        let site_id = key.site_id.clone().unwrap_or_default();
        table.add_row([
            workspace.name.as_str(),
            &key.id.to_string(),
            kind,
            &key.tail,
            &site_id,
            key.user.as_ref().map_or("", |user| user.name.as_str()),
            key.user.as_ref().map_or("", |user| user.role.name()),
        ]);
    }
    println!("{table}");
    println!(
        "Keys are stored as hashes and cannot be shown again; `landfall keys add` makes a new one."
    );
    Ok(())
}

fn add(folder: &DataFolder, workspace: &str, kind: KeyFor, as_json: bool) -> Result<()> {
    let mut file = folder.held_directory()?;
    let record = file
        .workspace_mut(workspace)
        .with_context(|| format!("there is no workspace `{workspace}`"))?;
    let key = random_hex(20)?;
    let (kind, site_id) = match kind {
        KeyFor::Track => {
            let present = record.keys.iter().find_map(|key| key.site_id.clone());
            (
                KeyKind::Track,
                Some(present.map_or_else(|| random_hex(10), Ok)?),
            )
        }
        KeyFor::App => (KeyKind::App, None),
        KeyFor::Write => (KeyKind::Write, None),
    };
    let id = record.add_key(kind, site_id.as_deref(), &key, now_ms());
    file.write()?;
    if as_json {
        println!("{}", json!({"id": id, "key": key, "site_id": site_id}));
    } else {
        if let Some(site_id) = site_id {
            println!("site id {site_id}");
        }
        println!(
            "key {id}: {key}\nIt is shown this once. A running server takes it within two seconds."
        );
    }
    Ok(())
}

/// Adds a person's key.
fn add_user(
    folder: &DataFolder,
    workspace: &str,
    (kind, name, role): (KeyFor, &str, RoleFor),
    as_json: bool,
) -> Result<()> {
    if !matches!(kind, KeyFor::App) {
        bail!("people have keys of the kind `app`: add `--kind app`");
    }
    let mut file = folder.held_directory()?;
    let record = file
        .workspace_mut(workspace)
        .with_context(|| format!("there is no workspace `{workspace}`"))?;
    let key = random_hex(20)?;
    let user = User {
        name: name.trim().to_owned(),
        role: match role {
            RoleFor::Viewer => Role::Viewer,
            RoleFor::Editor => Role::Editor,
            RoleFor::Admin => Role::Admin,
        },
    };
    let added = record.add_user(user, &key, now_ms());
    let id = added.with_context(|| format!("there is a user `{name}` already"))?;
    file.write()?;
    if as_json {
        println!("{}", json!({"id": id, "key": key, "user": name}));
    } else {
        println!(
            "key {id} of {name}: {key}\nIt is shown this once. A running server takes it within two seconds."
        );
    }
    Ok(())
}

fn revoke(folder: &DataFolder, workspace: &str, id: u32) -> Result<()> {
    let mut file = folder.held_directory()?;
    let record = file
        .workspace_mut(workspace)
        .with_context(|| format!("there is no workspace `{workspace}`"))?;
    let before = record.keys.len();
    record.keys.retain(|key| key.id != id);
    if record.keys.len() == before {
        bail!("workspace `{workspace}` has no key {id}: `landfall keys` lists them");
    }
    file.write()?;
    println!("Key {id} is revoked. A running server forgets it within two seconds.");
    Ok(())
}
