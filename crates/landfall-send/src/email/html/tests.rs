use super::*;

fn open(name: &str, attributes: &'static str) -> Token<'static> {
    Token::Open {
        name: name.to_owned(),
        attributes,
    }
}

fn all(html: &str) -> Vec<Token<'_>> {
    Tokens::of(html).collect()
}

#[test]
fn tags_texts_and_comments_are_told_apart() {
    assert_eq!(
        all("<!DOCTYPE html><P class=\"a>b\">1 < 2<br/></P><!-- <b> -->x"),
        [
            Token::Aside,
            open("p", " class=\"a>b\""),
            Token::Text("1 "),
            Token::Text("< 2"),
            open("br", "/"),
            Token::Close("p".to_owned()),
            Token::Aside,
            Token::Text("x"),
        ]
    );
}

#[test]
fn scripts_and_styles_are_not_html() {
    assert_eq!(
        all("<style>a > b {} <b></STYLE><script></script>z"),
        [
            open("style", ""),
            Token::Text("a > b {} <b>"),
            Token::Close("style".to_owned()),
            open("script", ""),
            Token::Close("script".to_owned()),
            Token::Text("z"),
        ]
    );
}

#[test]
fn broken_html_ends() {
    for html in [
        "<",
        "<a",
        "<a href=\"",
        "</",
        "<!--",
        "<!",
        "<script>",
        "<style></sty",
        "a<",
    ] {
        let joined: usize = all(html).len();
        assert!(joined > 0, "{html}");
    }
}

#[test]
fn attributes_are_found_in_every_spelling() {
    for attributes in [
        " href=\"u\"",
        " x HREF = 'u' y",
        " class='href=z' href=u",
        "/y=1 / href=u",
    ] {
        assert_eq!(attribute(attributes, "href"), Some("u"), "{attributes}");
    }
    assert_eq!(attribute(" data-href=\"u\"", "href"), None);
    assert_eq!(attribute(" href", "href"), None);
}

#[test]
fn a_preheader_comes_first_in_the_body() {
    let html = "<html><head><title><body></title></head><BODY style='a>b'><p>Hi</p></body></html>";
    let with = with_preheader(html, "Now < 5 & more");
    let (before, after) = with.split_once("<div").expect("the hidden text");
    assert!(before.ends_with("<BODY style='a>b'>"), "{before}");
    assert!(
        after.contains(">Now &lt; 5 &amp; more</div><p>Hi</p>"),
        "{after}"
    );
}

#[test]
fn a_preheader_comes_first_where_there_is_no_body() {
    let with = with_preheader("<p>Hi</p>", "Now");
    assert!(with.starts_with("<div style=\"display:none"), "{with}");
    assert!(with.ends_with("Now</div><p>Hi</p>"), "{with}");
}
