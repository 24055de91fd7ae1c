//! Documents by kind and number.

use landfall_store::{Document, DocumentKind, DocumentStore, StoreError};
use rusqlite::{Row, TransactionBehavior, params};

use crate::open::{SqliteStore, failed};
use crate::row;

impl DocumentStore for SqliteStore {
    fn insert_document(&self, kind: DocumentKind, body: &str) -> Result<u32, StoreError> {
        let mut writer = self.shared.writer();
        let write = writer
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let id: u32 = write
            .query_row(
                "INSERT INTO document_number (kind, last) VALUES (?1, 1)
                 ON CONFLICT (kind) DO UPDATE SET last = last + 1 RETURNING last",
                [kind.name()],
                |row| row.get(0),
            )
            .map_err(failed)?;
        write
            .execute(
                "INSERT INTO document (kind, id, body) VALUES (?1, ?2, ?3)",
                params![kind.name(), id, body],
            )
            .map_err(failed)?;
        write.commit().map_err(failed)?;
        Ok(id)
    }

    fn replace_document(
        &self,
        kind: DocumentKind,
        id: u32,
        body: &str,
    ) -> Result<bool, StoreError> {
        let changed = self
            .shared
            .writer()
            .execute(
                "UPDATE document SET body = ?3 WHERE kind = ?1 AND id = ?2",
                params![kind.name(), id, body],
            )
            .map_err(failed)?;
        Ok(changed > 0)
    }

    fn delete_document(&self, kind: DocumentKind, id: u32) -> Result<bool, StoreError> {
        let deleted = self
            .shared
            .writer()
            .execute(
                "DELETE FROM document WHERE kind = ?1 AND id = ?2",
                params![kind.name(), id],
            )
            .map_err(failed)?;
        Ok(deleted > 0)
    }

    fn document(&self, kind: DocumentKind, id: u32) -> Result<Option<Document>, StoreError> {
        let sql = "SELECT id, body FROM document WHERE kind = ?1 AND id = ?2";
        self.shared.view(|connection| {
            Ok(row::all(connection, sql, params![kind.name(), id], document)?.pop())
        })
    }

    fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>, StoreError> {
        let sql = "SELECT id, body FROM document WHERE kind = ?1 ORDER BY id";
        self.shared
            .view(|connection| row::all(connection, sql, [kind.name()], document))
    }
}

fn document(row: &Row<'_>) -> Result<Document, StoreError> {
    Ok(Document {
        id: row.get(0).map_err(failed)?,
        body: row.get(1).map_err(failed)?,
    })
}
