//! The units' table.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Unit, UnitId};
use crate::clock::Timestamp;
use crate::coordinates::Point;
use crate::db::schema::unit as table;
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
        }
    }

    fn into_unit(self) -> Result<Unit> {
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
        })
    }
}

/// All units.
pub(super) fn load_all(conn: &mut Conn) -> Result<Vec<Unit>> {
    let rows: Vec<Row> = table::table.load(conn)?;
    rows.into_iter().map(Row::into_unit).collect()
}

/// These units, as far as they exist.
pub(super) fn load(conn: &mut Conn, ids: &[UnitId]) -> Result<Vec<Unit>> {
    let rows: Vec<Row> = table::table.filter(table::id.eq_any(ids)).load(conn)?;
    rows.into_iter().map(Row::into_unit).collect()
}

/// Adds a unit.
pub(super) fn insert(tx: &mut Tx<'_>, unit: &Unit) -> Result<()> {
    diesel::insert_into(table::table)
        .values(Row::of(unit))
        .execute(&mut **tx)?;
    make_findable(tx, unit)
}

/// Changes a unit.
pub(super) fn update(tx: &mut Tx<'_>, unit: &Unit) -> Result<()> {
    diesel::update(table::table.find(unit.id))
        .set(Row::of(unit))
        .execute(&mut **tx)?;
    make_findable(tx, unit)
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

/// Whether the database has no unit yet.
pub fn is_empty(conn: &mut Conn) -> Result<bool> {
    let first: Option<UnitId> = table::table.select(table::id).first(conn).optional()?;
    Ok(first.is_none())
}
