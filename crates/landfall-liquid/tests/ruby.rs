//! Thousands of generated templates, rendered by Ruby's Liquid (Debian's `ruby-liquid`) and by us. Every text
//! must be the same, failures included: they are compared as the preview prints them.
//!
//! What the generator leaves out, and why, is said in `ruby/generator.rs`.

#[path = "ruby/data.rs"]
mod data;
#[path = "ruby/generator.rs"]
mod generator;
#[path = "ruby/oracle.rs"]
mod oracle;

use generator::{Case, Generator};
use landfall_liquid::{Limits, Scope, Strictness, Template};

/// 2024-02-29 12:34:56 UTC: a leap day.
const NOW: i64 = 1_709_210_096;

/// Another seed than the usual ones, to look for differences elsewhere.
fn seed(usual: u64) -> u64 {
    let other = std::env::var("LIQUID_SEED").ok();
    other
        .and_then(|seed| seed.parse().ok())
        .map_or(usual, |seed: u64| seed * 10 + usual)
}

fn ours(case: &Case) -> String {
    let template = match Template::parse(&case.template) {
        Ok(template) => template,
        Err(error) => return format!("REFUSED {error}"),
    };
    let snippets = case.snippets.iter().map(|(name, source)| {
        let template = Template::parse(source).expect("the generator writes templates");
        (name.clone(), template)
    });
    let snippets = snippets.collect();
    let scope = Scope {
        mode: Strictness::Lax,
        snippets: Some(&snippets),
        ..Scope::new(&case.data, NOW * 1000)
    };
    template.preview(&scope, &Limits::default()).text
}

fn agree(cases: &[Case]) {
    let theirs = oracle::render(cases, NOW);
    let mut differences = Vec::new();
    for (case, theirs) in cases.iter().zip(&theirs) {
        let ours = ours(case);
        if ours != *theirs {
            differences.push(format!(
                "template: {}\ndata: {}\nsnippets: {:?}\n ruby: {theirs:?}\n ours: {ours:?}\n",
                case.template, case.data, case.snippets
            ));
        }
    }
    differences.sort_by_key(String::len);
    let shown = std::env::var("LIQUID_DIFFERENCES").ok();
    let shown = shown.and_then(|shown| shown.parse().ok()).unwrap_or(5);
    assert!(
        differences.is_empty(),
        "{} of {} differ, for example:\n\n{}",
        differences.len(),
        cases.len(),
        differences[..differences.len().min(shown)].join("\n")
    );
}

#[test]
fn ruby_liquid_as_a_client_prints_the_same_for_single_filters() {
    let mut generator = Generator::new(seed(1));
    let cases: Vec<Case> = (0..4_000).map(|_| generator.single_output()).collect();
    agree(&cases);
}

#[test]
fn ruby_liquid_as_a_client_prints_the_same_for_conditions() {
    let mut generator = Generator::new(seed(2));
    let cases: Vec<Case> = (0..2_000).map(|_| generator.single_condition()).collect();
    agree(&cases);
}

#[test]
fn ruby_liquid_as_a_client_prints_the_same_for_whole_templates() {
    let mut generator = Generator::new(seed(3));
    let cases: Vec<Case> = (0..4_000).map(|_| generator.template()).collect();
    agree(&cases);
}

#[test]
fn ruby_liquid_as_a_client_prints_the_same_dates() {
    let mut generator = Generator::new(seed(4));
    let cases: Vec<Case> = (0..2_000).map(|_| generator.single_date()).collect();
    agree(&cases);
}
