use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

/// RFC 8291 appendix A: private key and secret of the user agent, and the whole message.
const PRIVATE: &str = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94";
const PUBLIC: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const MESSAGE: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIg\
                       Dll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVB\
                       St2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

fn receiver() -> ReceiverKeys {
    ReceiverKeys::from_parts(&bytes(PRIVATE), &bytes(AUTH)).expect("keys of the RFC")
}

#[test]
fn the_message_of_rfc_8291_appendix_a_opens() {
    let keys = receiver();
    assert_eq!(keys.public(), bytes(PUBLIC));
    let text = keys.open(&bytes(MESSAGE)).expect("opens");
    assert_eq!(text, b"When I grow up, I want to be a watermelon");
}

#[test]
fn the_examples_of_rfc_8188_open() {
    for (material, coded) in [
        (
            "yqdlZ-tYemfogSmv7Ws5PQ",
            "I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg",
        ),
        // Two records of 25 bytes, the first one padded by one byte.
        (
            "BO3ZVPxUlnLORbVGMpbT1Q",
            "uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA",
        ),
    ] {
        let body = bytes(coded);
        let coded = Coded::read(&body).expect("a header and records");
        let text = coded.open(&bytes(material)).expect("opens");
        assert_eq!(text, b"I am the walrus");
    }
}

#[test]
fn what_a_browser_cannot_open_says_why() {
    let keys = receiver();
    let message = bytes(MESSAGE);
    let changed = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut body = message.clone();
        change(&mut body);
        keys.open(&body)
    };
    assert_eq!(keys.open(&[]), Err(Unreadable::Short));
    assert_eq!(keys.open(&message[..90]), Err(Unreadable::Short));
    assert_eq!(
        changed(&|body| body[16..20].copy_from_slice(&17_u32.to_be_bytes())),
        Err(Unreadable::RecordSize)
    );
    assert_eq!(
        changed(&|body| body[16..20].copy_from_slice(&20_u32.to_be_bytes())),
        Err(Unreadable::Records)
    );
    assert_eq!(changed(&|body| body[20] = 0), Err(Unreadable::KeyId));
    assert_eq!(
        changed(&|body| body[30] ^= 1),
        Err(Unreadable::KeyId),
        "a point that is not on the curve"
    );
    assert_eq!(
        changed(&|body| *body.last_mut().expect("not empty") ^= 1),
        Err(Unreadable::Tag)
    );
    let stranger = ReceiverKeys::generate().expect("random keys");
    assert_eq!(stranger.open(&message), Err(Unreadable::Tag));
    assert!(matches!(
        ReceiverKeys::from_parts(&bytes(PRIVATE), &[0; 15]),
        Err(Unreadable::Keys)
    ));
}

#[test]
fn padding_ends_at_the_delimiter_of_its_record() {
    assert_eq!(without_padding(b"a\x02\0\0", 2), Ok(&b"a"[..]));
    assert_eq!(without_padding(b"\x02", 2), Ok(&b""[..]));
    assert_eq!(without_padding(b"a\x01", 2), Err(Unreadable::Delimiter));
    assert_eq!(without_padding(b"\0\0", 2), Err(Unreadable::Delimiter));
}
