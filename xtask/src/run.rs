//! Running programs, and saying what is being done and how long it took.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    let manifest = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .map_or_else(|| manifest.clone(), PathBuf::from)
}

/// A program that runs in the repository's folder.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// This cargo.
pub(crate) fn cargo() -> Command {
    program(&std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()))
}

/// Runs to the end; anything but success is an error that names the command.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    let status = command
        .status()
        .with_context(|| format!("cannot run {shown}"))?;
    if !status.success() {
        bail!("{shown} failed ({status})");
    }
    Ok(())
}

/// Runs to the end and gives what it printed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let shown = format!("{command:?}").replace('"', "");
    let output = command
        .output()
        .with_context(|| format!("cannot run {shown}"))?;
    if !output.status.success() {
        bail!(
            "{shown} failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program can be run.
pub(crate) fn is_there(name: &str, argument: &str) -> bool {
    let probe = Command::new(name).arg(argument).output();
    probe.is_ok_and(|probe| probe.status.success())
}

/// The stages of a long command, with their times.
#[derive(Default)]
pub(crate) struct Stages(Vec<(&'static str, f64)>);

impl Stages {
    /// Announces a stage, does it, and notes how long it took.
    pub(crate) fn stage<T>(
        &mut self,
        name: &'static str,
        why: &str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        println!("\n==> {name}: {why}");
        let begun = Instant::now();
        let done = work().with_context(|| format!("stage `{name}`"))?;
        self.0.push((name, begun.elapsed().as_secs_f64()));
        Ok(done)
    }

    /// All stages in one line.
    pub(crate) fn summary(&self) -> String {
        let stages = self
            .0
            .iter()
            .map(|(name, seconds)| format!("{name} {seconds:.0} s"));
        stages.collect::<Vec<_>>().join(", ")
    }
}
