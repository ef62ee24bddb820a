//! The tables of bookings.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use super::cells::Day;
use super::model::{Booking, BookingId, State, Step, StepId};
use super::resources::ResourceId;
use super::rules::{RulesId, RulesVersionId};
use crate::clock::Timestamp;
use crate::db::prepared::{Column, Prepared, bytes};
use crate::db::schema::{booking as table, booking_reason as reason, booking_step as step, resource_day as days};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::identity::PersonId;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct Row {
    id: BookingId,
    resource_id: ResourceId,
    asked_id: ResourceId,
    person_id: Option<PersonId>,
    start_at: Timestamp,
    end_at: Timestamp,
    party: i64,
    load_from: Timestamp,
    load_to: Timestamp,
    load: i64,
    state: String,
    was_held: bool,
    until_at: Option<Timestamp>,
    rules_id: RulesId,
    rules_version_id: RulesVersionId,
    changes: i64,
    is_late: bool,
    is_excess: bool,
    reminded_at: Option<Timestamp>,
    made_by: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    fn of(one: &Booking) -> Self {
        Self {
            id: one.id,
            resource_id: one.resource_id,
            asked_id: one.asked_id,
            person_id: one.person_id,
            start_at: one.start_at,
            end_at: one.end_at,
            party: one.party,
            load_from: one.load_from,
            load_to: one.load_to,
            load: one.load,
            state: one.state.name().to_owned(),
            was_held: one.was_held,
            until_at: one.until_at,
            rules_id: one.rules_id,
            rules_version_id: one.rules_version_id,
            changes: one.changes,
            is_late: one.is_late,
            is_excess: one.is_excess,
            reminded_at: one.reminded_at,
            made_by: one.made_by.clone(),
            version: one.version,
            created_at: one.created_at,
            updated_at: one.updated_at,
        }
    }

    fn read(self) -> Result<Booking> {
        let wrong = |()| Error::internal("the table has a booking in an unknown state");
        Ok(Booking {
            state: self.state.parse().map_err(wrong)?,
            id: self.id,
            resource_id: self.resource_id,
            asked_id: self.asked_id,
            person_id: self.person_id,
            start_at: self.start_at,
            end_at: self.end_at,
            party: self.party,
            load_from: self.load_from,
            load_to: self.load_to,
            load: self.load,
            was_held: self.was_held,
            until_at: self.until_at,
            rules_id: self.rules_id,
            rules_version_id: self.rules_version_id,
            changes: self.changes,
            is_late: self.is_late,
            is_excess: self.is_excess,
            reminded_at: self.reminded_at,
            made_by: self.made_by,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<Booking>> {
    rows.into_iter().map(Row::read).collect()
}

/// One booking.
pub fn load_one(conn: &mut Conn, id: BookingId) -> Result<Option<Booking>> {
    let row: Option<Row> = table::table.find(id).first(conn).optional()?;
    row.map(Row::read).transpose()
}

/// These, as far as they exist.
pub fn load_these(conn: &mut Conn, ids: &[BookingId]) -> Result<Vec<Booking>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    read(table::table.filter(table::id.eq_any(ids)).load(conn)?)
}

/// Of these persons, those that count for what is booked now: which begin at a time or
/// later, and were not given back.
pub fn of_persons(conn: &mut Conn, persons: &[PersonId], from: Timestamp) -> Result<Vec<Booking>> {
    if persons.is_empty() {
        return Ok(Vec::new());
    }
    let rows = table::table
        .filter(table::person_id.eq_any(persons))
        .filter(table::start_at.ge(from))
        .filter(table::state.ne_all(VOID));
    read(rows.load(conn)?)
}

const VOID: [&str; 3] = [State::Declined.name(), State::Cancelled.name(), State::Expired.name()];

/// A booking is never so long.
const LONGEST_MICROS: i64 = super::act::LONGEST_MICROS;

/// Of these resources: all holds, those whose time to be approved is over, and those that
/// have begun and to which nobody came yet.
pub fn unsettled(conn: &mut Conn, resources: &[ResourceId], now: Timestamp) -> Result<Vec<Booking>> {
    let waits = table::state.eq(State::Held.name()).or(table::state
        .eq(State::Pending.name())
        .and(table::until_at.le(now).assume_not_null()));
    let mut found: Vec<Row> = table::table
        .filter(table::resource_id.eq_any(resources))
        // As the index has it: what is settled has no such time.
        .filter(table::until_at.gt(Timestamp::from_micros(0)))
        .filter(waits)
        .load(conn)?;
    let long_ago = Timestamp::from_micros(now.micros() - LONGEST_MICROS);
    let begun: Vec<Row> = table::table
        .filter(table::resource_id.eq_any(resources))
        .filter(table::start_at.le(now).and(table::start_at.gt(long_ago)))
        .filter(table::end_at.gt(now))
        .filter(table::state.eq(State::Confirmed.name()))
        .load(conn)?;
    found.extend(begun);
    read(found)
}

/// Of these resources, those that take places between two times.
pub fn taking(conn: &mut Conn, resources: &[ResourceId], from: Timestamp, to: Timestamp) -> Result<Vec<Booking>> {
    let long_before = Timestamp::from_micros(from.micros() - 2 * LONGEST_MICROS);
    let rows = table::table
        .filter(table::resource_id.eq_any(resources))
        .filter(table::start_at.gt(long_before).and(table::start_at.lt(plus_a_day(to))))
        .filter(table::load.gt(0))
        .filter(table::load_from.lt(to).and(table::load_to.gt(from)));
    read(rows.order((table::start_at, table::id)).load(conn)?)
}

fn plus_a_day(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().saturating_add(86_400_000_000))
}

/// All that take places from a time on, of these resources.
pub fn taking_from(conn: &mut Conn, resources: &[ResourceId], from: Timestamp) -> Result<Vec<Booking>> {
    let long_before = Timestamp::from_micros(from.micros().saturating_sub(2 * LONGEST_MICROS));
    let rows = table::table
        .filter(table::resource_id.eq_any(resources))
        .filter(table::start_at.gt(long_before))
        .filter(table::load.gt(0).and(table::load_to.gt(from)));
    read(rows.order((table::start_at, table::id)).load(conn)?)
}

#[derive(QueryableByName)]
struct DayRow {
    #[diesel(sql_type = Binary)]
    resource_id: ResourceId,
    #[diesel(sql_type = BigInt)]
    day: i64,
    #[diesel(sql_type = Binary)]
    cells: Vec<u8>,
}

/// A day of a resource.
pub type KeptDay = (ResourceId, i64, Day);

/// These days of resources, as far as something is or was booked on them.
pub fn load_days(conn: &mut Conn, wanted: &[(ResourceId, i64)]) -> Result<Vec<KeptDay>> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    match conn {
        Conn::Sqlite(conn) => {
            let mut found = Vec::new();
            for (resource, day) in wanted {
                let row = days::table.find((resource, day)).select(days::cells);
                let cells: Option<Vec<u8>> = row.first(conn).optional()?;
                if let Some(cells) = cells {
                    found.push((*resource, *day, Day::read(&cells)?));
                }
            }
            Ok(found)
        }
        Conn::Postgres(conn) => {
            let (resources, numbers): (Vec<Vec<u8>>, Vec<i64>) =
                wanted.iter().map(|(id, day)| (bytes(*id), *day)).unzip();
            let pieces = [
                "SELECT resource_day.resource_id, resource_day.day, resource_day.cells FROM unnest(",
                ", ",
                ") AS wanted (resource_id, day) \
                 JOIN resource_day ON resource_day.resource_id = wanted.resource_id AND resource_day.day = wanted.day",
            ];
            let columns = vec![Column::Binary(resources), Column::BigInt(numbers)];
            let rows: Vec<DayRow> = Prepared::new(&pieces, columns).load(conn)?;
            rows.into_iter()
                .map(|row| Ok((row.resource_id, row.day, Day::read(&row.cells)?)))
                .collect()
        }
    }
}

/// Writes days of resources.
pub fn write_days(tx: &mut Tx<'_>, all: &[KeptDay]) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    use diesel::upsert::excluded;
    match &mut **tx {
        Conn::Sqlite(conn) => {
            for (resource, number, day) in all {
                diesel::insert_into(days::table)
                    .values((
                        days::resource_id.eq(resource),
                        days::day.eq(number),
                        days::cells.eq(day.bytes()),
                    ))
                    .on_conflict((days::resource_id, days::day))
                    .do_update()
                    .set(days::cells.eq(excluded(days::cells)))
                    .execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let columns = vec![
                (
                    "resource_id",
                    Column::Binary(all.iter().map(|(id, ..)| bytes(*id)).collect()),
                ),
                ("day", Column::BigInt(all.iter().map(|(_, day, _)| *day).collect())),
                (
                    "cells",
                    Column::Binary(all.iter().map(|(.., day)| day.bytes()).collect()),
                ),
            ];
            let after = "ON CONFLICT (resource_id, day) DO UPDATE SET cells = excluded.cells";
            Prepared::insert("resource_day", columns, after).execute(conn)?;
        }
    }
    Ok(())
}

/// All days of these resources.
pub fn days_of(conn: &mut Conn, resources: &[ResourceId]) -> Result<Vec<KeptDay>> {
    let rows: Vec<(ResourceId, i64, Vec<u8>)> = days::table.filter(days::resource_id.eq_any(resources)).load(conn)?;
    rows.into_iter()
        .map(|(resource, day, cells)| Ok((resource, day, Day::read(&cells)?)))
        .collect()
}

/// Adds bookings.
pub fn insert(tx: &mut Tx<'_>, all: &[Booking]) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    match &mut **tx {
        Conn::Sqlite(conn) => {
            for one in all {
                diesel::insert_into(table::table).values(Row::of(one)).execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let binary = |of: fn(&Booking) -> Vec<u8>| Column::Binary(all.iter().map(of).collect());
            let number = |of: fn(&Booking) -> i64| Column::BigInt(all.iter().map(of).collect());
            let maybe = |of: fn(&Booking) -> Option<Timestamp>| {
                Column::MaybeBigInt(all.iter().map(|one| of(one).map(Timestamp::micros)).collect())
            };
            let is = |of: fn(&Booking) -> bool| Column::Bool(all.iter().map(of).collect());
            let columns = vec![
                ("id", binary(|one| bytes(one.id))),
                ("resource_id", binary(|one| bytes(one.resource_id))),
                ("asked_id", binary(|one| bytes(one.asked_id))),
                (
                    "person_id",
                    Column::MaybeBinary(all.iter().map(|one| one.person_id.map(bytes)).collect()),
                ),
                ("start_at", number(|one| one.start_at.micros())),
                ("end_at", number(|one| one.end_at.micros())),
                ("party", number(|one| one.party)),
                ("load_from", number(|one| one.load_from.micros())),
                ("load_to", number(|one| one.load_to.micros())),
                ("load", number(|one| one.load)),
                (
                    "state",
                    Column::Text(all.iter().map(|one| one.state.name().to_owned()).collect()),
                ),
                ("was_held", is(|one| one.was_held)),
                ("until_at", maybe(|one| one.until_at)),
                ("rules_id", binary(|one| bytes(one.rules_id))),
                ("rules_version_id", binary(|one| bytes(one.rules_version_id))),
                ("changes", number(|one| one.changes)),
                ("is_late", is(|one| one.is_late)),
                ("is_excess", is(|one| one.is_excess)),
                ("reminded_at", maybe(|one| one.reminded_at)),
                (
                    "made_by",
                    Column::Text(all.iter().map(|one| one.made_by.clone()).collect()),
                ),
                ("version", number(|one| one.version)),
                ("created_at", number(|one| one.created_at.micros())),
                ("updated_at", number(|one| one.updated_at.micros())),
            ];
            Prepared::insert("booking", columns, "").execute(conn)?;
        }
    }
    Ok(())
}

/// Writes a booking as it is now.
pub fn update(tx: &mut Tx<'_>, one: &Booking) -> Result<()> {
    diesel::update(table::table.find(one.id))
        .set(Row::of(one))
        .execute(&mut **tx)?;
    Ok(())
}

/// Adds steps, each with its reason where it has one.
pub fn insert_steps(tx: &mut Tx<'_>, all: &[Step]) -> Result<()> {
    if all.is_empty() {
        return Ok(());
    }
    match &mut **tx {
        Conn::Sqlite(conn) => {
            for one in all {
                diesel::insert_into(step::table)
                    .values((
                        step::id.eq(one.id),
                        step::booking_id.eq(one.booking_id),
                        step::number.eq(one.number),
                        step::at.eq(one.at),
                        step::actor.eq(&one.actor),
                        step::act.eq(one.act.name()),
                        step::state.eq(one.state.name()),
                        step::resource_id.eq(one.resource_id),
                        step::start_at.eq(one.start_at),
                        step::end_at.eq(one.end_at),
                        step::party.eq(one.party),
                        step::is_override.eq(one.is_override),
                    ))
                    .execute(conn)?;
            }
        }
        Conn::Postgres(conn) => {
            let binary = |of: fn(&Step) -> Vec<u8>| Column::Binary(all.iter().map(of).collect());
            let number = |of: fn(&Step) -> i64| Column::BigInt(all.iter().map(of).collect());
            let text = |of: fn(&Step) -> &str| Column::Text(all.iter().map(|one| of(one).to_owned()).collect());
            let columns = vec![
                ("id", binary(|one| bytes(one.id))),
                ("booking_id", binary(|one| bytes(one.booking_id))),
                ("number", number(|one| one.number)),
                ("at", number(|one| one.at.micros())),
                ("actor", text(|one| &one.actor)),
                ("act", text(|one| one.act.name())),
                ("state", text(|one| one.state.name())),
                ("resource_id", binary(|one| bytes(one.resource_id))),
                ("start_at", number(|one| one.start_at.micros())),
                ("end_at", number(|one| one.end_at.micros())),
                ("party", number(|one| one.party)),
                (
                    "is_override",
                    Column::Bool(all.iter().map(|one| one.is_override).collect()),
                ),
            ];
            Prepared::insert("booking_step", columns, "").execute(conn)?;
        }
    }
    for one in all {
        if let Some(text) = &one.reason {
            diesel::insert_into(reason::table)
                .values((reason::step_id.eq(one.id), reason::reason.eq(text)))
                .execute(&mut **tx)?;
        }
    }
    Ok(())
}

type StepRow = (
    (StepId, BookingId, i64, Timestamp, String, String, String),
    (ResourceId, Timestamp, Timestamp, i64, bool, Option<String>),
);

/// What became of a booking, the first step first.
pub fn steps_of(conn: &mut Conn, id: BookingId) -> Result<Vec<Step>> {
    let rows: Vec<StepRow> = step::table
        .left_join(reason::table)
        .filter(step::booking_id.eq(id))
        .order(step::number)
        .select((
            (
                step::id,
                step::booking_id,
                step::number,
                step::at,
                step::actor,
                step::act,
                step::state,
            ),
            (
                step::resource_id,
                step::start_at,
                step::end_at,
                step::party,
                step::is_override,
                reason::reason.nullable(),
            ),
        ))
        .load(conn)?;
    rows.into_iter().map(step_of).collect()
}

fn step_of(row: StepRow) -> Result<Step> {
    let ((id, booking_id, number, at, actor, act, state), (resource_id, start_at, end_at, party, is_override, reason)) =
        row;
    let wrong = |()| Error::internal("the table has an unknown step of a booking");
    Ok(Step {
        id,
        booking_id,
        number,
        at,
        actor,
        act: act.parse().map_err(wrong)?,
        state: state.parse().map_err(wrong)?,
        resource_id,
        start_at,
        end_at,
        party,
        is_override,
        reason,
    })
}

/// Which bookings to list.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Those of a person.
    Person(PersonId),
    /// Those of a resource, which begin between two times.
    Resources(Vec<ResourceId>, Timestamp, Timestamp),
}

/// The bookings behind this one, by when they begin.
pub fn list(
    conn: &mut Conn,
    whose: &Whose,
    states: &[State],
    after: Option<(Timestamp, BookingId)>,
    most: i64,
) -> Result<Vec<Booking>> {
    let mut query = table::table
        .order((table::start_at, table::id))
        .limit(most)
        .into_boxed();
    match whose {
        Whose::Person(person) => query = query.filter(table::person_id.eq(*person)),
        Whose::Resources(ids, from, to) => {
            query = query
                .filter(table::resource_id.eq_any(ids.clone()))
                .filter(table::start_at.ge(*from).and(table::start_at.lt(*to)));
        }
    }
    if !states.is_empty() {
        let names: Vec<&str> = states.iter().map(|state| state.name()).collect();
        query = query.filter(table::state.eq_any(names));
    }
    if let Some((start, id)) = after {
        query = query.filter(
            table::start_at
                .gt(start)
                .or(table::start_at.eq(start).and(table::id.gt(id))),
        );
    }
    read(query.load(conn)?)
}

/// All bookings that are live but take no place, though they do not compete.
pub fn live_without_places(conn: &mut Conn) -> Result<Vec<Booking>> {
    let live = [State::Held, State::Confirmed, State::CheckedIn].map(State::name);
    let rows = table::table.filter(table::load.eq(0)).filter(table::state.eq_any(live));
    read(rows.load(conn)?)
}

/// These are beyond what fits from now on.
pub fn mark_excess(tx: &mut Tx<'_>, ids: &HashSet<BookingId>) -> Result<()> {
    let ids: Vec<BookingId> = ids.iter().copied().collect();
    diesel::update(table::table.filter(table::id.eq_any(ids)))
        .set(table::is_excess.eq(true))
        .execute(&mut **tx)?;
    Ok(())
}

/// All bookings that somebody ever made, the first first.
pub fn ever_of(conn: &mut Conn, person: PersonId) -> Result<Vec<Booking>> {
    let rows = table::table.filter(table::person_id.eq(person));
    read(rows.order((table::start_at, table::id)).load(conn)?)
}

/// Blanks the reasons of the steps of bookings of a person, and of those that they gave.
pub fn blank_reasons(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let theirs = table::table.filter(table::person_id.eq(person)).select(table::id);
    let of_theirs: Vec<StepId> = step::table
        .filter(step::booking_id.eq_any(theirs))
        .select(step::id)
        .load(&mut **tx)?;
    diesel::delete(reason::table.filter(reason::step_id.eq_any(of_theirs))).execute(&mut **tx)?;
    Ok(())
}
