//! `landfall qa`: test profiles of journeys, before anybody gets a message.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use landfall_engine::qa::{self, CaseReport, QaError, Report};
use serde_json::Value;

use super::apply::{is_schema, print_faults};
use super::ask::{Client, Connection, show};

/// `landfall qa`.
#[derive(Debug, Args)]
pub(crate) struct Qa {
    #[command(flatten)]
    connection: Connection,
    #[command(subcommand)]
    action: Action,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Action {
    /// Let the test profiles in a definition go through the journey, in virtual time. Nothing is sent. A file
    /// needs no server; what runs on the server is known to the launch gate.
    #[command(after_help = "\
Examples:
  landfall qa run journeys/cart-recovery.json
  landfall qa run journeys/*.json --junit qa.xml     for a pipeline: fails when one is not green
  landfall qa run --journey cart-recovery            the newest version on the server: opens its launch gate
  landfall qa run edited.json --on-server            a draft, before it is applied to a running journey")]
    Run(Run),
}

/// `landfall qa run`.
#[derive(Debug, Args)]
struct Run {
    /// Files with one definition each.
    #[arg(required_unless_present = "journey", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The newest version of a journey on the server, by slug, number or name.
    #[arg(long, value_name = "JOURNEY", conflicts_with = "files")]
    journey: Option<String>,
    /// Run the files on the server, which keeps what came of it.
    #[arg(long)]
    on_server: bool,
    /// Who runs it, for the record on the server.
    #[arg(long, value_name = "NAME", env = "USER")]
    by: Option<String>,
    /// Write JUnit XML to this file, too.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// Runs the command. It fails when an expectation did not come true.
pub(crate) fn run(command: &Qa) -> Result<()> {
    let Action::Run(run) = &command.action;
    let mut reports = Vec::new();
    if let Some(journey) = &run.journey {
        let client = Client::new(&command.connection)?;
        let path = format!("/landfall/v1/journeys/{}/qa", Client::encoded(journey));
        reports.push(on_server(&client, run, &path, b"{}", journey)?);
    }
    for file in &run.files {
        let text =
            std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        if is_schema(&text) {
            continue;
        }
        reports.push(if run.on_server {
            let client = Client::new(&command.connection)?;
            let name = file.display().to_string();
            on_server(&client, run, "/landfall/v1/qa", &text, &name)?
        } else {
            here(file, &text)?
        });
    }
    if let Some(path) = &run.junit {
        std::fs::write(path, junit_of(&reports))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if command.connection.json {
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

fn here(file: &Path, text: &[u8]) -> Result<Report> {
    let definition: Value =
        serde_json::from_slice(text).with_context(|| format!("{} is not JSON", file.display()))?;
    match qa::run_blocking(&definition, &crate::scratch::empty) {
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

fn on_server(client: &Client, run: &Run, path: &str, body: &[u8], name: &str) -> Result<Report> {
    let by = run.by.as_deref().unwrap_or_default();
    let path = format!("{path}?by={}", Client::encoded(by));
    let (status, answer) = client.post_whatever(&path, "application/json", body)?;
    if status != 200 {
        print_faults(name, &answer);
        bail!("the test profiles of {name} did not run");
    }
    serde_json::from_value(answer["report"].clone()).context("the answer holds no report")
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
                step.status.clone(),
                step.reason.clone().unwrap_or_default(),
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
