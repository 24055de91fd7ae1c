//! `cargo x bench rca`: localisation on labelled incidents of a real count rate, on generated cubes with
//! known causes, on cubes without any, and its time and memory.

mod cubes;
mod generate;
mod incidents;
mod random;
mod score;
mod watch;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

/// What to run, from the command line.
#[derive(Debug)]
struct Arguments {
    data: PathBuf,
    parts: Vec<String>,
    cases: u64,
    null_cases: u64,
    seed: u64,
    verbose: bool,
    hold_out: bool,
}

const PARTS: [&str; 4] = ["incidents", "cubes", "null", "time"];

const HELP: &str = "\
rca [--data DIR] [--only PART] [--cases N] [--null N] [--seed N] [--verbose]
  --data DIR   labelled incidents: labels.json and cases/*.csv (default: LANDFALL_RCA_DATA, or bench/data/rca)
  --only PART  one of incidents, cubes, null, time
  --cases N    generated cubes of each kind (200)
  --null N     cubes without a cause (1000)
  --seed N     of the generated cubes (1)
  --halves     scores of the two halves of the incidents too
  --verbose    what was said in each case that is not solved";

fn main() -> Result<()> {
    let arguments = parse(std::env::args().skip(1))?;
    let wants = |part: &str| arguments.parts.iter().any(|wanted| wanted == part);
    if wants("incidents") {
        incidents::run(&arguments.data, arguments.verbose, arguments.hold_out)?;
    }
    if wants("cubes") {
        cubes::run(arguments.seed, arguments.cases, arguments.verbose);
    }
    if wants("null") {
        cubes::run_null(arguments.seed, arguments.null_cases);
    }
    if wants("time") {
        cubes::run_time(arguments.seed);
    }
    Ok(())
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Arguments> {
    let mut arguments = Arguments {
        data: std::env::var_os("LANDFALL_RCA_DATA")
            .map_or_else(|| PathBuf::from("bench/data/rca"), PathBuf::from),
        parts: PARTS.map(str::to_owned).to_vec(),
        cases: 200,
        null_cases: 1_000,
        seed: 1,
        verbose: false,
        hold_out: false,
    };
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value\n\n{HELP}"))
        };
        match word.as_str() {
            "--data" => arguments.data = value()?.into(),
            "--only" => {
                let part = value()?;
                if !PARTS.contains(&part.as_str()) {
                    bail!("there is no part `{part}`\n\n{HELP}");
                }
                arguments.parts = vec![part];
            }
            "--cases" => arguments.cases = value()?.parse()?,
            "--null" => arguments.null_cases = value()?.parse()?,
            "--seed" => arguments.seed = value()?.parse()?,
            "--verbose" => arguments.verbose = true,
            "--halves" => arguments.hold_out = true,
            "--help" => {
                println!("{HELP}");
                std::process::exit(0);
            }
            _ => bail!("`{word}` is not known\n\n{HELP}"),
        }
    }
    Ok(arguments)
}
