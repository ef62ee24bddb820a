//! The table of what units were.

use diesel::prelude::*;

use super::model::{ChangeId, Past};
use crate::clock::Timestamp;
use crate::db::schema::{unit, unit_history as table};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::grid::model::{Level, Unit, UnitId};

/// Keeps what a unit is, which the transaction is about to change to this, unless nothing
/// changes of what history tells.
pub fn keep_what_was(tx: &mut Tx<'_>, next: &Unit, actor: &str) -> Result<()> {
    let Some(was) = current(tx, next.id)? else {
        return Ok(());
    };
    let same = was.parent_id == next.parent_id && was.level == next.level && was.code == next.code;
    if same && was.name == next.name && was.name_en == next.name_en {
        return Ok(());
    }
    let version: i64 = unit::table.select(unit::version).find(next.id).first(&mut **tx)?;
    diesel::insert_into(table::table)
        .values((
            table::id.eq(ChangeId::new()),
            table::unit_id.eq(was.id),
            table::until.eq(next.updated_at),
            table::actor.eq(actor),
            table::version.eq(version),
            table::parent_id.eq(was.parent_id),
            table::level.eq(was.level.name()),
            table::code.eq(&was.code),
            table::name.eq(&was.name),
            table::name_en.eq(&was.name_en),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

type Row = (UnitId, Option<UnitId>, String, String, String, Option<String>);

fn past((id, parent_id, level, code, name, name_en): Row) -> Result<Past> {
    let level: std::result::Result<Level, ()> = level.parse();
    Ok(Past {
        id,
        parent_id,
        level: level.map_err(|()| Error::internal("the table has a unit of an unknown level"))?,
        code,
        name,
        name_en,
    })
}

fn current(conn: &mut Conn, id: UnitId) -> Result<Option<Past>> {
    let row: Option<Row> = unit::table
        .select((
            unit::id,
            unit::parent_id,
            unit::level,
            unit::code,
            unit::name,
            unit::name_en,
        ))
        .filter(unit::id.eq(id))
        .first(conn)
        .optional()?;
    row.map(past).transpose()
}

/// What a unit was at a time: of its earliest days the oldest that is known.
fn at(conn: &mut Conn, id: UnitId, time: Timestamp) -> Result<Option<Past>> {
    let row: Option<Row> = table::table
        .select((
            table::unit_id,
            table::parent_id,
            table::level,
            table::code,
            table::name,
            table::name_en,
        ))
        .filter(table::unit_id.eq(id))
        .filter(table::until.gt(time))
        .order((table::until, table::version))
        .first(conn)
        .optional()?;
    match row {
        Some(row) => past(row).map(Some),
        None => current(conn, id),
    }
}

/// What a unit hung below at a time: since it was merged, the one that took its place.
fn above_at(conn: &mut Conn, was: &Past, time: Timestamp) -> Result<Option<UnitId>> {
    let merged: (Option<UnitId>, Option<Timestamp>) = unit::table
        .select((unit::merged_into, unit::closed_at))
        .find(was.id)
        .first(conn)?;
    Ok(match merged {
        (Some(into), Some(closed_at)) if closed_at <= time => Some(into),
        _ => was.parent_id,
    })
}

/// The units above a unit at a time, as they were then, from the root down.
pub fn ancestors_at(conn: &mut Conn, id: UnitId, time: Timestamp) -> Result<Vec<Past>> {
    conn.one_view(|conn| {
        let mut above = Vec::new();
        let mut next = match at(conn, id, time)? {
            Some(unit) => above_at(conn, &unit, time)?,
            None => None,
        };
        // Each that was merged hangs below a peer.
        while let Some(id) = next
            && above.len() < 2 * Level::ALL.len()
        {
            let Some(unit) = at(conn, id, time)? else { break };
            next = above_at(conn, &unit, time)?;
            above.push(unit);
        }
        above.reverse();
        Ok(above)
    })
}
