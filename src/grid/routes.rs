//! Units over HTTP.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::model::{Level, Setting, Unit, UnitId};
use super::reshape;
use super::store;
use super::tree::{LiveTree, Node, Tree};
use super::view::{Doors, refuse_far};
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::db::{Db, search};
use crate::error::{Error, Reason, Result};
use crate::gate::Public;
use crate::grid::access::ManagePlaces;
use crate::http::{
    Answer, Body, Caller, CrsQuery, Cursor, Entity, IfMatch, Input, Location, Nothing, Operation, Page, Path, Query,
    Version,
};
use crate::text;

/// The operations of this room.
pub fn operations() -> Vec<Operation> {
    let mut operations = super::members::routes::operations();
    operations.extend(super::members::finding::routes::operations());
    operations.extend(super::households::routes::operations());
    operations.extend(super::departments::routes::operations());
    operations.extend(super::duties::routes::operations());
    operations.extend(super::reshape::routes::operations());
    operations.extend(super::reveals::routes::operations());
    operations.extend(super::estates::routes::operations());
    operations.extend(super::organisations::routes::operations());
    operations.extend(super::audit::routes::operations());
    operations.extend(of_units());
    operations
}

fn of_units() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_units, _, _>(list_units),
        Operation::new::<__path_get_unit, _, _>(get_unit),
        Operation::new::<__path_list_children, _, _>(list_children),
        Operation::new::<__path_list_ancestors, _, _>(list_ancestors),
        Operation::new::<__path_get_unit_doors, _, _>(get_unit_doors),
        Operation::new::<__path_change_unit_doors, _, _>(change_unit_doors),
    ]
}

/// How many candidates of a search are looked at, as the description of `q` says.
const CANDIDATES: i64 = 20_000;

/// A unit in short.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct UnitRef {
    /// Its id.
    pub id: UnitId,
    /// Its level.
    pub level: Level,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
}

/// A unit of the administrative tree.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnitView {
    /// Its id.
    pub id: UnitId,
    /// The id of the unit above; null for a root.
    pub parent_id: Option<UnitId>,
    /// Its level.
    pub level: Level,
    /// Its division code, an opaque text.
    pub code: String,
    /// Its name in Chinese.
    pub name: String,
    /// Its name in English.
    pub name_en: Option<String>,
    /// Town or country.
    pub setting: Setting,
    /// How many people live there, where known.
    pub population: Option<i64>,
    /// Where it is, where known.
    pub location: Option<Location>,
    /// The units above, from the root down; where it was merged into another, that one and
    /// those above it.
    pub path: Vec<UnitRef>,
    /// How many units are right below.
    pub child_count: usize,
    /// The id of the unit into which it was merged; null as long as it is open.
    pub merged_into: Option<UnitId>,
    /// When that was.
    pub closed_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A unit in short.
pub(super) fn in_short(node: &Node) -> UnitRef {
    UnitRef {
        id: node.unit.id,
        level: node.unit.level,
        name: node.unit.name.clone(),
        name_en: node.unit.name_en.clone(),
    }
}

/// A unit as the tree shows it, or as it will once its change is known here.
fn view(tree: &Tree, unit: &Unit, crs: Crs) -> UnitView {
    let parent = unit.above().and_then(|id| tree.node(id));
    let above = unit.above().map(|id| tree.ancestors(id)).unwrap_or_default();
    UnitView {
        id: unit.id,
        parent_id: unit.parent_id,
        level: unit.level,
        code: unit.code.clone(),
        name: unit.name.clone(),
        name_en: unit.name_en.clone(),
        setting: unit.setting,
        population: unit.population,
        location: unit.location.map(|point| Location::of(point, crs)),
        path: above.into_iter().chain(parent).map(|node| in_short(node)).collect(),
        child_count: tree.children(Some(unit.id)).len(),
        merged_into: unit.merged_into,
        closed_at: unit.closed_at,
        updated_at: unit.updated_at,
    }
}

/// A unit with what tells this state of it from others.
pub(super) fn unit_entity(tree: &Tree, unit: &Unit, crs: Crs) -> Entity<UnitView> {
    Entity {
        value: view(tree, unit, crs),
        version: Version::Content,
    }
}

fn existing(tree: &Tree, id: UnitId) -> Result<&Arc<Node>> {
    tree.node(id).ok_or_else(|| Error::refused(Reason::NotFound))
}

impl Input for PageQuery {}
impl Input for UnitsQuery {}

/// A unit, with the units above it.
#[utoipa::path(
    get,
    path = "/units/{id}",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), CrsQuery),
    responses((status = 200, description = "The unit", body = UnitView), (status = 304, description = "The client has this version")),
)]
async fn get_unit(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<UnitId>,
    query: Query<CrsQuery>,
    tree: web::Data<LiveTree>,
) -> Answer {
    let tree = tree.now();
    let node = existing(&tree, id.0)?;
    Ok(unit_entity(&tree, &node.unit, query.0.crs).answer(&request))
}

/// Which children to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: usize,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// The system of coordinates in the answer.
    #[serde(default)]
    #[param(inline)]
    crs: Crs,
}

fn usual_limit() -> usize {
    100
}

/// The units right below a unit, by their codes.
#[utoipa::path(
    get,
    path = "/units/{id}/children",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), PageQuery),
    responses((status = 200, description = "A page of units", body = Page<UnitView>)),
)]
async fn list_children(
    _: Caller<Public>,
    id: Path<UnitId>,
    query: Query<PageQuery>,
    tree: web::Data<LiveTree>,
) -> Answer {
    let tree = tree.now();
    existing(&tree, id.0)?;
    let page = by_code(&tree, tree.children(Some(id.0)), &query.0.cursor, query.0.limit)?;
    Ok(actix_web::HttpResponse::Ok().json(page.map(|node| view(&tree, &node.unit, query.0.crs))))
}

/// A page of units that are in the order of their codes.
fn by_code<'a>(tree: &'a Tree, ids: &[UnitId], cursor: &Option<String>, limit: usize) -> Result<Page<&'a Node>> {
    let after: Option<String> = Cursor::read(cursor.as_deref())?;
    let nodes = ids
        .iter()
        .filter_map(|id| tree.node(*id))
        .map(Arc::as_ref)
        .filter(|node| after.as_ref().is_none_or(|after| node.unit.code > *after))
        .take(limit + 1)
        .collect();
    Ok(Page::cut(nodes, limit, |node| node.unit.code.clone()))
}

/// The units above a unit, from the root down.
#[derive(Debug, Serialize, ToSchema)]
pub struct Ancestors {
    /// From the root down; the unit itself is not among them.
    pub items: Vec<UnitView>,
}

/// Of which time the units above are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AncestorsQuery {
    /// As they stood at this time, under the names that they had; of times before the first
    /// change that is known, as they stood before it.
    #[param(inline)]
    as_of: Option<Timestamp>,
    /// The system of coordinates in the answer.
    #[serde(default)]
    #[param(inline)]
    crs: Crs,
}

impl Input for AncestorsQuery {}

/// The units above a unit, from the root down, now or at a time.
#[utoipa::path(
    get,
    path = "/units/{id}/ancestors",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), AncestorsQuery),
    responses((status = 200, description = "The units above", body = Ancestors)),
)]
async fn list_ancestors(
    _: Caller<Public>,
    id: Path<UnitId>,
    query: Query<AncestorsQuery>,
    tree: web::Data<LiveTree>,
    db: web::Data<Db>,
) -> Answer {
    let tree = tree.now();
    existing(&tree, id.0)?;
    let AncestorsQuery { as_of, crs } = query.0;
    let items = match as_of {
        None => {
            let above = tree.ancestors(id.0).into_iter();
            above.map(|node| view(&tree, &node.unit, crs)).collect()
        }
        Some(time) => {
            let past = db.read(move |conn| reshape::ancestors_at(conn, id.0, time)).await?;
            as_they_were(&tree, past, crs)
        }
    };
    Ok(actix_web::HttpResponse::Ok().json(Ancestors { items }))
}

/// Units under the names and in the places that they had.
fn as_they_were(tree: &Tree, past: Vec<reshape::Past>, crs: Crs) -> Vec<UnitView> {
    let mut path: Vec<UnitRef> = Vec::new();
    let mut shown = Vec::new();
    for was in past {
        let Some(node) = tree.node(was.id) else { continue };
        let own = UnitRef {
            id: was.id,
            level: was.level,
            name: was.name.clone(),
            name_en: was.name_en.clone(),
        };
        shown.push(UnitView {
            parent_id: was.parent_id,
            level: was.level,
            code: was.code,
            name: was.name,
            name_en: was.name_en,
            path: path.clone(),
            ..view(tree, &node.unit, crs)
        });
        path.push(own);
    }
    shown
}

/// Which units to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UnitsQuery {
    /// A name or a part of one, in Chinese (simplified or traditional), pinyin, pinyin
    /// initials or English; of names beyond the first 20,000 that have it nothing is said.
    /// Without it the roots are listed.
    #[param(min_length = 1, max_length = 64, format = "search-words")]
    q: Option<String>,
    /// Only units of this level.
    #[param(inline)]
    level: Option<Level>,
    /// Only this unit and those below it.
    #[param(inline)]
    within: Option<UnitId>,
    /// How many at the most.
    #[serde(default = "usual_limit")]
    #[param(minimum = 1, maximum = 500, default = 100)]
    limit: usize,
    /// The `next` of the page before.
    cursor: Option<String>,
    /// The system of coordinates in the answer.
    #[serde(default)]
    #[param(inline)]
    crs: Crs,
}

/// Units by name, the highest levels first; without a name the roots of the tree.
#[utoipa::path(
    get,
    path = "/units",
    tag = "units",
    params(UnitsQuery),
    responses((status = 200, description = "A page of units", body = Page<UnitView>)),
)]
async fn list_units(
    _: Caller<Public>,
    query: Query<UnitsQuery>,
    tree: web::Data<LiveTree>,
    db: web::Data<Db>,
) -> Answer {
    let query = query.0;
    let tree = tree.now();
    let mut found = match &query.q {
        Some(words) => search_units(&tree, words, &db).await?,
        None if query.level.is_none() && query.within.is_none() => roots(&tree),
        None => tree.all().collect(),
    };
    found.retain(|node| query.level.is_none_or(|level| node.unit.level == level));
    found.retain(|node| query.within.is_none_or(|root| tree.is_within(node.unit.id, root)));
    found.sort_by(|a, b| (a.unit.level, &a.unit.code).cmp(&(b.unit.level, &b.unit.code)));
    let after: Option<(Level, String)> = Cursor::read(query.cursor.as_deref())?;
    let key = |node: &&Node| (node.unit.level, node.unit.code.clone());
    let rest = found
        .into_iter()
        .filter(|node| {
            let (level, code) = (node.unit.level, node.unit.code.as_str());
            after
                .as_ref()
                .is_none_or(|(last, last_code)| (level, code) > (*last, last_code.as_str()))
        })
        .take(query.limit + 1)
        .collect();
    let page = Page::cut(rest, query.limit, key);
    Ok(actix_web::HttpResponse::Ok().json(page.map(|node| view(&tree, &node.unit, query.crs))))
}

fn roots(tree: &Tree) -> Vec<&Node> {
    let roots = tree.children(None).iter();
    roots.filter_map(|id| tree.node(*id)).map(Arc::as_ref).collect()
}

async fn search_units<'a>(tree: &'a Tree, words: &str, db: &Db) -> Result<Vec<&'a Node>> {
    let Some(query) = text::Query::parse(words) else {
        return Ok(Vec::new());
    };
    let needle = query.clone();
    let ids: Vec<UnitId> = db
        .read(move |conn| search::find(conn, store::KIND, &needle, CANDIDATES))
        .await?;
    Ok(ids
        .into_iter()
        .filter_map(|id| tree.node(id))
        .map(Arc::as_ref)
        .filter(|node| node.unit.merged_into.is_none() && query.matches(node.search_name()))
        .collect())
}

/// The doors through which the people of a unit leave it; without any its location counts as one.
#[utoipa::path(
    get,
    path = "/units/{id}/doors",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), CrsQuery),
    responses((status = 200, description = "The doors", body = Doors), (status = 304, description = "The client has this version")),
)]
async fn get_unit_doors(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<UnitId>,
    query: Query<CrsQuery>,
    db: web::Data<Db>,
) -> Answer {
    let unit = db.read(move |conn| store::load_one(conn, id.0)).await?;
    let unit = unit.ok_or_else(|| Error::refused(Reason::NotFound))?;
    Ok(Doors::entity(&unit.doors, unit.version, query.0.crs).answer(&request))
}

/// Writes other doors of a unit, all of them: fetch them, mend them, send them with their `ETag`. The coordinates are
/// in the list's own `crs`.
#[utoipa::path(
    put,
    path = "/units/{id}/doors",
    tag = "units",
    params(("id" = String, Path, description = "The unit's id"), ("If-Match" = String, Header, description = "The ETag of the doors to change")),
    request_body = Doors,
    responses((status = 200, description = "The doors as they are now", body = Doors)),
)]
async fn change_unit_doors(
    caller: Caller<ManagePlaces>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<Doors>,
    db: web::Data<Db>,
) -> Answer {
    let crs = body.value.crs;
    let doors = body.value.read();
    let changed = db.write(move |tx| {
        let unit = store::load_locked(tx, id.0)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        caller.at(Some(unit.id))?;
        expected.allows(unit.version)?;
        store::refuse_closed(&unit)?;
        refuse_far(&doors, unit.location)?;
        let unit = store::set_doors(tx, unit, doors.clone())?;
        tx.changed(store::KIND, unit.id);
        Ok(unit)
    });
    let unit = changed.await?;
    Ok(Doors::entity(&unit.doors, unit.version, crs).answer_with(StatusCode::OK))
}
