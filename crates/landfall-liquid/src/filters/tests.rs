use serde_json::{Value as Json, json};

use crate::{Limits, RenderErrorKind, Scope, Strictness, Template};

/// 2024-02-29 12:34:56 UTC.
const NOW_MS: i64 = 1_709_210_096_000;

fn data() -> Json {
    json!({
        "products": [
            { "name": "pan", "type": "kitchen", "price": 10.5, "size": 40 },
            { "name": "bat", "type": "sport", "price": 20, "size": 80 },
            { "name": "pot", "type": "kitchen", "price": 5.25, "size": 20 },
        ],
        "colors": ["red", "blue", "red"],
        "person": { "name": "Ann", "age": null },
        "at": 1_735_689_600,
    })
}

/// The text of `{{ output }}`, or its error.
fn shown(output: &str) -> String {
    let template = Template::parse(&format!("{{{{ {output} }}}}")).expect(output);
    let data = data();
    let scope = Scope {
        mode: Strictness::Lax,
        ..Scope::new(&data, NOW_MS)
    };
    match template.render(&scope, &Limits::default()) {
        Ok(text) => text,
        Err(error) => format!("ERROR {}", error.message),
    }
}

fn check(cases: &[(&str, &str)]) {
    for (output, expected) in cases {
        assert_eq!(shown(output), *expected, "{output}");
    }
}

#[test]
fn standard_filters_of_text_give_what_ruby_gives() {
    check(&[
        ("'a' | append: 'b' | prepend: 'c'", "cab"),
        ("'hello WORLD' | capitalize", "Hello world"),
        ("'Straße' | upcase | downcase", "strasse"),
        ("'  x ' | strip", "x"),
        ("'  x ' | lstrip", "x "),
        ("'  x ' | rstrip", "  x"),
        ("'a-b-a' | replace: 'a', 'x'", "x-b-x"),
        ("'a-b-a' | replace_first: 'a', 'x'", "x-b-a"),
        ("'a-b-a' | replace_last: 'a', 'x'", "a-b-x"),
        ("'a-b-a' | remove: 'a'", "-b-"),
        ("'a-b-a' | remove_first: 'a'", "-b-a"),
        ("'a-b-a' | remove_last: 'a'", "a-b-"),
        ("'abc' | replace: '', '-'", "-a-b-c-"),
        ("'abc' | replace: 'b', '[\\0]'", "a[b]c"),
        ("'a,b,,' | split: ',' | json", r#"["a","b"]"#),
        ("'héy' | split: '' | join: '|'", "h|é|y"),
        ("'Customer.io' | slice: 3, 3", "tom"),
        ("'Customer.io' | slice: '-4', 3", "r.i"),
        ("'one two three' | truncate: 9", "one tw..."),
        ("'one two three' | truncatewords: 2, '!'", "one two!"),
        ("'日本語' | size", "3"),
        ("'<a>&\"' | escape", "&lt;a&gt;&amp;&quot;"),
        ("'1 < 2 &amp; 3' | escape_once", "1 &lt; 2 &amp; 3"),
        ("'<p>a</p><script>b</script>' | strip_html", "a"),
        ("'a b+é' | url_encode", "a+b%2B%C3%A9"),
        (
            "'%27Customer.io+is+great%27' | url_decode",
            "'Customer.io is great'",
        ),
        ("'hello' | base64_encode | base64_decode", "hello"),
        ("'~~?' | base64_url_safe_encode", "fn4_"),
        ("nothing | default: 'x'", "x"),
        ("false | default: 'x', allow_false: true", "false"),
        ("nothing | append: 'x'", "x"),
    ]);
}

#[test]
fn standard_filters_of_numbers_and_lists_give_what_ruby_gives() {
    check(&[
        ("4.32 | round: 1", "4.3"),
        ("4.5 | round", "5"),
        ("-3 | abs", "3"),
        ("1.2 | ceil", "2"),
        ("-1.2 | floor", "-2"),
        ("41 | at_least: 42", "42"),
        ("41 | at_most: 40", "40"),
        ("'3.5' | plus: '1'", "4.5"),
        ("10 | divided_by: 4", "2"),
        ("10 | divided_by: 4.0", "2.5"),
        ("10 | modulo: 3", "1"),
        ("1 | divided_by: 0", "ERROR divided by 0"),
        ("colors | uniq | join: ', '", "red, blue"),
        ("colors | sort | first", "blue"),
        ("colors | reverse | last", "red"),
        ("colors | concat: colors | size", "6"),
        ("products | map: 'name' | join: ','", "pan,bat,pot"),
        ("products | where: 'type', 'kitchen' | size", "2"),
        ("products | sort: 'price' | map: 'name' | first", "pot"),
        ("products | sum: 'price'", "35.75"),
        ("person | compact: 'age' | size", "0"),
        ("colors", "redbluered"),
        ("(1..3) | join: '-'", "1-2-3"),
    ]);
}

#[test]
fn filters_of_customer_io_do_what_its_documentation_shows() {
    check(&[
        ("10000 | format_number", "10,000"),
        ("123456.78 | format_number: 'fr'", "123\u{202f}456,78"),
        ("1234567.896 | currency", "$1,234,567.90"),
        ("1234567.896 | currency: 'en-GB'", "£1,234,567.90"),
        ("1234567.896 | currency: 'en', 'EUR'", "€1,234,567.90"),
        ("1234567.896 | rounded_currency: 'en', 'EUR'", "€1,234,568"),
        ("-1234.5 | currency: 'de'", "-1.234,50\u{a0}€"),
        ("1234 | currency: 'es'", "1234,00\u{a0}€"),
        ("1234.5 | currency: 'ja'", "￥1,235"),
        ("1234.5 | currency: 'en-AU', 'USD'", "USD\u{a0}1,234.50"),
        ("1234.5 | currency: 'en', 'CHF'", "CHF\u{a0}1,234.50"),
        ("'12' | currency", "$12.00"),
        ("-0.001 | round: 2 | currency", "$0.00"),
        ("1 | currency: 'tlh'", "ERROR the locale 'tlh' is not known"),
        ("3 | pluralize: 'item', 'items'", "3 items"),
        ("1 | pluralize: 'item', 'items'", "1 item"),
        ("'hello wORLD' | titlecase", "Hello World"),
        (
            "colors | array_to_sentence_string: 'or'",
            "red, blue, or red",
        ),
        ("'a b  c' | number_of_words", "3"),
        ("'a \t\u{a0} b' | normalize_whitespace", "a b"),
        ("'Ünï & x--y!' | slugify", "ünï-x-y"),
    ]);
}

#[test]
fn texts_are_encoded_and_signed() {
    check(&[
        ("'overview: account' | cgi_escape", "overview%3A+account"),
        (
            "'https://x.io/?q=a, \\é' | uri_escape",
            "https://x.io/?q=a,%20%5C%C3%A9",
        ),
        ("'a & \"b\"' | xml_escape", "a &amp; &#34;b&#34;"),
        ("'hey' | md5", "6057f13c496ecf7fd777ceb9e79ae285"),
        ("'hey' | sha1", "7f550a9f4c44173a37664d938f1355f0f92a47a7"),
        (
            "'hey' | sha256",
            "fa690b82061edfd2852629aeba8a8977b57e40fcb77d1a7a28b26cba62591204",
        ),
        (
            "'hey' | hmac_sha1: 'secret_key'",
            "2a3969bed25bfeefb00aca4063eb9590b4df8f0e",
        ),
        (
            "'hey' | hmac_sha256: 'secret_key' | hex_base64",
            "jfiX+No9eZL+V8jbxvJ1eM+/LcxND7tAALjJJIQdUI4=",
        ),
    ]);
}

#[test]
fn lists_are_searched_and_grouped() {
    check(&[
        ("colors | limit: 2 | join: ', '", "red, blue"),
        (
            "colors | push: 'x' | shift | pop | unshift: 'y' | join",
            "y blue red",
        ),
        ("products | where_not: 'type', 'sport' | size", "2"),
        (
            "products | find: 'type', 'sport' | json",
            r#"{"name":"bat","price":20,"size":80,"type":"sport"}"#,
        ),
        (
            "products | where_exp: 'p', \"p.size > 30 and p.type == 'kitchen'\" | map: 'name'",
            "pan",
        ),
        (
            "products | find_exp: 'p', 'p.price < 10' | to_json",
            r#"{"name":"pot","price":5.25,"size":20,"type":"kitchen"}"#,
        ),
        (
            "products | group_by: 'type' | map: 'name' | join",
            "kitchen sport",
        ),
        (
            "products | group_by_exp: 'p', 'p.size > 30' | map: 'name' | join",
            "true false",
        ),
        ("colors | json_array_uniq | json", r#"["red","blue"]"#),
        (
            "person | json: 2",
            "{\n  \"age\": null,\n  \"name\": \"Ann\"\n}",
        ),
        ("1.0 | json", "1"),
        (
            "'[1, {\"a\": true}]' | from_json | json",
            r#"[1,{"a":true}]"#,
        ),
    ]);
}

#[test]
fn dates_are_moved_and_shown_in_zones() {
    check(&[
        (
            "at | date: '%H:%M, %a, %b %d, %Y'",
            "00:00, Wed, Jan 01, 2025",
        ),
        ("'1735689600' | date: '%Y'", "2025"),
        ("'now' | date: '%F %T'", "2024-02-29 12:34:56"),
        ("at | date: '%H:%M %Z', 'America/New_York'", "19:00 EST"),
        ("at | date: '%H:%M', 360", "18:00"),
        ("at | date: '%H:%M', '-360'", "06:00"),
        (
            "at | date: '%H', 'Mars/Olympus'",
            "ERROR 'Mars/Olympus' is no time zone; write a name such as America/New_York, or minutes",
        ),
        (
            "at | timezone: 'Europe/Berlin' | date: '%H:%M %z'",
            "01:00 +0100",
        ),
        ("at | timezone: -8 | date: '%H:%M %z'", "16:00 -0800"),
        ("at | timezone: 'Asia/Tokyo'", "2025-01-01 09:00:00 +0900"),
        ("at | add_day: 5", "1736121600"),
        ("1706659200 | add_month: 1 | date: '%F'", "2024-02-29"),
        ("'now' | add_year: 1 | date: '%F'", "2025-02-28"),
        ("at | subtract_day: 1 | date: '%F'", "2024-12-31"),
        ("at | subtract_month: 1 | date: '%F'", "2024-12-01"),
        ("at | subtract_year: 10 | date: '%F'", "2015-01-01"),
        ("'never' | add_day: 1", "ERROR 'never' is no date"),
        ("at | add_year: 99999", "ERROR 99999 is beyond the calendar"),
        ("at | date_to_string", "01 Jan 2025"),
        ("at | date_to_string: 'ordinal', 'US'", "Jan 1st, 2025"),
        ("at | date_to_long_string", "01 January 2025"),
        ("at | date_to_long_string: 'ordinal'", "1st January 2025"),
        ("at | date_to_rfc822", "Wed, 01 Jan 2025 00:00:00 +0000"),
        ("at | date_to_xmlschema", "2025-01-01T00:00:00+00:00"),
        ("'hello' | date: '%Y'", "hello"),
        ("nothing | date: '%Y'", ""),
    ]);
}

#[test]
fn what_a_filter_cannot_use_is_said() {
    check(&[
        (
            "'a' | append",
            "ERROR wrong number of arguments (given 1, expected 2)",
        ),
        (
            "'a' | truncate: 1, 2, 3",
            "ERROR wrong number of arguments (given 4, expected 1..3)",
        ),
        ("'a' | truncate: 'x'", "ERROR invalid integer"),
        (
            "'!' | base64_decode",
            "ERROR invalid base64 provided to base64_decode",
        ),
        (
            "'/w==' | base64_decode",
            "ERROR what base64_decode decoded is no text (UTF-8)",
        ),
        ("'%ff' | url_decode", "ERROR invalid byte sequence in UTF-8"),
        (
            "'abc' | hex_base64",
            "ERROR hex_base64 takes an even number of hexadecimal digits",
        ),
        (
            "colors | concat: 'x'",
            "ERROR concat filter requires an array argument",
        ),
        (
            "colors | push: 1 | sort",
            "ERROR cannot sort values of incompatible types",
        ),
        ("(1..3) | map: 'x'", "ERROR cannot select the property 'x'"),
        ("colors | upcas", "ERROR there is no filter upcas"),
        (
            "colors | where_exp: 'x'",
            "ERROR wrong number of arguments (given 2, expected 3)",
        ),
        (
            "colors | where_exp: at, at",
            "ERROR the filter takes the name of the item and an expression, both in quotes",
        ),
    ]);
    assert!(shown("'{' | from_json").starts_with("ERROR from_json was given no JSON"));
}

#[test]
fn a_failure_names_the_variable_that_the_filters_began_with() {
    let template = Template::parse("ok\n{{ person.name | times: 2 | nope }}").expect("a template");
    let data = data();
    let error = template.render(&Scope::new(&data, NOW_MS), &Limits::default());
    let error = error.expect_err("there is no such filter");
    assert_eq!(error.kind, RenderErrorKind::UnknownFilter);
    assert_eq!(
        (error.line, error.variable.as_deref()),
        (2, Some("person.name"))
    );
    assert_eq!(
        error.to_string(),
        "line 2: person.name: there is no filter nope"
    );
}
