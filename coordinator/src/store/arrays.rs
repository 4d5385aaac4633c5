//! Inserting many rows into PostgreSQL as one array per column.
//!
//! Owns the statement's form. Leaves the rows to their table files and SQLite to diesel's own insert.
//! **Invariant:** rows are inserted in the order given.
//!
//! A `VALUES` list has a parameter per cell, and PostgreSQL parses and plans each one: ten thousand for 512
//! jobs. With arrays there are as many as columns, however many rows.

/// A query that inserts `rows`; the fields are named as the columns are. `$tail` says what follows:
/// conflicts, what is returned.
macro_rules! insert_arrays {
    ($table:literal, $rows:expr, [$($field:ident: $type:ty),+ $(,)?], $tail:literal) => {{
        let columns = [$(stringify!($field)),+];
        let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
        let statement = format!(
            concat!("INSERT INTO ", $table, " ({}) SELECT * FROM unnest({}) ", $tail),
            columns.join(", "),
            places.join(", "),
        );
        let query = diesel::sql_query(statement).into_boxed::<diesel::pg::Pg>();
        $(
            let column: Vec<_> = $rows.iter().map(|row| &row.$field).collect();
            let query = query.bind::<diesel::sql_types::Array<$type>, _>(column);
        )+
        query
    }};
}
pub(super) use insert_arrays;
