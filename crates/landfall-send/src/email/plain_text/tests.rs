use super::*;

#[test]
fn paragraphs_and_lines_are_kept_apart() {
    let html = "<html><head><title>T</title><style>p{}</style></head><body>\n  <h1>Hello  Ann</h1>\
                <p>One\n two<br>three</p><div>four</div><div>five</div></body></html>";
    assert_eq!(
        plain_text(html),
        "Hello Ann\n\nOne two\nthree\n\nfour\nfive"
    );
}

#[test]
fn links_carry_their_address_once() {
    let html = "See <a href=\"https://a.example/?x=1&amp;y=2\">the shop</a>, \
                <a href='https://b.example'>https://b.example</a> or <a href=\"#top\">top</a>.";
    assert_eq!(
        plain_text(html),
        "See the shop (https://a.example/?x=1&y=2), https://b.example or top."
    );
}

#[test]
fn a_picture_is_its_description_and_a_linked_one_its_address_too() {
    let html = "<img src=x alt=\"Shoes &amp; more\"><a href=https://a.example><img src=y></a>";
    assert_eq!(plain_text(html), "Shoes & more https://a.example");
}

#[test]
fn lists_have_dashes_and_rows_are_lines() {
    let html = "<p>Order:</p><ul><li>Shoes</li>\n<li><b>Socks</b></li></ul>\
                <table><tr><td>Sum</td><td>5 &euro;</td></tr><tr><td>Tax</td><td>1&nbsp;€</td></tr></table>";
    assert_eq!(
        plain_text(html),
        "Order:\n\n- Shoes\n- Socks\n\nSum 5 €\nTax 1 €"
    );
}

#[test]
fn entities_become_characters_and_unknown_ones_stay() {
    assert_eq!(
        plain_text("&lt;b&gt; &#228;&#xe4; &hellip; &unknown; AT&T &amp;amp; &#0;&#x110000;"),
        "<b> ää … &unknown; AT&T &amp; &#x110000;"
    );
}

#[test]
fn fillers_behind_a_preheader_leave_nothing() {
    let html = "<div>Now&zwnj;&nbsp;&#847;&zwnj;&nbsp;&#8203;</div><p>Hi</p>";
    assert_eq!(plain_text(html), "Now\n\nHi");
}

#[test]
fn a_head_that_is_never_closed_does_not_hide_the_body() {
    let html = "<head><meta x><style>a{}</style><body>Hi<script>if (a < b) {}</script> there";
    assert_eq!(plain_text(html), "Hi there");
}

#[test]
fn words_that_markup_divides_stay_one_word() {
    assert_eq!(plain_text("un<b>believ</b>able <i>!</i>"), "unbelievable !");
}

#[test]
fn a_rule_is_a_line() {
    assert_eq!(plain_text("a<hr>b"), "a\n\n---\n\nb");
}

#[test]
fn two_breaks_are_an_empty_line_and_more_are_not_more() {
    assert_eq!(
        plain_text("a<br>b<br><br>c<br><br><br><br>d"),
        "a\nb\n\nc\n\nd"
    );
}

proptest::proptest! {
    #[test]
    fn any_text_comes_to_an_end(html in "[<>/!a-z&;#\"' =-]{0,200}") {
        let text = plain_text(&html);
        proptest::prop_assert!(text.len() <= html.len() * 4 + 16);
    }
}
