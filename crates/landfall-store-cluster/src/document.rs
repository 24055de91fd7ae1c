//! Documents by kind and number.

use landfall_store::{Document, DocumentKind, DocumentStore, StoreError};
use postgres::Row;

use crate::PostgresStore;
use crate::failure::Failure;
use crate::row;

impl DocumentStore for PostgresStore {
    fn insert_document(&self, kind: DocumentKind, body: &str) -> Result<u32, StoreError> {
        self.write(|connection| {
            let inserted = connection.one(
                "WITH numbered AS (
                     INSERT INTO counter (name, last) VALUES ('document ' || $1, 1)
                     ON CONFLICT (name) DO UPDATE SET last = counter.last + 1
                     RETURNING last
                 )
                 INSERT INTO document (kind, id, body) SELECT $1, last, $2 FROM numbered
                 RETURNING id",
                &[&kind.name(), &body.as_bytes()],
            )?;
            row::key("document", &inserted, 0)
        })
    }

    fn replace_document(
        &self,
        kind: DocumentKind,
        id: u32,
        body: &str,
    ) -> Result<bool, StoreError> {
        self.write(|connection| {
            let replaced = connection.execute(
                "UPDATE document SET body = $3 WHERE kind = $1 AND id = $2",
                &[&kind.name(), &i64::from(id), &body.as_bytes()],
            )?;
            Ok(replaced > 0)
        })
    }

    fn delete_document(&self, kind: DocumentKind, id: u32) -> Result<bool, StoreError> {
        self.write(|connection| {
            let deleted = connection.execute(
                "DELETE FROM document WHERE kind = $1 AND id = $2",
                &[&kind.name(), &i64::from(id)],
            )?;
            Ok(deleted > 0)
        })
    }

    fn document(&self, kind: DocumentKind, id: u32) -> Result<Option<Document>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT id, body FROM document WHERE kind = $1 AND id = $2",
                &[&kind.name(), &i64::from(id)],
            )?;
            rows.first().map(document).transpose()
        })
    }

    fn documents(&self, kind: DocumentKind) -> Result<Vec<Document>, StoreError> {
        self.read(|connection| {
            let rows = connection.query(
                "SELECT id, body FROM document WHERE kind = $1 ORDER BY id",
                &[&kind.name()],
            )?;
            rows.iter().map(document).collect()
        })
    }
}

fn document(row: &Row) -> Result<Document, Failure> {
    Ok(Document {
        id: row::key("document", row, 0)?,
        body: row::text("document", row, 1)?,
    })
}
