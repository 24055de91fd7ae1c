//! Filters with arguments that the generator writes.

use super::Generator;
use rand::Rng as _;

/// Filters without arguments.
const PLAIN: &[&str] = &[
    "abs",
    "ceil",
    "floor",
    "round",
    "upcase",
    "downcase",
    "capitalize",
    "escape",
    "escape_once",
    "h",
    "strip",
    "lstrip",
    "rstrip",
    "strip_html",
    "strip_newlines",
    "newline_to_br",
    "url_encode",
    "url_decode",
    "base64_encode",
    "base64_url_safe_encode",
    "size",
    "first",
    "last",
    "reverse",
    "sort",
    "sort_natural",
    "uniq",
    "compact",
    "join",
    "truncate",
    "truncatewords",
    "default",
];

impl Generator {
    pub(super) fn filter(&mut self) -> String {
        match self.below(30) {
            0..=11 => self.pick(PLAIN).to_owned(),
            12..=15 => self.counting_filter(),
            16..=21 => self.text_filter(),
            22..=26 => self.list_filter(),
            27 => format!("default: {}", self.value()),
            28 => {
                let allow = self.pick(&["true", "false"]);
                format!("default: {}, allow_false: {allow}", self.value())
            }
            _ => self.pick(&["date: ''", "base64_encode | size"]).to_owned(),
        }
    }

    fn counting_filter(&mut self) -> String {
        let name = self.pick(&[
            "plus",
            "minus",
            "times",
            "divided_by",
            "modulo",
            "at_least",
            "at_most",
            "round",
        ]);
        let operand = match (name, self.chance(0.8)) {
            ("round", _) => self.rng.random_range(-2..5).to_string(),
            (_, true) => self.number(),
            (_, false) => self.value(),
        };
        format!("{name}: {operand}")
    }

    fn text_filter(&mut self) -> String {
        match self.below(6) {
            0 | 1 => {
                let name = self.pick(&[
                    "append",
                    "prepend",
                    "remove",
                    "remove_first",
                    "remove_last",
                    "split",
                ]);
                let text = match self.chance(0.5) {
                    true => self.quoted(),
                    false => self.value(),
                };
                format!("{name}: {text}")
            }
            2 | 3 => {
                let name = self.pick(&["replace", "replace_first", "replace_last"]);
                let (from, to) = match self.chance(0.8) {
                    true => (
                        self.pick(&["'a'", "'l'", "' '", "'ll'", "'é'", "','", "1"]),
                        self.value(),
                    ),
                    false => (self.pick(&["''", "nothing", "text"]), "'-'".to_owned()),
                };
                format!("{name}: {from}, {to}")
            }
            4 => {
                let (name, count) = (self.pick(&["truncate", "truncatewords"]), self.below(12));
                let ellipsis = self.pick(&["", ", ''", ", '…!'"]);
                format!("{name}: {count}{ellipsis}")
            }
            _ => {
                let from = self.rng.random_range(-4..6);
                match self.chance(0.5) {
                    true => format!("slice: {from}"),
                    false => format!("slice: {from}, {}", self.rng.random_range(-1..5)),
                }
            }
        }
    }

    fn list_filter(&mut self) -> String {
        match self.below(5) {
            0 => format!("join: {}", self.quoted()),
            1 | 2 => {
                let name = self.pick(&["map", "sort", "uniq", "compact", "where"]);
                let attribute = self.pick(&["name", "price", "vip", "id", "note", "nope"]);
                format!("{name}: \"{attribute}\"")
            }
            3 => {
                let attribute = self.pick(&["name", "vip", "id", "note"]);
                format!("where: \"{attribute}\", {}", self.value())
            }
            _ => {
                let list = self.pick(&["numbers", "customer.tags", "nested", "empty_list"]);
                format!("concat: {list}")
            }
        }
    }
}
