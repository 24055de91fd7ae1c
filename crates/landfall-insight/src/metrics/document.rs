//! `docs/metrics.md`.

use std::fmt::Write as _;
use std::path::Path;

use super::{Clock, DICTIONARY, Dedupe, Metric, Settles, TERMS, named};

#[test]
fn the_document_is_what_the_dictionary_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let says = document();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, says).expect("docs/ is writable");
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == says,
        "docs/metrics.md is not what the code says: run UPDATE_DOCS=1 cargo test -p landfall-insight"
    );
}

#[test]
fn every_rate_names_what_it_is_a_share_of() {
    for metric in DICTIONARY {
        let rate = metric.name.ends_with("_rate") || metric.name.ends_with("_share");
        assert!(!rate || metric.denominator.is_some(), "{}", metric.name);
        assert_eq!(
            DICTIONARY.iter().filter(|m| m.name == metric.name).count(),
            1,
            "{} stands once",
            metric.name
        );
    }
}

#[test]
fn every_word_is_translated_into_a_metric_that_exists() {
    for term in TERMS {
        assert!(
            term.metric.is_none_or(|metric| named(metric).is_some()),
            "{term:?}"
        );
    }
}

fn line(metric: &Metric) -> String {
    let clock = match metric.clock {
        Clock::Created => "creation",
        Clock::Asked => "asked",
    };
    let dedupe = match metric.dedupe {
        Dedupe::Delivery => "delivery",
        Dedupe::Target => "target",
        Dedupe::Person => "person",
        Dedupe::Order => "order",
    };
    let settles = match metric.settles {
        Settles::AtOnce => "at once".to_owned(),
        Settles::Learned { hours: 0 } => "within minutes".to_owned(),
        Settles::Learned { hours } => format!("learned, else {hours} h"),
    };
    format!(
        "| `{}` | {} | {} | {} | {clock} | {dedupe} | {settles} | {} |",
        metric.name,
        metric.says,
        metric.numerator,
        metric.denominator.unwrap_or(""),
        metric.version
    )
}

fn document() -> String {
    let mut text = String::from(
        "# Metrics\n\n\
         What each figure means. Generated from `landfall-insight`; the API serves the same at\n\
         `GET /landfall/v1/metrics-dictionary`.\n\n\
         *Clock*: figures of messages count at the creation of the delivery, unless `basis=occurred` asks\n\
         for the time when it happened. *Once*: what counts once, however often it is reported. *Settles*:\n\
         when the figure stops to grow. *Version*: raised whenever figures would come out differently.\n\n\
         | metric | says | counts | as a share of | clock | once | settles | version |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for metric in DICTIONARY {
        let _ = writeln!(text, "{}", line(metric));
    }
    text.push_str(
        "\n## Words of other products\n\n\
         | product | word | here | difference |\n|---|---|---|---|\n",
    );
    for term in TERMS {
        let here = term
            .metric
            .map_or_else(|| "none".to_owned(), |m| format!("`{m}`"));
        let _ = writeln!(
            text,
            "| {} | {} | {here} | {} |",
            term.product, term.word, term.differs
        );
    }
    text
}
