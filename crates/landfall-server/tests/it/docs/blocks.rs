//! Fenced blocks of the documents, and the commands in them. Read by the test that runs them and by the
//! test of the command line that parses them.

use std::path::{Path, PathBuf};

/// A fenced block of a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    /// The page, from the repository's folder.
    pub(crate) page: String,
    /// Line of the opening fence, from 1.
    pub(crate) line: usize,
    /// First word after the fence: `sh`, `console`, `json`, ...
    pub(crate) language: String,
    /// What stands between the fences.
    pub(crate) text: String,
    /// Why it is not run, when a comment before it says so: `<!-- not run: reason -->`.
    pub(crate) not_run: Option<String>,
}

/// A command of a block, and what the page shows as its answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Shown {
    pub(crate) command: String,
    pub(crate) answer: String,
}

impl Block {
    /// Whether it holds commands for a shell.
    pub(crate) fn is_shell(&self) -> bool {
        matches!(self.language.as_str(), "sh" | "console")
    }

    /// Where it stands.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }

    /// A `sh` block is one command; a `console` block has commands after `$ `, each with its answer.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        if self.language == "sh" {
            let command = self.text.clone();
            return vec![Shown {
                command,
                answer: String::new(),
            }];
        }
        let mut shown: Vec<Shown> = Vec::new();
        let mut goes_on = false;
        for line in self.text.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                shown.push(Shown {
                    command: command.to_owned(),
                    answer: String::new(),
                });
                goes_on = command.ends_with('\\');
                continue;
            }
            let Some(last) = shown.last_mut() else {
                continue;
            };
            let part = match goes_on {
                true => &mut last.command,
                false => &mut last.answer,
            };
            if !part.is_empty() {
                part.push('\n');
            }
            part.push_str(line);
            goes_on &= line.ends_with('\\');
        }
        shown
    }
}

/// The repository's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// README.md and every page of `docs`, by name.
pub(crate) fn pages() -> Vec<(String, String)> {
    let mut names = vec!["README.md".to_owned()];
    collect("docs", &mut names);
    names.sort();
    let read = |name: String| {
        let text = std::fs::read_to_string(root().join(&name)).expect("a page of the repository");
        (name, text)
    };
    names.into_iter().map(read).collect()
}

fn collect(folder: &str, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(root().join(folder)).expect("a folder of documents") {
        let entry = entry.expect("an entry");
        let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            collect(&name, names);
        } else if name.ends_with(".md") {
            names.push(name);
        }
    }
}

/// The fenced blocks of a page, in order.
pub(crate) fn blocks(page: &str, text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<(Block, usize)> = None;
    let mut reason = None;
    for (number, line) in (1..).zip(text.lines()) {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (None, Some(language)) => {
                let language = language.split_whitespace().next().unwrap_or_default();
                let block = Block {
                    page: page.to_owned(),
                    line: number,
                    language: language.to_owned(),
                    text: String::new(),
                    not_run: reason.take(),
                };
                open = Some((block, line.len() - line.trim_start().len()));
            }
            (Some(_), Some("")) => found.extend(open.take().map(|(block, _)| block)),
            (Some((block, indent)), _) => {
                // Blocks of lists are indented.
                block.text.push_str(line.get(*indent..).unwrap_or_default());
                block.text.push('\n');
            }
            (None, None) => match comment(line, "not run") {
                Some(why) => reason = Some(why),
                None if line.trim().is_empty() => {}
                None => reason = None,
            },
        }
    }
    assert!(open.is_none(), "{page} has a fence that is not closed");
    found
}

/// What a comment of this name says, when a line is one: `<!-- name: text -->`.
pub(crate) fn comment(line: &str, name: &str) -> Option<String> {
    let inner = line.trim().strip_prefix("<!--")?.strip_suffix("-->")?;
    let said = inner.trim().strip_prefix(name)?.strip_prefix(':')?;
    Some(said.trim().to_owned())
}
