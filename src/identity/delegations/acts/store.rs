//! The table of what was done for others.

use diesel::prelude::*;
use uuid::Uuid;

use super::{ActId, DeputedAct, Subject};
use crate::clock::Timestamp;
use crate::db::schema::deputed_act as table;
use crate::db::{Conn, Id, Tx};
use crate::error::Result;
use crate::identity::model::PersonId;

macro_rules! acts {
    () => {
        table::table.select((
            table::id,
            table::principal_id,
            table::agent_id,
            table::by_kind,
            table::what,
            table::subject_id,
            table::at,
            table::undo_until,
            table::undone_at,
        ))
    };
}

/// What was done for somebody, the newest first, from behind this one on.
pub(in crate::identity) fn acts_of(
    conn: &mut Conn,
    person: PersonId,
    after: Option<(Timestamp, ActId)>,
    most: i64,
) -> Result<Vec<DeputedAct>> {
    let mut query = acts!()
        .filter(table::principal_id.eq(person))
        .order((table::at.desc(), table::id.desc()))
        .limit(most)
        .into_boxed();
    if let Some((at, id)) = after {
        query = query.filter(table::at.lt(at).or(table::at.eq(at).and(table::id.lt(id))));
    }
    Ok(query.load(conn)?)
}

/// One of them, which nobody else changes until the transaction ends.
pub(super) fn load_locked(tx: &mut Tx<'_>, id: ActId) -> Result<Option<DeputedAct>> {
    if let Conn::Postgres(conn) = &mut **tx {
        let row = table::table.find(id).select(table::at).for_no_key_update();
        row.first::<i64>(conn).optional()?;
    }
    Ok(acts!().filter(table::id.eq(id)).first(&mut **tx).optional()?)
}

/// Writes what was done, by this delegation or desk session.
pub(super) fn insert(tx: &mut Tx<'_>, act: &DeputedAct, by: Uuid) -> Result<()> {
    diesel::insert_into(table::table)
        .values((
            table::id.eq(act.id),
            table::principal_id.eq(act.principal_id),
            table::agent_id.eq(act.agent_id),
            table::by_kind.eq(&act.by_kind),
            table::by_id.eq(Id::<Subject>::from_uuid(by)),
            table::what.eq(&act.what),
            table::subject_id.eq(act.subject_id),
            table::at.eq(act.at),
            table::undo_until.eq(act.undo_until),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes that it was undone.
pub(super) fn undone(tx: &mut Tx<'_>, id: ActId, now: Timestamp) -> Result<()> {
    diesel::update(table::table.find(id))
        .set(table::undone_at.eq(now))
        .execute(&mut **tx)?;
    Ok(())
}
