//! `landfall sources`: where webhooks come from.

use anyhow::{Context as _, Result, bail};
use landfall_engine::directory::source_context;

use crate::cli::{Sources, SourcesAction};
use crate::data::DataFolder;

/// Runs the command.
pub(crate) fn run(sources: &Sources) -> Result<()> {
    let folder = DataFolder::open(&sources.data.data)?;
    let mut file = folder.held_directory()?;
    let Some(SourcesAction::Add {
        workspace,
        name,
        signing_key,
    }) = &sources.action
    else {
        for record in &file.workspaces {
            for name in record.sources.keys() {
                println!("{}  /hooks/customerio/{name}", record.name);
            }
        }
        return Ok(());
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(fits) {
        bail!("the name is part of a URL: use letters, digits, `-` and `_`");
    }
    let taken = file
        .workspaces
        .iter()
        .any(|w| w.name != *workspace && w.sources.contains_key(name));
    if taken {
        bail!("another workspace has a source `{name}`: choose another name");
    }
    let sealed = folder
        .master_key()?
        .seal(&source_context(name), signing_key)?;
    let record = file
        .workspace_mut(workspace)
        .with_context(|| format!("there is no workspace `{workspace}`"))?;
    record.sources.insert(name.clone(), sealed);
    file.write()?;
    println!("Point the reporting webhook at  http(s)://<your host>/hooks/customerio/{name}");
    println!("A running server takes the source within two seconds.");
    Ok(())
}
