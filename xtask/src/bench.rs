//! `cargo x bench`: the benchmarks of `bench/`, beside their peers in one run.

use anyhow::{Result, bail};

use crate::run::{program, root, run};

/// Benchmarks by name: what each measures, and the script that runs it.
const BENCHMARKS: &[(&str, &str, &str)] = &[
    (
        "board",
        "five queries over 20 million targets beside DuckDB, ClickHouse, SQLite, PostgreSQL",
        "bench/board.sh",
    ),
    (
        "ingest",
        "durable calls over HTTP beside the same endpoint without storing, and PostgreSQL",
        "bench/ingest.sh",
    ),
    (
        "start",
        "how soon a server with ten million deliveries serves, with and without a snapshot",
        "bench/start.sh",
    ),
    (
        "log",
        "how soon the log and the home page answer with twenty million deliveries",
        "bench/log.sh",
    ),
    (
        "send",
        "pushes through the sender and the whole path beside h2load, node-apn, aioapns, firebase-admin",
        "bench/send.sh",
    ),
    (
        "scenario",
        "two weeks of 10,000 people in virtual time, which must take less than five seconds",
        "bench/scenario.sh",
    ),
    (
        "rca",
        "localisation: labelled incidents, generated cubes, silence without a cause, time",
        "bench/rca.sh",
    ),
    (
        "detect",
        "how soon a drop of a rate is noticed, beside Shewhart, rolling rate, EWMA, CUSUM, GLR",
        "bench/detect.sh",
    ),
    (
        "segments",
        "fifty data-driven segments over a million people: how fast they are built and kept current",
        "bench/segments.sh",
    ),
    (
        "runs",
        "a million runs that wait with timers: steps a second, lateness, memory, a year of timers",
        "bench/runs.sh",
    ),
    (
        "faults",
        "every fault of the catalogue in simulated shops: whether the diagnosis finds stage, slice and money",
        "bench/faults.sh",
    ),
];

/// Runs one, or lists them.
pub(crate) fn bench(arguments: &[String]) -> Result<()> {
    let Some(name) = arguments.first() else {
        println!("Benchmarks; figures are kept in bench/RESULTS.md:");
        for (name, what, script) in BENCHMARKS {
            let there = if root().join(script).exists() {
                ""
            } else {
                " (not there yet)"
            };
            println!("  {name:<8} {what}{there}");
        }
        return Ok(());
    };
    let Some((_, _, script)) = BENCHMARKS.iter().find(|(known, _, _)| known == name) else {
        bail!("there is no benchmark `{name}`: `cargo x bench` lists them");
    };
    run(program("bash").arg(script).args(&arguments[1..]))
}
