//! `cargo x <command>`: everything that is done to this repository, in its own language.

mod bench;
mod postgres;
mod reference;
mod run;
mod test;
mod tidy;
mod tools;
mod tour;
mod ui;
mod up;

use std::process::ExitCode;

const HELP: &str = "\
cargo x <command>

  up [--listen ADDR] [--data DIR] [--release]
               build Landfall with its pages and serve it on 127.0.0.1:7171; makes a workspace at first start
  test [--fast] [FILTER]
               install what tests need, then formatting, lints, tidy and all tests
               (--fast: no installing; tests that need PostgreSQL or clients are left out)
  tidy         the checks of the house: dependency table, file lengths, names, documents
  openapi      write docs/api/openapi.json and docs/api/reference.md from the code
  demo [ARGS]  build Landfall and watch a living shop in which something goes wrong (arguments of `landfall demo`)
  tour [--people N] [--seed N] [--debug] [--page]
               run the demo and write docs/tour.md, its pictures and the README's part from what it saw
               (--page: from the figures of the last run)
  bench [NAME] run a benchmark of bench/ (board, ingest, start); without a name: list them
  ci           what CI runs: the same as test
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let done = match arguments.first().map(String::as_str) {
        Some("up") => up::up(rest),
        Some("test" | "ci") => test::test(rest),
        Some("tidy") => tidy::tidy(),
        Some("openapi") => test::openapi(),
        Some("demo") => tour::demo(rest),
        Some("tour") => tour::tour(rest),
        Some("bench") => bench::bench(rest),
        None | Some("help" | "--help" | "-h") => {
            print!("{HELP}");
            Ok(())
        }
        Some(other) => Err(anyhow::anyhow!("there is no command `{other}`\n\n{HELP}")),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("\ncargo x: {error:#}");
            ExitCode::FAILURE
        }
    }
}
