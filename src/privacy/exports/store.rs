//! The table of exports.

use diesel::prelude::*;

use super::model::{ExportId, Exported};
use crate::clock::{self, Timestamp};
use crate::db::schema::export as table;
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::files::FileId;
use crate::identity::PersonId;

type Columns = (
    ExportId,
    PersonId,
    Timestamp,
    Option<Timestamp>,
    Option<FileId>,
    Option<Timestamp>,
);

fn export_of((id, person_id, asked_at, ready_at, file_id, fetched_at): Columns) -> Exported {
    Exported {
        id,
        person_id,
        asked_at,
        ready_at,
        file_id,
        fetched_at,
    }
}

/// All of somebody, the newest first.
///
/// # Errors
/// Where the database fails.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Exported>> {
    let rows: Vec<Columns> = table::table
        .filter(table::person_id.eq(person))
        .order((table::asked_at.desc(), table::id.desc()))
        .load(conn)?;
    Ok(rows.into_iter().map(export_of).collect())
}

/// One of them.
pub(super) fn load(conn: &mut Conn, id: ExportId) -> Result<Option<Exported>> {
    let row: Option<Columns> = table::table.find(id).first(conn).optional()?;
    Ok(row.map(export_of))
}

/// Writes that somebody asks.
pub(super) fn insert(tx: &mut Tx<'_>, person: PersonId) -> Result<Exported> {
    let export = Exported {
        id: ExportId::new(),
        person_id: person,
        asked_at: clock::now(),
        ready_at: None,
        file_id: None,
        fetched_at: None,
    };
    diesel::insert_into(table::table)
        .values((
            table::id.eq(export.id),
            table::person_id.eq(person),
            table::asked_at.eq(export.asked_at),
        ))
        .execute(&mut **tx)?;
    Ok(export)
}

/// It can be fetched.
pub(super) fn ready(tx: &mut Tx<'_>, id: ExportId, file: FileId) -> Result<()> {
    diesel::update(table::table.find(id))
        .set((table::ready_at.eq(clock::now()), table::file_id.eq(file)))
        .execute(&mut **tx)?;
    Ok(())
}

/// It was fetched.
pub(super) fn fetched(tx: &mut Tx<'_>, id: ExportId) -> Result<()> {
    diesel::update(table::table.find(id))
        .set((table::fetched_at.eq(clock::now()), table::file_id.eq(None::<FileId>)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Forgets those that were asked for before a time; how many.
///
/// # Errors
/// Where the database fails.
pub fn forget_before(conn: &mut Conn, before: Timestamp) -> Result<usize> {
    Ok(diesel::delete(table::table.filter(table::asked_at.lt(before))).execute(conn)?)
}

/// Forgets all of somebody.
///
/// # Errors
/// Where the database fails.
pub fn forget_of(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    diesel::delete(table::table.filter(table::person_id.eq(person))).execute(&mut **tx)?;
    Ok(())
}
