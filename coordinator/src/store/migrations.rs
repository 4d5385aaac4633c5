//! The schema's history, embedded in the binary.
//!
//! Owns applying it, once, whoever starts first. Leaves the statements to `migrations/`.
//! **Invariant:** two coordinators that start together do not both migrate.

use diesel::connection::SimpleConnection;
use diesel::migration::Migration;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{Conn, Database};
use super::error::{StoreError, StoreResult};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../migrations/sqlite");

/// Taken while migrating; any number that nobody else uses.
const ADVISORY_LOCK: &str = "pg_advisory_lock(7311408622015)";

/// Applies what is pending; gives the names of what it applied.
///
/// # Errors
/// [`StoreError::Migration`]; the ones before it stay applied.
pub(super) fn run(conn: &mut Conn) -> StoreResult<Vec<String>> {
    if let Database::Postgres(c) = &mut conn.db {
        // Building an index may take hours, and so may waiting for the coordinator that does it. The lock
        // goes with the connection, which is not a pooled one.
        c.batch_execute(&format!(
            "SET statement_timeout = 0; SET lock_timeout = 0; SELECT {ADVISORY_LOCK}"
        ))?;
    }
    let names = pending(conn)?;
    for name in &names {
        let applied = match &mut conn.db {
            Database::Postgres(c) => c.run_next_migration(POSTGRES).map(drop),
            Database::Sqlite(c) => c.run_next_migration(SQLITE).map(drop),
        };
        // The foreign text may quote rows.
        applied.map_err(|_quotes_rows| StoreError::Migration(name.clone()))?;
    }
    Ok(names)
}

/// The names of what is not yet applied, oldest first.
pub(super) fn pending(conn: &mut Conn) -> StoreResult<Vec<String>> {
    let names = match &mut conn.db {
        Database::Postgres(c) => c.pending_migrations(POSTGRES).map(|list| names_of(&list)),
        Database::Sqlite(c) => c.pending_migrations(SQLITE).map(|list| names_of(&list)),
    };
    names.map_err(|_quotes_rows| StoreError::Migration("history".to_owned()))
}

/// Takes everything back, newest first, and all data with it.
pub(super) fn revert_all(conn: &mut Conn) -> StoreResult<usize> {
    let reverted = match &mut conn.db {
        Database::Postgres(c) => c.revert_all_migrations(POSTGRES).map(|list| list.len()),
        Database::Sqlite(c) => c.revert_all_migrations(SQLITE).map(|list| list.len()),
    };
    reverted.map_err(|_quotes_rows| StoreError::Migration("revert".to_owned()))
}

fn names_of<DB: diesel::backend::Backend>(list: &[Box<dyn Migration<DB>>]) -> Vec<String> {
    list.iter()
        .map(|migration| migration.name().to_string())
        .collect()
}

/// The names of all migrations of both dialects, to compare.
#[cfg(test)]
fn histories() -> (Vec<String>, Vec<String>) {
    use diesel::migration::MigrationSource;

    let postgres = MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES).unwrap();
    let sqlite = MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE).unwrap();
    (names_of(&postgres), names_of(&sqlite))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_dialects_have_one_history() {
        let (postgres, sqlite) = histories();
        assert!(!postgres.is_empty());
        assert_eq!(postgres, sqlite);
    }
}
