//! `cargo x up`: a running Landfall.

use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::run::{cargo, output, program, root, run};
use crate::ui;

/// Builds, makes a workspace at first start, serves until Ctrl-C.
pub(crate) fn up(arguments: &[String]) -> Result<()> {
    let given = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    let listen = given("--listen").unwrap_or_else(|| "127.0.0.1:7171".to_owned());
    let data = given("--data").map_or_else(|| root().join("data"), PathBuf::from);
    let release = arguments.iter().any(|argument| argument == "--release");
    println!("==> Building Landfall (the first time takes some minutes)");
    ui::build()?;
    let mut build = cargo();
    build.args(["build", "--package", "landfall-server"]);
    if release {
        build.arg("--release");
    }
    run(&mut build)?;
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let binary = target
        .join(if release { "release" } else { "debug" })
        .join("landfall");
    let binary = binary
        .to_str()
        .context("the path of the binary is not text")?;
    if data.join("landfall.json").exists() {
        println!("==> Using the workspace in {}", data.display());
        println!("    Its keys were printed at first start; `landfall keys add` makes new ones.");
    } else {
        println!("==> Making the workspace `shop` in {}", data.display());
        let made = output(
            program(binary)
                .args(["init", "--workspace", "shop", "--json", "--data"])
                .arg(&data),
        )?;
        greet(&serde_json::from_str(&made)?, &listen, binary)?;
    }
    println!("\n==> Serving on http://{listen} (Ctrl-C stops)");
    run(program(binary)
        .args(["serve", "--listen", &listen, "--data"])
        .arg(&data))
}

/// Keys and three calls to copy.
fn greet(keys: &Value, listen: &str, binary: &str) -> Result<()> {
    let key = |name: &str| keys[name].as_str().context("a key is missing");
    let (site, track, app, write) = (
        key("site_id")?,
        key("track_key")?,
        key("app_key")?,
        key("write_key")?,
    );
    if [site, track, app, write].iter().any(|key| key.is_empty()) {
        bail!("the workspace has no keys");
    }
    println!(
        "\n    site id    {site}\n    track key  {track}\n    app key    {app}\n    write key  {write}\n\
         \n    These keys are shown this once. For the calls of the README and the documents, in another terminal:\n\
         \n    export SITE={site} TRACK={track} WRITE={write} LANDFALL_APP_KEY={app} LANDFALL_URL=http://{listen}\n\
         \n    Three calls to begin with:\n\
         \n    curl -u {site}:{track} -X PUT http://{listen}/api/v1/customers/ann \\\n      \
         -H 'content-type: application/json' -d '{{\"email\": \"ann@example.org\", \"plan\": \"pro\"}}'\n\
         \n    curl -u {site}:{track} -X PUT http://{listen}/api/v1/customers/ann/devices \\\n      \
         -H 'content-type: application/json' \\\n      \
         -d '{{\"device\": {{\"id\": \"token-1\", \"platform\": \"ios\", \"attributes\": {{\"app_version\": \"5.2\", \"push_enabled\": \"true\"}}}}}}'\n\
         \n    LANDFALL_URL=http://{listen} LANDFALL_APP_KEY={app} {binary} coverage"
    );
    Ok(())
}
