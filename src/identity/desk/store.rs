//! The table of desk sessions.

use diesel::prelude::*;
use uuid::Uuid;

use super::model::{DeskSession, DeskSessionId, LONGEST_S};
use crate::clock::{self, Timestamp};
use crate::db::schema::desk_session as table;
use crate::db::{Conn, Id, Tx};
use crate::error::Result;
use crate::identity::delegations::Place;
use crate::identity::model::PersonId;

type Columns = (
    DeskSessionId,
    PersonId,
    Id<Place>,
    PersonId,
    Timestamp,
    Timestamp,
    Option<Timestamp>,
);

fn session_read((id, staff_id, unit_id, person_id, begun_at, expires_at, ended_at): Columns) -> DeskSession {
    DeskSession {
        id,
        staff_id,
        unit_id: unit_id.uuid(),
        person_id,
        begun_at,
        expires_at,
        ended_at,
    }
}

/// One of them.
pub(super) fn load(conn: &mut Conn, id: DeskSessionId) -> Result<Option<DeskSession>> {
    let row: Option<Columns> = table::table.find(id).first(conn).optional()?;
    Ok(row.map(session_read))
}

/// The session of this member of the staff, as long as it goes on.
pub(in crate::identity) fn session_of(
    conn: &mut Conn,
    id: DeskSessionId,
    staff: PersonId,
) -> Result<Option<DeskSession>> {
    Ok(load(conn, id)?.filter(|one| one.staff_id == staff && one.is_open(clock::now())))
}

/// Whether it goes on; nobody ends it until the transaction ends.
pub(in crate::identity) fn is_open_locked(tx: &mut Tx<'_>, id: Uuid) -> Result<bool> {
    let id = DeskSessionId::from_uuid(id);
    if let Conn::Postgres(conn) = &mut **tx {
        let row = table::table.find(id).select(table::begun_at).for_no_key_update();
        row.first::<i64>(conn).optional()?;
    }
    Ok(load(tx, id)?.is_some_and(|one| one.is_open(clock::now())))
}

/// Opens a session; the one before of the same staff ends.
pub(super) fn open(tx: &mut Tx<'_>, staff: PersonId, unit: Uuid, person: PersonId) -> Result<DeskSession> {
    let now = clock::now();
    let others = table::table
        .filter(table::staff_id.eq(staff))
        .filter(table::ended_at.is_null())
        .filter(table::expires_at.gt(now));
    diesel::update(others).set(table::ended_at.eq(now)).execute(&mut **tx)?;
    let session = DeskSession {
        id: DeskSessionId::new(),
        staff_id: staff,
        unit_id: unit,
        person_id: person,
        begun_at: now,
        expires_at: Timestamp::from_micros(now.micros() + LONGEST_S * 1_000_000),
        ended_at: None,
    };
    diesel::insert_into(table::table)
        .values((
            table::id.eq(session.id),
            table::staff_id.eq(staff),
            table::unit_id.eq(Id::<Place>::from_uuid(unit)),
            table::person_id.eq(person),
            table::begun_at.eq(now),
            table::expires_at.eq(session.expires_at),
        ))
        .execute(&mut **tx)?;
    Ok(session)
}

/// Ends one.
pub(super) fn end(tx: &mut Tx<'_>, id: DeskSessionId) -> Result<()> {
    diesel::update(table::table.find(id).filter(table::ended_at.is_null()))
        .set(table::ended_at.eq(clock::now()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends all in which somebody serves or is served.
pub(in crate::identity) fn end_all_of(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let theirs = table::table
        .filter(table::staff_id.eq(person).or(table::person_id.eq(person)))
        .filter(table::ended_at.is_null());
    diesel::update(theirs)
        .set(table::ended_at.eq(clock::now()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Those in which somebody was served, the oldest first.
pub(in crate::identity) fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<DeskSession>> {
    let rows: Vec<Columns> = table::table
        .filter(table::person_id.eq(person))
        .order((table::begun_at, table::id))
        .load(conn)?;
    Ok(rows.into_iter().map(session_read).collect())
}
