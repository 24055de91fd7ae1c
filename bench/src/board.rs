//! Measures the board: bytes a row, loading, snapshots, and five questions with one and two
//! threads. Writes the rows out for the peers, and its answers so that theirs can be compared.
//!
//! `board --rows N --work DIR [--export] [--runs N] [--letters abcde]` prints and writes
//! `DIR/board.csv`: `letter,threads,fastest,median` lines in milliseconds, and figures about
//! memory; `answer-*.txt` beside it.

mod questions;
mod rows;

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use landfall_board::{Board, RowUpdate};

use crate::questions::{lines, questions};
use crate::rows::{catalogue, names, row, targets};

/// Each question is asked at least for so long, and until the least number of runs is reached.
const AT_LEAST: Duration = Duration::from_secs(2);
/// But not more often than this.
const MOST_RUNS: usize = 300;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Options {
    rows: u64,
    work: PathBuf,
    export: bool,
    runs: usize,
    letters: String,
}

fn options() -> anyhow::Result<Options> {
    let mut options = Options {
        rows: 20_000_000,
        work: PathBuf::from("work"),
        export: false,
        runs: 7,
        letters: "abcde".into(),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut next = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--rows" => options.rows = next()?.parse()?,
            "--work" => options.work = next()?.into(),
            "--runs" => options.runs = next()?.parse()?,
            "--letters" => options.letters = next()?,
            "--export" => options.export = true,
            _ => bail!("unknown option {word}"),
        }
    }
    Ok(options)
}

fn main() -> anyhow::Result<()> {
    let options = options()?;
    std::fs::create_dir_all(&options.work)?;
    if options.export {
        export(&options)?;
    }
    let mut report = BufWriter::new(File::create(options.work.join("board.csv"))?);
    let board = load(options.rows, &mut report)?;
    measure(&board, &options, &mut report)?;
    snapshot(&board, &options.work, &mut report)?;
    say(
        &mut report,
        &format!("peak_bytes,1,{}", of_process("VmHWM:")?),
    )?;
    say(
        &mut report,
        &format!("swapped_bytes,1,{}", of_process("VmSwap:")?),
    )?;
    report.flush()?;
    Ok(())
}

fn say(report: &mut impl Write, line: &str) -> anyhow::Result<()> {
    println!("{line}");
    writeln!(report, "{line}")?;
    Ok(())
}

fn load(count: u64, report: &mut impl Write) -> anyhow::Result<Board> {
    let names = names();
    let mut board = Board::new();
    let mut batch: Vec<RowUpdate> = Vec::new();
    let mut spent = Duration::ZERO;
    let before = of_process("VmRSS:")?;
    let mut apply = |batch: &mut Vec<RowUpdate>, spent: &mut Duration| {
        let start = Instant::now();
        board.apply(batch);
        *spent += start.elapsed();
        batch.clear();
    };
    for target in targets(count) {
        batch.push(row(&target, &names));
        if batch.len() == 1_000 {
            apply(&mut batch, &mut spent);
        }
    }
    apply(&mut batch, &mut spent);
    let bytes = |bytes: u64| bytes as f64 / count as f64;
    say(report, &format!("rows,1,{}", board.rows()))?;
    say(
        report,
        &format!("apply_ms,1,{:.0}", spent.as_secs_f64() * 1e3),
    )?;
    say(
        report,
        &format!("bytes_a_row,1,{:.2}", bytes(board.bytes() as u64)),
    )?;
    let grown = of_process("VmRSS:")?.saturating_sub(before);
    say(
        report,
        &format!("resident_bytes_a_row,1,{:.2}", bytes(grown)),
    )?;
    Ok(board)
}

/// Memory of this process in bytes, by its name in `/proc/self/status`.
fn of_process(name: &str) -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    let kilobytes = kilobytes.with_context(|| format!("no {name} in /proc/self/status"))?;
    Ok(kilobytes.parse::<u64>()? * 1024)
}

fn measure(board: &Board, options: &Options, report: &mut impl Write) -> anyhow::Result<()> {
    let catalogue = catalogue();
    for (letter, query) in questions() {
        if !options.letters.contains(letter) {
            continue;
        }
        for threads in [1, 2] {
            let mut times = Vec::new();
            let mut answer = None;
            let begun = Instant::now();
            while times.len() < options.runs
                || begun.elapsed() < AT_LEAST && times.len() < MOST_RUNS
            {
                let start = Instant::now();
                answer = Some(board.query(&catalogue, &query, threads)?);
                times.push(start.elapsed().as_secs_f64() * 1e3);
            }
            times.sort_by(f64::total_cmp);
            // The fastest run is the one that the machine's other work disturbed least.
            let (fastest, median) = (times[0], times[times.len() / 2]);
            say(
                report,
                &format!("{letter},{threads},{fastest:.3},{median:.3}"),
            )?;
            let lines = lines(letter, answer.context("at least one run")?);
            let path = options.work.join(format!("answer-{letter}.txt"));
            std::fs::write(path, lines.join("\n") + "\n")?;
        }
    }
    Ok(())
}

fn snapshot(board: &Board, work: &Path, report: &mut impl Write) -> anyhow::Result<()> {
    let path = work.join("board.snapshot");
    let start = Instant::now();
    board.save(&path, 1)?;
    let saved = start.elapsed().as_secs_f64() * 1e3;
    let start = Instant::now();
    let (loaded, _) = Board::load(&path)?;
    let read = start.elapsed().as_secs_f64() * 1e3;
    if loaded.rows() != board.rows() {
        bail!("the snapshot lost rows");
    }
    say(report, &format!("snapshot_save_ms,1,{saved:.0}"))?;
    say(report, &format!("snapshot_load_ms,1,{read:.0}"))?;
    std::fs::remove_file(path)?;
    Ok(())
}

/// Writes one packed little-endian record for each row; `peers/data.py` knows its fields.
fn export(options: &Options) -> anyhow::Result<()> {
    let file = File::create(options.work.join("rows.bin"))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    for target in targets(options.rows) {
        out.write_all(&target.created.to_le_bytes())?;
        for number in [target.delivery, target.person, target.device] {
            out.write_all(&number.to_le_bytes())?;
        }
        out.write_all(&target.reason.to_le_bytes())?;
        let journey = target.step / rows::STEPS_OF_A_JOURNEY as u8;
        let small = [target.step, journey, target.platform, target.app_version];
        out.write_all(&small)?;
        out.write_all(&[target.os_version, target.token_age, target.target as u8])?;
        out.write_all(&target.delays.map(|delay| u8::from(delay.is_some())))?;
        for delay in target.delays {
            out.write_all(&delay.unwrap_or(0).to_le_bytes())?;
        }
    }
    out.flush()?;
    let names = names();
    let list = |names: &[std::sync::Arc<str>]| names.join("\n") + "\n";
    std::fs::write(
        options.work.join("app_versions.txt"),
        list(&names.app_versions),
    )?;
    std::fs::write(
        options.work.join("os_versions.txt"),
        list(&names.os_versions),
    )?;
    Ok(())
}
