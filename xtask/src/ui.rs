//! The web application of `ui/`: built for the server to embed, checked, and driven in a browser.

use std::hash::{DefaultHasher, Hasher as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::run::{is_there, output, program, root, run};
use crate::tools::apt;

/// What the build is made of, beside the lock file; folders with everything in them.
const SOURCES: &[&str] = &[
    "ui/src",
    "ui/public",
    "ui/build",
    "ui/index.html",
    "ui/vite.config.ts",
    "ui/package.json",
    "ui/package-lock.json",
    "journeys",
];
/// Names under which Chromium is found.
const BROWSERS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];

/// Builds the application into `ui/dist`, if a source changed since the last time. Returns whether it could be
/// built: without npm there is no application, and the server says so.
pub(crate) fn build() -> Result<bool> {
    if !is_there("npm", "--version") {
        println!(
            "    npm is missing (Node.js 20.19 or newer): the server is built without its pages"
        );
        return Ok(false);
    }
    packages("ui")?;
    let (state, stamp) = (
        fingerprint()?,
        root().join("ui/node_modules/.landfall-built"),
    );
    let built = root().join("ui/dist/index.html").exists();
    if built && std::fs::read_to_string(&stamp).is_ok_and(|known| known == state) {
        return Ok(true);
    }
    println!("    building the web application");
    run(npm("ui").args(["run", "--silent", "build"]))?;
    std::fs::write(stamp, state)?;
    Ok(true)
}

/// Types from the committed API document, lints, types, unit tests.
pub(crate) fn check() -> Result<()> {
    packages("ui/codegen")?;
    run(npm("ui/codegen").args(["run", "--silent", "generate"]))?;
    run(npm("ui").args(["run", "--silent", "check"]))?;
    run(npm("ui").args(["run", "--silent", "test"]))
}

/// Stories in a browser, against the program that was built.
pub(crate) fn stories() -> Result<()> {
    let browser = browser().context("Chromium is not installed")?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    run(npm("ui")
        .args(["run", "--silent", "stories"])
        .env("LANDFALL_BINARY", target.join("debug").join("landfall"))
        .env("LANDFALL_CHROMIUM", browser))
}

/// Pictures of a running demo, for the tour.
pub(crate) fn pictures(url: &str, key: &str) -> Result<()> {
    let browser = browser().context("Chromium is not installed")?;
    run(program("node")
        .current_dir(root().join("ui"))
        .args(["stories/tour.mjs", url, key])
        .env("LANDFALL_CHROMIUM", browser))
}

/// Installs Debian's Chromium when there is no browser.
pub(crate) fn install() -> Result<()> {
    if browser().is_some() {
        return Ok(());
    }
    if !crate::postgres::is_root() || !is_there("apt-get", "--version") {
        bail!("Chromium is missing: install it (Debian: apt-get install chromium)");
    }
    println!("    Chromium is missing; installing Debian's package");
    apt(&["chromium", "fonts-dejavu-core"])
}

/// Where a browser is.
fn browser() -> Option<String> {
    let found = BROWSERS.iter().find_map(|name| {
        let path = output(program("sh").args(["-c", &format!("command -v {name}")]));
        path.ok().map(|path| path.trim().to_owned())
    });
    found.filter(|path| !path.is_empty())
}

fn npm(folder: &str) -> std::process::Command {
    let mut command = program("npm");
    command.current_dir(root().join(folder));
    command
}

/// Installs what the lock file names, if it changed since the last time.
fn packages(folder: &str) -> Result<()> {
    let lock = root().join(folder).join("package-lock.json");
    let stamp = root().join(folder).join("node_modules/.landfall-lock");
    let wanted = std::fs::read(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    if std::fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    println!("    installing the packages of {folder}");
    run(npm(folder).args(["ci", "--no-audit", "--no-fund", "--silent"]))?;
    std::fs::write(stamp, wanted)?;
    Ok(())
}

/// A number that changes with any source.
fn fingerprint() -> Result<String> {
    let mut files = Vec::new();
    for source in SOURCES {
        collect(&root().join(source), &mut files)?;
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(file.to_string_lossy().as_bytes());
        hasher.write(&std::fs::read(&file)?);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        collect(&entry?.path(), files)?;
    }
    Ok(())
}
