//! `landfall workspace`: list.

use anyhow::Result;
use serde_json::json;

use crate::cli::WorkspaceArgs;
use crate::data::DataFolder;

/// Lists the workspaces of a data folder.
pub(crate) fn run(list: &WorkspaceArgs) -> Result<()> {
    let folder = DataFolder::open(&list.data.data)?;
    let file = folder.directory()?;
    if list.json {
        let rows: Vec<_> = file
            .workspaces
            .iter()
            .map(|w| json!({"id": w.id, "name": w.name, "keys": w.keys.len(), "created_ms": w.created_ms}))
            .collect();
        println!("{}", serde_json::Value::from(rows));
    } else if file.workspaces.is_empty() {
        println!("No workspace yet. Make one: landfall init --workspace shop");
    } else {
        let mut table = super::ask::show::table(["workspace", "id", "keys", "webhook sources"]);
        for workspace in &file.workspaces {
            let sources: Vec<&str> = workspace.sources.keys().map(String::as_str).collect();
            table.add_row([
                &workspace.name,
                &workspace.id,
                &workspace.keys.len().to_string(),
                &sources.join(", "),
            ]);
        }
        println!("{table}");
    }
    Ok(())
}
