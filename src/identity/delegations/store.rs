//! The table of delegations.

use diesel::prelude::*;
use uuid::Uuid;

use super::model::{Delegation, DelegationId, ScopeName, in_one};
use crate::clock::{self, Timestamp};
use crate::db::schema::delegation as table;
use crate::db::{Conn, Id, Named, Tx};
use crate::error::{Error, Result};
use crate::identity::model::PersonId;

/// A unit, by the id that it has everywhere.
pub(in crate::identity) struct Place;

impl Named for Place {
    const PREFIX: &'static str = "unt";
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: DelegationId,
    principal_id: Option<PersonId>,
    agent_id: PersonId,
    scopes: String,
    until_day: i64,
    way: String,
    asked_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    proposed_by: Option<PersonId>,
    countersigned_by: Option<PersonId>,
    unit_id: Option<Id<Place>>,
}

impl Row {
    fn into_delegation(self) -> Result<Delegation> {
        let scopes: Result<Vec<ScopeName>, ()> = self.scopes.split(' ').map(str::parse).collect();
        let wrong = |()| Error::internal("the table has a delegation of an unknown kind");
        Ok(Delegation {
            id: self.id,
            principal_id: self.principal_id,
            agent_id: self.agent_id,
            scopes: scopes.map_err(wrong)?,
            until_day: self.until_day,
            way: self.way.parse().map_err(wrong)?,
            asked_at: self.asked_at,
            confirmed_at: self.confirmed_at,
            ended_at: self.ended_at,
            proposed_by: self.proposed_by,
            countersigned_by: self.countersigned_by,
            unit_id: self.unit_id.map(|id| id.uuid()),
        })
    }
}

/// Writes a delegation.
pub(super) fn insert(tx: &mut Tx<'_>, one: &Delegation) -> Result<()> {
    let row = Row {
        id: one.id,
        principal_id: one.principal_id,
        agent_id: one.agent_id,
        scopes: in_one(&one.scopes),
        until_day: one.until_day,
        way: one.way.name().to_owned(),
        asked_at: one.asked_at,
        confirmed_at: one.confirmed_at,
        ended_at: one.ended_at,
        proposed_by: one.proposed_by,
        countersigned_by: one.countersigned_by,
        unit_id: one.unit_id.map(Id::from_uuid),
    };
    diesel::insert_into(table::table).values(row).execute(&mut **tx)?;
    Ok(())
}

/// One of them.
pub(super) fn load(conn: &mut Conn, id: DelegationId) -> Result<Option<Delegation>> {
    let row: Option<Row> = table::table.find(id).first(conn).optional()?;
    row.map(Row::into_delegation).transpose()
}

/// The same, which nobody else changes until the transaction ends.
pub(super) fn load_locked(tx: &mut Tx<'_>, id: DelegationId) -> Result<Option<Delegation>> {
    if let Conn::Postgres(conn) = &mut **tx {
        let row = table::table.find(id).select(table::asked_at).for_no_key_update();
        row.first::<i64>(conn).optional()?;
    }
    load(tx, id)
}

/// All that somebody gave or holds and that did not end, the newest first.
///
/// # Errors
/// Where the database fails.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<Delegation>> {
    let rows: Vec<Row> = table::table
        .filter(table::principal_id.eq(person).or(table::agent_id.eq(person).nullable()))
        .filter(table::ended_at.is_null())
        .order((table::asked_at.desc(), table::id.desc()))
        .load(conn)?;
    rows.into_iter().map(Row::into_delegation).collect()
}

/// Writes that it counts from now on: for this person, countersigned by whom of the staff.
pub(super) fn confirm(
    tx: &mut Tx<'_>,
    id: DelegationId,
    principal: PersonId,
    countersigned_by: Option<PersonId>,
) -> Result<()> {
    diesel::update(table::table.find(id))
        .set((
            table::principal_id.eq(principal),
            table::confirmed_at.eq(clock::now()),
            table::countersigned_by.eq(countersigned_by),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends it.
pub(super) fn end(tx: &mut Tx<'_>, id: DelegationId) -> Result<()> {
    diesel::update(table::table.find(id).filter(table::ended_at.is_null()))
        .set(table::ended_at.eq(clock::now()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Of a unit's desk.
pub(in crate::identity) fn unit_of(one: &Delegation) -> Option<Uuid> {
    one.unit_id
}
