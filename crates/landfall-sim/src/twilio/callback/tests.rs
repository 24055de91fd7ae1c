use super::*;

#[test]
fn the_signature_is_that_of_the_reference() {
    // providers.md 5.1, measured with Twilio's own library.
    let fields = [
        ("MessageSid", "SM1"),
        ("MessageStatus", "delivered"),
        ("To", "+15550001111"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let url = "https://push.example.test/hooks/twilio?x=1";
    let mut reversed = fields.clone();
    reversed.reverse();
    for fields in [fields, reversed] {
        assert_eq!(
            signature("12345", url, &fields),
            "ex/jUCsQU3/kj8JYgMi6omWEe6k="
        );
    }
}
