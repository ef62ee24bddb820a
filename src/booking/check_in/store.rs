//! How often a wrong code was tried.

use diesel::prelude::*;

use crate::db::Tx;
use crate::db::schema::booking_try as table;
use crate::error::Result;

/// Counts a try of a subject on a day; how many there were before it. Its row stays locked
/// until the transaction ends. Those of other days are forgotten.
pub fn count(tx: &mut Tx<'_>, subject: &[u8], day: i64) -> Result<i64> {
    diesel::delete(table::table.filter(table::day.lt(day - 1))).execute(&mut **tx)?;
    diesel::sql_query(
        "INSERT INTO booking_try (subject, day, count) VALUES ($1, $2, 1) \
         ON CONFLICT (subject, day) DO UPDATE SET count = booking_try.count + 1",
    )
    .bind::<diesel::sql_types::Binary, _>(subject)
    .bind::<diesel::sql_types::BigInt, _>(day)
    .execute(&mut **tx)?;
    let count: i64 = table::table
        .find((subject, day))
        .select(table::count)
        .first(&mut **tx)?;
    Ok(count - 1)
}

/// A right one: the wrong ones count no more.
pub fn forget(tx: &mut Tx<'_>, subject: &[u8], day: i64) -> Result<()> {
    diesel::delete(table::table.find((subject, day))).execute(&mut **tx)?;
    Ok(())
}
