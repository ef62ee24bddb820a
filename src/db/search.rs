//! Full-text search over the tokens that [`crate::text`] makes, the same on both
//! databases: FTS5 here, `tsvector` there. What it finds are candidates; the
//! caller confirms them against the text.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use uuid::Uuid;

use super::schema::search_entry;
use super::{Conn, Id, Named};
use crate::error::{Error, Result};
use crate::text::Query;

/// Keeps a thing findable by these tokens, which replace what it had.
pub fn index<T: Named>(conn: &mut Conn, subject: &str, id: Id<T>, tokens: &str) -> Result<()> {
    // Both databases take this; the query builder has no upsert for both.
    diesel::sql_query(
        "INSERT INTO search_entry (subject, subject_id, tokens) VALUES ($1, $2, $3) \
         ON CONFLICT (subject, subject_id) DO UPDATE SET tokens = excluded.tokens",
    )
    .bind::<Text, _>(subject)
    .bind::<Binary, _>(id)
    .bind::<Text, _>(tokens)
    .execute(conn)?;
    Ok(())
}

/// Makes a thing unfindable.
pub fn forget<T: Named>(conn: &mut Conn, subject: &str, id: Id<T>) -> Result<()> {
    let entry = search_entry::table.filter(search_entry::subject.eq(subject).and(search_entry::subject_id.eq(id)));
    diesel::delete(entry).execute(conn)?;
    Ok(())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Binary)]
    subject_id: Vec<u8>,
}

/// Up to `most` candidates for a query, by id.
pub fn find<T: Named>(conn: &mut Conn, subject: &str, query: &Query, most: i64) -> Result<Vec<Id<T>>> {
    let (statement, needle) = match conn {
        Conn::Sqlite(_) => (
            "SELECT e.subject_id FROM search_fts f JOIN search_entry e ON e.number = f.rowid \
             WHERE f.tokens MATCH $1 AND e.subject = $2 ORDER BY e.subject_id LIMIT $3",
            query.fts5(),
        ),
        Conn::Postgres(_) => (
            "SELECT subject_id FROM search_entry \
             WHERE to_tsvector('simple', tokens) @@ to_tsquery('simple', $1) AND subject = $2 \
             ORDER BY subject_id LIMIT $3",
            query.tsquery(),
        ),
    };
    let found: Vec<Found> = diesel::sql_query(statement)
        .bind::<Text, _>(needle)
        .bind::<Text, _>(subject)
        .bind::<BigInt, _>(most)
        .load(conn)?;
    found
        .into_iter()
        .map(|row| {
            Uuid::from_slice(&row.subject_id)
                .map(Id::from_uuid)
                .map_err(Error::internal)
        })
        .collect()
}
