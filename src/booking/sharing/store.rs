//! The tables of agreements and withheld shares.

use std::collections::HashMap;

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;

use super::model::{Agreement, AgreementId, ELDER_YEARS, Party, Share, ShareId, Standing};
use crate::booking::resources::{self, ResourceId};
use crate::clock::{self, Timestamp};
use crate::db::schema::{sharing_agreement as agreement, sharing_party as party, withheld_share as share};
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::grid::members::{day_number, day_of, homes_of};
use crate::grid::{UnitId, units_above};
use crate::identity::{People, PersonId};

type AgreementRow = (
    AgreementId,
    ResourceId,
    String,
    String,
    i64,
    i64,
    String,
    bool,
    Timestamp,
    Option<Timestamp>,
);
type PartyRow = (AgreementId, Option<UnitId>, String, String);

macro_rules! agreements {
    () => {
        agreement::table.order(agreement::id).select((
            agreement::id,
            agreement::resource_id,
            agreement::mode,
            agreement::name,
            agreement::from_day,
            agreement::to_day,
            agreement::hours,
            agreement::is_public,
            agreement::created_at,
            agreement::ended_at,
        ))
    };
}

fn with_parties(conn: &mut Conn, rows: Vec<AgreementRow>) -> Result<Vec<Agreement>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<AgreementId> = rows.iter().map(|row| row.0).collect();
    let parties: Vec<PartyRow> = party::table
        .filter(party::agreement_id.eq_any(ids))
        .order((party::agreement_id, party::number))
        .select((party::agreement_id, party::unit_id, party::name, party::duties))
        .load(conn)?;
    let mut by_agreement: HashMap<AgreementId, Vec<Party>> = HashMap::new();
    for (id, unit_id, name, duties) in parties {
        by_agreement
            .entry(id)
            .or_default()
            .push(Party { unit_id, name, duties });
    }
    let day = |number| day_of(number).ok_or_else(|| Error::internal("the table has an agreement on no day"));
    rows.into_iter()
        .map(
            |(id, resource_id, mode, name, from, to, hours, is_public, created_at, ended_at)| {
                Ok(Agreement {
                    id,
                    resource_id,
                    mode: mode
                        .parse()
                        .map_err(|()| Error::internal("the table has an unknown mode of sharing"))?,
                    name,
                    from_day: day(from)?,
                    to_day: day(to)?,
                    hours,
                    is_public,
                    parties: by_agreement.remove(&id).unwrap_or_default(),
                    created_at,
                    ended_at,
                })
            },
        )
        .collect()
}

/// The agreements of these resources that hold on a day and at a time, or later, in the order in
/// which they were entered.
pub fn in_force(conn: &mut Conn, resources: &[ResourceId], day: NaiveDate, at: Timestamp) -> Result<Vec<Agreement>> {
    let rows = agreements!()
        .filter(agreement::resource_id.eq_any(resources))
        .filter(agreement::ended_at.is_null().or(agreement::ended_at.gt(at)))
        .filter(agreement::to_day.ge(i64::from(day_number(day))))
        .load(conn)?;
    with_parties(conn, rows)
}

/// All agreements that a resource has or had, in the order in which they were entered.
pub(super) fn of_resource(conn: &mut Conn, resource: ResourceId) -> Result<Vec<Agreement>> {
    let rows = agreements!().filter(agreement::resource_id.eq(resource)).load(conn)?;
    with_parties(conn, rows)
}

/// One agreement.
pub(super) fn load_agreement(conn: &mut Conn, id: AgreementId) -> Result<Option<Agreement>> {
    let rows = agreements!().filter(agreement::id.eq(id)).load(conn)?;
    Ok(with_parties(conn, rows)?.pop())
}

/// Enters an agreement.
///
/// # Errors
/// Where the database fails.
pub fn found_agreement(tx: &mut Tx<'_>, one: &Agreement, actor: &str) -> Result<()> {
    diesel::insert_into(agreement::table)
        .values((
            agreement::id.eq(one.id),
            agreement::resource_id.eq(one.resource_id),
            agreement::mode.eq(one.mode.name()),
            agreement::name.eq(&one.name),
            agreement::from_day.eq(i64::from(day_number(one.from_day))),
            agreement::to_day.eq(i64::from(day_number(one.to_day))),
            agreement::hours.eq(&one.hours),
            agreement::is_public.eq(one.is_public),
            agreement::actor.eq(actor),
            agreement::created_at.eq(one.created_at),
            agreement::ended_at.eq(one.ended_at),
        ))
        .execute(&mut **tx)?;
    for (number, one_of) in (1_i64..).zip(&one.parties) {
        diesel::insert_into(party::table)
            .values((
                party::agreement_id.eq(one.id),
                party::number.eq(number),
                party::unit_id.eq(one_of.unit_id),
                party::name.eq(&one_of.name),
                party::duties.eq(&one_of.duties),
            ))
            .execute(&mut **tx)?;
    }
    resources::set_sharing(tx, one.resource_id)
}

fn has_ended(rows: usize) -> Result<()> {
    match rows {
        1 => Ok(()),
        _ => Err(Error::because(
            Reason::StateConflict,
            "已经终止。",
            "It has ended already.",
        )),
    }
}

/// Ends an agreement.
pub(super) fn end_agreement(tx: &mut Tx<'_>, id: AgreementId) -> Result<()> {
    let open = agreement::table.filter(agreement::id.eq(id).and(agreement::ended_at.is_null()));
    has_ended(
        diesel::update(open)
            .set(agreement::ended_at.eq(clock::now()))
            .execute(&mut **tx)?,
    )
}

type ShareRow = (
    ShareId,
    ResourceId,
    String,
    Option<UnitId>,
    i64,
    Option<String>,
    String,
    i64,
    Timestamp,
    Option<Timestamp>,
);

macro_rules! shares {
    () => {
        share::table.order(share::id).select((
            share::id,
            share::resource_id,
            share::holder,
            share::unit_id,
            share::places,
            share::hours,
            share::reason,
            share::release_seconds,
            share::created_at,
            share::ended_at,
        ))
    };
}

fn read(rows: Vec<ShareRow>) -> Result<Vec<Share>> {
    rows.into_iter()
        .map(
            |(id, resource_id, holder, unit_id, places, hours, reason, release_seconds, created_at, ended_at)| {
                Ok(Share {
                    id,
                    resource_id,
                    holder: holder
                        .parse()
                        .map_err(|()| Error::internal("the table has a share of an unknown holder"))?,
                    unit_id,
                    places,
                    hours,
                    reason,
                    release_seconds,
                    created_at,
                    ended_at,
                })
            },
        )
        .collect()
}

/// The shares of these resources that are withheld at a time, in the order in which they were entered.
pub fn withheld(conn: &mut Conn, resources: &[ResourceId], at: Timestamp) -> Result<Vec<Share>> {
    let rows = shares!()
        .filter(share::resource_id.eq_any(resources))
        .filter(share::ended_at.is_null().or(share::ended_at.gt(at)));
    read(rows.load(conn)?)
}

/// One share.
pub(super) fn load_share(conn: &mut Conn, id: ShareId) -> Result<Option<Share>> {
    Ok(read(shares!().filter(share::id.eq(id)).load(conn)?)?.pop())
}

/// Withholds a share.
///
/// # Errors
/// Where the database fails.
pub fn found_share(tx: &mut Tx<'_>, one: &Share, actor: &str) -> Result<()> {
    diesel::insert_into(share::table)
        .values((
            share::id.eq(one.id),
            share::resource_id.eq(one.resource_id),
            share::holder.eq(one.holder.name()),
            share::unit_id.eq(one.unit_id),
            share::places.eq(one.places),
            share::hours.eq(&one.hours),
            share::reason.eq(&one.reason),
            share::release_seconds.eq(one.release_seconds),
            share::actor.eq(actor),
            share::created_at.eq(one.created_at),
            share::ended_at.eq(one.ended_at),
        ))
        .execute(&mut **tx)?;
    resources::set_sharing(tx, one.resource_id)
}

/// Withholds a share no more.
pub(super) fn end_share(tx: &mut Tx<'_>, id: ShareId) -> Result<()> {
    let open = share::table.filter(share::id.eq(id).and(share::ended_at.is_null()));
    has_ended(
        diesel::update(open)
            .set(share::ended_at.eq(clock::now()))
            .execute(&mut **tx)?,
    )
}

/// What is known of these persons where it counts who may book: where they live today, and
/// whether they are elders, where that is asked for.
///
/// # Errors
/// Where the database fails.
pub fn standings(
    conn: &mut Conn,
    people: Option<&People>,
    persons: &[PersonId],
    today: NaiveDate,
) -> Result<Vec<(PersonId, Standing)>> {
    let day = day_number(today);
    let born = match people {
        Some(people) => people.birth_years(conn, persons)?,
        None => HashMap::new(),
    };
    let mut own: HashMap<PersonId, Vec<UnitId>> = HashMap::new();
    for (person, home) in homes_of(conn, persons)? {
        if home.counts_on(day) {
            let homes = own.entry(PersonId::from_uuid(person)).or_default();
            homes.push(UnitId::from_uuid(home.body));
        }
    }
    let mut homes: Vec<UnitId> = own.values().flatten().copied().collect();
    homes.sort_unstable();
    homes.dedup();
    let above = units_above(conn, &homes)?;
    let standing = |person: &PersonId| {
        let homes = own.get(person).into_iter().flatten();
        let units = homes.filter_map(|home| above.get(home)).flatten().copied();
        let is_elder = born.get(person).is_some_and(|year| today.year() - year >= ELDER_YEARS);
        Standing {
            units: units.collect(),
            is_elder,
        }
    };
    Ok(persons.iter().map(|person| (*person, standing(person))).collect())
}
