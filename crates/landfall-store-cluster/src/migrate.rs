//! Bringing a workspace's schema up to date.

use landfall_store::StoreError;

use crate::connection::{Connection, WRITE};
use crate::failure::Failure;
use crate::pool::Lease;
use crate::schema_name::SchemaName;

/// All migrations, oldest first; the first has version one. They only add: nodes of the version
/// before go on working while the others are replaced.
const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/postgres/0001_workspace.sql"),
    include_str!("../migrations/postgres/0002_work.sql"),
    include_str!("../migrations/postgres/0003_runs.sql"),
];

/// Creates the schema, or applies what it lacks, in one transaction. Nodes that start together wait
/// for each other.
pub(crate) fn run(lease: &mut Lease<'_>, schema: &SchemaName, salt: u16) -> Result<(), Failure> {
    lease.transact(WRITE, |connection| {
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('landfall migration ' || $1, 0))",
            &[&schema.as_str()],
        )?;
        prepare(connection, schema)?;
        let found = verify(connection)?;
        for (version, sql) in (1_u32..).zip(MIGRATIONS).skip(found) {
            connection.script(sql)?;
            connection.execute(
                "INSERT INTO migration (version, checksum)
                 VALUES ($1, sha256(convert_to($2, 'UTF8')))",
                &[&i64::from(version), sql],
            )?;
        }
        connection.execute(
            "INSERT INTO meta (salt) VALUES ($1) ON CONFLICT (one) DO NOTHING",
            &[&i32::from(salt)],
        )?;
        Ok(())
    })
}

/// The schema itself and the list of what was applied to it.
fn prepare(connection: &mut Connection, schema: &SchemaName) -> Result<(), Failure> {
    let encoding: String = connection.one("SHOW server_encoding", &[])?.try_get(0)?;
    if encoding != "UTF8" {
        return Err(Failure::Store(StoreError::unavailable(format!(
            "the database's encoding is {encoding}: create it with ENCODING 'UTF8'"
        ))));
    }
    // Only when it is missing: the role may own the schema and be allowed nothing else.
    let exists: bool = connection
        .one(
            "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1)",
            &[&schema.as_str()],
        )?
        .try_get(0)?;
    if !exists {
        connection.script(&format!("CREATE SCHEMA {}", schema.quoted()))?;
    }
    connection.script(
        "CREATE TABLE IF NOT EXISTS migration (
             version    bigint      NOT NULL PRIMARY KEY,
             checksum   bytea       NOT NULL,
             applied_at timestamptz NOT NULL DEFAULT now()
         )",
    )
}

/// How many migrations are applied, after a check that they are the ones that we know.
fn verify(connection: &mut Connection) -> Result<usize, Failure> {
    let known: Vec<i64> = (1..).take(MIGRATIONS.len()).collect();
    let newest: i64 = connection
        .one("SELECT coalesce(max(version), 0) FROM migration", &[])?
        .try_get(0)?;
    let count = usize::try_from(newest).unwrap_or(0);
    if count > MIGRATIONS.len() {
        return Err(Failure::Store(StoreError::TooNew {
            found: u32::try_from(newest).unwrap_or(u32::MAX),
            known: u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX),
        }));
    }
    let differs = connection.query(
        "SELECT ours.version
           FROM unnest($1::bigint[], $2::text[]) ours (version, sql)
           LEFT JOIN migration USING (version)
          WHERE ours.version <= $3
            AND checksum IS DISTINCT FROM sha256(convert_to(sql, 'UTF8'))
          ORDER BY 1",
        &[&known, &MIGRATIONS, &newest],
    )?;
    match differs.first() {
        None => Ok(count),
        Some(row) => Err(Failure::Store(StoreError::corrupt(
            "migration",
            row.try_get::<_, i64>(0)?,
            "it is not the one that this program applies: the program or the table was changed",
        ))),
    }
}
