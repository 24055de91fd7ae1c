use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

const RECEIVER_POINT: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const RECEIVER_AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn keys() -> SubscriptionKeys {
    SubscriptionKeys::parse(RECEIVER_POINT, RECEIVER_AUTH).unwrap()
}

fn fresh() -> Fresh {
    Fresh::from_parts(
        &bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
        bytes("DGv6ra1nlYgDCS1FRnbzlw").try_into().unwrap(),
    )
}

#[test]
fn the_example_of_rfc_8291_appendix_a_comes_out_byte_for_byte() {
    let body = encrypt(
        b"When I grow up, I want to be a watermelon",
        &keys(),
        &fresh(),
    )
    .unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(body),
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27ml\
         mlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPT\
         pK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    );
}

#[test]
fn the_longest_plaintext_fills_the_body_and_one_byte_more_is_refused() {
    let longest = vec![b'a'; PLAINTEXT_BYTES_MAX];
    assert_eq!(encrypt(&longest, &keys(), &fresh()).unwrap().len(), 4_096);
    let longer = vec![b'a'; PLAINTEXT_BYTES_MAX + 1];
    assert_eq!(
        encrypt(&longer, &keys(), &fresh()),
        Err(EncryptionError::TooLarge(3_994))
    );
}

#[test]
fn keys_are_taken_with_padding_and_in_the_standard_alphabet() {
    let standard: String = RECEIVER_POINT
        .chars()
        .map(|letter| match letter {
            '-' => '+',
            '_' => '/',
            other => other,
        })
        .collect();
    let padded = format!("{standard}=");
    let auth = format!("{RECEIVER_AUTH}==");
    assert_eq!(SubscriptionKeys::parse(&padded, &auth), Ok(keys()));
}

#[test]
fn unusable_keys_are_told_apart() {
    let compressed = URL_SAFE_NO_PAD.encode([2; 33]);
    let wrong_form = URL_SAFE_NO_PAD.encode([6; POINT_BYTES]);
    for point in ["", "!", "AAAA", compressed.as_str(), wrong_form.as_str()] {
        assert_eq!(
            SubscriptionKeys::parse(point, RECEIVER_AUTH),
            Err(KeyProblem::Point),
            "{point}"
        );
    }
    for auth in ["", "AAAA", "BTBZMqHH6r4Tts7J_aSIgg00"] {
        assert_eq!(
            SubscriptionKeys::parse(RECEIVER_POINT, auth),
            Err(KeyProblem::Auth),
            "{auth}"
        );
    }
}

#[test]
fn a_point_that_is_not_on_the_curve_is_noticed_before_anything_is_sent() {
    let mut off = [7; POINT_BYTES];
    off[0] = 4;
    let keys = SubscriptionKeys::parse(&URL_SAFE_NO_PAD.encode(off), RECEIVER_AUTH).unwrap();
    assert_eq!(
        encrypt(b"x", &keys, &fresh()),
        Err(EncryptionError::Key(KeyProblem::Point))
    );
}

#[test]
fn two_messages_share_neither_key_nor_salt() {
    let one = encrypt(b"same", &keys(), &Fresh::generate().unwrap()).unwrap();
    let two = encrypt(b"same", &keys(), &Fresh::generate().unwrap()).unwrap();
    assert_ne!(one[..16], two[..16]);
    assert_ne!(one[21..86], two[21..86]);
}
