//! The tables of requests to see many numbers.

use diesel::prelude::*;

use super::model::{Reveal, RevealId, RevealState};
use crate::clock::{self, Timestamp};
use crate::db::schema::{reveal as table, reveal_member as member};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::grid::members::MembershipId;
use crate::grid::model::UnitId;
use crate::identity::PersonId;

type Columns = (
    RevealId,
    UnitId,
    PersonId,
    String,
    Timestamp,
    Option<PersonId>,
    Option<Timestamp>,
    String,
);

fn whole(conn: &mut Conn, row: Columns) -> Result<Reveal> {
    let (id, unit_id, asked_by, reason, asked_at, decided_by, decided_at, state) = row;
    let memberships = member::table
        .filter(member::reveal_id.eq(id))
        .order(member::number)
        .select(member::membership_id);
    Ok(Reveal {
        id,
        unit_id,
        asked_by,
        reason,
        asked_at,
        decided_by,
        decided_at,
        state: state
            .parse()
            .map_err(|()| Error::internal("the table has a request of an unknown state"))?,
        memberships: memberships.load(conn)?,
    })
}

/// One of them.
pub(super) fn load(conn: &mut Conn, id: RevealId) -> Result<Option<Reveal>> {
    let row: Option<Columns> = table::table.find(id).first(conn).optional()?;
    row.map(|row| whole(conn, row)).transpose()
}

/// The same, which nobody else changes until the transaction ends.
pub(super) fn load_locked(tx: &mut Tx<'_>, id: RevealId) -> Result<Option<Reveal>> {
    if let Conn::Postgres(conn) = &mut **tx {
        let row = table::table.find(id).select(table::asked_at).for_no_key_update();
        row.first::<i64>(conn).optional()?;
    }
    load(tx, id)
}

/// Those of a unit, the newest first, from behind this one on.
pub(super) fn of_unit(
    conn: &mut Conn,
    unit: UnitId,
    after: Option<(Timestamp, RevealId)>,
    most: i64,
) -> Result<Vec<Reveal>> {
    let mut query = table::table
        .filter(table::unit_id.eq(unit))
        .order((table::asked_at.desc(), table::id.desc()))
        .limit(most)
        .into_boxed();
    if let Some((at, id)) = after {
        let earlier = table::asked_at.lt(at);
        query = query.filter(earlier.or(table::asked_at.eq(at).and(table::id.lt(id))));
    }
    let rows: Vec<Columns> = query.load(conn)?;
    rows.into_iter().map(|row| whole(conn, row)).collect()
}

/// Writes a request.
pub(super) fn insert(tx: &mut Tx<'_>, reveal: &Reveal) -> Result<()> {
    diesel::insert_into(table::table)
        .values((
            table::id.eq(reveal.id),
            table::unit_id.eq(reveal.unit_id),
            table::asked_by.eq(reveal.asked_by),
            table::reason.eq(&reveal.reason),
            table::asked_at.eq(reveal.asked_at),
            table::state.eq(reveal.state.name()),
        ))
        .execute(&mut **tx)?;
    for (number, id) in (0_i64..).zip(&reveal.memberships) {
        insert_member(tx, reveal.id, number, *id)?;
    }
    Ok(())
}

fn insert_member(tx: &mut Tx<'_>, reveal: RevealId, number: i64, membership: MembershipId) -> Result<()> {
    diesel::insert_into(member::table)
        .values((
            member::reveal_id.eq(reveal),
            member::number.eq(number),
            member::membership_id.eq(membership),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes what the second person said.
pub(super) fn decide(tx: &mut Tx<'_>, id: RevealId, by: PersonId, state: RevealState) -> Result<()> {
    diesel::update(table::table.find(id))
        .set((
            table::state.eq(state.name()),
            table::decided_by.eq(by),
            table::decided_at.eq(clock::now()),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes that the numbers were fetched.
pub(super) fn fetched(tx: &mut Tx<'_>, id: RevealId) -> Result<()> {
    diesel::update(table::table.find(id))
        .set(table::state.eq(RevealState::Fetched.name()))
        .execute(&mut **tx)?;
    Ok(())
}
