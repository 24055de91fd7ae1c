//! Documents.

use super::Harness;
use super::traits::*;
use crate::{Document, DocumentKind};

const KINDS: [DocumentKind; 18] = [
    DocumentKind::Segment,
    DocumentKind::Export,
    DocumentKind::Import,
    DocumentKind::WebhookSource,
    DocumentKind::Journey,
    DocumentKind::JourneyVersion,
    DocumentKind::Waiver,
    DocumentKind::QaRecord,
    DocumentKind::SegmentCounts,
    DocumentKind::SendingRules,
    DocumentKind::ScheduleCursor,
    DocumentKind::JourneyHook,
    DocumentKind::RunbookTicks,
    DocumentKind::SavedView,
    DocumentKind::Monitor,
    DocumentKind::Incident,
    DocumentKind::AlertRule,
    DocumentKind::AlertChannels,
];

/// Insert, read, replace, delete; numbers start at one.
pub fn documents(harness: &impl Harness) {
    let store = harness.open();
    let kind = DocumentKind::Segment;
    assert_eq!(store.documents(kind).unwrap(), []);
    let bodies = ["{\"name\":\"a\"}", "{\"name\":\"it's \\u0000 ünï\"}", ""];
    for (id, body) in (1..).zip(bodies) {
        assert_eq!(store.insert_document(kind, body).unwrap(), id);
    }
    let document = |id, body: &str| Document {
        id,
        body: body.to_owned(),
    };
    assert_eq!(
        store.document(kind, 2).unwrap(),
        Some(document(2, bodies[1]))
    );
    assert!(store.replace_document(kind, 1, "{}").unwrap());
    assert!(!store.replace_document(kind, 4, "{}").unwrap());
    assert!(store.delete_document(kind, 2).unwrap());
    assert!(!store.delete_document(kind, 2).unwrap());
    assert_eq!(store.document(kind, 2).unwrap(), None);
    let left = [document(1, "{}"), document(3, "")];
    assert_eq!(store.documents(kind).unwrap(), left);
    drop(store);
    assert_eq!(harness.open().documents(kind).unwrap(), left);
}

/// Each kind counts for itself, and nothing done to one kind shows in another.
pub fn documents_of_kinds_are_apart(harness: &impl Harness) {
    let store = harness.open();
    for kind in KINDS {
        assert_eq!(store.insert_document(kind, kind.name()).unwrap(), 1);
    }
    assert!(store.delete_document(DocumentKind::Export, 1).unwrap());
    for kind in KINDS {
        let expected = (kind != DocumentKind::Export).then(|| Document {
            id: 1,
            body: kind.name().to_owned(),
        });
        assert_eq!(store.document(kind, 1).unwrap(), expected);
    }
}

/// The number of a deleted document is not given to another one, also over a reopening.
pub fn document_numbers_stay_used(harness: &impl Harness) {
    for number in 1..=3 {
        let store = harness.open();
        let id = store.insert_document(DocumentKind::Import, "{}").unwrap();
        assert_eq!(id, number);
        assert!(store.delete_document(DocumentKind::Import, id).unwrap());
    }
}

/// A journey with all its templates is a document like another.
pub fn large_documents(harness: &impl Harness) {
    let store = harness.open();
    let kind = DocumentKind::JourneyVersion;
    let body = format!(
        "{{\"text\":\"{}\"}}",
        "step \u{1F680} \\u0000 ".repeat(60_000)
    );
    assert!(body.len() > 1_000_000);
    let id = store.insert_document(kind, &body).unwrap();
    let read = store.document(kind, id).unwrap();
    assert!(read.is_some_and(|document| document.body == body));
    let longer = format!("{body} ");
    assert!(store.replace_document(kind, id, &longer).unwrap());
    assert_eq!(store.documents(kind).unwrap()[0].body.len(), longer.len());
}
