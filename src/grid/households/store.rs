//! The tables of households.

use diesel::prelude::*;

use super::model::{Household, HouseholdId, HouseholdMember, StretchId};
use crate::clock::{self, Timestamp};
use crate::db::schema::{household as table, household_member as member};
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::grid::model::UnitId;
use crate::identity::PersonId;

/// The household that somebody is of.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Option<HouseholdId>> {
    Ok(member::table
        .select(member::household_id)
        .filter(member::person_id.eq(person))
        .filter(member::until.is_null())
        .first(conn)
        .optional()?)
}

/// Who lives with each of these, themselves included; those who are of no household are left out.
pub fn housemates(conn: &mut Conn, persons: &[PersonId]) -> Result<Vec<(PersonId, Vec<PersonId>)>> {
    let own: Vec<(PersonId, HouseholdId)> = member::table
        .select((member::person_id, member::household_id))
        .filter(member::person_id.eq_any(persons))
        .filter(member::until.is_null())
        .load(conn)?;
    let ids: Vec<HouseholdId> = own.iter().map(|(_, id)| *id).collect();
    let all: Vec<(HouseholdId, PersonId)> = member::table
        .select((member::household_id, member::person_id))
        .filter(member::household_id.eq_any(ids))
        .filter(member::until.is_null())
        .load(conn)?;
    let of = |id: HouseholdId| {
        all.iter()
            .filter(move |(other, _)| *other == id)
            .map(|(_, person)| *person)
    };
    Ok(own.into_iter().map(|(person, id)| (person, of(id).collect())).collect())
}

/// Since when and until when somebody has been of which households, the oldest first.
pub fn stretches_of(conn: &mut Conn, person: PersonId) -> Result<Vec<OwnStretch>> {
    Ok(member::table
        .select((member::household_id, member::is_head, member::since, member::until))
        .filter(member::person_id.eq(person))
        .order((member::since, member::id))
        .load(conn)?)
}

/// A household, whether one was its head, since when, and until when.
pub type OwnStretch = (HouseholdId, bool, Timestamp, Option<Timestamp>);

/// A household with those who are of it.
pub(super) fn load(conn: &mut Conn, id: HouseholdId) -> Result<Option<Household>> {
    type Row = (UnitId, Option<Timestamp>, Timestamp, Option<Timestamp>);
    let row: Option<Row> = table::table
        .select((
            table::unit_id,
            table::invitation_until,
            table::created_at,
            table::closed_at,
        ))
        .find(id)
        .first(conn)
        .optional()?;
    let Some((unit_id, invitation_until, created_at, closed_at)) = row else {
        return Ok(None);
    };
    let members: Vec<(PersonId, bool, Timestamp)> = member::table
        .select((member::person_id, member::is_head, member::joined_at))
        .filter(member::household_id.eq(id))
        .filter(member::until.is_null())
        .order((member::joined_at, member::id))
        .load(conn)?;
    let one = |(person_id, is_head, joined_at)| HouseholdMember {
        person_id,
        is_head,
        joined_at,
    };
    Ok(Some(Household {
        id,
        unit_id,
        invitation_until,
        created_at,
        closed_at,
        members: members.into_iter().map(one).collect(),
    }))
}

/// The same, which nobody else changes until the transaction ends. Whoever locks a person
/// as well has done so before.
pub(super) fn load_locked(tx: &mut Tx<'_>, id: HouseholdId) -> Result<Option<Household>> {
    if let Conn::Postgres(conn) = &mut **tx {
        table::table
            .select(table::created_at)
            .find(id)
            .for_no_key_update()
            .first::<i64>(conn)
            .optional()?;
    }
    load(tx, id)
}

/// The household whose code has this hash.
pub(super) fn invited_by(conn: &mut Conn, hash: &[u8]) -> Result<Option<HouseholdId>> {
    Ok(table::table
        .select(table::id)
        .filter(table::invitation.eq(hash))
        .first(conn)
        .optional()?)
}

/// Founds a household without anybody.
pub(super) fn insert(tx: &mut Tx<'_>, unit: UnitId) -> Result<HouseholdId> {
    let id = HouseholdId::new();
    diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::unit_id.eq(unit),
            table::created_at.eq(clock::now()),
        ))
        .execute(&mut **tx)?;
    Ok(id)
}

/// Somebody is of the household, as its head or not, from now on.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    id: HouseholdId,
    person: PersonId,
    head: bool,
    joined_at: Timestamp,
) -> Result<()> {
    let inserted = diesel::insert_into(member::table)
        .values((
            member::id.eq(StretchId::new()),
            member::household_id.eq(id),
            member::person_id.eq(person),
            member::is_head.eq(head),
            member::joined_at.eq(joined_at),
            member::since.eq(clock::now()),
        ))
        .execute(&mut **tx);
    let (zh, en) = OF_ONE;
    inserted.map_err(Error::taken(zh, en))?;
    Ok(())
}

/// What who is of a household already is told.
const OF_ONE: (&str, &str) = (
    "您已属于一户，请先退出。",
    "You are of a household already; leave that first.",
);

/// Refuses who is of a household already.
pub(super) fn refuse_member(conn: &mut Conn, person: PersonId) -> Result<()> {
    let (zh, en) = OF_ONE;
    match of_person(conn, person)? {
        None => Ok(()),
        Some(_) => Err(Error::because(Reason::AlreadyExists, zh, en)),
    }
}

/// Somebody is so no more.
pub(super) fn cease(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let open = member::table
        .filter(member::person_id.eq(person))
        .filter(member::until.is_null());
    diesel::update(open)
        .set(member::until.eq(clock::now()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes the code by which others join, or that there is none.
pub(super) fn invite(tx: &mut Tx<'_>, id: HouseholdId, code: Option<(Vec<u8>, Timestamp)>) -> Result<()> {
    let (hash, until) = code.unzip();
    diesel::update(table::table.find(id))
        .set((table::invitation.eq(hash), table::invitation_until.eq(until)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Closes a household of which nobody is any more.
pub(super) fn close(tx: &mut Tx<'_>, id: HouseholdId) -> Result<()> {
    invite(tx, id, None)?;
    diesel::update(table::table.find(id))
        .set(table::closed_at.eq(clock::now()))
        .execute(&mut **tx)?;
    Ok(())
}

/// The households of a building are another's, which takes its place.
pub fn hand_over(tx: &mut Tx<'_>, from: UnitId, to: UnitId) -> Result<()> {
    let open = table::table
        .filter(table::unit_id.eq(from))
        .filter(table::closed_at.is_null());
    diesel::update(open).set(table::unit_id.eq(to)).execute(&mut **tx)?;
    Ok(())
}
