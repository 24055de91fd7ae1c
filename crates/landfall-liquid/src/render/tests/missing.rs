use super::{lax, strict};
use crate::RenderErrorKind;

#[test]
fn a_missing_value_that_is_printed_fails_with_line_and_name() {
    let cases = [
        ("{{ customer.nope }}", "customer.nope"),
        ("{{ customer.plan }}", "customer.plan"),
        ("{{ event.code }}", "event.code"),
        ("{{ customer.deep.x.y }}", "customer.deep.x.y"),
        ("{{ customer.tags[7] }}", "customer.tags[7]"),
        ("{% echo customer.nope %}", "customer.nope"),
        ("{{ customer.nope | upcase }}", "customer.nope"),
        ("{{ customer.nope | size }}", "customer.nope"),
        ("{{ customer.nope | truncate: 'x' }}", "customer.nope"),
        ("{{ 'Hi ' | append: customer.nope }}", "customer.nope"),
        (
            "{{ customer.nope | default: customer.plan }}",
            "customer.plan",
        ),
        (
            "{{ customer.nope | append: '!' | default: 'x' }}",
            "customer.nope",
        ),
        ("{% assign x = customer.nope %}{{ x }}", "x"),
        ("{% assign x = customer.nope | times: 2 %}{{ x }}", "x"),
        ("{{ snippets.nope }}", "snippets.nope"),
        ("{% for i in items %}{{ i.name }}{% endfor %}", "i.name"),
    ];
    for (source, variable) in cases {
        let error = strict(&format!("line one\n{source}")).expect_err(source);
        assert_eq!(error.kind, RenderErrorKind::MissingValue, "{source}");
        assert_eq!(error.variable.as_deref(), Some(variable), "{source}");
        assert_eq!(error.line, 2, "{source}");
        assert!(
            error
                .to_string()
                .starts_with(&format!("line 2: {variable}: "))
        );
    }
}

#[test]
fn a_missing_value_with_a_fallback_or_a_test_does_not_fail() {
    let cases = [
        ("{{ customer.nope | default: 'there' }}", "there"),
        (
            "{{ customer.nope | capitalize | default: 'there' }}",
            "there",
        ),
        ("{{ customer.nope | default: '' }}", ""),
        ("{{ customer.nope | default: customer.name }}", "Ann"),
        ("{% if customer.nope %}a{% else %}b{% endif %}", "b"),
        ("{% if customer.nope == blank %}b{% endif %}", "b"),
        ("{% unless event %}b{% endunless %}", "b"),
        ("{% case customer.nope %}{% when nil %}b{% endcase %}", "b"),
        ("{% for i in event.items %}a{% else %}b{% endfor %}", "b"),
        (
            "{% assign x = customer.nope %}{% if x %}a{% else %}b{% endif %}",
            "b",
        ),
        ("{% assign x = customer.nope | default: 3 %}{{ x }}", "3"),
        ("{{ customer.empty }}", ""),
        ("{{ customer.tags | first }}", "a"),
        ("{{ nil }}{{ '' }}{{ }}", ""),
    ];
    for (source, expected) in cases {
        assert_eq!(strict(source).as_deref(), Ok(expected), "{source}");
    }
}

#[test]
fn lax_rendering_prints_nothing_for_what_is_missing() {
    assert_eq!(
        lax("[{{ customer.nope }}{{ event.x.y }}{{ 'a' | append: nope }}]"),
        "[a]"
    );
}
