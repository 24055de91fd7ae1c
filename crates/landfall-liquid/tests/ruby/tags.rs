//! The tags that the generator writes.

use super::{Generator, LISTS};
use crate::data;
use rand::Rng as _;

impl Generator {
    fn open(&mut self, tag: &str) -> String {
        let (before, after) = self.trims();
        format!("{{%{before} {tag} {after}%}}")
    }

    fn trims(&mut self) -> (&'static str, &'static str) {
        let before = self.chance(0.2);
        let after = self.chance(0.2);
        (if before { "-" } else { "" }, if after { "-" } else { "" })
    }

    fn space(&mut self) -> &'static str {
        self.pick(&["", "", " ", "\n", "  \n ", "\t"])
    }

    /// Some text, output or tag, with blocks nested up to a depth.
    pub(super) fn block(&mut self, depth: u32) -> String {
        let space = self.space();
        let kinds = if depth == 0 { 12 } else { 24 };
        let block = match self.below(kinds) {
            0 | 1 => data::text(&mut self.rng)
                .replace(['{', '}', '%'], "")
                .to_owned(),
            2..=5 => {
                let (before, after) = self.trims();
                format!("{{{{{before} {} {after}}}}}", self.output(2))
            }
            6 => self.assign(),
            7 => {
                let name = self.pick(&["a_count", "b_count"]);
                let tag = self.pick(&["increment", "decrement"]);
                self.open(&format!("{tag} {name}"))
            }
            8 => {
                let cycle = self.pick(&[
                    "cycle 'x', 'y', 'z'",
                    "cycle 1, 2",
                    "cycle 'group': 'p', 'q'",
                    "cycle text: 'r', whole",
                ]);
                self.open(cycle)
            }
            9 => {
                let output = self.output(1);
                self.open(&format!("echo {output}"))
            }
            10 => self.open("# a comment"),
            11 => self.liquid(),
            12 => self.comment(),
            13 => format!(
                "{}{{{{ raw }}}} {{% if %}}{}",
                self.open_raw(),
                "{% endraw %}"
            ),
            14 | 15 => self.branches(depth),
            16 => self.case_tag(depth),
            17..=19 => self.for_loop(depth),
            20 => self.table_row(depth),
            21 => self.capture(depth),
            22 => self.partial(),
            _ => self.if_changed(depth),
        };
        format!("{block}{space}")
    }

    fn open_raw(&mut self) -> String {
        let before = if self.chance(0.2) { "-" } else { "" };
        format!("{{%{before} raw %}}")
    }

    fn body(&mut self, depth: u32) -> String {
        let space = self.space().to_owned();
        let count = self.below(3);
        (0..count).fold(space, |body, _| body + &self.block(depth - 1))
    }

    fn assign(&mut self) -> String {
        let name = self.pick(&["one_var", "two_var", "customer_var"]);
        let output = self.output(2);
        let tag = self.open(&format!("assign {name} = {output}"));
        self.locals.push(name);
        tag
    }

    fn comment(&mut self) -> String {
        let (open, close) = (self.open("comment"), self.open("endcomment"));
        format!("{open} hidden {{{{ text }}}} {close}")
    }

    fn liquid(&mut self) -> String {
        let (first, second) = (self.output(1), self.output(1));
        let condition = self.condition();
        let list = self.pick(LISTS);
        self.open(&format!(
            "liquid\n  assign one_var = {first}\n  if {condition}\n    echo {second}\n  else\n    echo 'no'\n  \
             endif\n\n  for item in {list} limit: 3\n    echo item\n  endfor\n"
        ))
    }

    fn branches(&mut self, depth: u32) -> String {
        let tag = self.pick(&["if", "if", "unless"]);
        let condition = self.condition();
        let mut out = self.open(&format!("{tag} {condition}")) + &self.body(depth);
        if self.chance(0.3) {
            let condition = self.condition();
            out += &self.open(&format!("elsif {condition}"));
            out += &self.body(depth);
        }
        if self.chance(0.5) {
            out += &self.open("else");
            out += &self.body(depth);
        }
        out + &self.open(&format!("end{tag}"))
    }

    fn case_tag(&mut self, depth: u32) -> String {
        let subject = self.value();
        let mut out = self.open(&format!("case {subject}")) + self.space();
        for _ in 0..self.below(3) + 1 {
            let mut values = self.value();
            if self.chance(0.4) {
                let joint = self.pick(&[", ", " or "]);
                values = format!("{values}{joint}{}", self.value());
            }
            out += &self.open(&format!("when {values}"));
            out += &self.body(depth);
        }
        if self.chance(0.5) {
            out += &self.open("else");
            out += &self.body(depth);
        }
        out + &self.open("endcase")
    }

    fn for_loop(&mut self, depth: u32) -> String {
        let variable = self.pick(&["item", "row", "x"]);
        let list = if self.chance(0.2) {
            self.path()
        } else {
            self.pick(LISTS).to_owned()
        };
        let mut options = String::new();
        if self.chance(0.2) {
            options += " reversed";
        }
        if self.chance(0.3) {
            options += &format!(
                " limit:{}",
                self.pick(&["2", "1", "0", "whole", "'2'", "nothing", "text"])
            );
        }
        if self.chance(0.3) {
            options += &format!(
                " offset:{}",
                self.pick(&["1", "2", "continue", "index", "'1'"])
            );
        }
        let mut out = self.open(&format!("for {variable} in {list}{options}"));
        self.locals.push(variable);
        self.loops += 1;
        if self.chance(0.3) {
            // Long lists would make long texts.
            let condition = self.comparison();
            let jump = self.pick(&["break", "continue"]);
            out += &format!("{{% if {condition} %}}{{% {jump} %}}{{% endif %}}");
        }
        out += "{% if forloop.index > 5 %}{% break %}{% endif %}";
        out += &self.body(depth);
        self.loops -= 1;
        self.locals.pop();
        if self.chance(0.3) {
            out += &self.open("else");
            out += &self.body(depth);
        }
        out + &self.open("endfor")
    }

    fn table_row(&mut self, depth: u32) -> String {
        let list = self.pick(&[
            "customer.tags",
            "numbers",
            "(1..4)",
            "customer.orders",
            "text",
            "nothing",
            "object",
        ]);
        let mut options = String::new();
        if self.chance(0.7) {
            options += &format!(" cols:{}", 1 + self.below(3));
        }
        if self.chance(0.3) {
            options += &format!(" limit:{}", self.below(4));
        }
        if self.chance(0.3) {
            options += &format!(" offset:{}", self.below(3));
        }
        let attribute = self.pick(&[
            "col",
            "row",
            "index",
            "rindex0",
            "col_first",
            "col_last",
            "last",
            "col0",
        ]);
        let out = self.open(&format!("tablerow item in {list}{options}"));
        self.locals.push("item");
        let body = format!("{{{{ item }}}}{{{{ tablerowloop.{attribute} }}}}");
        self.locals.pop();
        let _ = depth;
        out + &body + &self.open("endtablerow")
    }

    fn capture(&mut self, depth: u32) -> String {
        let name = self.pick(&["one_var", "captured"]);
        let out =
            self.open(&format!("capture {name}")) + &self.body(depth) + &self.open("endcapture");
        self.locals.push(name);
        out
    }

    fn if_changed(&mut self, depth: u32) -> String {
        self.open("ifchanged") + &self.body(depth) + &self.open("endifchanged")
    }

    fn partial(&mut self) -> String {
        let name = self.pick(&["header", "row"]);
        // Ruby takes a literal false or nil behind `with` for nothing at all.
        let value = if self.chance(0.5) {
            self.path()
        } else {
            self.number()
        };
        let tag = match self.below(6) {
            0 => format!("render '{name}'"),
            1 => format!("render '{name}', one_var: {value}, item: 2"),
            2 => format!("render '{name}' with {value}"),
            3 => format!(
                "render '{name}' for {} as one_var",
                self.pick(&["numbers", "customer.tags", "(1..2)"])
            ),
            4 => format!("include '{name}'"),
            _ => format!(
                "include '{name}' with {value}, item: {}",
                self.rng.random_range(0..5)
            ),
        };
        self.open(&tag)
    }
}
