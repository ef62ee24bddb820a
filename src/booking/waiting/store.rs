//! The table of those who wait.

use diesel::prelude::*;

use super::model::{Waiting, WaitingId, WaitingState};
use crate::booking::model::BookingId;
use crate::booking::resources::ResourceId;
use crate::clock::Timestamp;
use crate::db::schema::waiting as table;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::identity::PersonId;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct Row {
    id: WaitingId,
    resource_id: ResourceId,
    person_id: PersonId,
    from_at: Timestamp,
    to_at: Timestamp,
    is_day: bool,
    party: i64,
    queued_at: Timestamp,
    state: String,
    booking_id: Option<BookingId>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    fn of(one: &Waiting) -> Self {
        Self {
            id: one.id,
            resource_id: one.resource_id,
            person_id: one.person_id,
            from_at: one.from_at,
            to_at: one.to_at,
            is_day: one.is_day,
            party: one.party,
            queued_at: one.queued_at,
            state: one.state.name().to_owned(),
            booking_id: one.booking_id,
            created_at: one.created_at,
            updated_at: one.updated_at,
        }
    }

    fn read(self) -> Result<Waiting> {
        let wrong = |()| Error::internal("the table has somebody who waits in an unknown state");
        Ok(Waiting {
            state: self.state.parse().map_err(wrong)?,
            id: self.id,
            resource_id: self.resource_id,
            person_id: self.person_id,
            from_at: self.from_at,
            to_at: self.to_at,
            is_day: self.is_day,
            party: self.party,
            queued_at: self.queued_at,
            booking_id: self.booking_id,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<Waiting>> {
    rows.into_iter().map(Row::read).collect()
}

/// So many are looked at when a place comes free.
const MOST: i64 = 1_000;

/// Who waits at these resources for a time that meets this one and is not over, the first first.
pub(super) fn near(
    conn: &mut Conn,
    resources: &[ResourceId],
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<Vec<Waiting>> {
    let rows = table::table
        .filter(table::resource_id.eq_any(resources))
        .filter(table::state.eq(WaitingState::Waiting.name()))
        .filter(table::from_at.lt(to).and(table::to_at.gt(from.max(now))))
        .order((table::queued_at, table::id))
        .limit(MOST);
    read(rows.load(conn)?)
}

/// The same with those whose time meets the time of another of them: what one gets is another's no
/// more. Of more than can be looked at, those who wait for the very time are kept.
pub fn near_all(
    conn: &mut Conn,
    resources: &[ResourceId],
    (from, to): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<Vec<Waiting>> {
    let mut found = near(conn, resources, (from, to), now)?;
    let (mut from, mut to) = (from.max(now), to);
    loop {
        let first = found.iter().map(|one| one.from_at.max(now)).chain([from]).min();
        let last = found.iter().map(|one| one.to_at).chain([to]).max();
        let wider = (first.unwrap_or(from), last.unwrap_or(to));
        if wider == (from, to) || found.len() as i64 >= MOST {
            return Ok(found);
        }
        (from, to) = wider;
        for other in near(conn, resources, wider, now)? {
            if !found.iter().any(|known| known.id == other.id) {
                found.push(other);
            }
        }
    }
}

/// To whom these bookings are offered.
pub fn of_bookings(conn: &mut Conn, ids: &[BookingId]) -> Result<Vec<Waiting>> {
    let rows = table::table.filter(table::booking_id.eq_any(ids));
    read(rows.load(conn)?)
}

/// Adds somebody.
pub(super) fn insert(tx: &mut Tx<'_>, one: &Waiting) -> Result<()> {
    diesel::insert_into(table::table)
        .values(Row::of(one))
        .execute(&mut **tx)?;
    Ok(())
}

/// Writes how somebody stands now.
pub fn update(tx: &mut Tx<'_>, one: &Waiting) -> Result<()> {
    diesel::update(table::table.find(one.id))
        .set(Row::of(one))
        .execute(&mut **tx)?;
    Ok(())
}

/// One who waits.
pub(super) fn load_one(conn: &mut Conn, id: WaitingId) -> Result<Option<Waiting>> {
    let row: Option<Row> = table::table.find(id).first(conn).optional()?;
    row.map(Row::read).transpose()
}

/// So many are told of one person.
const MOST_OWN: i64 = 200;

/// All for which somebody ever waited, the latest first.
pub fn own(conn: &mut Conn, person: PersonId) -> Result<Vec<Waiting>> {
    let rows = table::table.filter(table::person_id.eq(person));
    read(
        rows.order((table::created_at.desc(), table::id.desc()))
            .limit(MOST_OWN)
            .load(conn)?,
    )
}

/// How many wait before somebody for what meets their time.
pub(super) fn before(conn: &mut Conn, one: &Waiting) -> Result<i64> {
    Ok(table::table
        .filter(table::resource_id.eq(one.resource_id))
        .filter(table::state.eq(WaitingState::Waiting.name()))
        .filter(table::from_at.lt(one.to_at).and(table::to_at.gt(one.from_at)))
        .filter(table::queued_at.lt(one.queued_at))
        .count()
        .get_result(conn)?)
}

/// Of these resources those for which somebody waits.
pub fn awaited(conn: &mut Conn, resources: &[ResourceId], now: Timestamp) -> Result<Vec<ResourceId>> {
    Ok(table::table
        .filter(table::resource_id.eq_any(resources))
        .filter(table::state.eq(WaitingState::Waiting.name()))
        .filter(table::to_at.gt(now))
        .select(table::resource_id)
        .distinct()
        .order(table::resource_id)
        .load(conn)?)
}

/// For which resources somebody waits.
pub fn of_person(conn: &mut Conn, person: PersonId) -> Result<Vec<ResourceId>> {
    Ok(table::table
        .filter(table::person_id.eq(person))
        .filter(table::state.eq_any([WaitingState::Waiting.name(), WaitingState::Offered.name()]))
        .select(table::resource_id)
        .distinct()
        .load(conn)?)
}

/// Somebody waits for nothing any more; for which resources they did.
pub fn leave_all(tx: &mut Tx<'_>, person: PersonId) -> Result<Vec<ResourceId>> {
    let waits = table::table.filter(
        table::person_id
            .eq(person)
            .and(table::state.eq(WaitingState::Waiting.name())),
    );
    let left = waits.select(table::resource_id).distinct().load(&mut **tx)?;
    diesel::update(waits)
        .set(table::state.eq(WaitingState::Left.name()))
        .execute(&mut **tx)?;
    Ok(left)
}
