use super::{lax, previewed, strict};
use crate::{RenderErrorKind, Strictness};

fn check(cases: &[(&str, &str)]) {
    for (source, expected) in cases {
        assert_eq!(lax(source), *expected, "{source}");
    }
}

#[test]
fn white_space_is_trimmed_where_a_hyphen_asks_for_it() {
    check(&[
        ("a {{- 1 -}} b", "a1b"),
        ("a {%- if true -%} b {%- endif -%} c", "abc"),
        (
            "a  {% comment %}x{% endcomment %}{%- if true %}b{% endif %}",
            "a  b",
        ),
        ("a {% raw -%} {{ x }} {% endraw %} b", "a  {{ x }} b"),
        ("a {% raw %} x {% endraw -%} b", "a  x b"),
        ("{{ -1 }}{{-1}}", "-11"),
    ]);
}

#[test]
fn blocks_without_anything_to_print_print_nothing() {
    check(&[
        ("{% if true %}  \n {% endif %}|", "|"),
        (
            "{% for i in (1..3) %} {% assign x = i %} {% endfor %}{{ x }}",
            "3",
        ),
        ("{% if true %} {% if true %} {% endif %} {% endif %}|", "|"),
        ("{% if true %} {{ nothing }} {% endif %}|", "  |"),
    ]);
}

#[test]
fn conditions_bind_from_right_to_left() {
    check(&[
        ("{% if true or false and false %}y{% endif %}", "y"),
        (
            "{% if false and false or true %}y{% else %}n{% endif %}",
            "n",
        ),
        ("{% if customer.nope == blank %}y{% endif %}", "y"),
        ("{% if customer.empty == empty %}y{% endif %}", "y"),
        (
            "{% if customer.nope == empty %}y{% else %}n{% endif %}",
            "n",
        ),
        ("{% if '  ' == blank %}y{% endif %}", "y"),
        ("{% if 1 == 1.0 and '1' != 1 %}y{% endif %}", "y"),
        ("{% if customer.tags contains 'a' %}y{% endif %}", "y"),
        ("{% if customer.nope > 1 %}y{% else %}n{% endif %}", "n"),
        (
            "{% unless customer.name %}a{% elsif true %}b{% endunless %}",
            "b",
        ),
        (
            "{% if customer.tags == customer.tags and customer.deep.x == 1 %}y{% endif %}",
            "y",
        ),
        (
            "{% if (1..3) contains 2 and customer.deep contains 'x' %}y{% endif %}",
            "y",
        ),
        ("{% if 0 %}{% if '' %}y{% endif %}{% endif %}", "y"),
    ]);
}

#[test]
fn case_prints_every_arm_that_holds() {
    check(&[
        (
            "{% case 1 %}{% when 2 %}a{% when 1, 3 %}b{% else %}c{% endcase %}",
            "b",
        ),
        (
            "{% case 5 %}{% when 1 or 2 %}a{% else %}c{% endcase %}",
            "c",
        ),
        (
            "{% case 1 %} ignored {% when 1 %}a{% when 1 %}b{% endcase %}",
            "ab",
        ),
        (
            "{% case customer.nope %}{% when blank %}none{% endcase %}",
            "none",
        ),
        (
            "{% case x %}{% when x, nil %}{% assign x = 1 %}a{% when 1 %}b{% endcase %}",
            "ab",
        ),
    ]);
}

#[test]
fn loops_have_limits_offsets_and_their_own_variables() {
    check(&[
        (
            "{% for i in items limit:2 offset:1 %}{{ i.id }}{% endfor %}",
            "23",
        ),
        (
            "{% for i in items reversed %}{{ i.id }}{{ forloop.rindex }}{% endfor %}",
            "332211",
        ),
        (
            "{% for i in items limit:1 %}{{ i.id }}{% endfor %}{% for i in items offset:continue %}{{ i.id }}{% endfor %}",
            "123",
        ),
        ("{% for i in nothing %}a{% else %}none{% endfor %}", "none"),
        (
            "{% for i in (1..9) %}{% if i == 3 %}{% continue %}{% elsif i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "124",
        ),
        (
            "{% for p in customer.deep %}{{ p[0] }}={{ p[1] }}{% endfor %}",
            "x=1",
        ),
        (
            "{% for a in (1..2) %}{% for b in (1..2) %}{{ forloop.parentloop.index }}{{ b }} {% endfor %}{% endfor %}",
            "11 12 21 22 ",
        ),
        (
            "{% for i in (1..2) %}{% assign i = 9 %}{{ i }}{% endfor %}{{ i }}",
            "129",
        ),
        (
            "{% for i in (1..3) %}{% cycle 'a', 'b' %}{% endfor %}",
            "aba",
        ),
        (
            "{% cycle 'x': 1, 2 %}{% cycle 'y': 1, 2 %}{% cycle 'x': 1, 2 %}",
            "112",
        ),
        (
            "{% tablerow i in (1..3) cols:2 %}{{ i }}{% endtablerow %}",
            "<tr class=\"row1\">\n<td class=\"col1\">1</td><td class=\"col2\">2</td></tr>\n<tr class=\"row2\"><td class=\"col1\">3</td></tr>\n",
        ),
        (
            "{% tablerow i in (1..9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endtablerow %}|{{ 1 }}",
            "<tr class=\"row1\">\n<td class=\"col1\">1</td><td class=\"col2\"></td></tr>\n|1",
        ),
        (
            "{% for i in (1..4) %}{% ifchanged %}{{ i | divided_by: 2 }}{% endifchanged %}{% endfor %}",
            "012",
        ),
    ]);
}

#[test]
fn variables_are_assigned_captured_and_counted() {
    check(&[
        ("{% assign a = 'x' | upcase %}{{ a }}", "X"),
        (
            "{% capture c %}a{{ 1 }}{% endcapture %}{{ c }}{{ c.size }}",
            "a12",
        ),
        (
            "{% increment n %}{% increment n %}{{ n }}{% decrement n %}{% decrement m %}",
            "0121-1",
        ),
        (
            "{% liquid\n assign a = 1\n if a == 1\n echo 'one'\n endif\n# done\n%}",
            "one",
        ),
        (
            "{% echo 'a' | upcase %}{% # nothing %}{% comment %}{{ {% if %} {% endcomment %}",
            "A",
        ),
        (
            "{{ customer.tags[-1] }}{{ customer.tags.first }}{{ customer['name'] }}{{ items[customer.deep.x].id }}",
            "baAnn2",
        ),
        ("{{ '}' }}{{ \"it's\" }}", "}it's"),
        ("{{ customer.tags.size }}{{ customer.name.size }}", "23"),
    ]);
}

#[test]
fn snippets_see_what_is_given_but_no_variables() {
    check(&[
        ("{% assign local = 'no' %}{{ snippets.footer }}", "-- Ann"),
        ("{{ snippets.footer | upcase }}", "-- ANN"),
        ("{{ snippets[\"main address\"] }}", "Main St"),
        ("{{ snippets.sets }}{{ local }}{% increment count %}", "00"),
        ("{% render 'row', row: items[0], given: 'g' %}", "<1g>"),
        (
            "{% render 'row' for items, given: '!' %}",
            "<11!><22!><33!>",
        ),
        ("{% render 'row' with items[1] %}", "<2>"),
        ("{% render 'row' with items[1] as other %}", "<>"),
        (
            "{% assign given = 'v' %}{% include 'row' with items %}",
            "<1v><2v><3v>",
        ),
        ("{% include 'sets' %}{{ local }}", "0set"),
    ]);
}

#[test]
fn an_error_in_a_snippet_names_the_snippet_and_its_line() {
    let error = strict("a\n\n{{ snippets.bad }}").expect_err("a value is missing");
    assert_eq!(error.snippet.as_deref(), Some("bad"));
    assert_eq!(error.line, 2);
    assert_eq!(error.variable.as_deref(), Some("customer.nope"));
    let error = strict("{% render 'nope' %}").expect_err("there is no such snippet");
    assert_eq!(error.kind, RenderErrorKind::UnknownSnippet);
    let error = strict("{% render 'includes' %}").expect_err("include is not allowed in render");
    assert_eq!(error.message, "usage is not allowed in this context");
}

#[test]
fn tags_of_customer_io_print_what_the_sender_provides() {
    check(&[
        ("{% unsubscribe_url %}", "https://u.example/1"),
        ("{% view_in_browser_url %}", ""),
        (
            "{% cio_link url:https://example.com/a?b=1 track:true url_params:false %}",
            "https://example.com/a?b=1",
        ),
        (
            "{% cio_link url:\"https://example.com\" %}",
            "https://example.com",
        ),
        ("{% cio_link url:customer.name %}", "Ann"),
        ("{% render_liquid customer.stored %}", "Hi Ann!"),
    ]);
    let error = strict("{% view_in_browser_url %}").expect_err("nobody provides it");
    assert_eq!(error.variable.as_deref(), Some("cio.view_in_browser_url"));
}

#[test]
fn random_values_follow_from_the_seed() {
    let numbers = lax("{% for i in (1..200) %}{% random 3 %}{% endfor %}");
    assert_eq!(
        numbers,
        lax("{% for i in (1..200) %}{% random 3 %}{% endfor %}")
    );
    for digit in ['0', '1', '2'] {
        assert!(numbers.matches(digit).count() > 40, "{digit} in {numbers}");
    }
    let uuid = lax("{% generate_uuid %}");
    assert_eq!(uuid.len(), 36);
    assert_eq!(&uuid[14..15], "4");
    assert!(strict("{% random 0 %}").is_err());
}

#[test]
fn a_preview_goes_on_and_lists_what_was_wrong() {
    let preview = previewed(
        Strictness::FailOnMissing,
        "{{ 1 | divided_by: 0 }}\n{{ customer.nope }}|{% if 1 < 'a' %}x{% endif %}\n{{ customer.name }}",
    );
    assert_eq!(
        preview.text,
        "Liquid error: divided by 0\n|Liquid error: comparison of Integer with String failed\nAnn"
    );
    let problems: Vec<_> = preview
        .problems
        .iter()
        .map(|problem| (problem.line, problem.kind))
        .collect();
    assert_eq!(
        problems,
        [
            (1, RenderErrorKind::DividedByZero),
            (2, RenderErrorKind::MissingValue),
            (2, RenderErrorKind::BadArgument),
        ]
    );
}
