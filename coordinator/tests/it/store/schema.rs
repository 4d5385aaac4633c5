//! Claims about the schema: one for both dialects, and a way back.
//!
//! **Invariant:** what the migrations make is the same set of tables and columns on both databases.

use std::collections::BTreeSet;

use coordinator::store::nodes;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel::{PgConnection, SqliteConnection};

use crate::support::db::{Kind, TestDb, connect, on_both};

on_both! {
    async fn all_migrations_go_down_and_up_again(db: TestDb) {
        assert_eq!(db.store.pending_migrations().await.unwrap(), Vec::<String>::new());
        let reverted = db.store.revert_all_migrations().await.unwrap();
        let left: BTreeSet<String> = columns(&db).into_iter().map(|(table, _)| table).collect();
        assert_eq!(left, BTreeSet::new());
        assert_eq!(db.store.pending_migrations().await.unwrap().len(), reverted);
        assert_eq!(db.store.migrate().await.unwrap().len(), reverted);
        assert_eq!(db.store.migrate().await.unwrap(), Vec::<String>::new());
        db.read(|c| nodes::live(c, std::time::Duration::ZERO)).await;
    }
}

#[tokio::test]
async fn both_dialects_have_the_same_tables_and_columns() {
    let sqlite = TestDb::migrated(Kind::Sqlite).await;
    let postgres = TestDb::migrated(Kind::Postgres).await;
    let columns_of_sqlite = columns(&sqlite);
    assert!(columns_of_sqlite.contains(&("scan_jobs".to_owned(), "due_at".to_owned())));
    assert_eq!(columns_of_sqlite, columns(&postgres));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coordinators_that_start_together_migrate_once() {
    let db = TestDb::empty(Kind::Postgres).await;
    let mut starts = tokio::task::JoinSet::new();
    for _ in 0..4 {
        let url = db.url.clone();
        starts.spawn(async move { connect(&url).await.unwrap().migrate().await.unwrap().len() });
    }
    let mut applied = starts.join_all().await;
    applied.sort_unstable();
    assert_eq!(applied[..3], [0, 0, 0]);
    assert!(applied[3] > 0);
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
}

/// Tables and columns, by a connection of its own that knows nothing of the store.
fn columns(db: &TestDb) -> BTreeSet<(String, String)> {
    let rows: Vec<Column> = match db.kind {
        Kind::Sqlite => diesel::sql_query(
            "SELECT m.name AS table_name, p.name AS column_name \
             FROM sqlite_master m JOIN pragma_table_info(m.name) p \
             WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'",
        )
        .load(&mut sqlite(db)),
        Kind::Postgres => diesel::sql_query(
            "SELECT table_name::text, column_name::text FROM information_schema.columns \
             WHERE table_schema = current_schema()",
        )
        .load(&mut PgConnection::establish(&db.url).unwrap()),
    }
    .unwrap();
    rows.into_iter()
        .filter(|row| row.table_name != "__diesel_schema_migrations")
        .map(|row| (row.table_name, row.column_name))
        .collect()
}

/// How many rows there are, asked around the store.
pub(crate) fn count(db: &TestDb, from: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    let query = diesel::sql_query(format!("SELECT count(*) AS n FROM {from}"));
    let count: Count = match db.kind {
        Kind::Sqlite => query.get_result(&mut sqlite(db)),
        Kind::Postgres => query.get_result(&mut PgConnection::establish(&db.url).unwrap()),
    }
    .unwrap();
    count.n
}

/// Runs a statement around the store.
pub(crate) fn execute(db: &TestDb, statement: &str) {
    let query = diesel::sql_query(statement);
    match db.kind {
        Kind::Sqlite => query.execute(&mut sqlite(db)),
        Kind::Postgres => query.execute(&mut PgConnection::establish(&db.url).unwrap()),
    }
    .unwrap();
}

fn sqlite(db: &TestDb) -> SqliteConnection {
    SqliteConnection::establish(db.url.strip_prefix("sqlite://").unwrap()).unwrap()
}
