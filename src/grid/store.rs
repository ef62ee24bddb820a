//! The units' tables.

use std::collections::HashMap;

use diesel::prelude::*;

use super::doors::Door;
use super::model::{Unit, UnitId};
use super::reshape;
use crate::clock::{self, Timestamp};
use crate::coordinates::Point;
use crate::db::schema::{unit as table, unit_door};
use crate::db::{Conn, Tx, search};
use crate::error::{Error, Result};
use crate::text::SearchName;

/// The kind under which changes of units are followed, and by which they are found.
pub(super) const KIND: &str = "unit";

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct Row {
    id: UnitId,
    parent_id: Option<UnitId>,
    level: String,
    code: String,
    name: String,
    name_en: Option<String>,
    setting: String,
    population: Option<i64>,
    lat: Option<f64>,
    lon: Option<f64>,
    updated_at: Timestamp,
    // Counted in the table, so that of two changes at once neither is lost.
    #[diesel(skip_update)]
    version: i64,
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = unit_door)]
struct DoorRow {
    unit_id: UnitId,
    number: i64,
    kind: String,
    lat: f64,
    lon: f64,
    name: Option<String>,
}

impl Row {
    fn of(unit: &Unit) -> Self {
        Self {
            id: unit.id,
            parent_id: unit.parent_id,
            level: unit.level.name().to_owned(),
            code: unit.code.clone(),
            name: unit.name.clone(),
            name_en: unit.name_en.clone(),
            setting: unit.setting.name().to_owned(),
            population: unit.population,
            lat: unit.location.map(|point| point.lat),
            lon: unit.location.map(|point| point.lon),
            updated_at: unit.updated_at,
            version: unit.version,
        }
    }

    fn into_unit(self, doors: Vec<Door>) -> Result<Unit> {
        let wrong = |what: &str| Error::internal(format!("the table has a unit of an unknown {what}"));
        Ok(Unit {
            id: self.id,
            parent_id: self.parent_id,
            level: self.level.parse().map_err(|()| wrong("level"))?,
            code: self.code,
            name: self.name,
            name_en: self.name_en,
            setting: self.setting.parse().map_err(|()| wrong("setting"))?,
            population: self.population,
            location: self.lat.zip(self.lon).map(|(lat, lon)| Point { lat, lon }),
            updated_at: self.updated_at,
            version: self.version,
            doors,
        })
    }
}

fn assemble(rows: Vec<Row>, doors: Vec<DoorRow>) -> Result<Vec<Unit>> {
    let mut by_unit: HashMap<UnitId, Vec<Door>> = HashMap::new();
    for row in doors {
        let kind = row
            .kind
            .parse()
            .map_err(|()| Error::internal("the table has a door of an unknown kind"))?;
        by_unit.entry(row.unit_id).or_default().push(Door {
            kind,
            name: row.name,
            point: Point::new(row.lat, row.lon),
        });
    }
    rows.into_iter()
        .map(|row| {
            let doors = by_unit.remove(&row.id).unwrap_or_default();
            row.into_unit(doors)
        })
        .collect()
}

/// All units.
pub(super) fn load_all(conn: &mut Conn) -> Result<Vec<Unit>> {
    conn.one_view(all)
}

/// All units, within a transaction.
pub(super) fn load_all_to_change(tx: &mut Tx<'_>) -> Result<Vec<Unit>> {
    all(tx)
}

/// These units, as far as they exist.
pub(super) fn load(conn: &mut Conn, ids: &[UnitId]) -> Result<Vec<Unit>> {
    conn.one_view(|conn| these(conn, ids))
}

/// One unit.
pub(super) fn load_one(conn: &mut Conn, id: UnitId) -> Result<Option<Unit>> {
    Ok(load(conn, &[id])?.pop())
}

fn all(conn: &mut Conn) -> Result<Vec<Unit>> {
    let doors = unit_door::table.order(unit_door::number).load(conn)?;
    assemble(table::table.load(conn)?, doors)
}

fn these(conn: &mut Conn, ids: &[UnitId]) -> Result<Vec<Unit>> {
    let doors = unit_door::table.filter(unit_door::unit_id.eq_any(ids));
    let doors = doors.order(unit_door::number).load(conn)?;
    assemble(table::table.filter(table::id.eq_any(ids)).load(conn)?, doors)
}

/// One unit, which nobody else changes until the transaction ends.
pub(super) fn load_locked(tx: &mut Tx<'_>, id: UnitId) -> Result<Option<Unit>> {
    if let Conn::Postgres(conn) = &mut **tx {
        table::table
            .select(table::version)
            .find(id)
            .for_update()
            .first::<i64>(conn)
            .optional()?;
    }
    Ok(these(tx, &[id])?.pop())
}

/// Adds a unit.
pub(super) fn insert(tx: &mut Tx<'_>, unit: &Unit) -> Result<()> {
    diesel::insert_into(table::table)
        .values(Row::of(unit))
        .execute(&mut **tx)?;
    make_findable(tx, unit)
}

/// Changes a unit, but not its doors; what it was is kept.
pub(super) fn update(tx: &mut Tx<'_>, unit: &Unit, actor: &str) -> Result<()> {
    reshape::keep_what_was(tx, unit, actor)?;
    diesel::update(table::table.find(unit.id))
        .set((Row::of(unit), table::version.eq(table::version + 1)))
        .execute(&mut **tx)?;
    make_findable(tx, unit)
}

/// Writes other doors of a unit, all of them.
pub(super) fn set_doors(tx: &mut Tx<'_>, mut unit: Unit, doors: Vec<Door>) -> Result<Unit> {
    unit.updated_at = clock::now();
    unit.version += 1;
    unit.doors = doors;
    diesel::update(table::table.find(unit.id))
        .set((table::version.eq(unit.version), table::updated_at.eq(unit.updated_at)))
        .execute(&mut **tx)?;
    diesel::delete(unit_door::table.filter(unit_door::unit_id.eq(unit.id))).execute(&mut **tx)?;
    for (number, door) in (0..).zip(&unit.doors) {
        let row = DoorRow {
            unit_id: unit.id,
            number,
            kind: door.kind.name().to_owned(),
            lat: door.point.lat,
            lon: door.point.lon,
            name: door.name.clone(),
        };
        diesel::insert_into(unit_door::table).values(row).execute(&mut **tx)?;
    }
    Ok(unit)
}

fn make_findable(tx: &mut Tx<'_>, unit: &Unit) -> Result<()> {
    search::index(
        tx,
        KIND,
        unit.id,
        &SearchName::new(&unit.name, unit.name_en.as_deref()).tokens(),
    )
}

/// The ids of all units by their codes.
pub fn unit_ids_by_code(conn: &mut Conn) -> Result<HashMap<String, UnitId>> {
    Ok(table::table
        .select((table::code, table::id))
        .load::<(String, UnitId)>(conn)?
        .into_iter()
        .collect())
}

/// The unit with this code, or else with this id.
pub fn find_unit(conn: &mut Conn, code_or_id: &str) -> Result<Option<Unit>> {
    let by_code: Option<UnitId> = table::table
        .select(table::id)
        .filter(table::code.eq(code_or_id))
        .first(conn)
        .optional()?;
    match by_code.or_else(|| code_or_id.parse().ok()) {
        Some(id) => Ok(these(conn, &[id])?.pop()),
        None => Ok(None),
    }
}

/// Whether the database has no unit yet.
pub fn is_empty(conn: &mut Conn) -> Result<bool> {
    let first: Option<UnitId> = table::table.select(table::id).first(conn).optional()?;
    Ok(first.is_none())
}
