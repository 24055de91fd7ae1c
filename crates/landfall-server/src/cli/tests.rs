//! Every command of the documents is one that this program takes, also those that no test can run.

#[path = "../../tests/it/docs/blocks.rs"]
mod blocks;
mod words;

use clap::Parser as _;
use clap::error::ErrorKind;

use super::Cli;
use blocks::{blocks, pages};
use words::{commands, mentioned};

#[test]
fn every_command_of_a_block_is_taken_by_the_command_line() {
    let mut taken = 0;
    let mut wrong = Vec::new();
    for (page, text) in pages() {
        for block in blocks(&page, &text).iter().filter(|block| block.is_shell()) {
            let shown = block.shown();
            for words in shown.iter().flat_map(|shown| commands(&shown.command)) {
                match Cli::try_parse_from(&words) {
                    Ok(_) => taken += 1,
                    Err(error) => wrong.push(format!("{}: {words:?}: {error}", block.place())),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(taken > 60, "only {taken} commands were found");
}

/// Running text may leave out what a command needs, and write CAPITALS for what the reader fills in.
#[test]
fn a_command_that_is_mentioned_has_its_name_and_flags() {
    let mut known = 0;
    for (page, text) in pages() {
        for words in mentioned(&text) {
            let Err(error) = Cli::try_parse_from(&words) else {
                known += 1;
                continue;
            };
            let gap = [
                ErrorKind::MissingRequiredArgument,
                ErrorKind::MissingSubcommand,
                ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                // KIND, N, ADDR and the like.
                ErrorKind::InvalidValue,
                ErrorKind::ValueValidation,
            ];
            assert!(gap.contains(&error.kind()), "{page}: {words:?}: {error}");
            known += 1;
        }
    }
    assert!(known > 40, "only {known} commands were found");
}

#[test]
fn words_are_found_in_shell_as_the_documents_write_it() {
    let shell = "export A=b   # landfall nothing\nA=b landfall log --since '1 h' | sort > out\n\
                 landfall qa run \\\n  file.json; echo landfall\n";
    let found = commands(shell);
    assert_eq!(
        found,
        [
            vec!["landfall", "log", "--since", "1 h"],
            vec!["landfall", "qa", "run", "file.json"],
        ]
    );
    let text = "Say `landfall trace\nDELIVERY`, not `cargo`.\n```sh\nlandfall gone\n```\n";
    assert_eq!(mentioned(text), [vec!["landfall", "trace", "DELIVERY"]]);
}
