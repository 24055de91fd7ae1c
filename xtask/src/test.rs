//! `cargo x test` and `cargo x openapi`.

use anyhow::{Result, bail};

use crate::postgres::{self, Postgres};
use crate::run::{Stages, cargo, is_there, output, root, run};
use crate::{reference, tidy, tools, ui};

/// Tests that need PostgreSQL or the installed clients, left out by `--fast`.
const NEEDY: &str = "not (package(landfall-store-cluster) or test(client))";

/// Installs, checks, tests.
pub(crate) fn test(arguments: &[String]) -> Result<()> {
    let fast = arguments.iter().any(|argument| argument == "--fast");
    let filter: Vec<&String> = arguments.iter().filter(|a| !a.starts_with("--")).collect();
    let mut stages = Stages::default();
    checks(&mut stages, fast)?;
    stages.stage("build", "the binary that black-box tests run", || {
        run(cargo().args(["build", "--quiet", "--package", "landfall-server"]))
    })?;
    let server = match fast {
        true => None,
        false => Some(stages.stage(
            "postgres",
            "a private server for the store's tests",
            Postgres::start,
        )?),
    };
    stages.stage("test", "every test of the workspace", || {
        let mut command = if is_there("cargo-nextest", "--version") {
            let mut command = cargo();
            command.args(["nextest", "run", "--workspace", "--no-fail-fast"]);
            if fast {
                command.args(["-E", NEEDY]);
            }
            command
        } else {
            println!("    cargo-nextest is not installed: running cargo test");
            let mut command = cargo();
            command.args(["test", "--workspace"]);
            command
        };
        command.args(&filter);
        if let Some(server) = &server {
            command.env("LANDFALL_TEST_POSTGRES", server.connection());
        }
        run(command.env("LANDFALL_TEST_CLIENTS", tools::folder()))
    })?;
    drop(server);
    if !fast && filter.is_empty() {
        stages.stage(
            "stories",
            "the pages in a real browser, each looked at",
            ui::stories,
        )?;
    }
    println!("\nAll green: {}.", stages.summary());
    Ok(())
}

/// What is said before anything runs: what is missing is installed, then everything is read.
fn checks(stages: &mut Stages, fast: bool) -> Result<()> {
    if !fast {
        stages.stage(
            "install",
            "PostgreSQL, the official clients that tests drive, a browser",
            || {
                postgres::install()?;
                tools::install()?;
                tools::ruby()?;
                ui::install()?;
                println!("    Node {}", tools::node_version());
                Ok(())
            },
        )?;
    }
    stages.stage("format", "rustfmt agrees with every file", || {
        run(cargo().args(["fmt", "--all", "--check"]))
    })?;
    stages.stage(
        "tidy",
        "dependency table, file lengths, names, documents",
        tidy::tidy,
    )?;
    if !fast {
        stages.stage(
            "pages",
            "the web application: built, types, lints, unit tests",
            || {
                if !ui::build()? {
                    bail!("npm is missing: install Node.js 20.19 or newer");
                }
                ui::check()
            },
        )?;
    }
    stages.stage("lint", "clippy, warnings are errors", || {
        run(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--quiet",
            "--",
            "-D",
            "warnings",
        ]))
    })?;
    if !fast {
        // They are packages of their own, which nothing else builds.
        stages.stage("benchmarks", "they still fit what they measure", || {
            ["bench", "bench/rca"].iter().try_for_each(|folder| {
                let manifest = format!("{folder}/Cargo.toml");
                run(cargo().args([
                    "check",
                    "--quiet",
                    "--locked",
                    "--target-dir",
                    "bench/work/target",
                    "--manifest-path",
                    &manifest,
                ]))
            })
        })?;
    }
    Ok(())
}

/// Writes the OpenAPI document.
pub(crate) fn openapi() -> Result<()> {
    let document = output(cargo().args([
        "run",
        "--quiet",
        "--package",
        "landfall-server",
        "--",
        "openapi",
    ]))?;
    if !document.starts_with('{') {
        bail!("the document is not JSON");
    }
    std::fs::write(root().join("docs/api/openapi.json"), document)?;
    println!("docs/api/openapi.json is written.");
    reference::update()
}
