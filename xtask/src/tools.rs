//! Clients that the tests use unmodified, installed into `.tools/` from committed lists.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::run::{is_there, output, program, root, run};

/// Python environments: two of Customer.io's clients share an import name and cannot live in one; the
/// clients and servers of the push, mail and SMS providers have the third.
const PYTHON: &[&str] = &["track", "pipelines", "providers"];

/// Folder of the installed clients.
pub(crate) fn folder() -> PathBuf {
    root().join(".tools")
}

/// Installs packages of Debian.
pub(crate) fn apt(packages: &[&str]) -> Result<()> {
    run(program("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["update", "-qq"]))?;
    run(program("apt-get")
        .env("DEBIAN_FRONTEND", "noninteractive")
        .args(["install", "-y", "-qq", "--no-install-recommends"])
        .args(packages))
}

/// Installs the clients, if the lists changed since the last time.
pub(crate) fn install() -> Result<()> {
    let lists = root().join("tests").join("clients");
    node(&lists)?;
    for name in PYTHON {
        python(&lists, name)?;
    }
    Ok(())
}

/// Installs Ruby with Liquid from Debian when it is missing: what our templates are compared with.
pub(crate) fn ruby() -> Result<()> {
    let probe = program("ruby").args(["-e", "require 'liquid'"]).output();
    if probe.is_ok_and(|probe| probe.status.success()) {
        return Ok(());
    }
    if !crate::postgres::is_root() || !is_there("apt-get", "--version") {
        bail!("Ruby's Liquid is missing: install it (Debian: apt-get install ruby ruby-liquid)");
    }
    println!("    Ruby's Liquid is missing; installing Debian's packages");
    apt(&["ruby", "ruby-liquid"])
}

fn node(lists: &Path) -> Result<()> {
    let folder = folder().join("node");
    let list = lists.join("package-lock.json");
    if is_fresh(&folder, &list)? {
        return Ok(());
    }
    if !is_there("npm", "--version") {
        bail!("npm is missing: install Node.js 20.19 or newer");
    }
    println!("    installing the Node clients");
    std::fs::create_dir_all(&folder)?;
    for file in ["package.json", "package-lock.json"] {
        std::fs::copy(lists.join(file), folder.join(file))
            .with_context(|| format!("tests/clients/{file}"))?;
    }
    run(program("npm")
        .current_dir(&folder)
        .args(["ci", "--no-audit", "--no-fund", "--silent"]))?;
    mark(&folder, &list)
}

fn python(lists: &Path, name: &str) -> Result<()> {
    let folder = folder().join(format!("python-{name}"));
    let list = lists.join(format!("requirements-{name}.txt"));
    if is_fresh(&folder, &list)? {
        return Ok(());
    }
    println!("    installing the Python clients of requirements-{name}.txt");
    let made = run(program("python3").args(["-m", "venv"]).arg(&folder));
    if made.is_err() && crate::postgres::is_root() {
        println!("    python3 cannot make environments; installing Debian's python3-venv");
        apt(&["python3-venv"])?;
        run(program("python3")
            .args(["-m", "venv", "--clear"])
            .arg(&folder))?;
    } else {
        made?;
    }
    let pip = folder.join("bin").join("pip");
    run(program(&pip.to_string_lossy())
        .args(["install", "--quiet", "-r"])
        .arg(&list))?;
    mark(&folder, &list)
}

/// Whether a folder was installed from just this list.
fn is_fresh(folder: &Path, list: &Path) -> Result<bool> {
    let wanted = std::fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
    Ok(std::fs::read(folder.join("installed")).is_ok_and(|installed| installed == wanted))
}

fn mark(folder: &Path, list: &Path) -> Result<()> {
    std::fs::copy(list, folder.join("installed"))?;
    Ok(())
}

/// Version of Node, for the report.
pub(crate) fn node_version() -> String {
    output(program("node").arg("--version")).map_or_else(|_| "none".to_owned(), |v| v.trim().into())
}
