//! Runs the script that renders with Ruby.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::generator::Case;

/// What Ruby prints for each case; `REFUSED` and a message where it cannot parse the template.
pub(crate) fn render(cases: &[Case], now: i64) -> Vec<String> {
    assert!(
        std::env::var_os("LANDFALL_TEST_CLIENTS").is_some(),
        "LANDFALL_TEST_CLIENTS is not set: run `cargo x test`, which installs what this test needs"
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients/ruby_liquid.rb");
    let mut ruby = Command::new("ruby")
        .arg(script)
        .arg(now.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Ruby runs: on Debian `apt-get install ruby ruby-liquid`");
    let mut input = ruby.stdin.take().expect("the input is a pipe");
    let lines: String = cases
        .iter()
        .map(|case| {
            let line = json!({
                "template": case.template, "data": case.data, "snippets": case.snippets,
            });
            format!("{line}\n")
        })
        .collect();
    // Ruby answers while it reads: somebody must read the answers, or both wait forever.
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = ruby.wait_with_output().expect("Ruby ends");
    writer
        .join()
        .expect("the writer ends")
        .expect("Ruby reads everything");
    assert!(output.status.success(), "the script failed");
    let output = String::from_utf8(output.stdout).expect("UTF-8");
    let answers: Vec<String> = output.lines().map(answer).collect();
    assert_eq!(answers.len(), cases.len());
    answers
}

fn answer(line: &str) -> String {
    let answer: Value = serde_json::from_str(line).expect("JSON");
    match answer["text"].as_str() {
        Some(text) => text.to_owned(),
        None => format!("REFUSED {}", answer["refused"]),
    }
}
