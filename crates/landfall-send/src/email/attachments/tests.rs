use super::*;

fn files(list: &[(&str, String)]) -> BTreeMap<String, String> {
    let owned = |(name, content): &(&str, String)| ((*name).to_owned(), content.clone());
    list.iter().map(owned).collect()
}

fn one(name: &str, content: &str) -> String {
    let parts = parts(&files(&[(name, content.to_owned())])).expect("a part");
    let formatted = parts[0].formatted();
    String::from_utf8(formatted).expect("text")
}

#[test]
fn a_file_keeps_its_name_and_gets_its_type_and_is_in_base64() {
    let part = one("invoice.pdf", "JVBERi0xLjQK");
    assert!(part.contains("Content-Type: application/pdf"), "{part}");
    assert!(part.contains("filename=\"invoice.pdf\""), "{part}");
    assert!(part.contains("Content-Disposition: attachment"), "{part}");
    assert!(part.contains("Content-Transfer-Encoding: base64"), "{part}");
    assert!(part.contains("JVBERi0xLjQK"), "{part}");
}

#[test]
fn every_type_of_the_table_is_well_formed() {
    for (ending, kind) in TYPES {
        let expected = ContentType::parse(kind).expect("a type");
        assert_eq!(content_type(&format!("a.{ending}")), expected);
        assert_eq!(
            content_type(&format!("A.{}", ending.to_uppercase())),
            expected
        );
    }
    let unknown = ContentType::parse("application/octet-stream").expect("a type");
    assert_eq!(content_type("README"), unknown);
}

#[test]
fn base64_may_be_folded_and_unpadded() {
    for content in ["aGVs\r\nbG8h", "aGVsbG8h", "aGk", "aGk="] {
        let found = parts(&files(&[("a.txt", content.to_owned())]));
        assert!(found.is_ok(), "{content}");
    }
    let error = parts(&files(&[("a.txt", "%%".to_owned())])).expect_err("refused");
    assert_eq!(error, AttachmentError::Encoding("a.txt".to_owned()));
}

#[test]
fn all_files_together_have_a_limit() {
    let half = BASE64.encode(vec![0_u8; BYTES_MAX / 2]);
    let all = files(&[("a", half.clone()), ("b", half.clone())]);
    assert_eq!(parts(&all).map(|parts| parts.len()), Ok(2));
    let more = files(&[("a", half.clone()), ("b", half), ("c", "AA==".to_owned())]);
    assert_eq!(parts(&more).err(), Some(AttachmentError::TooLarge));
    let huge = files(&[("a", "A".repeat(BYTES_MAX * 5))]);
    assert_eq!(parts(&huge).err(), Some(AttachmentError::TooLarge));
}

#[test]
fn a_name_is_neither_a_path_nor_a_header() {
    assert_eq!(file_name("../../etc/passwd").as_deref(), Some("passwd"));
    assert_eq!(file_name("C:\\a\\b.txt").as_deref(), Some("b.txt"));
    assert_eq!(file_name("a\r\nX: 1.txt").as_deref(), Some("aX: 1.txt"));
    assert_eq!(file_name("a/").as_deref(), None);
    let part = one("Müller \"x\".txt", "aGk=");
    assert!(part.is_ascii(), "{part}");
}
