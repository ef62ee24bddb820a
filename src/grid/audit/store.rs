//! The tables of the audit.

use diesel::prelude::*;
use uuid::Uuid;

use super::model::{Act, AuditId, Entry};
use crate::clock::{self, Timestamp};
use crate::db::schema::{audit_entry as table, audit_reason};
use crate::db::{Conn, Tx};
use crate::error::Result;
use crate::gate::{Actor, FOR};
use crate::grid::members::{BodyId, BodyKind, PersonId};
use crate::grid::model::UnitId;

/// An entry as the table has it, with its reason.
#[derive(Queryable)]
pub(super) struct Row {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor: String,
    pub act: String,
    pub person_id: Option<PersonId>,
    pub role: Option<String>,
    pub body_kind: Option<String>,
    pub body_id: Option<BodyId>,
    pub unit_id: Option<UnitId>,
    pub reason: Option<String>,
}

impl Row {
    /// At which body it was.
    pub fn body(&self) -> Option<(BodyKind, Uuid)> {
        let kind = self.body_kind.as_deref()?.parse().ok()?;
        Some((kind, self.body_id?.uuid()))
    }
}

/// Writes an entry, in the transaction of what it is about.
pub fn record(tx: &mut Tx<'_>, entry: &Entry<'_>) -> Result<()> {
    let id = AuditId::new();
    diesel::insert_into(table::table)
        .values((
            table::id.eq(id),
            table::at.eq(clock::now()),
            table::actor.eq(entry.actor),
            table::act.eq(entry.act.name()),
            table::person_id.eq(entry.person),
            table::role.eq(entry.role.map(|role| role.name())),
            table::body_kind.eq(entry.body.map(|(kind, _)| kind.name())),
            table::body_id.eq(entry.body.map(|(_, id)| BodyId::from_uuid(id))),
            table::unit_id.eq(entry.unit),
        ))
        .execute(&mut **tx)?;
    if let Some(reason) = entry.reason {
        diesel::insert_into(audit_reason::table)
            .values((audit_reason::audit_id.eq(id), audit_reason::reason.eq(reason)))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// Writes that something of a unit was changed, and which.
///
/// # Errors
/// Where the database fails.
pub fn of_unit(tx: &mut Tx<'_>, actor: &Actor, act: Act, unit: UnitId, which: &str) -> Result<()> {
    let entry = Entry {
        actor: &actor.name,
        act,
        person: None,
        role: None,
        body: None,
        unit: Some(unit),
        reason: Some(which),
    };
    record(tx, &entry)
}

/// All entries that somebody is in, as the one to whom or the one by whom something was
/// done, the oldest first: when, by whom, what, to whom, and what was written.
pub fn about(conn: &mut Conn, person: PersonId) -> Result<Vec<About>> {
    Ok(table::table
        .left_join(audit_reason::table.on(audit_reason::audit_id.eq(table::id)))
        .filter(
            table::person_id
                .eq(person)
                .or(table::actor.eq(person.to_string()).nullable())
                .or(table::actor.like(format!("{person}{FOR}%")).nullable())
                .or(table::actor.like(format!("%{FOR}{person}")).nullable()),
        )
        .order((table::at, table::id))
        .select((
            table::at,
            table::actor,
            table::act,
            table::person_id,
            audit_reason::reason.nullable(),
        ))
        .load(conn)?)
}

/// An entry that somebody is in.
pub type About = (Timestamp, String, String, Option<PersonId>, Option<String>);

/// Removes what was written as reasons for what was done to somebody.
pub fn blank_reasons(tx: &mut Tx<'_>, person: PersonId) -> Result<()> {
    let of_them = table::table.filter(table::person_id.eq(person)).select(table::id);
    diesel::delete(audit_reason::table.filter(audit_reason::audit_id.eq_any(of_them))).execute(&mut **tx)?;
    Ok(())
}

/// Which entries.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of<'a> {
    /// All.
    All,
    /// Those of these units.
    Units(&'a [UnitId]),
    /// Those in which somebody was looked at.
    Looks(PersonId),
}

/// Entries, the newest first, from behind this one on.
pub(super) fn load(conn: &mut Conn, of: Of<'_>, after: Option<(Timestamp, AuditId)>, most: i64) -> Result<Vec<Row>> {
    let mut query = table::table
        .left_join(audit_reason::table.on(audit_reason::audit_id.eq(table::id)))
        .order((table::at.desc(), table::id.desc()))
        .limit(most)
        .select((
            table::id,
            table::at,
            table::actor,
            table::act,
            table::person_id,
            table::role,
            table::body_kind,
            table::body_id,
            table::unit_id,
            audit_reason::reason.nullable(),
        ))
        .into_boxed();
    match of {
        Of::All => {}
        Of::Units(units) => query = query.filter(table::unit_id.eq_any(units)),
        Of::Looks(person) => {
            let looks = Act::LOOKS.map(Act::name);
            query = query.filter(table::person_id.eq(person).and(table::act.eq_any(looks)));
        }
    }
    if let Some((at, id)) = after {
        query = query.filter(table::at.lt(at).or(table::at.eq(at).and(table::id.lt(id))));
    }
    Ok(query.load(conn)?)
}
