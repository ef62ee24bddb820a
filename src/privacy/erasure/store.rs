//! The table of erasures.

use diesel::prelude::*;

use super::model::{Erasure, ErasureId, GRACE_DAYS};
use crate::clock::{self, Timestamp};
use crate::db::schema::erasure as table;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::identity::PersonId;

const DAY_MICROS: i64 = 86_400_000_000;

type Columns = (
    ErasureId,
    PersonId,
    Timestamp,
    Timestamp,
    Option<Timestamp>,
    Option<Timestamp>,
);

fn erasure_of((id, person_id, asked_at, due_at, withdrawn_at, done_at): Columns) -> Erasure {
    Erasure {
        id,
        person_id,
        asked_at,
        due_at,
        withdrawn_at,
        done_at,
    }
}

/// All of somebody, the newest first.
///
/// # Errors
/// Where the database fails.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Erasure>> {
    let rows: Vec<Columns> = table::table
        .filter(table::person_id.eq(person))
        .order((table::asked_at.desc(), table::id.desc()))
        .load(conn)?;
    Ok(rows.into_iter().map(erasure_of).collect())
}

/// The one that is to be done, if there is one.
pub(super) fn open_of(conn: &mut Conn, person: PersonId) -> Result<Option<Erasure>> {
    Ok(of_person(conn, person)?.into_iter().find(Erasure::is_open))
}

/// One of them.
pub(super) fn load(conn: &mut Conn, id: ErasureId) -> Result<Option<Erasure>> {
    let row: Option<Columns> = table::table.find(id).first(conn).optional()?;
    Ok(row.map(erasure_of))
}

/// Writes that somebody asks.
pub(super) fn insert(tx: &mut Tx<'_>, person: PersonId) -> Result<Erasure> {
    let now = clock::now();
    let erasure = Erasure {
        id: ErasureId::new(),
        person_id: person,
        asked_at: now,
        due_at: Timestamp::from_micros(now.micros() + GRACE_DAYS * DAY_MICROS),
        withdrawn_at: None,
        done_at: None,
    };
    diesel::insert_into(table::table)
        .values((
            table::id.eq(erasure.id),
            table::person_id.eq(person),
            table::asked_at.eq(erasure.asked_at),
            table::due_at.eq(erasure.due_at),
        ))
        .execute(&mut **tx)?;
    Ok(erasure)
}

/// They thought again.
pub(super) fn withdraw(tx: &mut Tx<'_>, id: ErasureId) -> Result<()> {
    diesel::update(table::table.find(id))
        .set(table::withdrawn_at.eq(clock::now()))
        .execute(&mut **tx)?;
    Ok(())
}

/// It is done.
pub(super) fn done(tx: &mut Tx<'_>, id: ErasureId) -> Result<()> {
    diesel::update(table::table.find(id))
        .set(table::done_at.eq(clock::now()))
        .execute(&mut **tx)?;
    Ok(())
}
