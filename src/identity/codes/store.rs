//! The table of codes.

use diesel::prelude::*;

use crate::clock::Timestamp;
use crate::db::schema::sign_in_code;
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
pub(in crate::identity) fn remove(tx: &mut Tx<'_>, phone: &[u8]) -> Result<()> {
    diesel::delete(sign_in_code::table.find(phone)).execute(&mut **tx)?;
    Ok(())
}

/// Forgets codes that are stale.
pub(in crate::identity) fn forget_stale(conn: &mut Conn, now: Timestamp) -> Result<usize> {
    // A code that nobody may try any more still says when the next may be asked for.
    let stale = Timestamp::from_micros(now.micros() - super::RESEND_S * 1_000_000);
    Ok(diesel::delete(sign_in_code::table.filter(sign_in_code::expires_at.lt(stale))).execute(conn)?)
}
