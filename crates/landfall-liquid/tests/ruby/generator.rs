//! Writes random templates, the same ones for the same seed.
//!
//! Left out, because we differ from Ruby's Liquid on purpose (`docs/concepts/liquid.md` says the same):
//!
//! - what Ruby's lax parser guesses at: we refuse it. Everything written here is well-formed.
//! - filters that do not exist: Ruby passes the value on, we fail.
//! - brackets in brackets (`a[b[0]]`): Ruby 5.4 misreads them.
//! - `break` in `tablerow`: Ruby goes on with the first node of each later cell.
//! - `reversed` behind `limit` and `offset`: Ruby ignores it there.
//! - trimming inside of `raw` and on `endraw`: Ruby does not find the end of the block then.
//! - cycles without a name whose values are variables: in Ruby each tag is a group of its own.
//! - arguments that make Ruby's filters themselves crash (`Liquid error: internal`): we say what was wrong.
//! - base64 of what is no text: Ruby prints the bytes, we fail.
//! - `sort_natural` by an attribute that several items lack: for Ruby nil is more than nil, so that their order is
//!   an accident of its sorting.
//! - numbers of more than 38 digits: we have none.
//! - dates in other forms than those of `single_date`.

use std::collections::BTreeMap;

use rand::rngs::SmallRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;

use crate::data;

/// A template with all that it needs.
pub(crate) struct Case {
    pub(crate) template: String,
    pub(crate) data: Value,
    pub(crate) snippets: BTreeMap<String, String>,
}

pub(crate) struct Generator {
    rng: SmallRng,
    /// Variables of the loops and assignments around.
    locals: Vec<&'static str>,
    loops: u32,
}

const PATHS: &[&str] = &[
    "customer.first_name",
    "customer.plan",
    "customer.city",
    "customer.score",
    "customer.age",
    "customer.tags",
    "customer.orders",
    "customer.orders.first.name",
    "customer.orders[0].price",
    "customer.orders.last.tags",
    "customer.orders[-1].name",
    "customer.orders.size",
    "customer.deep.a.b",
    "customer.deep.a.size",
    "customer.deep",
    "customer.nope",
    "customer.nope.deeper",
    "event.total",
    "event.count",
    "event.at",
    "event.name",
    "event.name.size",
    "numbers",
    "numbers[1]",
    "numbers.first",
    "numbers.last",
    "numbers.size",
    "mixed",
    "mixed[0]",
    "nested",
    "nested[0][1]",
    "nested.first.last",
    "object",
    "object.one",
    "object.two",
    "object[\"three\"]",
    "object[key]",
    "numbers[index]",
    "object.size",
    "object.first",
    "empty_list",
    "empty_object",
    "text",
    "text.size",
    "float",
    "whole",
    "yes",
    "no",
    "nothing",
    "nope",
    "[\"text\"]",
    "customer[\"first_name\"]",
    "mixed.last",
];

const LISTS: &[&str] = &[
    "customer.tags",
    "customer.orders",
    "numbers",
    "mixed",
    "nested",
    "object",
    "empty_list",
    "text",
    "(1..4)",
    "(0..index)",
    "(3..1)",
    "nothing",
    "nope",
    "customer.orders[0].tags",
    "(-1..2)",
];

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            rng: SmallRng::seed_from_u64(seed),
            locals: Vec::new(),
            loops: 0,
        }
    }

    fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        *choices.choose(&mut self.rng).expect("not empty")
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.rng.random_range(0..bound)
    }

    fn case(&mut self, template: String) -> Case {
        Case {
            template,
            data: data::globals(&mut self.rng),
            snippets: BTreeMap::new(),
        }
    }

    /// One `{{ }}` with up to three filters.
    pub(crate) fn single_output(&mut self) -> Case {
        let output = match self.below(60) {
            0 => {
                let filter = self.pick(&["base64_decode", "base64_url_safe_decode"]);
                let text = self.pick(&[
                    "aGVsbG8=",
                    "aGVsbG8",
                    "aGVsbG8=\n",
                    "!!",
                    "",
                    "fn5-",
                    "fn5+",
                    "aGk/",
                    "YQ==",
                    "YQ=",
                    "YQ",
                ]);
                format!("'{text}' | {filter}")
            }
            _ => self.output(3),
        };
        self.case(format!("[{{{{ {output} }}}}]"))
    }

    /// One `if` of up to three comparisons.
    pub(crate) fn single_condition(&mut self) -> Case {
        let condition = self.condition();
        self.case(format!(
            "{{% if {condition} %}}yes{{% else %}}no{{% endif %}}"
        ))
    }

    /// One `date` of a form that both read.
    pub(crate) fn single_date(&mut self) -> Case {
        let input = self.date_input();
        let pattern = self.date_pattern();
        self.case(format!("{{{{ {input} | date: \"{pattern}\" }}}}"))
    }

    /// A template of many tags, with snippets.
    pub(crate) fn template(&mut self) -> Case {
        self.locals.clear();
        let count = 1 + self.below(5);
        let template = (0..count).map(|_| self.block(3)).collect();
        let mut case = self.case(template);
        self.locals.clear();
        for name in ["header", "row"] {
            let body = format!("<{{{{ {name} }}}}:{}>", self.block(0));
            case.snippets.insert(name.to_owned(), body);
        }
        case
    }

    // Expressions.

    fn path(&mut self) -> String {
        if !self.locals.is_empty() && self.chance(0.4) {
            let local = self.pick(&self.locals.clone());
            let tail = self.pick(&["", "", "", ".name", ".price", ".size", ".first", "[0]"]);
            return format!("{local}{tail}");
        }
        if self.loops > 0 && self.chance(0.15) {
            let attribute = self.pick(&[
                "index",
                "index0",
                "rindex",
                "rindex0",
                "first",
                "last",
                "length",
                "name",
                "parentloop.index",
                "nope",
            ]);
            return format!("forloop.{attribute}");
        }
        self.pick(PATHS).to_owned()
    }

    fn number(&mut self) -> String {
        match self.below(6) {
            0 => data::float(&mut self.rng).to_string(),
            1 => format!("'{}'", data::whole(&mut self.rng)),
            2 => self
                .pick(&["whole", "float", "event.total", "event.count"])
                .to_owned(),
            3 => self.rng.random_range(-4..9).to_string(),
            _ => data::whole(&mut self.rng).to_string(),
        }
    }

    fn quoted(&mut self) -> String {
        let text = data::text(&mut self.rng);
        let fits = |text: &str| !text.contains(['{', '}', '%', '\n', '\r']);
        match (fits(text), text.contains('"'), text.contains('\'')) {
            (true, false, _) => format!("\"{text}\""),
            (true, _, false) => format!("'{text}'"),
            _ => "\"plain\"".to_owned(),
        }
    }

    fn value(&mut self) -> String {
        match self.below(10) {
            0 | 1 => self.number(),
            2 | 3 => self.quoted(),
            4 => self
                .pick(&["true", "false", "nil", "(1..3)", "blank", "empty"])
                .to_owned(),
            _ => self.path(),
        }
    }

    fn output(&mut self, filters: u32) -> String {
        if self.chance(0.03) {
            let pattern = self.pick(&["%Y-%m-%d", "%H:%M", "%B %-d, %Y", "%s"]);
            return format!("event.at | date: \"{pattern}\"");
        }
        if self.chance(0.02) {
            let attribute = self.pick(&["name", "id"]);
            return format!("customer.orders | sort_natural: '{attribute}' | map: '{attribute}'");
        }
        let mut output = self.value();
        for _ in 0..self.below(filters + 1) {
            let filter = self.filter();
            output = format!("{output} | {filter}");
        }
        output
    }

    fn condition(&mut self) -> String {
        let mut condition = self.comparison();
        for _ in 0..self.below(3) {
            let joint = self.pick(&["and", "or"]);
            condition = format!("{condition} {joint} {}", self.comparison());
        }
        condition
    }

    fn comparison(&mut self) -> String {
        let left = self.value();
        if self.chance(0.2) {
            return left;
        }
        let operator = self.pick(&["==", "!=", "<>", "<", ">", "<=", ">=", "contains", "=="]);
        let right = match self.below(5) {
            0 => self.pick(&["blank", "empty", "nil"]).to_owned(),
            _ => self.value(),
        };
        format!("{left} {operator} {right}")
    }
}

#[path = "dates.rs"]
mod dates;
#[path = "filters.rs"]
mod filters;
#[path = "tags.rs"]
mod tags;
