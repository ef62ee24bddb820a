//! Places over HTTP.

use actix_web::http::Method;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::catalogue::{Catalogue, Entry};
use super::kinds::{Category, Kind, Kinds};
use super::model::{Place, PlaceId, Source, Status};
use super::store;
use super::view::{self, Categories, CategoryView, KindView, PlaceInput, PlaceView};
use crate::coordinates::Crs;
use crate::db::{Db, Tx, search};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Actor, Public};
use crate::grid::access::ManagePlaces;
use crate::grid::view::{Doors, refuse_far};
use crate::grid::{LiveTree, UnitId};
use crate::http::{
    Answer, Body, Caller, CrsQuery, Cursor, IfMatch, Input, Nothing, Once, Operation, Page, Path, Query, Stored,
    Version,
};
use crate::text;

/// How many candidates of a search are looked at, as the description of `q` says.
const CANDIDATES: i64 = 20_000;

/// The operations on places.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_categories, _, _>(list_categories),
        Operation::new::<__path_list_places, _, _>(list_places),
        Operation::new::<__path_create_place, _, _>(create_place),
        Operation::new::<__path_get_place, _, _>(get_place),
        Operation::new::<__path_change_place, _, _>(change_place),
        Operation::new::<__path_close_place, _, _>(close_place),
        Operation::new::<__path_reopen_place, _, _>(reopen_place),
        Operation::new::<__path_get_place_doors, _, _>(get_place_doors),
        Operation::new::<__path_change_place_doors, _, _>(change_place_doors),
    ]
}

/// A place.
#[utoipa::path(
    get,
    path = "/places/{id}",
    tag = "places",
    params(("id" = String, Path, description = "The place's id"), CrsQuery),
    responses((status = 200, description = "The place", body = PlaceView), (status = 304, description = "The client has this version")),
)]
async fn get_place(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<PlaceId>,
    query: Query<CrsQuery>,
    db: web::Data<Db>,
) -> Answer {
    let place = db.read(move |conn| store::load_one(conn, id.0)).await?;
    let place = place.ok_or_else(|| Error::refused(Reason::NotFound))?;
    Ok(PlaceView::entity(&place, query.0.crs).answer(&request))
}

/// Enters a place.
#[utoipa::path(
    post,
    path = "/places",
    tag = "places",
    params(CrsQuery, ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = PlaceInput,
    responses((status = 201, description = "The place", body = PlaceView)),
)]
async fn create_place(
    caller: Caller<ManagePlaces>,
    query: Query<CrsQuery>,
    once: Once,
    body: Body<PlaceInput>,
    db: web::Data<Db>,
) -> Answer {
    let crs = query.0.crs;
    let facts = body.value.facts(crs)?;
    let stored = db.write(move |tx| {
        let actor = caller.at(facts.unit_id)?;
        once.run(tx, actor, &body.digest, |tx| {
            let place = store::insert(tx, Source::Operator, None, facts.clone(), &actor.name)?;
            tx.changed(store::KIND, place.id);
            let (location, version) = (format!("/v1/places/{}", place.id), Version::Number(place.version, crs));
            Stored::created(PlaceView::of(&place, crs), version, location)
        })
    });
    Ok(stored.await?.answer())
}

/// Writes other facts about a place, all of them: fetch it, mend it, send it with its `ETag`.
#[utoipa::path(
    put,
    path = "/places/{id}",
    tag = "places",
    params(("id" = String, Path, description = "The place's id"), CrsQuery, ("If-Match" = String, Header, description = "The ETag of the version to change")),
    request_body = PlaceInput,
    responses((status = 200, description = "The place as it is now", body = PlaceView)),
)]
async fn change_place(
    caller: Caller<ManagePlaces>,
    id: Path<PlaceId>,
    query: Query<CrsQuery>,
    expected: IfMatch,
    body: Body<PlaceInput>,
    tree: web::Data<LiveTree>,
    db: web::Data<Db>,
) -> Answer {
    let crs = query.0.crs;
    let mut facts = body.value.facts(crs)?;
    facts.unit_id = facts.unit_id.map(|unit| tree.now().that_took_the_place_of(unit));
    let changed = db.write(move |tx| {
        let (place, actor) = mine(tx, &caller, id.0)?;
        // A place is handed over only by who may change it on either side.
        caller.at(facts.unit_id)?;
        expected.allows(place.version)?;
        let place = store::change(tx, place, facts.clone(), &actor.name)?;
        tx.changed(store::KIND, place.id);
        Ok(place)
    });
    Ok(PlaceView::entity(&changed.await?, crs).answer_with(StatusCode::OK))
}

/// Closes a place: it stays on record and is in nobody's circle.
#[utoipa::path(
    post,
    path = "/places/{id}/close",
    tag = "places",
    params(("id" = String, Path, description = "The place's id"), ("If-Match" = String, Header, description = "The ETag of the version to close")),
    responses((status = 200, description = "The place as it is now", body = PlaceView)),
)]
async fn close_place(
    caller: Caller<ManagePlaces>,
    id: Path<PlaceId>,
    _: Query<Nothing>,
    expected: IfMatch,
    db: web::Data<Db>,
) -> Answer {
    set_status(&db, id.0, expected, Status::Closed, caller).await
}

/// Opens a closed place again.
#[utoipa::path(
    post,
    path = "/places/{id}/reopen",
    tag = "places",
    params(("id" = String, Path, description = "The place's id"), ("If-Match" = String, Header, description = "The ETag of the version to open")),
    responses((status = 200, description = "The place as it is now", body = PlaceView)),
)]
async fn reopen_place(
    caller: Caller<ManagePlaces>,
    id: Path<PlaceId>,
    _: Query<Nothing>,
    expected: IfMatch,
    db: web::Data<Db>,
) -> Answer {
    set_status(&db, id.0, expected, Status::Open, caller).await
}

/// A place to be changed, locked, and who may change it.
fn mine<'a>(tx: &mut Tx<'_>, caller: &'a Caller<ManagePlaces>, id: PlaceId) -> Result<(Place, &'a Actor)> {
    let place = store::load_locked(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let actor = caller.at(place.facts.unit_id)?;
    Ok((place, actor))
}

async fn set_status(db: &Db, id: PlaceId, expected: IfMatch, status: Status, caller: Caller<ManagePlaces>) -> Answer {
    let changed = db.write(move |tx| {
        let (place, actor) = mine(tx, &caller, id)?;
        expected.allows(place.version)?;
        if place.status == status {
            return Err(Error::because(
                Reason::StateConflict,
                "该服务点已是这个状态。",
                format!("The place is {} already.", status.name()),
            ));
        }
        let place = store::set_status(tx, place, status, &actor.name)?;
        tx.changed(store::KIND, place.id);
        Ok(place)
    });
    Ok(PlaceView::entity(&changed.await?, Crs::Wgs84).answer_with(StatusCode::OK))
}

/// The doors of a place; without any its location counts as one.
#[utoipa::path(
    get,
    path = "/places/{id}/doors",
    tag = "places",
    params(("id" = String, Path, description = "The place's id"), CrsQuery),
    responses((status = 200, description = "The doors", body = Doors), (status = 304, description = "The client has this version")),
)]
async fn get_place_doors(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<PlaceId>,
    query: Query<CrsQuery>,
    db: web::Data<Db>,
) -> Answer {
    let place = db.read(move |conn| store::load_one(conn, id.0)).await?;
    let place = place.ok_or_else(|| Error::refused(Reason::NotFound))?;
    Ok(Doors::entity(&place.facts.doors, place.version, query.0.crs).answer(&request))
}

/// Writes other doors of a place, all of them: fetch them, mend them, send them with their `ETag`, which is the
/// place's. The coordinates are in the list's own `crs`. A mobile service has none.
#[utoipa::path(
    put,
    path = "/places/{id}/doors",
    tag = "places",
    params(("id" = String, Path, description = "The place's id"), ("If-Match" = String, Header, description = "The ETag of the doors or of the place")),
    request_body = Doors,
    responses((status = 200, description = "The doors as they are now", body = Doors)),
)]
async fn change_place_doors(
    caller: Caller<ManagePlaces>,
    id: Path<PlaceId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<Doors>,
    db: web::Data<Db>,
) -> Answer {
    let crs = body.value.crs;
    let doors = body.value.read();
    let changed = db.write(move |tx| {
        let (place, actor) = mine(tx, &caller, id.0)?;
        expected.allows(place.version)?;
        refuse_far(&doors, Some(place.facts.location))?;
        let mut facts = place.facts.clone();
        facts.doors.clone_from(&doors);
        view::refuse_contradictions(&facts)?;
        let place = store::change(tx, place, facts, &actor.name)?;
        tx.changed(store::KIND, place.id);
        Ok(place)
    });
    let place = changed.await?;
    Ok(Doors::entity(&place.facts.doors, place.version, crs).answer_with(StatusCode::OK))
}

/// Which places to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlacesQuery {
    /// A name or a part of one, in Chinese (simplified or traditional), pinyin, pinyin initials or English; of
    /// names beyond the first 20,000 that have it nothing is said.
    #[param(min_length = 1, max_length = 64, format = "search-words")]
    q: Option<String>,
    /// Only places in this unit and those below it.
    #[param(inline)]
    unit: Option<UnitId>,
    /// Only places of this category.
    #[param(inline)]
    category: Option<Category>,
    /// Only places of this kind.
    #[param(min_length = 1, max_length = 40)]
    kind: Option<String>,
    /// Only places that are still there, or only those given up; all unless told.
    #[param(inline)]
    status: Option<Status>,
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

/// Places by unit, category and name, in the order of their names.
#[utoipa::path(
    get,
    path = "/places",
    tag = "places",
    params(PlacesQuery),
    responses((status = 200, description = "A page of places", body = Page<PlaceView>)),
)]
async fn list_places(
    _: Caller<Public>,
    query: Query<PlacesQuery>,
    catalogue: web::Data<Catalogue>,
    tree: web::Data<LiveTree>,
    db: web::Data<Db>,
) -> Answer {
    let query = query.0;
    let tree = tree.now();
    let snapshot = catalogue.now();
    let after: Option<(String, PlaceId)> = Cursor::read(query.cursor.as_deref())?;
    let key = |entry: &&std::sync::Arc<Entry>| (entry.place.facts.name.clone(), entry.place.id);
    let found = match &query.q {
        None => None,
        Some(words) => {
            let Some(needle) = text::Query::parse(words) else {
                return Ok(HttpResponse::Ok().json(Page::<PlaceView>::empty()));
            };
            let wanted = needle.clone();
            let ids: Vec<PlaceId> = db
                .read(move |conn| search::find(conn, store::KIND, &wanted, CANDIDATES))
                .await?;
            Some((needle, ids.into_iter().collect::<std::collections::HashSet<_>>()))
        }
    };
    let after = after.as_ref().map(|(name, id)| (name.as_str(), *id));
    let items = snapshot
        .by_name(after)
        .filter(|entry| {
            let facts = &entry.place.facts;
            query.category.is_none_or(|category| facts.kind.category == category)
                && query.kind.as_ref().is_none_or(|kind| facts.kind.code == *kind)
                && query.status.is_none_or(|status| entry.place.status == status)
                && query
                    .unit
                    .is_none_or(|root| facts.unit_id.is_some_and(|id| tree.is_within(id, root)))
                && found
                    .as_ref()
                    .is_none_or(|(needle, ids)| ids.contains(&entry.place.id) && needle.matches(&entry.search_name))
        })
        .take(query.limit + 1)
        .collect();
    let page = Page::cut(items, query.limit, key);
    Ok(HttpResponse::Ok().json(page.map(|entry| PlaceView::of(&entry.place, query.crs))))
}

/// A kind that the table does not have.
pub fn unknown_kind(value: &Value, place: &'static str, faults: &mut Vec<FieldError>) {
    let kind = value["kind"].as_str();
    if kind.is_some_and(|code| Kinds::table().get(code).is_none()) {
        let mut fault = FieldError::body(
            "/kind",
            "unknown_kind",
            "没有这个类别，可用类别见 GET /v1/categories。",
            "There is no such kind; GET /v1/categories lists them.",
        );
        fault.place = place;
        faults.push(fault);
    }
}

impl Input for PlacesQuery {
    fn cross_check(value: &Value, _: &HttpRequest, faults: &mut Vec<FieldError>) {
        unknown_kind(value, "query", faults);
    }
}

impl Input for PlaceInput {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        unknown_kind(value, "body", faults);
        let unit = value["unit_id"].as_str().and_then(|text| text.parse::<UnitId>().ok());
        let tree = request.app_data::<web::Data<LiveTree>>();
        let (Some(id), Some(tree)) = (unit, tree) else { return };
        match tree.now().node(id).map(|node| node.unit.merged_into) {
            None => faults.push(FieldError::body(
                "/unit_id",
                "unknown_unit",
                "没有这个单元。",
                "There is no such unit.",
            )),
            // A place that was the merged unit's is the other's.
            Some(Some(_)) if request.method() == Method::PUT => {}
            Some(Some(other)) => faults.push(FieldError::body(
                "/unit_id",
                "merged_unit",
                format!("该单元已并入 {other}。"),
                format!("This unit was merged into {other}."),
            )),
            Some(None) => {}
        }
    }
}

/// The ten categories with the kinds of place below them.
#[utoipa::path(
    get,
    path = "/categories",
    tag = "places",
    responses((status = 200, description = "The ten categories", body = Categories)),
)]
async fn list_categories(_: Caller<Public>, _: Query<Nothing>) -> Answer {
    let kind_view = |kind: &'static Kind| KindView {
        code: &kind.code,
        name: &kind.zh,
        name_en: &kind.en,
    };
    let items = Category::ALL
        .into_iter()
        .map(|category| CategoryView {
            code: category,
            character: category.zh(),
            name: category.zh_word(),
            name_en: category.en(),
            kinds: Kinds::table()
                .all()
                .iter()
                .filter(|kind| kind.category == category)
                .map(kind_view)
                .collect(),
        })
        .collect();
    Ok(HttpResponse::Ok().json(Categories { items }))
}
