use super::*;
use crate::tests::shop::Shop;

fn names(snippets: &Snippets) -> Vec<&str> {
    snippets
        .all()
        .map(|snippet| snippet.name.as_str())
        .collect()
}

#[tokio::test]
async fn a_snippet_is_stored_replaced_and_deleted_by_its_name() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    assert_eq!(names(&workspace.snippets().await.unwrap()), [""; 0]);
    for value in ["Dear {{ customer.name }}", "Hi {{ customer.name }}"] {
        workspace.put_snippet("greeting", value).await.unwrap();
    }
    workspace.put_snippet("footer", "Bye").await.unwrap();
    let known = workspace.snippets().await.unwrap();
    assert_eq!(names(&known), ["footer", "greeting"]);
    let greeting = known.get("greeting").unwrap();
    assert_eq!(greeting.value, "Hi {{ customer.name }}");
    assert!(workspace.delete_snippet("footer").await.unwrap());
    assert!(!workspace.delete_snippet("footer").await.unwrap());
    assert_eq!(names(&workspace.snippets().await.unwrap()), ["greeting"]);
}

#[tokio::test]
async fn what_is_no_template_is_refused_and_changes_nothing() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = &opened.workspace;
    workspace.put_snippet("a", "fine").await.unwrap();
    let refused = workspace.put_snippet("a", "{% if %}").await.unwrap_err();
    assert!(refused.to_string().contains("line 1"), "{refused}");
    let known = workspace.snippets().await.unwrap();
    assert_eq!(known.get("a").unwrap().value, "fine");
}

#[tokio::test]
async fn snippets_are_there_after_a_restart() {
    let shop = Shop::new();
    let opened = shop.open();
    let workspace = opened.workspace.clone();
    workspace.put_snippet("a", "one").await.unwrap();
    drop(workspace);
    tokio::task::spawn_blocking(|| opened.stop()).await.unwrap();
    let opened = shop.open();
    let known = opened.workspace.snippets().await.unwrap();
    assert_eq!(names(&known), ["a"]);
}
