//! Lengths, names and words that do not belong into sources.

use std::path::Path;

use super::{Finding, shown};

/// Longest source file in lines.
const LINES_MAX: usize = 600;
/// Files that were longer when the rule came. The list may only shrink.
const LONGER: &[(&str, usize)] = &[];
/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "manager", "service", "misc",
];
/// Files that may wait in real time, with the reason.
const MAY_SLEEP: &[(&str, &str)] = &[
    (
        "bench/src/ledger.rs",
        "asks another process again and again how far it is; not a test",
    ),
    (
        "crates/landfall-engine/src/reporting/reporter.rs",
        "one of the signals that it waits for is that it is time for the next post",
    ),
    (
        "crates/landfall-send/src/pool/connection.rs",
        "the timer of pings, which is set anew whenever something arrives",
    ),
    (
        "crates/landfall-send/src/pool/tests.rs",
        "tokio's clock stands still there: waiting moves it, and takes no time",
    ),
];
/// Words in sources that stand for unfinished work or for waiting; put together here so that this file
/// does not find itself.
const UNFINISHED: &[(&str, &str)] = &[
    (
        concat!("TO", "DO"),
        "finish it, or file an issue and name it in words",
    ),
    (concat!("FIX", "ME"), "mend it"),
    (concat!("#[ign", "ore"), "run it or delete it"),
    (concat!("thread::sl", "eep"), "wait on a signal"),
    (concat!("time::sl", "eep("), "wait on a signal"),
];

pub(super) fn check(path: &Path, text: &str) -> Vec<Finding> {
    let place = shown(path);
    let mut findings = Vec::new();
    for part in place.split(['/', '.']) {
        if EMPTY_NAMES.contains(&part) {
            findings.push(Finding::new(
                &place,
                format!("`{part}` says nothing: name what it holds"),
            ));
        }
    }
    findings.extend(machine_paths(&place, text));
    let source = ["rs", "ts", "tsx", "py", "mjs"];
    if !path
        .extension()
        .is_some_and(|ending| source.iter().any(|s| ending == *s))
    {
        return findings;
    }
    let lines = text.lines().count();
    let allowed = LONGER
        .iter()
        .find(|(known, _)| *known == place)
        .map_or(LINES_MAX, |(_, n)| *n);
    if lines > allowed {
        findings.push(Finding::new(
            &place,
            format!("has {lines} lines, the most is {allowed}: split it"),
        ));
    }
    for (word, advice) in UNFINISHED {
        let sleeps = word.contains("sl") && MAY_SLEEP.iter().any(|(known, _)| *known == place);
        if text.contains(word) && !sleeps {
            findings.push(Finding::new(&place, format!("holds `{word}`: {advice}")));
        }
    }
    findings
}

/// Whether a path begins there and does not go on: `bench` and what follows is a folder of ours.
fn begins(text: &str, at: usize) -> bool {
    !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '.')
}

/// Paths of the machine that somebody worked on.
fn machine_paths(place: &str, text: &str) -> Vec<Finding> {
    const ELSEWHERE: &[&str] = &[
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/home", "/"),
    ];
    ELSEWHERE
        .iter()
        .filter(|path| text.match_indices(**path).any(|(at, _)| begins(text, at)))
        .map(|path| Finding::new(place, format!("names a path of one machine (`{path}`)")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(path: &str, text: &str) -> usize {
        check(Path::new(path), text).len()
    }

    #[test]
    fn faults_are_found_and_clean_files_are_not() {
        assert_eq!(count("crates/x/src/fold.rs", "fn a() {}\n"), 0);
        assert_eq!(count("crates/x/src/utils.rs", "fn a() {}\n"), 1);
        assert_eq!(count("crates/x/src/fold.rs", &"\n".repeat(601)), 1);
        assert_eq!(count("docs/a.md", &"\n".repeat(601)), 0);
        assert_eq!(
            count("crates/x/src/fold.rs", concat!("// TO", "DO later\n")),
            1
        );
        assert_eq!(count("docs/a.md", concat!("see /ro", "ot/x\n")), 1);
    }
}
