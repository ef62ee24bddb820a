//! The tables of bookings.

use std::collections::HashSet;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary};

use super::cells::Day;
use super::model::{Booking, BookingId, Counted, Objection, State};
use super::resources::ResourceId;
use super::rules::{RulesId, RulesVersionId};
use super::sharing::{AgreementId, Right, ShareId};
use crate::clock::Timestamp;
use crate::db::prepared::{Column, Prepared, bytes};
use crate::db::schema::{booking as table, resource_day as days};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::grid::UnitId;
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
    agreement_id: Option<AgreementId>,
    party_id: Option<UnitId>,
    share_id: Option<ShareId>,
    replaces_id: Option<BookingId>,
    objection: Option<String>,
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
            agreement_id: one.right.agreement_id,
            party_id: one.right.party_id,
            share_id: one.share_id,
            replaces_id: one.replaces_id,
            objection: one.objection.map(|objection| objection.name().to_owned()),
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
            right: Right {
                agreement_id: self.agreement_id,
                party_id: self.party_id,
            },
            share_id: self.share_id,
            replaces_id: self.replaces_id,
            objection: self.objection.map(|text| text.parse()).transpose().map_err(wrong)?,
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

type CountedRow = (
    BookingId,
    Option<PersonId>,
    Option<UnitId>,
    RulesId,
    Timestamp,
    Timestamp,
    String,
    Option<Timestamp>,
    Option<BookingId>,
    Option<String>,
);

/// Of these persons, and of the parties that these units are, what counts for what is booked now:
/// the bookings that begin at a time or later and were not given back.
pub fn counted(conn: &mut Conn, persons: &[PersonId], parties: &[UnitId], from: Timestamp) -> Result<Vec<Counted>> {
    let of_whom = || {
        table::table
            .filter(table::start_at.ge(from))
            .filter(table::state.ne_all(VOID))
            .select((
                table::id,
                table::person_id,
                table::party_id,
                table::rules_id,
                table::start_at,
                table::end_at,
                table::state,
                table::until_at,
                table::replaces_id,
                table::objection,
            ))
    };
    let mut rows: Vec<CountedRow> = Vec::new();
    if !persons.is_empty() {
        rows.extend(of_whom().filter(table::person_id.eq_any(persons)).load(conn)?);
    }
    if !parties.is_empty() {
        let of_parties: Vec<CountedRow> = of_whom().filter(table::party_id.eq_any(parties)).load(conn)?;
        let is_new = |person: Option<PersonId>| person.is_none_or(|person| !persons.contains(&person));
        rows.extend(of_parties.into_iter().filter(|(_, person, ..)| is_new(*person)));
    }
    let wrong = |()| Error::internal("the table has a booking in an unknown state");
    rows.into_iter()
        .map(
            |(id, person_id, party_id, rules_id, start_at, end_at, state, until_at, replaces_id, objection)| {
                Ok(Counted {
                    id,
                    person_id,
                    party_id,
                    rules_id,
                    start_at,
                    end_at,
                    state: state.parse().map_err(wrong)?,
                    until_at,
                    replaces_id,
                    objection: objection.map(|text| text.parse()).transpose().map_err(wrong)?,
                })
            },
        )
        .collect()
}

/// Those that take of these withheld shares between two times.
pub fn of_shares(conn: &mut Conn, shares: &[ShareId], from: Timestamp, to: Timestamp) -> Result<Vec<Booking>> {
    if shares.is_empty() {
        return Ok(Vec::new());
    }
    let long_before = Timestamp::from_micros(from.micros().saturating_sub(2 * LONGEST_MICROS));
    let rows = table::table
        .filter(table::share_id.eq_any(shares))
        .filter(table::start_at.gt(long_before).and(table::start_at.lt(plus_a_day(to))))
        .filter(table::load.gt(0));
    read(rows.load(conn)?)
}

const VOID: [&str; 3] = [State::Declined.name(), State::Cancelled.name(), State::Expired.name()];

/// A booking is never so long.
const LONGEST_MICROS: i64 = super::command::LONGEST_MICROS;

/// Of these resources: all holds, those whose time to be approved or taken is over, and those that
/// have begun and to which nobody came yet.
pub fn unsettled(conn: &mut Conn, resources: &[ResourceId], now: Timestamp) -> Result<Vec<Booking>> {
    let waits = table::state.eq(State::Held.name()).or(table::state
        .eq_any([State::Pending.name(), State::Offered.name()])
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
            let some = |of: fn(&Booking) -> Option<Vec<u8>>| Column::MaybeBinary(all.iter().map(of).collect());
            let number = |of: fn(&Booking) -> i64| Column::BigInt(all.iter().map(of).collect());
            let maybe = |of: fn(&Booking) -> Option<Timestamp>| {
                Column::MaybeBigInt(all.iter().map(|one| of(one).map(Timestamp::micros)).collect())
            };
            let is = |of: fn(&Booking) -> bool| Column::Bool(all.iter().map(of).collect());
            let columns = vec![
                ("id", binary(|one| bytes(one.id))),
                ("resource_id", binary(|one| bytes(one.resource_id))),
                ("asked_id", binary(|one| bytes(one.asked_id))),
                ("person_id", some(|one| one.person_id.map(bytes))),
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
                ("agreement_id", some(|one| one.right.agreement_id.map(bytes))),
                ("party_id", some(|one| one.right.party_id.map(bytes))),
                ("share_id", some(|one| one.share_id.map(bytes))),
                ("replaces_id", some(|one| one.replaces_id.map(bytes))),
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

/// Which bookings to list.
#[derive(Debug, Clone)]
pub enum Whose {
    /// Those of a person, which end after a time where that is given.
    Person(PersonId, Option<Timestamp>),
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
        Whose::Person(person, after) => {
            query = query.filter(table::person_id.eq(*person));
            if let Some(after) = after {
                let began = Timestamp::from_micros(after.micros() - LONGEST_MICROS);
                query = query.filter(table::start_at.gt(began).and(table::end_at.gt(*after)));
            }
        }
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

/// The bookings behind this one whose person objects to their being counted as not come to, at
/// resources of units that are wanted, by when they begin.
pub fn objections(
    conn: &mut Conn,
    is_wanted: impl Fn(UnitId) -> bool,
    after: Option<(Timestamp, BookingId)>,
    most: i64,
) -> Result<Vec<Booking>> {
    use crate::db::schema::resource;
    let open = table::table.filter(table::objection.eq(Objection::Open.name()));
    let units: Vec<(BookingId, ResourceId)> = open.select((table::id, table::resource_id)).load(conn)?;
    let resources: HashSet<ResourceId> = units.iter().map(|(_, resource)| *resource).collect();
    let of: Vec<(ResourceId, UnitId)> = resource::table
        .filter(resource::id.eq_any(resources))
        .select((resource::id, resource::unit_id))
        .load(conn)?;
    let wanted: Vec<ResourceId> = of
        .into_iter()
        .filter(|(_, unit)| is_wanted(*unit))
        .map(|(id, _)| id)
        .collect();
    let mut query = open
        .filter(table::resource_id.eq_any(wanted))
        .order((table::start_at, table::id))
        .limit(most)
        .into_boxed();
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
