//! The tables of resources and their closures.

use diesel::prelude::*;

use super::model::{Closure, ClosureId, Facts, Resource, ResourceId, Status};
use crate::booking::rules::{RulesId, RulesVersionId, Version};
use crate::circle::places::PlaceId;
use crate::clock::{self, Timestamp};
use crate::db::prepared::{Column, Prepared, bytes};
use crate::db::schema::{resource, resource_closure as closure};
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::grid::UnitId;
use crate::grid::departments::DepartmentId;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = resource, treat_none_as_null = true)]
struct Row {
    id: ResourceId,
    place_id: PlaceId,
    unit_id: UnitId,
    part_of: Option<ResourceId>,
    root_id: ResourceId,
    kind: String,
    name: String,
    name_en: Option<String>,
    capacity: i64,
    opening_hours: String,
    slot_minutes: i64,
    interval_minutes: i64,
    buffer_before_minutes: i64,
    buffer_after_minutes: i64,
    rules_id: RulesId,
    rules_version_id: RulesVersionId,
    department_id: Option<DepartmentId>,
    open_to: String,
    has_sharing: bool,
    status: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    fn of(one: &Resource) -> Self {
        let Facts {
            part_of,
            kind,
            name,
            name_en,
            capacity,
            opening_hours,
            slot_minutes,
            interval_minutes,
            buffer_before_minutes,
            buffer_after_minutes,
            rules_id,
            open_to,
            department_id,
        } = one.facts.clone();
        Self {
            id: one.id,
            place_id: one.place_id,
            unit_id: one.unit_id,
            part_of,
            root_id: one.root_id,
            kind: kind.name().to_owned(),
            name,
            name_en,
            capacity,
            opening_hours,
            slot_minutes,
            interval_minutes,
            buffer_before_minutes,
            buffer_after_minutes,
            rules_id,
            rules_version_id: one.rules_version_id,
            department_id,
            open_to: serde_json::json!(open_to).to_string(),
            has_sharing: one.has_sharing,
            status: one.status.name().to_owned(),
            version: one.version,
            created_at: one.created_at,
            updated_at: one.updated_at,
        }
    }

    fn read(self) -> Result<Resource> {
        let wrong = |()| Error::internal("the table has a resource of an unknown kind or status");
        Ok(Resource {
            id: self.id,
            place_id: self.place_id,
            unit_id: self.unit_id,
            root_id: self.root_id,
            facts: Facts {
                part_of: self.part_of,
                kind: self.kind.parse().map_err(wrong)?,
                name: self.name,
                name_en: self.name_en,
                capacity: self.capacity,
                opening_hours: self.opening_hours,
                slot_minutes: self.slot_minutes,
                interval_minutes: self.interval_minutes,
                buffer_before_minutes: self.buffer_before_minutes,
                buffer_after_minutes: self.buffer_after_minutes,
                rules_id: self.rules_id,
                open_to: serde_json::from_str(&self.open_to).map_err(Error::internal)?,
                department_id: self.department_id,
            },
            rules_version_id: self.rules_version_id,
            has_sharing: self.has_sharing,
            status: self.status.parse().map_err(wrong)?,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

fn read(rows: Vec<Row>) -> Result<Vec<Resource>> {
    rows.into_iter().map(Row::read).collect()
}

/// One resource.
pub fn load_one(conn: &mut Conn, id: ResourceId) -> Result<Option<Resource>> {
    let row: Option<Row> = resource::table.find(id).first(conn).optional()?;
    row.map(Row::read).transpose()
}

/// These.
pub fn load_these(conn: &mut Conn, ids: &[ResourceId]) -> Result<Vec<Resource>> {
    read(resource::table.filter(resource::id.eq_any(ids)).load(conn)?)
}

/// All that belong to these wholes.
pub fn load_trees(conn: &mut Conn, roots: &[ResourceId]) -> Result<Vec<Resource>> {
    let rows = resource::table.filter(resource::root_id.eq_any(roots));
    read(rows.order(resource::id).load(conn)?)
}

/// All that belong to the wholes of these.
pub fn load_trees_of(conn: &mut Conn, ids: &[ResourceId]) -> Result<Vec<Resource>> {
    let these = diesel::alias!(resource as these);
    let id = these.field(resource::id);
    let roots = these.filter(id.eq_any(ids)).select(these.field(resource::root_id));
    let rows = resource::table.filter(resource::root_id.eq_any(roots));
    read(rows.order(resource::id).load(conn)?)
}

#[derive(QueryableByName)]
struct RootRow {
    #[diesel(sql_type = diesel::sql_types::Binary)]
    id: ResourceId,
}

/// The wholes that these belong to, which nobody else books or changes until the transaction
/// ends. They are locked in the order of their ids.
pub fn lock_roots(tx: &mut Tx<'_>, ids: &[ResourceId]) -> Result<Vec<ResourceId>> {
    match &mut **tx {
        // One writes at a time.
        Conn::Sqlite(conn) => Ok(resource::table
            .filter(resource::id.eq_any(ids))
            .select(resource::root_id)
            .distinct()
            .order(resource::root_id)
            .load(conn)?),
        Conn::Postgres(conn) => {
            let pieces = [
                "SELECT id FROM resource WHERE id IN (SELECT root_id FROM resource WHERE id = ANY (",
                ")) ORDER BY id FOR NO KEY UPDATE",
            ];
            let ids = Column::Binary(ids.iter().copied().map(bytes).collect());
            let rows: Vec<RootRow> = Prepared::new(&pieces, vec![ids]).load(conn)?;
            Ok(rows.into_iter().map(|row| row.id).collect())
        }
    }
}

/// Adds a resource.
pub fn insert(tx: &mut Tx<'_>, one: &Resource) -> Result<()> {
    diesel::insert_into(resource::table)
        .values(Row::of(one))
        .execute(&mut **tx)?;
    Ok(())
}

/// Makes a resource where nobody has booked yet; its whole is there already.
///
/// # Errors
/// Where the database fails.
pub fn found_resource(
    tx: &mut Tx<'_>,
    place: PlaceId,
    unit: UnitId,
    rules: &Version,
    facts: Facts,
) -> Result<ResourceId> {
    let (id, now) = (ResourceId::new(), clock::now());
    let whole = facts.part_of.map(|whole| load_one(tx, whole)).transpose()?.flatten();
    let one = Resource {
        id,
        place_id: place,
        unit_id: unit,
        root_id: whole.map_or(id, |whole| whole.root_id),
        facts,
        rules_version_id: rules.id,
        has_sharing: false,
        status: Status::Open,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    insert(tx, &one)?;
    Ok(id)
}

/// Writes a resource as it is now: its version grows.
pub fn update(tx: &mut Tx<'_>, one: &mut Resource) -> Result<()> {
    one.version += 1;
    one.updated_at = clock::now();
    diesel::update(resource::table.find(one.id))
        .set(Row::of(one))
        .execute(&mut **tx)?;
    Ok(())
}

/// From now on it is looked whether there are agreements or withheld shares of a resource.
pub fn set_sharing(tx: &mut Tx<'_>, id: ResourceId) -> Result<()> {
    diesel::update(resource::table.find(id))
        .set(resource::has_sharing.eq(true))
        .execute(&mut **tx)?;
    Ok(())
}

/// All of a whole belong to another from now on.
pub fn set_root(tx: &mut Tx<'_>, ids: &[ResourceId], root: ResourceId) -> Result<()> {
    diesel::update(resource::table.filter(resource::id.eq_any(ids)))
        .set(resource::root_id.eq(root))
        .execute(&mut **tx)?;
    Ok(())
}

/// Those that have a set of rules, which they are, have this version of it from now on. Their
/// wholes are locked.
pub fn set_rules_version(tx: &mut Tx<'_>, rules: RulesId, version: RulesVersionId) -> Result<Vec<ResourceId>> {
    let ids: Vec<ResourceId> = resource::table
        .filter(resource::rules_id.eq(rules))
        .select(resource::id)
        .load(&mut **tx)?;
    lock_roots(tx, &ids)?;
    diesel::update(resource::table.filter(resource::rules_id.eq(rules)))
        .set(resource::rules_version_id.eq(version))
        .execute(&mut **tx)?;
    Ok(ids)
}

/// Which resources to list.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// At this place.
    pub place: Option<PlaceId>,
    /// At any of these places.
    pub places: Option<Vec<PlaceId>>,
    /// Of this unit.
    pub unit: Option<UnitId>,
    /// Of any of these units.
    pub units: Option<Vec<UnitId>>,
    /// Only those that are offered.
    pub open_only: bool,
}

/// The resources behind this one, in the order in which they were entered.
pub fn list(conn: &mut Conn, wanted: &Wanted, after: Option<ResourceId>, most: i64) -> Result<Vec<Resource>> {
    let mut query = resource::table.order(resource::id).limit(most).into_boxed();
    if let Some(place) = wanted.place {
        query = query.filter(resource::place_id.eq(place));
    }
    if let Some(places) = &wanted.places {
        query = query.filter(resource::place_id.eq_any(places.clone()));
    }
    if let Some(unit) = wanted.unit {
        query = query.filter(resource::unit_id.eq(unit));
    }
    if let Some(units) = &wanted.units {
        query = query.filter(resource::unit_id.eq_any(units.clone()));
    }
    if wanted.open_only {
        query = query.filter(resource::status.eq(Status::Open.name()));
    }
    if let Some(after) = after {
        query = query.filter(resource::id.gt(after));
    }
    read(query.load(conn)?)
}

type ClosureRow = (
    ClosureId,
    ResourceId,
    Timestamp,
    Option<Timestamp>,
    Option<String>,
    String,
    Option<Timestamp>,
);

fn closures(rows: Vec<ClosureRow>) -> Vec<Closure> {
    let one = |(id, resource_id, from_at, to_at, hours, reason, lifted_at)| Closure {
        id,
        resource_id,
        from_at,
        to_at,
        hours,
        reason,
        lifted_at,
    };
    rows.into_iter().map(one).collect()
}

/// The closures of these resources that hold at a time or later.
pub fn closures_from(conn: &mut Conn, ids: &[ResourceId], from: Timestamp) -> Result<Vec<Closure>> {
    let rows: Vec<ClosureRow> = closure::table
        .filter(closure::resource_id.eq_any(ids))
        .filter(closure::lifted_at.is_null().or(closure::lifted_at.gt(from)))
        .filter(closure::to_at.is_null().or(closure::to_at.gt(from)))
        .order((closure::from_at, closure::id))
        .select((
            closure::id,
            closure::resource_id,
            closure::from_at,
            closure::to_at,
            closure::hours,
            closure::reason,
            closure::lifted_at,
        ))
        .load(conn)?;
    Ok(closures(rows))
}

/// One closure, lifted ones too.
pub fn closure_of(conn: &mut Conn, id: ClosureId) -> Result<Option<Closure>> {
    let rows: Vec<ClosureRow> = closure::table
        .find(id)
        .select((
            closure::id,
            closure::resource_id,
            closure::from_at,
            closure::to_at,
            closure::hours,
            closure::reason,
            closure::lifted_at,
        ))
        .load(conn)?;
    Ok(closures(rows).pop())
}

/// Adds a closure.
pub fn insert_closure(tx: &mut Tx<'_>, one: &Closure, actor: &str) -> Result<()> {
    diesel::insert_into(closure::table)
        .values((
            closure::id.eq(one.id),
            closure::resource_id.eq(one.resource_id),
            closure::from_at.eq(one.from_at),
            closure::to_at.eq(one.to_at),
            closure::hours.eq(&one.hours),
            closure::reason.eq(&one.reason),
            closure::actor.eq(actor),
            closure::created_at.eq(clock::now()),
            closure::lifted_at.eq(one.lifted_at),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Lifts a closure.
pub fn lift(tx: &mut Tx<'_>, id: ClosureId) -> Result<()> {
    let lifted = diesel::update(closure::table.find(id).filter(closure::lifted_at.is_null()))
        .set(closure::lifted_at.eq(clock::now()))
        .execute(&mut **tx)?;
    match lifted {
        1 => Ok(()),
        _ => Err(Error::because(
            Reason::StateConflict,
            "该停用已经解除。",
            "This closure was lifted already.",
        )),
    }
}
