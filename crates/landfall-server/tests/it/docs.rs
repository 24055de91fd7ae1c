//! Every command of README.md and `docs` is run against a real server. A block that cannot be run says so and
//! why, in a comment before it: `<!-- not run: reason -->`; such blocks are counted here, and what they ask
//! of the command line is parsed by its own tests.
//!
//! A page is one script: what its blocks export is there in the next. It begins where the README's walk ends,
//! with Ann, Ben, Cem and their deliveries, unless it makes a workspace itself. What it needs beside that
//! stands in a comment, `<!-- before: command -->`. Answers shown in `console` blocks must be those given.

pub(crate) mod blocks;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use blocks::{Block, blocks, comment, pages, root};

use crate::harness::{APP_KEY, SITE_ID, Server, TRACK_KEY, WRITE_KEY, init};

/// Blocks that no test runs. Whoever adds one changes this number, and says why in the page.
const NOT_RUN: usize = 9;
/// Pages that are run beside each other.
const AT_ONCE: usize = 4;

#[test]
fn every_command_of_the_documents_works() {
    let pages: Vec<Page> = pages()
        .into_iter()
        .map(|(name, text)| Page::of(&name, &text))
        .collect();
    let mut left = BTreeMap::new();
    for block in pages.iter().flat_map(|page| &page.blocks) {
        assert!(
            !block.language.is_empty(),
            "{} does not say its language: `sh`, `console`, `json`, `http`, `text`",
            block.place()
        );
        if let Some(why) = block.not_run.as_ref().filter(|_| block.is_shell()) {
            left.insert(block.place(), why.clone());
        }
    }
    for (place, why) in &left {
        println!("not run  {place}: {why}");
    }
    let walk = pages
        .iter()
        .find(|page| page.name == "README.md")
        .expect("README.md")
        .runnable();
    let failures = Mutex::new(Vec::new());
    let (next, run) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    run.fetch_add(page.runnable().len(), Ordering::Relaxed);
                    if let Err(failure) = page.run(&walk) {
                        let mut failures = failures.lock().unwrap_or_else(PoisonError::into_inner);
                        failures.push(failure);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().expect("no thread panicked");
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    println!("run      {} blocks", run.into_inner());
    assert_eq!(left.len(), NOT_RUN, "{left:#?}");
}

#[test]
fn a_comment_before_a_block_keeps_it_from_being_run() {
    let text = "<!-- before: landfall log -->\n<!-- not run: no phone -->\n```sh\na\n```\n\n```console\n$ b \\\n  c\nd\n```\n";
    let page = Page::of("p.md", text);
    assert_eq!(page.before, ["landfall log"]);
    assert_eq!(page.blocks[0].not_run.as_deref(), Some("no phone"));
    let runnable = page.runnable();
    assert_eq!(runnable.len(), 1);
    let shown = runnable[0].shown();
    assert_eq!(
        (shown[0].command.as_str(), shown[0].answer.as_str()),
        ("b \\\n  c", "d")
    );
}

#[test]
fn answers_are_compared_without_what_time_changes() {
    let told = " 2026-11-23 17:30:37   dlv-1   200, 1 ms\n──────\n";
    assert!(answers(
        told,
        "2026-12-01 05:00:00 dlv-1 200, 12 ms\n───────────"
    ));
    assert!(answers("a\n...\nd", "a\nb\nc\nd"));
    assert!(!answers("a\nb", "a\nc"));
    assert!(!answers("a\n...\nd", "a\nb"));
}

/// A page with its blocks.
struct Page {
    name: String,
    before: Vec<String>,
    blocks: Vec<Block>,
}

impl Page {
    fn of(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            before: text
                .lines()
                .filter_map(|line| comment(line, "before"))
                .collect(),
            blocks: blocks(name, text),
        }
    }

    fn runnable(&self) -> Vec<Block> {
        let run = |block: &&Block| block.is_shell() && block.not_run.is_none();
        self.blocks.iter().filter(run).cloned().collect()
    }

    fn run(&self, walk: &[Block]) -> Result<(), String> {
        let own = self.runnable();
        if own.is_empty() {
            return Ok(());
        }
        let folder = tempfile::tempdir().expect("a folder");
        prepare(folder.path());
        let says = |command: &str| {
            let mut own = own.iter().map(|block| &block.text).chain(&self.before);
            own.any(|text| text.contains(command))
        };
        let (makes, serves) = (says("landfall init"), says("landfall serve"));
        let data = folder.path().join("data");
        if serves && !makes {
            init(&data);
        }
        let server = (!makes && !serves).then(|| Server::fresh(&data));
        let walked = match server.is_none() || self.name == "README.md" {
            true => Vec::new(),
            false => walk.to_vec(),
        };
        let mut script = include_str!("docs/prelude.sh").to_owned();
        for block in walked {
            step(&mut script, &block, None);
        }
        for command in &self.before {
            let _ = writeln!(script, "at='{}, before'\n{command}", self.name);
        }
        for (number, block) in own.iter().enumerate() {
            step(&mut script, block, Some(number));
        }
        perform(&script, folder.path(), server.as_ref())
            .map_err(|said| format!("{}: {said}", self.name))?;
        drop(server);
        let wrong: Vec<String> = own
            .iter()
            .enumerate()
            .flat_map(|(number, block)| differing(folder.path(), number, block))
            .collect();
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(wrong.join("\n")),
        }
    }
}

/// What the repository's folder has that pages name, and the program itself.
fn prepare(folder: &Path) {
    let root = root().canonicalize().expect("the repository");
    for name in ["docs", "journeys"] {
        std::os::unix::fs::symlink(root.join(name), folder.join(name)).expect("a link");
    }
    let bin = folder.join("bin");
    std::fs::create_dir(&bin).expect("a folder");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_landfall"), bin.join("landfall"))
        .expect("a link");
    std::fs::create_dir(folder.join("answers")).expect("a folder");
}

/// One block in the script; a page's own blocks leave their answers in files.
fn step(script: &mut String, block: &Block, number: Option<usize>) {
    let _ = writeln!(script, "at='{}'", block.place());
    for (nth, shown) in block.shown().iter().enumerate() {
        let into = match number {
            Some(number) => format!("\"$HOME\"/answers/{number}.{nth}"),
            None => "/dev/null".to_owned(),
        };
        let _ = writeln!(script, "{{\n{}\n}} > {into}", shown.command);
    }
}

fn perform(script: &str, folder: &Path, server: Option<&Server>) -> Result<(), String> {
    std::fs::write(folder.join("page.sh"), script).expect("the script");
    let path = std::env::var("PATH").unwrap_or_default();
    let mut bash = Command::new("bash");
    bash.arg("page.sh")
        .current_dir(folder)
        .env("HOME", folder)
        .env("PATH", format!("{}:{path}", folder.join("bin").display()))
        .env("LANDFALL_DATA", folder.join("data"))
        .env("LANDFALL_APP_KEY", APP_KEY)
        .env("SITE", SITE_ID)
        .env("TRACK", TRACK_KEY)
        .env("WRITE", WRITE_KEY)
        .env_remove("DATABASE_URL")
        .env_remove("LANDFALL_TZ");
    if let Some(server) = server {
        bash.env("LANDFALL_URL", &server.url);
    }
    let done = bash.output().expect("bash runs");
    if done.status.success() {
        return Ok(());
    }
    let answer = newest(&folder.join("answers"));
    let said = String::from_utf8_lossy(&done.stderr);
    Err(format!("{said}\n{answer}"))
}

/// What the last command printed.
fn newest(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).expect("the answers");
    let last = files
        .filter_map(Result::ok)
        .max_by_key(|entry| entry.metadata().and_then(|known| known.modified()).ok());
    last.and_then(|entry| std::fs::read_to_string(entry.path()).ok())
        .unwrap_or_default()
}

fn differing(folder: &Path, number: usize, block: &Block) -> Vec<String> {
    let mut wrong = Vec::new();
    for (nth, shown) in block.shown().iter().enumerate() {
        let file = folder.join(format!("answers/{number}.{nth}"));
        let given = std::fs::read_to_string(file).unwrap_or_default();
        if !shown.answer.trim().is_empty() && !answers(&shown.answer, &given) {
            let place = block.place();
            wrong.push(format!(
                "{place}: `{}` answers otherwise:\n{given}",
                shown.command
            ));
        }
    }
    wrong
}

/// Whether an answer is the one that a page shows. Times differ; so do widths of columns, which follow what
/// stands in them. `...` leaves out lines, or parts of a line.
fn answers(shown: &str, given: &str) -> bool {
    let (shown, given) = (plain(shown), plain(given));
    let mut parts = shown.split(|line| line == "...");
    let first = parts.next().unwrap_or_default();
    if !alike(first, &given) {
        return false;
    }
    let mut rest = &given[first.len()..];
    let mut open = false;
    for part in parts {
        let Some(at) = (0..=rest.len()).find(|at| alike(part, &rest[*at..])) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        open = part.is_empty();
    }
    open || rest.is_empty()
}

/// Whether lines begin with these, `...` standing for any words.
fn alike(shown: &[String], given: &[String]) -> bool {
    shown.len() <= given.len()
        && shown
            .iter()
            .zip(given)
            .all(|(shown, given)| line(shown, given))
}

fn line(shown: &str, given: &str) -> bool {
    let mut rest = given;
    let mut parts = shown.split("...");
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else {
        return false;
    };
    rest = after;
    let mut open = false;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        open = part.is_empty();
    }
    open || rest.is_empty()
}

/// Lines without rules and double spaces, digits of times replaced.
fn plain(text: &str) -> Vec<String> {
    let lines = text.lines().map(|line| {
        let words = line.split_whitespace().filter(|word| !word.contains('─'));
        let words: Vec<String> = words.map(timeless).collect();
        words.join(" ")
    });
    let mut lines: Vec<String> = lines.filter(|line| !line.is_empty()).collect();
    for line in &mut lines {
        if let Some(at) = line.find(" ms") {
            let digits = line[..at]
                .trim_end_matches(|c: char| c.is_ascii_digit())
                .len();
            line.replace_range(digits..at, "#");
        }
    }
    lines
}

/// A date or a time of day becomes one of zeros.
fn timeless(word: &str) -> String {
    let dated = |mark: char, parts: usize| {
        let split: Vec<&str> = word.split(mark).collect();
        split.len() == parts
            && split
                .iter()
                .all(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit()))
    };
    match dated('-', 3) || dated(':', 3) || dated(':', 2) {
        true => word.replace(|c: char| c.is_ascii_digit(), "0"),
        false => word.to_owned(),
    }
}
