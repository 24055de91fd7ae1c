//! Independent clients, unmodified, which `cargo x test` installs from `tests/clients`.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Where the clients are installed.
fn folder() -> PathBuf {
    let folder = std::env::var_os("LANDFALL_TEST_CLIENTS");
    let folder = folder
        .expect("LANDFALL_TEST_CLIENTS is not set: run `cargo x test`, which installs the clients");
    PathBuf::from(folder)
}

fn script(name: &str) -> PathBuf {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
    clients.join(name)
}

/// A script of `tests/clients` for Node.
pub(crate) fn node(name: &str) -> Command {
    let mut command = Command::new("node");
    command
        .arg(script(name))
        .env("CLIENTS", folder().join("node"));
    command
}

/// A script of `tests/clients` for Python, with the packages of `requirements-providers.txt`.
pub(crate) fn python(name: &str) -> Command {
    let mut command = Command::new(folder().join("python-providers/bin/python"));
    command.arg(script(name));
    command
}

/// Runs a script beside the runtime and reads the JSON of its last line.
pub(crate) async fn driven(mut command: Command) -> Value {
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("not cancelled")
        .expect("the client's script runs");
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}\n{err}");
    let last = out.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {out}\n{err}"))
}
