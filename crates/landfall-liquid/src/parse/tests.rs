use crate::{ParseErrorKind, Template};

fn refused(source: &str) -> (u32, ParseErrorKind, String) {
    let error = Template::parse(source).expect_err(source);
    (error.line, error.what, error.message)
}

#[test]
fn mistakes_are_named_with_their_line() {
    let cases = [
        ("a\n{{ customer.name", 2, ParseErrorKind::Unterminated),
        (
            "{% if a %}\n\n{% assign x = 1",
            3,
            ParseErrorKind::Unterminated,
        ),
        ("\n{% if a %}", 2, ParseErrorKind::NeverClosed),
        ("{% raw %}", 1, ParseErrorKind::NeverClosed),
        (
            "{% comment %}{% comment %}{% endcomment %}",
            1,
            ParseErrorKind::NeverClosed,
        ),
        ("{% coyotes %}", 1, ParseErrorKind::UnknownTag),
        ("{% if a %}\n{% endfor %}", 2, ParseErrorKind::Misplaced),
        (
            "{% capture a %}{% else %}{% endcapture %}",
            1,
            ParseErrorKind::Misplaced,
        ),
        ("{% else %}", 1, ParseErrorKind::Misplaced),
        ("{% else if a %}", 1, ParseErrorKind::Misplaced),
        ("\n\n{{ a b }}", 3, ParseErrorKind::Syntax),
        ("{{ 'a }}", 1, ParseErrorKind::Syntax),
        ("{{ a | }}", 1, ParseErrorKind::Syntax),
        ("{{ a | upcase: }}", 1, ParseErrorKind::Syntax),
        ("{{ a. }}", 1, ParseErrorKind::Syntax),
        ("{{ a[1 }}", 1, ParseErrorKind::Syntax),
        ("{% if %}{% endif %}", 1, ParseErrorKind::Syntax),
        ("{% if a = 1 %}{% endif %}", 1, ParseErrorKind::Syntax),
        (
            "{% if a %}\n{% elsif %}{% endif %}",
            2,
            ParseErrorKind::Syntax,
        ),
        ("{% assign = 1 %}", 1, ParseErrorKind::Syntax),
        ("{% for a of b %}{% endfor %}", 1, ParseErrorKind::Syntax),
        (
            "{% for a in b step:2 %}{% endfor %}",
            1,
            ParseErrorKind::Syntax,
        ),
        ("{% render name %}", 1, ParseErrorKind::Syntax),
        ("{% # one\n two %}", 1, ParseErrorKind::Syntax),
        (
            "{% liquid\n assign a = 1\n coyotes\n%}",
            3,
            ParseErrorKind::UnknownTag,
        ),
    ];
    for (source, line, what) in cases {
        let (at, kind, message) = refused(source);
        assert_eq!((at, kind), (line, what), "{source}: {message}");
        assert!(!message.is_empty());
    }
}

#[test]
fn messages_say_what_to_write_instead() {
    let (_, _, message) = refused("{% if a %}{% end %}");
    assert_eq!(
        message,
        "'end' is not a valid delimiter for if tags. use endif"
    );
    let (_, _, message) = refused("{% for x in y %}");
    assert_eq!(
        message,
        "'for' tag was never closed; its end is {% endfor %}"
    );
    let (_, _, message) = refused("{{ 'open }}");
    assert!(message.contains("no closing quote"), "{message}");
}

#[test]
fn comments_may_contain_anything_but_their_end() {
    let sources = [
        "{% comment %}{{ {% if %} {% comment %}%}{% endcomment %} }} {% endcomment %}",
        "{% liquid\n comment\n coyotes\n endcomment\n%}",
        "{% comment %}{% raw %}{% endcomment %}",
    ];
    for source in sources {
        assert!(Template::parse(source).is_ok(), "{source}");
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth| "{% if a %}".repeat(depth) + &"{% endif %}".repeat(depth);
    assert!(Template::parse(&nested(100)).is_ok());
    assert_eq!(refused(&nested(101)).1, ParseErrorKind::TooDeep);
    let brackets = |depth| format!("{{{{ {}1{} }}}}", "a[".repeat(depth), "]".repeat(depth));
    assert!(Template::parse(&brackets(31)).is_ok());
    assert_eq!(refused(&brackets(32)).1, ParseErrorKind::TooDeep);
}
