//! Names of workspaces' schemas.

/// Name of the PostgreSQL schema that holds a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchemaName(String);

/// A schema name that cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot name a schema: start with a lower-case letter, go on with lower-case letters, \
     digits and `_`, at most 63 characters, and do not begin with `pg_`"
)]
pub struct BadSchemaName(String);

impl SchemaName {
    /// PostgreSQL cuts longer names without a word, and two workspaces would share a schema.
    const BYTES_MAX: usize = 63;

    /// Checks a name.
    ///
    /// # Errors
    /// [`BadSchemaName`] says what a name looks like.
    pub fn new(name: &str) -> Result<Self, BadSchemaName> {
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
        let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
        if plain && begins && name.len() <= Self::BYTES_MAX && !name.starts_with("pg_") {
            Ok(Self(name.to_owned()))
        } else {
            Err(BadSchemaName(name.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As SQL: quoted, because it may be a keyword.
    pub(crate) fn quoted(&self) -> String {
        format!("\"{}\"", self.0)
    }
}

impl std::fmt::Display for SchemaName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
