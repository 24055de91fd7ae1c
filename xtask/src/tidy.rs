//! `cargo x tidy`: the rules of the house that a program can check, in about a second.

mod documents;
mod edges;
mod sources;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::run::{output, program, root};

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    /// File, or whatever else it is about.
    pub(crate) place: String,
    /// What is wrong and what to do.
    pub(crate) what: String,
}

impl Finding {
    pub(crate) fn new(place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            what: what.into(),
        }
    }
}

/// Runs all checks.
pub(crate) fn tidy() -> Result<()> {
    let files = tracked()?;
    let mut findings = edges::check()?;
    for file in &files {
        let Ok(text) = std::fs::read_to_string(root().join(file)) else {
            continue;
        };
        findings.extend(sources::check(file, &text));
        findings.extend(documents::check_links(file, &text));
        findings.extend(documents::check_site(file, &text));
    }
    findings.extend(documents::check_architecture()?);
    findings.extend(documents::check_codes()?);
    findings.extend(documents::check_contents()?);
    findings.extend(documents::check_reference()?);
    findings.extend(crate::tour::check()?);
    for finding in &findings {
        println!("    {}: {}", finding.place, finding.what);
    }
    if !findings.is_empty() {
        bail!("{} findings", findings.len());
    }
    println!("    {} files are tidy", files.len());
    Ok(())
}

/// Files of the repository: tracked ones, and new ones that are not ignored.
fn tracked() -> Result<Vec<PathBuf>> {
    let list =
        output(program("git").args(["ls-files", "--cached", "--others", "--exclude-standard"]))?;
    Ok(list
        .lines()
        .map(PathBuf::from)
        .filter(|file| root().join(file).exists())
        .collect())
}

/// A path as text with forward slashes.
pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}
