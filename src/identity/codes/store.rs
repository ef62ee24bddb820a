//! The tables of codes and of what is counted.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};

use crate::clock::Timestamp;
use crate::db::schema::{sign_in_code, tally};
use crate::db::{Conn, Tx};
use crate::error::Result;

/// A code as the table has it: hashed.
#[derive(Queryable)]
pub(super) struct Kept {
    _phone_hash: Vec<u8>,
    pub code_hash: Vec<u8>,
    pub sent_at: Timestamp,
    pub expires_at: Timestamp,
    pub tries: i64,
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

/// Adds to a count and tells it. The row stays locked until the transaction ends,
/// also where nothing is added.
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

/// The newest code of a phone.
pub(super) fn load(conn: &mut Conn, phone: &[u8]) -> Result<Option<Kept>> {
    Ok(sign_in_code::table.find(phone).first(conn).optional()?)
}

/// Another code for a phone.
pub(super) fn replace(tx: &mut Tx<'_>, phone: &[u8], code_hash: &[u8], now: Timestamp, good_s: i64) -> Result<()> {
    remove(tx, phone)?;
    diesel::insert_into(sign_in_code::table)
        .values((
            sign_in_code::phone_hash.eq(phone),
            sign_in_code::code_hash.eq(code_hash),
            sign_in_code::sent_at.eq(now),
            sign_in_code::expires_at.eq(Timestamp::from_micros(now.micros() + good_s * 1_000_000)),
            sign_in_code::tries.eq(0),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// One try more.
pub(super) fn count_try(tx: &mut Tx<'_>, phone: &[u8]) -> Result<()> {
    diesel::update(sign_in_code::table.find(phone))
        .set(sign_in_code::tries.eq(sign_in_code::tries + 1))
        .execute(&mut **tx)?;
    Ok(())
}

/// The code is used up.
pub(super) fn remove(tx: &mut Tx<'_>, phone: &[u8]) -> Result<()> {
    diesel::delete(sign_in_code::table.find(phone)).execute(&mut **tx)?;
    Ok(())
}

/// Forgets counts of the days before this one and codes that are stale.
pub(super) fn forget(conn: &mut Conn, today: &str, now: Timestamp) -> Result<()> {
    diesel::delete(tally::table.filter(tally::day.lt(today))).execute(conn)?;
    // A code that nobody may try any more still says when the next may be asked for.
    let stale = Timestamp::from_micros(now.micros() - super::RESEND_S * 1_000_000);
    diesel::delete(sign_in_code::table.filter(sign_in_code::expires_at.lt(stale))).execute(conn)?;
    Ok(())
}
