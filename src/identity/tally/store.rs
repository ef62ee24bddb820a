//! The table of what is counted.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::db::schema::tally;
use crate::db::{Conn, Tx};
use crate::error::Result;

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Adds to a count and tells it.
pub(super) fn add(tx: &mut Tx<'_>, what: &str, subject: &[u8], day: &str, number: i64) -> Result<i64> {
    // Both databases take this; the query builder has no upsert for both.
    let counted: Count = diesel::sql_query(
        "INSERT INTO tally (what, subject, day, count) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (what, subject, day) DO UPDATE SET count = tally.count + excluded.count RETURNING count",
    )
    .bind::<Text, _>(what)
    .bind::<Binary, _>(subject)
    .bind::<Text, _>(day)
    .bind::<BigInt, _>(number)
    .get_result(&mut **tx)?;
    Ok(counted.count)
}

/// Forgets the counts of a subject.
pub(super) fn forget(tx: &mut Tx<'_>, subject: &[u8]) -> Result<()> {
    diesel::delete(tally::table.filter(tally::subject.eq(subject))).execute(&mut **tx)?;
    Ok(())
}

/// Forgets the counts of the days before this one.
pub(super) fn forget_before(conn: &mut Conn, day: &str) -> Result<usize> {
    Ok(diesel::delete(tally::table.filter(tally::day.lt(day))).execute(conn)?)
}
