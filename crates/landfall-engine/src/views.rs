//! Views that somebody kept: a name for the state of a page, such as the log with its filters.

use landfall_domain::time::Timestamp;
use landfall_store::{Document, DocumentKind, Store, StoreError};
use serde::{Deserialize, Serialize};

use crate::workspace::Workspace;

/// Views of one workspace.
pub const VIEWS_MAX: usize = 200;

/// A view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct View {
    /// What people call it.
    pub name: String,
    /// The page, such as `log`.
    pub page: String,
    /// The state of the page as the query of its address, without the question mark.
    pub query: String,
    /// Who kept it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why a view was not kept.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// The page has one of that name.
    #[error("there is a view `{0}` already: replace that one, or choose another name")]
    Taken(String),
    /// There is no room.
    #[error("there are {VIEWS_MAX} views: delete one that nobody needs")]
    Full,
    /// The store cannot be used now.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn all(store: &dyn Store) -> Result<Vec<(u32, View)>, StoreError> {
    let read = |document: Document| {
        let view = serde_json::from_str(&document.body)
            .map_err(|error| StoreError::corrupt("documents", document.id, error))?;
        Ok((document.id, view))
    };
    let documents = store.documents(DocumentKind::SavedView)?;
    documents.into_iter().map(read).collect()
}

fn text(view: &View) -> Result<String, StoreError> {
    serde_json::to_string(view).map_err(|error| StoreError::corrupt("documents", "new", error))
}

impl Workspace {
    /// All views with their numbers, by name.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn views(&self) -> Result<Vec<(u32, View)>, StoreError> {
        let mut views = self.read(|store| all(store)).await?;
        views.sort_by(|(_, a), (_, b)| (&a.page, &a.name).cmp(&(&b.page, &b.name)));
        Ok(views)
    }

    /// Keeps a view under a new name, and returns its number.
    ///
    /// # Errors
    /// [`ViewError`]: the name is taken, there is no room, or the store cannot be written.
    pub async fn keep_view(&self, view: View) -> Result<u32, ViewError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let known = self.read(|store| all(store)).await?;
        if has(&known, &view, None) {
            return Err(ViewError::Taken(view.name));
        }
        if known.len() >= VIEWS_MAX {
            return Err(ViewError::Full);
        }
        let body = text(&view)?;
        let insert = move |store: &dyn Store| store.insert_document(DocumentKind::SavedView, &body);
        Ok(self.read(insert).await?)
    }

    /// Replaces a view; `false` when there is none of that number.
    ///
    /// # Errors
    /// [`ViewError`]: another one has the name, or the store cannot be written.
    pub async fn replace_view(&self, id: u32, view: View) -> Result<bool, ViewError> {
        let _one_at_a_time = self.shared.defining.lock().await;
        let known = self.read(|store| all(store)).await?;
        if has(&known, &view, Some(id)) {
            return Err(ViewError::Taken(view.name));
        }
        let body = text(&view)?;
        let replace =
            move |store: &dyn Store| store.replace_document(DocumentKind::SavedView, id, &body);
        Ok(self.read(replace).await?)
    }

    /// Deletes a view; `false` when there is none of that number.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn delete_view(&self, id: u32) -> Result<bool, StoreError> {
        let delete = move |store: &dyn Store| store.delete_document(DocumentKind::SavedView, id);
        self.read(delete).await
    }
}

fn has(known: &[(u32, View)], view: &View, besides: Option<u32>) -> bool {
    known.iter().any(|(id, other)| {
        Some(*id) != besides && other.page == view.page && other.name == view.name
    })
}
