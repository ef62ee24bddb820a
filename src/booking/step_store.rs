//! The table of what became of bookings, step by step.

use diesel::prelude::*;

use super::model::{BookingId, Step};
use super::resources::ResourceId;
use crate::clock::Timestamp;
use crate::db::prepared::{Column, Prepared, bytes};
use crate::db::schema::{booking as table, booking_reason as reason, booking_step as step};
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::identity::PersonId;

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
                .values((
                    reason::booking_id.eq(one.booking_id),
                    reason::number.eq(one.number),
                    reason::reason.eq(text),
                ))
                .execute(&mut **tx)?;
        }
    }
    Ok(())
}

type StepRow = (
    (BookingId, i64, Timestamp, String, String, String),
    (ResourceId, Timestamp, Timestamp, i64, bool, Option<String>),
);

/// What became of a booking, the first step first.
pub fn steps_of(conn: &mut Conn, id: BookingId) -> Result<Vec<Step>> {
    steps_of_all(conn, &[id])
}

/// What became of these bookings, of each the first step first.
pub fn steps_of_all(conn: &mut Conn, ids: &[BookingId]) -> Result<Vec<Step>> {
    let rows: Vec<StepRow> = step::table
        .left_join(
            reason::table.on(reason::booking_id
                .eq(step::booking_id)
                .and(reason::number.eq(step::number))),
        )
        .filter(step::booking_id.eq_any(ids))
        .order((step::booking_id, step::number))
        .select((
            (
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
    let ((booking_id, number, at, actor, act, state), (resource_id, start_at, end_at, party, is_override, reason)) =
        row;
    let wrong = |()| Error::internal("the table has an unknown step of a booking");
    Ok(Step {
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

/// Blanks the reasons of the steps of bookings of a person.
pub fn blank_reasons(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let theirs = table::table.filter(table::person_id.eq(person)).select(table::id);
    diesel::delete(reason::table.filter(reason::booking_id.eq_any(theirs))).execute(&mut **tx)?;
    Ok(())
}
