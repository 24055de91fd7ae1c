use landfall_domain::content::PushContent;

use super::*;
use crate::tests::shop::{self, Shop};

fn definition(number: u64, name: &str) -> Definition {
    Definition {
        number,
        name: name.to_owned(),
        description: None,
        trigger_name: Some(format!("{name}_trigger")),
        content: Content::Push(Box::new(PushContent {
            title: Some("Hello".to_owned()),
            ..PushContent::default()
        })),
        translations: [(
            "fr".to_owned(),
            Content::Push(Box::new(PushContent {
                title: Some("Bonjour".to_owned()),
                ..PushContent::default()
            })),
        )]
        .into(),
        audience: None,
        to: None,
        ttl_seconds: None,
        send_to_unsubscribed: true,
        topic: None,
        policy: None,
        queue_drafts: false,
        hide_message_body: false,
        created_at: shop::seconds(shop::NOW),
        updated_at: shop::seconds(shop::NOW),
    }
}

#[tokio::test]
async fn a_definition_is_found_by_number_trigger_name_and_name() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    let kind = Kind::Transactional;
    assert_eq!(workspace.definitions(kind).await.unwrap().next_number(), 1);
    workspace
        .define(kind, definition(44, "Receipt"))
        .await
        .unwrap();
    let mut changed = definition(44, "Receipt");
    changed.ttl_seconds = Some(60);
    workspace.define(kind, changed.clone()).await.unwrap();
    let known = workspace.definitions(kind).await.unwrap();
    assert_eq!(known.all().count(), 1);
    for named in ["44", "receipt_TRIGGER", "RECEIPT"] {
        assert_eq!(
            known.find(named).map(AsRef::as_ref),
            Some(&changed),
            "{named}"
        );
    }
    assert_eq!(known.find("45"), None);
    assert_eq!(known.next_number(), 45);
    assert_eq!(changed.ttl_ms(), 60_000);
    let french = changed.content_in(Some("fr")).subject().map(str::to_owned);
    assert_eq!(french.as_deref(), Some("Bonjour"));
    assert_eq!(changed.content_in(Some("xx")).subject(), Some("Hello"));
    let catalogue = workspace.catalogue();
    assert_eq!(catalogue.name(&name_of(kind, 44)), Some("Receipt"));
    assert!(workspace.undefine(kind, 44).await.unwrap());
    assert!(!workspace.undefine(kind, 44).await.unwrap());
    assert_eq!(workspace.definitions(kind).await.unwrap().all().count(), 0);
}

#[tokio::test]
async fn kinds_number_their_messages_apart() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    workspace
        .define(Kind::Broadcast, definition(1, "Sale"))
        .await
        .unwrap();
    let known = workspace.definitions(Kind::Transactional).await.unwrap();
    assert_eq!(known.all().count(), 0);
}
