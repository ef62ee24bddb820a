//! The tables of estates.

use std::collections::HashMap;

use diesel::prelude::*;

use super::model::{Estate, EstateId};
use crate::clock::{self, Timestamp};
use crate::db::schema::{estate as table, estate_building};
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::grid::model::UnitId;

/// The kind under which changes of estates are followed.
pub const KIND: &str = "estate";

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = table, treat_none_as_null = true)]
struct Row {
    id: EstateId,
    unit_id: UnitId,
    name: String,
    created_at: Timestamp,
    updated_at: Timestamp,
    closed_at: Option<Timestamp>,
    version: i64,
}

impl Row {
    fn of(estate: &Estate) -> Self {
        Self {
            id: estate.id,
            unit_id: estate.unit_id,
            name: estate.name.clone(),
            created_at: estate.created_at,
            updated_at: estate.updated_at,
            closed_at: estate.closed_at,
            version: estate.version,
        }
    }
}

fn assemble(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Estate>> {
    let ids: Vec<EstateId> = rows.iter().map(|row| row.id).collect();
    let pairs: Vec<(EstateId, UnitId)> = estate_building::table
        .select((estate_building::estate_id, estate_building::building_id))
        .filter(estate_building::estate_id.eq_any(ids))
        .order(estate_building::building_id)
        .load(conn)?;
    let mut buildings: HashMap<EstateId, Vec<UnitId>> = HashMap::new();
    for (estate, building) in pairs {
        buildings.entry(estate).or_default().push(building);
    }
    let estate = |row: Row| Estate {
        buildings: buildings.remove(&row.id).unwrap_or_default(),
        id: row.id,
        unit_id: row.unit_id,
        name: row.name,
        created_at: row.created_at,
        updated_at: row.updated_at,
        closed_at: row.closed_at,
        version: row.version,
    };
    Ok(rows.into_iter().map(estate).collect())
}

/// One estate, closed ones too.
pub(super) fn load_one(conn: &mut Conn, id: EstateId) -> Result<Option<Estate>> {
    let row: Option<Row> = table::table.find(id).first(conn).optional()?;
    Ok(assemble(conn, row.into_iter().collect())?.pop())
}

/// An estate that nobody changes until the transaction ends.
pub fn load_open_locked(tx: &mut Tx<'_>, id: EstateId) -> Result<Estate> {
    if let Conn::Postgres(conn) = &mut **tx {
        table::table
            .select(table::version)
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
            "该小区已撤销。",
            "This estate is closed.",
        )),
    }
}

/// The open estates of a grid behind this one, in the order in which they were drawn.
pub(super) fn load_of(conn: &mut Conn, unit: UnitId, after: Option<EstateId>, most: i64) -> Result<Vec<Estate>> {
    let mut query = table::table
        .filter(table::unit_id.eq(unit))
        .filter(table::closed_at.is_null())
        .order(table::id)
        .limit(most)
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(table::id.gt(after));
    }
    let rows = query.load(conn)?;
    assemble(conn, rows)
}

/// Whether a building among these is of an estate of another grid than one among them or
/// on the path under which they come.
pub fn would_be_torn(conn: &mut Conn, moved: &[UnitId], path: &[UnitId]) -> Result<bool> {
    let mut grids: Vec<UnitId> = Vec::new();
    for some in moved.chunks(AT_ONCE) {
        let found: Vec<UnitId> = estate_building::table
            .inner_join(table::table)
            .select(table::unit_id)
            .filter(estate_building::building_id.eq_any(some))
            .load(conn)?;
        grids.extend(found);
    }
    Ok(grids.iter().any(|grid| !path.contains(grid) && !moved.contains(grid)))
}

/// So many ids in one statement: SQLite takes 32,766 at the most.
const AT_ONCE: usize = 10_000;

/// The buildings of open estates, each with the grid of its estate.
pub fn drawn(conn: &mut Conn) -> Result<Vec<(UnitId, UnitId)>> {
    let pairs = estate_building::table.inner_join(table::table);
    Ok(pairs
        .select((estate_building::building_id, table::unit_id))
        .load(conn)?)
}

/// The estates of those of these buildings that are in one.
pub fn of_buildings(conn: &mut Conn, buildings: &[UnitId]) -> Result<Vec<(UnitId, EstateId)>> {
    let mut found = Vec::new();
    for some in buildings.chunks(AT_ONCE) {
        let of_some = estate_building::table.filter(estate_building::building_id.eq_any(some));
        let pairs: Vec<(UnitId, EstateId)> = of_some
            .select((estate_building::building_id, estate_building::estate_id))
            .load(conn)?;
        found.extend(pairs);
    }
    Ok(found)
}

/// The names of these estates.
pub fn names_of(conn: &mut Conn, estates: &[EstateId]) -> Result<Vec<(EstateId, String)>> {
    let named = table::table.filter(table::id.eq_any(estates));
    Ok(named.select((table::id, table::name)).load(conn)?)
}

/// The estates of a grid are another's, which takes its place. Two of one name are refused.
pub fn hand_over(tx: &mut Tx<'_>, from: UnitId, to: UnitId) -> Result<()> {
    let open = table::table
        .filter(table::unit_id.eq(from))
        .filter(table::closed_at.is_null());
    let handed = diesel::update(open)
        .set((
            table::unit_id.eq(to),
            table::updated_at.eq(clock::now()),
            table::version.eq(table::version + 1),
        ))
        .execute(&mut **tx);
    handed.map_err(Error::taken(
        "两个网格有同名小区，请先改名。",
        "Both grids have an estate of one name; give one of them another.",
    ))?;
    tx.changed_all(KIND);
    Ok(())
}

/// Takes a building that is no more out of its estate.
pub fn forget_building(tx: &mut Tx<'_>, building: UnitId) -> Result<()> {
    let row = estate_building::table.find(building);
    let estate: Option<EstateId> = row.select(estate_building::estate_id).first(&mut **tx).optional()?;
    let Some(estate) = estate else { return Ok(()) };
    diesel::delete(row).execute(&mut **tx)?;
    tx.changed(KIND, estate);
    diesel::update(table::table.find(estate))
        .set((
            table::updated_at.eq(clock::now()),
            table::version.eq(table::version + 1),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Adds an estate.
pub(super) fn insert(tx: &mut Tx<'_>, estate: &Estate) -> Result<()> {
    let inserted = diesel::insert_into(table::table)
        .values(Row::of(estate))
        .execute(&mut **tx);
    inserted.map_err(Error::taken(
        "该网格已有同名小区。",
        "The grid has an estate of this name.",
    ))?;
    insert_buildings(tx, estate)
}

/// Writes another name and other buildings of an estate; without any where it is closed.
pub(super) fn update(tx: &mut Tx<'_>, mut estate: Estate) -> Result<Estate> {
    estate.updated_at = clock::now();
    estate.version += 1;
    let updated = diesel::update(table::table.find(estate.id))
        .set(Row::of(&estate))
        .execute(&mut **tx);
    updated.map_err(Error::taken(
        "该网格已有同名小区。",
        "The grid has an estate of this name.",
    ))?;
    diesel::delete(estate_building::table.filter(estate_building::estate_id.eq(estate.id))).execute(&mut **tx)?;
    insert_buildings(tx, &estate)?;
    Ok(estate)
}

fn insert_buildings(tx: &mut Tx<'_>, estate: &Estate) -> Result<()> {
    tx.changed(KIND, estate.id);
    // In one order, so that two who draw the same buildings do not wait for each other.
    let mut buildings = estate.buildings.clone();
    buildings.sort_unstable();
    for building in buildings {
        let inserted = diesel::insert_into(estate_building::table)
            .values((
                estate_building::building_id.eq(building),
                estate_building::estate_id.eq(estate.id),
            ))
            .execute(&mut **tx);
        inserted.map_err(Error::taken(
            "有楼栋已属于其他小区。",
            "One of the buildings is in another estate.",
        ))?;
    }
    Ok(())
}
