//! What must hold for any text that somebody may take for a template.

use landfall_liquid::{Limits, Scope, Strictness, Template};
use proptest::prelude::*;
use serde_json::{Value, json};

fn data() -> Value {
    json!({
        "customer": { "name": "Ann", "tags": ["x", "y"], "n": -3, "f": 2.5, "when": 1_735_689_600 },
        "list": [[1, "a", null], { "k": [true] }, "é", 1e300, -1e-300],
        "text": "{{ customer.name }}{% render_liquid text %}",
    })
}

/// Limits that a test can afford to reach often.
fn limits() -> Limits {
    Limits {
        output_bytes: 10_000,
        iterations: 500,
        steps: 20_000,
        depth: 40,
    }
}

/// Whatever the text: it is a template or not, and a template prints a bounded text or fails with a line.
fn stands(source: &str) {
    let template = match Template::parse(source) {
        Ok(template) => template,
        Err(error) => {
            let lines = source.split('\n').count();
            assert!((1..=lines).contains(&(error.line as usize)), "{error}");
            return;
        }
    };
    let data = data();
    let limits = limits();
    for mode in [Strictness::Lax, Strictness::FailOnMissing] {
        let scope = Scope {
            mode,
            ..Scope::new(&data, 0)
        };
        let rendered = template.render(&scope, &limits);
        let preview = template.preview(&scope, &limits);
        match rendered {
            Ok(text) => {
                assert!(text.len() <= limits.output_bytes);
                assert_eq!(preview.text, text);
                assert!(preview.problems.is_empty());
            }
            Err(error) => {
                assert!(error.line > 0, "{error}");
                assert_eq!(preview.problems.first(), Some(&error));
            }
        }
    }
    for path in template.reads() {
        assert!(!path.is_empty());
    }
}

/// Pieces of templates, and of what breaks them.
const PIECES: &[&str] = &[
    "{{ ",
    " }}",
    "{% ",
    " %}",
    "{%- ",
    " -%}",
    "text ",
    "\n",
    "{% endif %}",
    "{% else %}",
    "{% endfor %}",
    "{% if customer.n < list[3] %}",
    "{% for i in list %}",
    "{% for i in (1..99999999) reversed %}",
    "{% for i in (1..3) limit: customer.n offset:continue %}",
    "{% break %}",
    "{% continue %}",
    "{% assign a = list %}",
    "{% assign a = a | push: a | concat: a %}",
    "{% assign b = b | append: b | append: 'xy' %}",
    "{% capture b %}",
    "{% endcapture %}",
    "{% cycle 'a', b %}",
    "{% increment n %}",
    "{{ a }}",
    "{{ b }}",
    "{{ i | json }}",
    "{% tablerow t in list cols:2 %}",
    "{% endtablerow %}",
    "{% case a %}",
    "{% when i, 2 %}",
    "{% endcase %}",
    "{% unless a == blank %}",
    "{% endunless %}",
    "{% render_liquid text %}",
    "{% raw %}",
    "{% endraw %}",
    "{% comment %}",
    "{% endcomment %}",
    "{% liquid\n assign a = 1\n echo a %}",
    "{% ifchanged %}",
    "{% endifchanged %}",
    "{% random 5 %}",
    "{{ customer",
    ".tags",
    "[0]",
    " | ",
    "sort",
    "date: '%c'",
    ": 1, 'x'",
    "'",
    "\"",
    "é😀",
    "{{ list | sort }}",
    "{{ list | group_by: 'k' | json: 2 }}",
];

/// Most filters.
const FILTERS: &[&str] = &[
    "abs",
    "add_day",
    "add_month",
    "add_year",
    "append",
    "array_to_sentence_string",
    "at_least",
    "at_most",
    "base64_decode",
    "base64_encode",
    "base64_url_safe_decode",
    "capitalize",
    "ceil",
    "compact",
    "concat",
    "currency",
    "date",
    "date_to_string",
    "default",
    "divided_by",
    "escape",
    "escape_once",
    "find",
    "first",
    "floor",
    "format_number",
    "from_json",
    "group_by",
    "hex_base64",
    "hmac_sha256",
    "join",
    "json",
    "last",
    "limit",
    "map",
    "md5",
    "minus",
    "modulo",
    "newline_to_br",
    "number_of_words",
    "plus",
    "pluralize",
    "pop",
    "prepend",
    "push",
    "remove",
    "replace",
    "replace_last",
    "reverse",
    "round",
    "rounded_currency",
    "shift",
    "size",
    "slice",
    "slugify",
    "sort",
    "sort_natural",
    "split",
    "strip_html",
    "subtract_year",
    "sum",
    "times",
    "timezone",
    "titlecase",
    "truncate",
    "truncatewords",
    "uniq",
    "unshift",
    "upcase",
    "uri_escape",
    "url_decode",
    "where",
    "where_not",
    "xml_escape",
];

/// Values of all kinds, and the ends of what numbers can be.
const VALUES: &[&str] = &[
    "customer",
    "customer.name",
    "customer.tags",
    "customer.n",
    "customer.f",
    "customer.when",
    "list",
    "list[0]",
    "list[3]",
    "list[4]",
    "text",
    "nope",
    "true",
    "nil",
    "(1..4)",
    "(-99999999999..9)",
    "''",
    "' '",
    "'k'",
    "'ab<c>&é'",
    "'%Y %9d'",
    "'12.5'",
    "-7",
    "0",
    "0.0",
    "99999999999999999999999999999999999999",
    "170141183460469231731687303715884105727",
    "1.5",
    "'Europe/Berlin'",
    "'now'",
];

/// Pieces of which templates are made, and some that break them.
fn pieces() -> impl Strategy<Value = String> {
    let fixed = prop::sample::select(PIECES);
    prop_oneof![4 => fixed.prop_map(|piece: &str| piece.to_owned()), 1 => filtered(), 1 => "\\PC{0,6}"]
}

/// Any filter on anything with anything.
fn filtered() -> impl Strategy<Value = String> {
    let filters = prop::sample::select(FILTERS);
    let values = || prop::sample::select(VALUES);
    (
        values(),
        prop::collection::vec((filters, prop::collection::vec(values(), 0..3)), 1..4),
    )
        .prop_map(|(value, filters)| {
            let filters = filters.into_iter().map(|(name, arguments)| {
                let colon = if arguments.is_empty() { "" } else { ": " };
                format!(" | {name}{colon}{}", arguments.join(", "))
            });
            format!("{{{{ {value}{} }}}}", filters.collect::<String>())
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_refused_or_rendered_within_its_limits(source in "\\PC*") {
        stands(&source);
    }

    #[test]
    fn any_mixture_of_tags_is_refused_or_rendered_within_its_limits(
        pieces in prop::collection::vec(pieces(), 0..30)
    ) {
        stands(&pieces.concat());
    }

    #[test]
    fn any_filter_takes_anything(source in filtered()) {
        stands(&source);
    }

    #[test]
    fn text_without_braces_is_printed_as_it_is(text in "[^{]*") {
        prop_assume!(text.len() <= limits().output_bytes);
        let template = Template::parse(&text).expect("nothing in it to read");
        let rendered = template.render(&Scope::new(&Value::Null, 0), &limits());
        prop_assert_eq!(rendered.as_deref(), Ok(&*text));
    }
}
