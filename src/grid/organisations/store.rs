//! The table of organisations.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::model::{Organisation, OrganisationId, OrganisationKind};
use crate::clock::{self, Timestamp};
use crate::db::schema::organisation as table;
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::grid::estates::EstateId;
use crate::grid::model::UnitId;

#[derive(Queryable, Insertable)]
#[diesel(table_name = table)]
struct Row {
    id: OrganisationId,
    unit_id: UnitId,
    estate_id: Option<EstateId>,
    kind: String,
    name: String,
    name_en: Option<String>,
    created_at: Timestamp,
    closed_at: Option<Timestamp>,
}

impl Row {
    fn of(one: &Organisation) -> Self {
        Self {
            id: one.id,
            unit_id: one.unit_id,
            estate_id: one.estate_id,
            kind: one.kind.name().to_owned(),
            name: one.name.clone(),
            name_en: one.name_en.clone(),
            created_at: one.created_at,
            closed_at: one.closed_at,
        }
    }

    fn into_organisation(self) -> Result<Organisation> {
        let kind = self.kind.parse();
        Ok(Organisation {
            id: self.id,
            unit_id: self.unit_id,
            estate_id: self.estate_id,
            kind: kind.map_err(|()| Error::internal("the table has an organisation of an unknown kind"))?,
            name: self.name,
            name_en: self.name_en,
            created_at: self.created_at,
            closed_at: self.closed_at,
        })
    }
}

/// Adds an organisation.
pub(super) fn insert(tx: &mut Tx<'_>, one: &Organisation) -> Result<()> {
    let inserted = diesel::insert_into(table::table)
        .values(Row::of(one))
        .execute(&mut **tx);
    let (zh, en) = match one.kind {
        OrganisationKind::PartyBranch => (
            "该单元已有党组织，或已有同名组织。",
            "The unit has a party branch, or an organisation of this name.",
        ),
        OrganisationKind::Council | OrganisationKind::Association => {
            ("该单元已有同名组织。", "The unit has an organisation of this name.")
        }
    };
    inserted.map_err(Error::taken(zh, en))?;
    Ok(())
}

/// One organisation, closed ones too.
pub fn load_one(conn: &mut Conn, id: OrganisationId) -> Result<Option<Organisation>> {
    let row: Option<Row> = table::table.find(id).first(conn).optional()?;
    row.map(Row::into_organisation).transpose()
}

/// An organisation that nobody closes until the transaction ends.
pub(super) fn load_open_locked(tx: &mut Tx<'_>, id: OrganisationId) -> Result<Organisation> {
    if let Conn::Postgres(conn) = &mut **tx {
        table::table
            .select(table::created_at)
            .find(id)
            .for_update()
            .first::<i64>(conn)
            .optional()?;
    }
    let found = load_one(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    match found.closed_at {
        None => Ok(found),
        Some(_) => Err(Error::because(
            Reason::StateConflict,
            "该组织已撤销。",
            "This organisation is closed.",
        )),
    }
}

/// Writes another name of an organisation.
pub(super) fn rename(tx: &mut Tx<'_>, one: &Organisation) -> Result<()> {
    let renamed = diesel::update(table::table.find(one.id))
        .set((table::name.eq(&one.name), table::name_en.eq(&one.name_en)))
        .execute(&mut **tx);
    renamed.map_err(Error::taken(
        "该单元已有同名组织。",
        "The unit has an organisation of this name.",
    ))?;
    Ok(())
}

/// Writes that an organisation is closed.
pub(super) fn close(tx: &mut Tx<'_>, mut one: Organisation) -> Result<Organisation> {
    one.closed_at = Some(clock::now());
    diesel::update(table::table.find(one.id))
        .set(table::closed_at.eq(one.closed_at))
        .execute(&mut **tx)?;
    Ok(one)
}

/// The open organisations of a unit behind this one, in the order in which they were founded.
pub(super) fn load_of(
    conn: &mut Conn,
    unit: UnitId,
    kind: Option<OrganisationKind>,
    after: Option<OrganisationId>,
    most: i64,
) -> Result<Vec<Organisation>> {
    let mut query = table::table
        .filter(table::unit_id.eq(unit))
        .filter(table::closed_at.is_null())
        .order(table::id)
        .limit(most)
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(table::kind.eq(kind.name()));
    }
    if let Some(after) = after {
        query = query.filter(table::id.gt(after));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(Row::into_organisation).collect()
}

/// Whether an estate has an open council.
pub fn has_any(conn: &mut Conn, estate: EstateId) -> Result<bool> {
    let first: Option<OrganisationId> = table::table
        .select(table::id)
        .filter(table::estate_id.eq(estate))
        .filter(table::closed_at.is_null())
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// The open ones of a unit are another's, which takes its place. What that has as well is
/// refused.
pub fn hand_over(tx: &mut Tx<'_>, from: UnitId, to: UnitId) -> Result<()> {
    let open = table::table
        .filter(table::unit_id.eq(from))
        .filter(table::closed_at.is_null());
    let handed = diesel::update(open).set(table::unit_id.eq(to)).execute(&mut **tx);
    handed.map_err(Error::taken(
        "两个单元都有党组织，或有同名组织，请先撤销或改名。",
        "Both units have a party branch, or an organisation of one name; close or rename one first.",
    ))?;
    Ok(())
}

/// The names of these, as far as they exist.
pub fn names(conn: &mut Conn, ids: &[OrganisationId]) -> Result<HashMap<Uuid, String>> {
    let rows: Vec<(OrganisationId, String)> = table::table
        .select((table::id, table::name))
        .filter(table::id.eq_any(ids))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| (id.uuid(), name)).collect())
}
