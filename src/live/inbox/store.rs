//! How somebody has their inbox: how far they have read, and when it is quiet.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};
use uuid::Uuid;

use super::quiet::Quiet;
use super::{key, push};
use crate::db::schema::inbox;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::jobs;
use crate::live::{Head, head};

/// How somebody has their inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Settings {
    /// The number up to which they have read; 0 where they have read nothing.
    pub read_to: i64,
    /// When only what is urgent is pushed.
    pub quiet: Option<Quiet>,
}

/// How somebody has their inbox.
pub(super) fn settings(conn: &mut Conn, person: Uuid) -> Result<Settings> {
    let found: Option<(i64, i64, i64)> = inbox::table
        .find(person.as_bytes().as_slice())
        .select((inbox::read_to, inbox::quiet_from, inbox::quiet_to))
        .first(conn)
        .optional()?;
    let Some((read_to, from, to)) = found else {
        return Ok(Settings {
            read_to: 0,
            quiet: Some(Quiet::USUAL),
        });
    };
    let minutes = |minutes: i64| u16::try_from(minutes).map_err(Error::internal);
    let (from, to) = (minutes(from)?, minutes(to)?);
    // Where both are one there is no quiet.
    let quiet = (from != to).then_some(Quiet { from, to });
    Ok(Settings { read_to, quiet })
}

/// Sets when only what is urgent is pushed to somebody.
pub(super) fn set_quiet(tx: &mut Tx<'_>, person: Uuid, quiet: Option<Quiet>) -> Result<()> {
    let (from, to) = quiet.map_or((0, 0), |quiet| (quiet.from, quiet.to));
    diesel::sql_query(
        "INSERT INTO inbox (person_id, read_to, quiet_from, quiet_to) VALUES ($1, 0, $2, $3) \
         ON CONFLICT (person_id) DO UPDATE SET quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to",
    )
    .bind::<Binary, _>(person.as_bytes().as_slice())
    .bind::<BigInt, _>(i64::from(from))
    .bind::<BigInt, _>(i64::from(to))
    .execute(&mut **tx)?;
    // What waits for the end of the quiet of before asks again.
    jobs::hasten(tx, push::KIND, &push::keys_of(person))
}

/// Notes that somebody has read up to a number, and not less than before; never further
/// than there is something to read. Where they are then.
pub(super) fn mark_read(tx: &mut Tx<'_>, person: Uuid, number: i64) -> Result<(i64, Head)> {
    let head = head(tx, key(person))?;
    // Both databases take this; the query builder has no upsert for both.
    diesel::sql_query(
        "INSERT INTO inbox (person_id, read_to, quiet_from, quiet_to) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (person_id) DO UPDATE SET read_to = excluded.read_to WHERE inbox.read_to < excluded.read_to",
    )
    .bind::<Binary, _>(person.as_bytes().as_slice())
    .bind::<BigInt, _>(number.min(head.number))
    .bind::<BigInt, _>(i64::from(Quiet::USUAL.from))
    .bind::<BigInt, _>(i64::from(Quiet::USUAL.to))
    .execute(&mut **tx)?;
    Ok((settings(tx, person)?.read_to, head))
}

/// How many entries somebody has not read.
pub(super) fn unread(head: Head, read_to: i64) -> i64 {
    head.number - read_to.max(head.floor).min(head.number)
}

/// Forgets how somebody has their inbox.
pub(super) fn forget(tx: &mut Tx<'_>, person: Uuid) -> Result<()> {
    diesel::delete(inbox::table.find(person.as_bytes().as_slice())).execute(&mut **tx)?;
    Ok(())
}
