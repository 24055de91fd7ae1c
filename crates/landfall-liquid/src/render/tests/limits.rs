use super::rendered_in;
use crate::{Limits, RenderErrorKind, Strictness};

fn failure(source: &str, limits: &Limits) -> RenderErrorKind {
    rendered_in(Strictness::Lax, source, limits)
        .expect_err(source)
        .kind
}

#[test]
fn a_rendering_that_goes_too_far_ends_with_the_limit_that_it_met() {
    let limits = Limits::default();
    let doubling = "{% assign a = 'aaaaaaaaaaaaaaaa' %}{% for i in (1..99) %}{% assign a = a | append: a %}{% endfor %}";
    let nesting = "{% for i in (1..999) %}{% assign a = none | push: a %}{% endfor %}";
    let pushing = "{% assign a = '' | split: ',' %}{% for i in (1..99999) %}{% assign a = a | push: a | push: a %}{% endfor %}";
    let replacing = "{% assign a = 'aaaaaaaa' %}{% for i in (1..99) %}{% assign a = a | replace: 'a', a %}{% endfor %}";
    let cases = [
        (
            "{% for i in (1..99999999999) %}{% endfor %}",
            RenderErrorKind::TooManyIterations,
        ),
        (
            "{% for i in (1..999) %}{% for j in (1..999) %}x{% endfor %}{% endfor %}",
            RenderErrorKind::TooManyIterations,
        ),
        (
            "{% tablerow i in (1..99999999) %}{% endtablerow %}",
            RenderErrorKind::OutputTooLarge,
        ),
        (
            "{% render 'row' for (1..9999999) %}",
            RenderErrorKind::TooManyIterations,
        ),
        (
            "{{ (1..99999999999) | join: ',' }}",
            RenderErrorKind::TooManySteps,
        ),
        (
            "{{ (1..99999999999) | reverse | size }}",
            RenderErrorKind::TooManySteps,
        ),
        (
            "{{ (1..99999999999) | json }}",
            RenderErrorKind::OutputTooLarge,
        ),
        (
            "{{ none | push: (1..99999999999) | json }}",
            RenderErrorKind::OutputTooLarge,
        ),
        (
            "{{ (1..99999999999) | contains: 0 }}",
            RenderErrorKind::TooManySteps,
        ),
        ("{{ snippets.loop }}", RenderErrorKind::TooDeep),
        (doubling, RenderErrorKind::OutputTooLarge),
        (replacing, RenderErrorKind::OutputTooLarge),
        (nesting, RenderErrorKind::TooDeep),
        (pushing, RenderErrorKind::TooManySteps),
    ];
    for (source, kind) in cases {
        assert_eq!(failure(source, &limits), kind, "{source}");
    }
}

#[test]
fn each_limit_can_be_set() {
    let few = Limits {
        iterations: 3,
        ..Limits::default()
    };
    assert_eq!(
        failure("{% for i in (1..4) %}{% endfor %}", &few),
        RenderErrorKind::TooManyIterations
    );
    assert!(rendered_in(Strictness::Lax, "{% for i in (1..3) %}{% endfor %}", &few).is_ok());
    let short = Limits {
        output_bytes: 3,
        ..Limits::default()
    };
    assert_eq!(failure("abcd", &short), RenderErrorKind::OutputTooLarge);
    assert_eq!(
        failure("{% capture x %}abcd{% endcapture %}", &short),
        RenderErrorKind::OutputTooLarge
    );
    assert_eq!(
        rendered_in(Strictness::Lax, "abc", &short).as_deref(),
        Ok("abc")
    );
    let brief = Limits {
        steps: 5,
        ..Limits::default()
    };
    assert_eq!(
        failure("{{ 1 }}{{ 1 }}{{ 1 }}{{ 1 }}{{ 1 }}{{ 1 }}", &brief),
        RenderErrorKind::TooManySteps
    );
    let flat = Limits {
        depth: 2,
        ..Limits::default()
    };
    assert_eq!(
        failure("{% if true %}{% if true %}x{% endif %}{% endif %}", &flat),
        RenderErrorKind::TooDeep
    );
    assert_eq!(
        rendered_in(Strictness::Lax, "{% if true %}x{% endif %}", &flat).as_deref(),
        Ok("x")
    );
}

#[test]
fn the_deepest_template_that_can_be_written_is_rendered() {
    let source = "{% if true %}".repeat(99) + "x" + &"{% endif %}".repeat(99);
    let limits = Limits::default();
    assert_eq!(
        rendered_in(Strictness::Lax, &source, &limits).as_deref(),
        Ok("x")
    );
    let loops = "{% for i in (1..1) %}".repeat(99) + "x" + &"{% endfor %}".repeat(99);
    assert_eq!(
        rendered_in(Strictness::Lax, &loops, &limits).as_deref(),
        Ok("x")
    );
}
