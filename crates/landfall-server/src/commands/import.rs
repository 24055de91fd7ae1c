//! `landfall import`: files from elsewhere, in chunks, with a progress bar, resumable.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, ValueEnum};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::ask::{Client, Connection};

/// Bytes sent at a time; small enough that Ctrl-C loses little, large enough to be quick.
const CHUNK_BYTES: usize = 256 * 1024;

/// `landfall import`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  landfall import deliveries export.csv        Customer.io's delivery export
  landfall import webhooks archive.ndjson      reporting webhooks, one JSON object a line
  landfall import people people.csv
  landfall import devices devices.ndjson
An import that was interrupted goes on where it stood; importing twice changes nothing.")]
pub(crate) struct Import {
    #[command(flatten)]
    connection: Connection,
    /// What the file holds.
    #[arg(value_enum)]
    kind: Kind,
    /// The file: .csv, or .ndjson / .jsonl.
    file: PathBuf,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Deliveries with their metrics.
    Deliveries,
    /// Reporting webhooks.
    Webhooks,
    /// People with their attributes.
    People,
    /// Devices with their owners.
    Devices,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Webhooks => "webhooks",
            Self::People => "people",
            Self::Devices => "devices",
        }
    }
}

/// Sends the file and prints the report.
pub(crate) fn run(import: &Import) -> Result<()> {
    let client = Client::new(&import.connection)?;
    let format = format(&import.file)?;
    let mut file = Lines::open(&import.file, format == "csv")?;
    let header = if format == "csv" {
        file.header()?
    } else {
        Vec::new()
    };
    let begun = json!({
        "kind": import.kind.name(), "format": format, "bytes": file.bytes, "header": header,
        "name": import.file.file_name().map(|name| name.to_string_lossy()),
        "fingerprint": file.fingerprint,
    });
    let mut report = client.post(
        "/landfall/v1/imports",
        "application/json",
        begun.to_string().as_bytes(),
    )?;
    let id = report["id"]
        .as_u64()
        .context("the server did not number the import")?;
    let stood = report["offset"].as_u64().unwrap_or(0);
    if stood > 0 && report["done"] == Value::Bool(false) {
        eprintln!("Going on at byte {stood} of {}.", file.bytes);
    }
    file.skip_to(stood)?;
    let bar = progress(file.bytes, import.connection.json);
    while let Some(chunk) = file.chunk()? {
        let end = file.offset;
        let begin = end - chunk.len() as u64;
        // The first lines of a CSV file begin after its header.
        let from = report["offset"].as_u64().unwrap_or(begin);
        let path = format!("/landfall/v1/imports/{id}/lines?offset={from}&end={end}");
        report = client.post(&path, "text/plain", &chunk)?;
        bar.set_position(end);
    }
    bar.finish_and_clear();
    show(&report, import.connection.json);
    Ok(())
}

fn format(file: &Path) -> Result<&'static str> {
    match file.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => Ok("csv"),
        Some("ndjson" | "jsonl") => Ok("ndjson"),
        _ => bail!("{}: name the file .csv, .ndjson or .jsonl", file.display()),
    }
}

fn progress(bytes: u64, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let style = "{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
    let bar = ProgressBar::new(bytes);
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar
}

fn show(report: &Value, as_json: bool) {
    if as_json {
        println!("{report:#}");
        return;
    }
    let count = |name: &str| super::ask::grouped(report[name].as_u64().unwrap_or(0));
    println!("Taken      {}", count("taken"));
    println!(
        "Unchanged  {}   known before, or about nobody",
        count("unchanged")
    );
    let skipped = report["skipped"].as_object().cloned().unwrap_or_default();
    let lines: u64 = skipped.values().filter_map(Value::as_u64).sum();
    println!("Skipped    {}", super::ask::grouped(lines));
    for (reason, count) in skipped {
        println!("  {count:>8}  {reason}");
    }
}

/// The lines of a file, in chunks that end with a line.
struct Lines {
    reader: BufReader<File>,
    bytes: u64,
    offset: u64,
    fingerprint: String,
    quoted: bool,
}

impl Lines {
    fn open(path: &Path, quoted: bool) -> Result<Self> {
        let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        let bytes = file.metadata()?.len();
        let mut lines = Self {
            reader: BufReader::new(file),
            bytes,
            offset: 0,
            fingerprint: String::new(),
            quoted,
        };
        lines.fingerprint = lines.hash()?;
        Ok(lines)
    }

    /// Hash of the whole content.
    fn hash(&mut self) -> Result<String> {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = self.reader.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            context.update(&buffer[..read]);
        }
        self.reader.seek(SeekFrom::Start(0))?;
        let digest = context.finish();
        Ok(digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect())
    }

    /// Columns of the first line, which is passed over.
    fn header(&mut self) -> Result<Vec<String>> {
        let mut line = String::new();
        let read = self
            .reader
            .read_line(&mut line)
            .context("the first line is not UTF-8 text")?;
        self.offset += read as u64;
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(line.as_bytes());
        let record = reader
            .records()
            .next()
            .transpose()
            .context("the first line is not CSV")?;
        let header: Vec<String> = record.iter().flatten().map(str::to_owned).collect();
        if header.is_empty() {
            bail!("the file is empty: the first line must name the columns");
        }
        Ok(header)
    }

    fn skip_to(&mut self, offset: u64) -> Result<()> {
        if offset > self.offset {
            self.reader.seek(SeekFrom::Start(offset))?;
            self.offset = offset;
        }
        Ok(())
    }

    /// The next lines; `None`: that was all. A quoted CSV cell may hold line breaks, so a chunk ends
    /// only where all quotes are closed.
    fn chunk(&mut self) -> Result<Option<Vec<u8>>> {
        let mut chunk = Vec::with_capacity(CHUNK_BYTES + 4_096);
        let mut quotes_open = false;
        while chunk.len() < CHUNK_BYTES || quotes_open {
            let before = chunk.len();
            if self.reader.read_until(b'\n', &mut chunk)? == 0 {
                break;
            }
            let quotes = chunk[before..].iter().filter(|byte| **byte == b'"').count();
            quotes_open ^= self.quoted && quotes % 2 == 1;
        }
        self.offset += chunk.len() as u64;
        Ok((!chunk.is_empty()).then_some(chunk))
    }
}
