//! The table of departments.

use std::collections::HashMap;

use diesel::prelude::*;
use uuid::Uuid;

use super::model::{Department, DepartmentId};
use crate::clock;
use crate::db::schema::department as table;
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::grid::model::UnitId;

/// Adds a department.
pub(super) fn insert(tx: &mut Tx<'_>, department: &Department) -> Result<()> {
    let inserted = diesel::insert_into(table::table)
        .values((
            table::id.eq(department.id),
            table::unit_id.eq(department.unit_id),
            table::name.eq(&department.name),
            table::name_en.eq(&department.name_en),
            table::created_at.eq(department.created_at),
            table::closed_at.eq(department.closed_at),
        ))
        .execute(&mut **tx);
    inserted.map_err(Error::taken(
        "该单元已有同名部门。",
        "The unit has a department of this name.",
    ))?;
    Ok(())
}

/// One department, closed ones too.
pub fn load_one(conn: &mut Conn, id: DepartmentId) -> Result<Option<Department>> {
    Ok(table::table.find(id).first(conn).optional()?)
}

/// A department that nobody closes until the transaction ends.
pub fn load_open_locked(tx: &mut Tx<'_>, id: DepartmentId) -> Result<Department> {
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
            "该部门已撤销。",
            "This department is closed.",
        )),
    }
}

/// Writes another name of a department.
pub(super) fn rename(tx: &mut Tx<'_>, one: &Department) -> Result<()> {
    let renamed = diesel::update(table::table.find(one.id))
        .set((table::name.eq(&one.name), table::name_en.eq(&one.name_en)))
        .execute(&mut **tx);
    renamed.map_err(Error::taken(
        "该单元已有同名部门。",
        "The unit has a department of this name.",
    ))?;
    Ok(())
}

/// Writes that a department is closed.
pub(super) fn close(tx: &mut Tx<'_>, mut department: Department) -> Result<Department> {
    department.closed_at = Some(clock::now());
    diesel::update(table::table.find(department.id))
        .set(table::closed_at.eq(department.closed_at))
        .execute(&mut **tx)?;
    Ok(department)
}

/// The open departments of a unit behind this one, in the order in which they were founded.
pub(super) fn load_of(
    conn: &mut Conn,
    unit: UnitId,
    after: Option<DepartmentId>,
    most: i64,
) -> Result<Vec<Department>> {
    let mut query = table::table
        .filter(table::unit_id.eq(unit))
        .filter(table::closed_at.is_null())
        .order(table::id)
        .limit(most)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(table::id.gt(after));
    }
    Ok(query.load(conn)?)
}

/// The open ones of a unit are another's, which takes its place. What that has as well is
/// refused.
pub fn hand_over(tx: &mut Tx<'_>, from: UnitId, to: UnitId) -> Result<()> {
    let open = table::table
        .filter(table::unit_id.eq(from))
        .filter(table::closed_at.is_null());
    let handed = diesel::update(open).set(table::unit_id.eq(to)).execute(&mut **tx);
    handed.map_err(Error::taken(
        "两个单元有同名部门，请先撤销或改名。",
        "Both units have a department of one name; close or rename one first.",
    ))?;
    Ok(())
}

/// The names of these, as far as they exist.
pub fn names(conn: &mut Conn, ids: &[DepartmentId]) -> Result<HashMap<Uuid, String>> {
    let rows: Vec<(DepartmentId, String)> = table::table
        .select((table::id, table::name))
        .filter(table::id.eq_any(ids))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| (id.uuid(), name)).collect())
}
