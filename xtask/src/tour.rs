//! `cargo x demo` and `cargo x tour`: the demo, and the page about it that the demo writes itself.
//!
//! The tour lets a small shop live through its weeks, asks the running server what a reader would ask, takes
//! pictures of its pages, and keeps the figures in `docs/tour.json`. The page, the README's part and the
//! recorded session follow from these figures alone, so that `cargo x tidy` can tell whether they are what the
//! templates say, and whether what they claim holds.

mod cast;
mod page;
#[cfg(test)]
mod tests;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::run::{cargo, output, program, root, run};
use crate::ui;

pub(crate) use page::check;

/// Where the figures are kept.
const FIGURES: &str = "docs/tour.json";
const SILENT: &str = "the demo does not say what messages are worth";
/// People of the tour's shop unless told otherwise.
const PEOPLE: &str = "5000";

/// What the demo came to.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Figures {
    /// Customers of the shop.
    pub(crate) people: u32,
    /// The fault, and the seed of all chance.
    pub(crate) fault: String,
    pub(crate) seed: u32,
    /// The day on which the release shipped, from 1.
    pub(crate) release_day: i64,
    /// What the owner was told, oldest first.
    pub(crate) told: Vec<Told>,
    /// The verdict of the diagnosis.
    pub(crate) says: String,
    pub(crate) problem: String,
    pub(crate) place: String,
    /// What it says was lost in seven days, with its interval, in euros.
    pub(crate) lost: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// What was really lost, as the simulation knows.
    pub(crate) truth: f64,
    /// Commands, and what they printed.
    pub(crate) asked: Vec<Asked>,
}

/// One message to the owner.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Told {
    pub(crate) day: i64,
    pub(crate) time: String,
    pub(crate) title: String,
    pub(crate) verdict: String,
}

/// A command of the tour and its answer.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Asked {
    pub(crate) command: String,
    pub(crate) answer: String,
}

impl Figures {
    /// Hours from the release to the first message after it.
    pub(crate) fn delay_hours(&self) -> Option<f64> {
        let told = self.told.iter().find(|told| told.day >= self.release_day)?;
        let (hours, minutes) = told.time.split_once(':')?;
        let minutes: f64 = minutes.parse().ok()?;
        let days = (told.day - self.release_day) as f64;
        Some(days * 24.0 + hours.parse::<f64>().ok()? + minutes / 60.0)
    }

    /// How far the diagnosis' money is from the truth, as a share of it.
    pub(crate) fn money_error(&self) -> f64 {
        (self.lost / self.truth - 1.0).abs()
    }
}

/// The demo, in a release build with the pages in it. Arguments are those of `landfall demo`.
pub(crate) fn demo(arguments: &[String]) -> Result<()> {
    ui::build()?;
    run(cargo().args(["build", "--release", "--package", "landfall-server"]))?;
    run(program(&built("release")?).arg("demo").args(arguments))
}

fn built(profile: &str) -> Result<String> {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let binary = target.join(profile).join("landfall");
    Ok(binary
        .to_str()
        .context("the path of the binary is not text")?
        .to_owned())
}

/// Lets the demo run and writes the tour. `--people N`, `--seed N`; `--debug` takes the debug build;
/// `--page` writes the page anew from the figures that are kept.
pub(crate) fn tour(arguments: &[String]) -> Result<()> {
    let given = |name: &str| {
        let at = arguments.iter().position(|argument| argument == name)?;
        arguments.get(at + 1).cloned()
    };
    if arguments.iter().any(|argument| argument == "--page") {
        return page::write(&kept()?);
    }
    let profile = match arguments.iter().any(|argument| argument == "--debug") {
        true => "debug",
        false => "release",
    };
    ui::build()?;
    let mut build = cargo();
    build.args(["build", "--package", "landfall-server"]);
    if profile == "release" {
        build.arg("--release");
    }
    run(&mut build)?;
    let people = given("--people").unwrap_or_else(|| PEOPLE.to_owned());
    let seed = given("--seed").unwrap_or_else(|| "7".to_owned());
    let binary = built(profile)?;
    let twin = [
        "demo",
        "--clean",
        "--once",
        "--listen",
        "127.0.0.1:0",
        "--people",
        &people,
        "--seed",
        &seed,
    ];
    println!("==> The same weeks without the fault");
    let twin = output(program(&binary).args(twin))?;
    let twin: Vec<String> = twin.lines().map(str::to_owned).collect();
    let healthy = worth(&twin).context(SILENT)?;
    let shop = Shop::open(&binary, &people, &seed)?;
    let figures = shop.figures(&binary, &people, &seed, healthy)?;
    ui::pictures(&shop.url, &shop.key)?;
    drop(shop);
    let text = serde_json::to_string_pretty(&figures)? + "\n";
    std::fs::write(root().join(FIGURES), text)?;
    page::write(&figures)
}

/// The figures that are kept.
pub(crate) fn kept() -> Result<Figures> {
    let text = std::fs::read_to_string(root().join(FIGURES)).context(FIGURES)?;
    serde_json::from_str(&text).context(FIGURES)
}

/// A demo whose weeks have passed; ended when dropped.
struct Shop {
    child: Child,
    url: String,
    key: String,
    lines: Vec<String>,
    folder: PathBuf,
}

impl Drop for Shop {
    fn drop(&mut self) {
        // It ends with this program in any case.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Shop {
    fn open(binary: &str, people: &str, seed: &str) -> Result<Self> {
        let folder = std::env::temp_dir().join(format!("landfall-tour-{}", std::process::id()));
        let mut child = program(binary)
            .args([
                "demo",
                "--listen",
                "127.0.0.1:0",
                "--people",
                people,
                "--seed",
                seed,
                "--data",
            ])
            .arg(&folder)
            .stdout(Stdio::piped())
            .spawn()
            .context("the demo does not start")?;
        let out = child.stdout.take().context("the demo has no output")?;
        let mut shop = Self {
            child,
            url: String::new(),
            key: String::new(),
            lines: Vec::new(),
            folder,
        };
        for line in BufReader::new(out).lines() {
            let line = line?;
            println!("    {line}");
            if let Some((_, url)) = line.split_once("watched from now on: ") {
                shop.url = url.trim_end_matches('/').to_owned();
            }
            if let Some((_, key)) = line.split_once("to sign in: ") {
                shop.key = key.to_owned();
            }
            let is_last = line.contains("landfall metrics");
            shop.lines.push(line);
            if is_last {
                return Ok(shop);
            }
        }
        bail!("the demo ended before its shop was live")
    }

    /// `healthy` is what the same weeks are worth without the fault.
    fn figures(&self, binary: &str, people: &str, seed: &str, healthy: f64) -> Result<Figures> {
        let ask = |words: &[&str]| {
            output(
                program(binary)
                    .args(words)
                    .env("LANDFALL_URL", &self.url)
                    .env("LANDFALL_APP_KEY", &self.key),
            )
        };
        let answers = page::ASKS.iter().map(|words| {
            Ok(Asked {
                command: format!("landfall {}", words.join(" ")),
                answer: ask(words)?,
            })
        });
        let asked = answers.collect::<Result<Vec<_>>>()?;
        let diagnosis: Value =
            serde_json::from_str(&ask(&["diagnose", "cart-recovery", "--json"])?)?;
        let verdict = &diagnosis["diagnosis"]["verdict"];
        let number = |value: &Value| value.as_f64().context("the diagnosis names no money");
        let slice = &verdict["place"]["slice"];
        Ok(Figures {
            people: people.parse()?,
            fault: "token_churn".to_owned(),
            seed: seed.parse()?,
            release_day: 50,
            told: told(&self.lines),
            says: verdict["says"].as_str().unwrap_or_default().to_owned(),
            problem: verdict["problem"].as_str().unwrap_or_default().to_owned(),
            place: words_of(slice),
            lost: number(&verdict["money"]["lost"])?,
            low: number(&verdict["money"]["interval"]["low"])?,
            high: number(&verdict["money"]["interval"]["high"])?,
            truth: healthy - worth(&self.lines).context(SILENT)?,
            asked,
        })
    }
}

/// A slice as incidents write it: `app_version 5.2, platform ios`.
fn words_of(slice: &Value) -> String {
    let parts = slice.as_object().into_iter().flatten();
    let parts = parts.map(|(name, value)| {
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        format!("{name} {value}")
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// What the demo said that the owner was told: `day 51, 10:15  inc-1: title`, and the verdict below.
fn told(lines: &[String]) -> Vec<Told> {
    let pairs = lines.windows(2).filter_map(|pair| {
        let (when, what) = pair[0].strip_prefix("day ")?.split_once("  ")?;
        let (day, time) = when.split_once(", ")?;
        let (_, title) = what.split_once(": ")?;
        Some(Told {
            day: day.parse().ok()?,
            time: time.to_owned(),
            title: title.to_owned(),
            verdict: pair[1].trim().to_owned(),
        })
    });
    pairs.collect()
}

/// What messages about carts are worth in a week, in euros, as the simulation knows.
fn worth(lines: &[String]) -> Option<f64> {
    let line = lines
        .iter()
        .find_map(|line| line.split_once("are worth "))?;
    line.1.split_whitespace().next()?.parse().ok()
}

/// Writes a text, and says so.
fn put(path: &str, text: &str) -> Result<()> {
    let file: &Path = &root().join(path);
    std::fs::write(file, text).with_context(|| path.to_owned())?;
    println!("{path} is written.");
    Ok(())
}
