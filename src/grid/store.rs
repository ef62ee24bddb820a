//! The units' tables.

use std::collections::{HashMap, HashSet};

use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::doors::Door;
use super::model::{Level, Unit, UnitId};
use super::reshape;
use super::tree::LONGEST_PATH;
use crate::clock::{self, Timestamp};
use crate::coordinates::Point;
use crate::db::schema::{unit as table, unit_door};
use crate::db::{Conn, Tx, search};
use crate::error::{Error, Reason, Result};
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
    merged_into: Option<UnitId>,
    closed_at: Option<Timestamp>,
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
            merged_into: unit.merged_into,
            closed_at: unit.closed_at,
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
            merged_into: self.merged_into,
            closed_at: self.closed_at,
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

/// What a unit is called, in Chinese and where it has one in English.
pub(super) fn names_of(conn: &mut Conn, id: UnitId) -> Result<Option<(String, Option<String>)>> {
    let names = table::table.select((table::name, table::name_en)).find(id);
    Ok(names.first(conn).optional()?)
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

/// Makes others who change the shape of the tree wait until the transaction ends: what
/// hangs where is then read from the tables, and stays so.
pub(super) fn lock_shape(tx: &mut Tx<'_>) -> Result<()> {
    // SQLite has one writer.
    if let Conn::Postgres(conn) = &mut **tx {
        diesel::sql_query("SELECT pg_advisory_xact_lock($1)")
            .bind::<BigInt, _>(SHAPE)
            .execute(conn)?;
    }
    Ok(())
}

/// The number of the lock; those of `Idempotency-Key` are hashes.
const SHAPE: i64 = 0x6f6e_6567_7269_6401;

/// A unit that is not merged into another until the transaction ends.
pub fn hold_open(tx: &mut Tx<'_>, id: UnitId) -> Result<Unit> {
    if let Conn::Postgres(conn) = &mut **tx {
        table::table
            .select(table::version)
            .find(id)
            .for_key_share()
            .first::<i64>(conn)
            .optional()?;
    }
    let unit = these(tx, &[id])?
        .pop()
        .ok_or_else(|| Error::refused(Reason::NotFound))?;
    refuse_closed(&unit)?;
    Ok(unit)
}

/// Refuses to change a unit that was merged into another.
pub(super) fn refuse_closed(unit: &Unit) -> Result<()> {
    match unit.merged_into {
        None => Ok(()),
        Some(other) => Err(Error::because(
            Reason::StateConflict,
            "该单元已并入其他单元，请在合并后的单元上操作。",
            format!("This unit was merged into {other}; do it there."),
        )),
    }
}

/// The unit and all below it, as the tables have it; without those that were merged into
/// another.
pub fn below(conn: &mut Conn, root: UnitId) -> Result<Vec<UnitId>> {
    let mut found = vec![root];
    let mut level = vec![root];
    while !level.is_empty() {
        let mut next: Vec<UnitId> = Vec::new();
        for some in level.chunks(AT_ONCE) {
            let children: Vec<UnitId> = table::table
                .select(table::id)
                .filter(table::parent_id.eq_any(some))
                .filter(table::merged_into.is_null())
                .load(conn)?;
            next.extend(children);
        }
        found.extend(&next);
        level = next;
    }
    Ok(found)
}

/// Of each of these units: itself and all above it, with those that were merged into any of them:
/// whoever named one of those means what took its place.
///
/// # Errors
/// Where the database fails.
pub fn units_above(conn: &mut Conn, ids: &[UnitId]) -> Result<HashMap<UnitId, Vec<UnitId>>> {
    let mut parents: HashMap<UnitId, Option<UnitId>> = HashMap::new();
    let mut level = ids.to_vec();
    while !level.is_empty() {
        let mut next = Vec::new();
        for some in level.chunks(AT_ONCE) {
            let found: Vec<(UnitId, Option<UnitId>)> = table::table
                .select((table::id, table::parent_id))
                .filter(table::id.eq_any(some))
                .load(conn)?;
            next.extend(found.iter().filter_map(|(_, parent)| *parent));
            parents.extend(found);
        }
        next.retain(|id| !parents.contains_key(id));
        next.sort_unstable();
        next.dedup();
        level = next;
    }
    let all: Vec<UnitId> = parents.keys().copied().collect();
    let mut merged: HashMap<UnitId, Vec<UnitId>> = HashMap::new();
    for some in all.chunks(AT_ONCE) {
        let found: Vec<(UnitId, Option<UnitId>)> = table::table
            .select((table::id, table::merged_into))
            .filter(table::merged_into.eq_any(some))
            .load(conn)?;
        for (id, into) in found {
            merged.entry(into.unwrap_or(id)).or_default().push(id);
        }
    }
    let line = |id: &UnitId| -> Vec<UnitId> {
        let upwards = std::iter::successors(Some(*id), |id| parents.get(id).copied().flatten());
        let own = upwards.take(Level::ALL.len() + 1);
        own.flat_map(|id| std::iter::once(id).chain(merged.get(&id).into_iter().flatten().copied()))
            .collect()
    };
    Ok(ids.iter().map(|id| (*id, line(id))).collect())
}

/// The buildings among a unit and all below it.
pub(super) fn buildings_within(conn: &mut Conn, root: UnitId) -> Result<HashSet<UnitId>> {
    let mut buildings = HashSet::new();
    for some in below(conn, root)?.chunks(AT_ONCE) {
        let found: Vec<UnitId> = table::table
            .select(table::id)
            .filter(table::id.eq_any(some))
            .filter(table::level.eq(Level::Building.name()))
            .load(conn)?;
        buildings.extend(found);
    }
    Ok(buildings)
}

/// The units right below a unit, but those that were merged into others.
pub(super) fn children(conn: &mut Conn, parent: UnitId) -> Result<Vec<Unit>> {
    let ids: Vec<UnitId> = table::table
        .select(table::id)
        .filter(table::parent_id.eq(parent))
        .filter(table::merged_into.is_null())
        .order(table::id)
        .load(conn)?;
    let mut found = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        found.extend(these(conn, some)?);
    }
    Ok(found)
}

/// What was merged into a unit is merged into another with it, so that one step leads
/// from any to where it is now. Those that were.
pub(super) fn redirect(tx: &mut Tx<'_>, from: UnitId, to: UnitId) -> Result<Vec<UnitId>> {
    let merged: Vec<UnitId> = table::table
        .select(table::id)
        .filter(table::merged_into.eq(from))
        .load(&mut **tx)?;
    diesel::update(table::table.filter(table::merged_into.eq(from)))
        .set((table::merged_into.eq(to), table::version.eq(table::version + 1)))
        .execute(&mut **tx)?;
    Ok(merged)
}

/// So many ids in one statement: SQLite takes 32,766 at the most.
const AT_ONCE: usize = 10_000;

/// The unit and those above it, as the tables have it.
pub(super) fn upwards(conn: &mut Conn, id: UnitId) -> Result<Vec<UnitId>> {
    let mut path = Vec::new();
    let mut next = Some(id);
    while let Some(id) = next
        && path.len() < LONGEST_PATH
    {
        let above: Option<(Option<UnitId>, Option<UnitId>)> = table::table
            .select((table::merged_into, table::parent_id))
            .find(id)
            .first(conn)
            .optional()?;
        let Some((merged_into, parent)) = above else { break };
        path.push(id);
        next = merged_into.or(parent);
    }
    Ok(path)
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

/// The ids of all units by their codes; by the code of one that was merged into another the
/// other's.
pub fn unit_ids_by_code(conn: &mut Conn) -> Result<HashMap<String, UnitId>> {
    let rows: Vec<(String, UnitId, Option<UnitId>)> = table::table
        .select((table::code, table::id, table::merged_into))
        .load(conn)?;
    let now = |(code, id, merged_into): (String, UnitId, Option<UnitId>)| (code, merged_into.unwrap_or(id));
    Ok(rows.into_iter().map(now).collect())
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
