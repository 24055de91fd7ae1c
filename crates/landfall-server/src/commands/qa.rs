//! `landfall qa`: test profiles of journeys, before anybody gets a message.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use landfall_engine::qa::{self, CaseReport, QaError, Report};
use landfall_store::{Store, StoreError};
use landfall_store_sqlite::SqliteStore;
use serde_json::Value;

use super::apply::is_schema;
use super::ask::show;

/// `landfall qa`.
#[derive(Debug, Args)]
pub(crate) struct Qa {
    #[command(subcommand)]
    action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Action {
    /// Let the test profiles in a definition go through the journey, in virtual time. No server is needed,
    /// and nothing is sent.
    #[command(after_help = "\
Examples:
  landfall qa run journeys/cart-recovery.json
  landfall qa run journeys/*.json --junit qa.xml     for a pipeline: fails when one is not green")]
    Run {
        /// Files with one definition each.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
        /// Write JUnit XML to this file, too.
        #[arg(long, value_name = "FILE")]
        junit: Option<PathBuf>,
    },
}

/// Runs the command. It fails when an expectation did not come true.
pub(crate) fn run(command: &Qa) -> Result<()> {
    let Action::Run { files, json, junit } = &command.action;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let mut reports = Vec::new();
    for file in files {
        let text =
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        if !is_schema(&text) {
            reports.push(report_of(&runtime, file, &text)?);
        }
    }
    if let Some(path) = junit {
        std::fs::write(path, junit_of(&reports))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if *json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else {
        reports.iter().for_each(print);
    }
    let red = reports.iter().flat_map(|report| &report.cases);
    let red = red.filter(|case| !case.is_green()).count();
    if red > 0 {
        bail!("{red} test profiles did not do what was expected");
    }
    Ok(())
}

fn report_of(runtime: &tokio::runtime::Runtime, file: &Path, text: &[u8]) -> Result<Report> {
    let definition: Value =
        serde_json::from_slice(text).with_context(|| format!("{} is not JSON", file.display()))?;
    let stores = Stores::default();
    let report = runtime.block_on(qa::run(&definition, &|| stores.empty()));
    match report {
        Ok(report) => Ok(report),
        Err(QaError::Faults(faults)) => {
            for fault in &faults {
                eprintln!("{}: {fault}", file.display());
            }
            bail!("{} has {} faults", file.display(), faults.len())
        }
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

/// Empty stores, in folders that go away at the end.
#[derive(Default)]
struct Stores(Mutex<Vec<tempfile::TempDir>>);

impl Stores {
    fn empty(&self) -> Result<Arc<dyn Store>, StoreError> {
        let folder = tempfile::tempdir().map_err(StoreError::unavailable)?;
        let options = landfall_store_sqlite::Options { salt: 0 };
        let store = SqliteStore::open(&folder.path().join("qa.db"), options)?;
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(folder);
        Ok(Arc::new(store))
    }
}

fn print(report: &Report) {
    println!("{}", report.name);
    let mut table = show::table(["profile", "step", "after", "status", "why"]);
    for case in &report.cases {
        let run = case.run.map_or("did not enter", |run| run.name());
        let mark = if case.is_green() { "ok" } else { "NOT OK" };
        table.add_row([
            case.name.clone(),
            format!("({run})"),
            String::new(),
            mark.to_owned(),
        ]);
        for step in &case.steps {
            table.add_row([
                String::new(),
                step.step.clone(),
                span(step.after_ms),
                step.status.to_owned(),
                step.reason.unwrap_or_default().to_owned(),
            ]);
        }
    }
    println!("{table}");
    for case in &report.cases {
        for check in case.checks.iter().filter(|check| !check.met) {
            println!(
                "{}: expected that {}, found: {}",
                case.name, check.expected, check.found
            );
        }
    }
    let green = report.cases.iter().filter(|case| case.is_green()).count();
    println!(
        "{green} of {} test profiles are green.\n",
        report.cases.len()
    );
}

/// A length of time in its two largest units.
fn span(ms: i64) -> String {
    let minutes = ms / 60_000;
    match (minutes / 1_440, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h {minutes}m"),
        (days, hours, _) => format!("{days}d {hours}h"),
    }
}

/// JUnit XML, as continuous integration reads it: a suite for each journey, a case for each profile.
fn junit_of(reports: &[Report]) -> String {
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n".to_owned();
    for report in reports {
        let red = report.cases.iter().filter(|case| !case.is_green()).count();
        let (name, count) = (escaped(&report.journey), report.cases.len());
        // Writing into a text cannot fail.
        let _ = writeln!(
            xml,
            "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{red}\">"
        );
        for case in &report.cases {
            junit_case(&mut xml, &report.journey, case);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn junit_case(xml: &mut String, journey: &str, case: &CaseReport) {
    let (class, name) = (escaped(journey), escaped(&case.name));
    // As above.
    let _ = write!(xml, "    <testcase classname=\"{class}\" name=\"{name}\"");
    if case.is_green() {
        xml.push_str("/>\n");
        return;
    }
    xml.push_str(">\n");
    for check in case.checks.iter().filter(|check| !check.met) {
        let message = escaped(&format!(
            "expected that {}, found: {}",
            check.expected, check.found
        ));
        let _ = writeln!(xml, "      <failure message=\"{message}\"/>");
    }
    xml.push_str("    </testcase>\n");
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use landfall_engine::qa::Check;

    use super::*;

    fn report() -> Report {
        let check = Check {
            expected: "remind/push is delivered".to_owned(),
            met: false,
            found: "bounced (<410>)".to_owned(),
        };
        let case = |name: &str, checks: Vec<Check>| CaseReport {
            name: name.to_owned(),
            run: None,
            steps: Vec::new(),
            checks,
        };
        Report {
            journey: "cart".to_owned(),
            name: "Cart".to_owned(),
            cases: vec![
                case("iOS \"5\" & up", vec![check]),
                case("guest", Vec::new()),
            ],
        }
    }

    #[test]
    fn what_did_not_come_true_is_a_failure_in_junit_with_its_words() {
        let xml = junit_of(&[report()]);
        assert!(
            xml.contains("<testsuite name=\"cart\" tests=\"2\" failures=\"1\">"),
            "{xml}"
        );
        assert!(
            xml.contains("name=\"iOS &quot;5&quot; &amp; up\">"),
            "{xml}"
        );
        assert!(xml.contains("found: bounced (&lt;410&gt;)\"/>"), "{xml}");
        assert!(xml.contains("name=\"guest\"/>"), "{xml}");
    }

    #[test]
    fn spans_read_in_their_two_largest_units() {
        assert_eq!(span(90_000), "1m");
        assert_eq!(span(90 * 60_000), "1h 30m");
        assert_eq!(span(25 * 3_600_000), "1d 1h");
    }
}
