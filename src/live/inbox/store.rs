//! How far somebody has read their inbox.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use uuid::Uuid;

use super::key;
use crate::db::schema::inbox;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::live::{Head, head};

/// The number up to which somebody has read; 0 where they have read nothing.
pub(super) fn read_to(conn: &mut Conn, person: Uuid) -> Result<i64> {
    let found: Option<i64> = inbox::table
        .find(person.as_bytes().as_slice())
        .select(inbox::read_to)
        .first(conn)
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Notes that somebody has read up to a number, and not less than before; never further
/// than there is something to read. Where they are then.
pub(super) fn mark_read(tx: &mut Tx<'_>, person: Uuid, number: i64) -> Result<(i64, Head)> {
    let head = head(tx, key(person))?;
    // Both databases take this; the query builder has no upsert for both.
    diesel::sql_query(
        "INSERT INTO inbox (person_id, read_to) VALUES ($1, $2) \
         ON CONFLICT (person_id) DO UPDATE SET read_to = excluded.read_to WHERE inbox.read_to < excluded.read_to",
    )
    .bind::<Binary, _>(person.as_bytes().as_slice())
    .bind::<BigInt, _>(number.min(head.number))
    .execute(&mut **tx)?;
    Ok((read_to(tx, person)?, head))
}

/// How many entries somebody has not read.
pub(super) fn unread(head: Head, read_to: i64) -> i64 {
    head.number - read_to.max(head.floor).min(head.number)
}
