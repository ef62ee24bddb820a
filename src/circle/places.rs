//! Places over HTTP.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::catalogue::{Catalogue, Entry};
use super::kinds::{Category, Kind, Kinds};
use super::model::{Door, DoorKind, Facts, Place, PlaceId, Source, Status, Stop, Wheelchair};
use super::store;
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::db::{Db, search};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Operator, Public};
use crate::grid::{LiveTree, Tree, UnitId};
use crate::http::{
    Answer, Body, Caller, Cursor, Entity, IfMatch, Location, Once, Operation, Page, Path, Query, Stored,
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
    ]
}

/// A door of a place.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DoorView {
    /// What kind of access point it is.
    kind: DoorKind,
    /// Where it is.
    location: Location,
}

/// Where and when a mobile service stands.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopView {
    /// Where it stands.
    location: Location,
    /// When it stands there, in the opening-hours grammar of OpenStreetMap. It is in the circles of the days that this names.
    #[schema(format = "opening-hours", max_length = 512, example = "Tu 09:00-11:00")]
    opening_hours: String,
}

/// What is said about a place.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceInput {
    /// Its name in Chinese, or as it is written there.
    #[schema(min_length = 1, max_length = 80, example = "幸福药店")]
    name: String,
    /// Its name in English.
    #[schema(min_length = 1, max_length = 120, example = "Happiness Pharmacy")]
    name_en: Option<String>,
    /// Its kind, of those that `GET /v1/categories` lists; the kind fixes the category.
    #[schema(min_length = 1, max_length = 40, example = "pharmacy")]
    kind: String,
    /// The unit in which it lies.
    unit_id: Option<UnitId>,
    /// Where it is.
    location: Location,
    /// When it is open, in the opening-hours grammar of OpenStreetMap.
    #[schema(
        format = "opening-hours",
        max_length = 512,
        example = "Mo-Fr 08:30-20:00; Sa,Su 09:00-18:00"
    )]
    opening_hours: Option<String>,
    /// Its telephone number.
    #[schema(pattern = r"^[0-9+(][0-9 ()/;,.+-]{2,31}$", example = "0999-5550123")]
    phone: Option<String>,
    /// Whether a wheelchair gets in.
    wheelchair: Option<Wheelchair>,
    /// Its doors; without any the location counts as one.
    #[serde(default)]
    #[schema(max_items = 50)]
    doors: Vec<DoorView>,
    /// Where a mobile service stands; one that has stops is nowhere else.
    #[serde(default)]
    #[schema(max_items = 50)]
    stops: Vec<StopView>,
}

impl PlaceInput {
    fn facts(self, crs: Crs, tree: &Tree) -> Result<Facts> {
        let mut faults = Vec::new();
        let kind = Kinds::table().get(&self.kind);
        if kind.is_none() {
            faults.push(FieldError::body(
                "/kind",
                "unknown_kind",
                format!("没有类别 {},可用类别见 GET /v1/categories。", self.kind),
                format!("There is no kind {}; GET /v1/categories lists them.", self.kind),
            ));
        }
        if self.unit_id.is_some_and(|id| tree.node(id).is_none()) {
            faults.push(FieldError::body(
                "/unit_id",
                "unknown_unit",
                "没有这个单元。",
                "There is no such unit.",
            ));
        }
        match kind {
            Some(kind) if faults.is_empty() => Ok(Facts {
                name: self.name,
                name_en: self.name_en,
                kind,
                unit_id: self.unit_id,
                location: self.location.to_point(crs),
                opening_hours: self.opening_hours,
                phone: self.phone,
                wheelchair: self.wheelchair,
                doors: self
                    .doors
                    .into_iter()
                    .map(|door| Door {
                        kind: door.kind,
                        point: door.location.to_point(crs),
                    })
                    .collect(),
                stops: self
                    .stops
                    .into_iter()
                    .map(|stop| Stop {
                        point: stop.location.to_point(crs),
                        opening_hours: stop.opening_hours,
                    })
                    .collect(),
            }),
            _ => Err(Error::Invalid(faults)),
        }
    }
}

/// A place.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceView {
    /// Its id.
    id: PlaceId,
    /// Where it comes from.
    source: Source,
    /// By what its source knows it.
    reference: String,
    /// OpenStreetMap's element, where it comes from there.
    #[schema(example = "node/123")]
    osm: Option<String>,
    /// The unit in which it lies.
    unit_id: Option<UnitId>,
    /// Its name in Chinese, or as it is written there.
    name: String,
    /// Its name in English.
    name_en: Option<String>,
    /// One of the ten categories.
    category: Category,
    /// Its kind, below the category.
    kind: String,
    /// Where it is.
    location: Location,
    /// When it is open, in the opening-hours grammar of OpenStreetMap.
    opening_hours: Option<String>,
    /// Its telephone number.
    phone: Option<String>,
    /// Whether a wheelchair gets in.
    wheelchair: Option<Wheelchair>,
    /// Its doors.
    doors: Vec<DoorView>,
    /// Where a mobile service stands.
    stops: Vec<StopView>,
    /// Whether it is still there.
    status: Status,
    /// Grows with each change; the `ETag`.
    version: i64,
    /// When it was entered.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

impl PlaceView {
    fn of(place: &Place, crs: Crs) -> Self {
        let facts = &place.facts;
        Self {
            id: place.id,
            source: place.source,
            reference: place.reference.clone(),
            osm: place.osm().map(str::to_owned),
            unit_id: facts.unit_id,
            name: facts.name.clone(),
            name_en: facts.name_en.clone(),
            category: facts.kind.category,
            kind: facts.kind.code.clone(),
            location: Location::of(facts.location, crs),
            opening_hours: facts.opening_hours.clone(),
            phone: facts.phone.clone(),
            wheelchair: facts.wheelchair,
            doors: facts
                .doors
                .iter()
                .map(|door| DoorView {
                    kind: door.kind,
                    location: Location::of(door.point, crs),
                })
                .collect(),
            stops: facts
                .stops
                .iter()
                .map(|stop| StopView {
                    location: Location::of(stop.point, crs),
                    opening_hours: stop.opening_hours.clone(),
                })
                .collect(),
            status: place.status,
            version: place.version,
            created_at: place.created_at,
            updated_at: place.updated_at,
        }
    }

    fn entity(place: &Place, crs: Crs) -> Entity<Self> {
        Entity {
            value: Self::of(place, crs),
            version: place.version,
        }
    }
}

/// In which system coordinates are given and taken.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CrsQuery {
    /// The system of coordinates in the body and in the answer.
    #[serde(default)]
    #[param(inline)]
    crs: Crs,
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
    caller: Caller<Operator>,
    query: Query<CrsQuery>,
    once: Once,
    body: Body<PlaceInput>,
    tree: web::Data<LiveTree>,
    db: web::Data<Db>,
) -> Answer {
    let crs = query.0.crs;
    let facts = body.value.facts(crs, &tree.now())?;
    let stored = db.write(move |tx| {
        once.run(tx, &caller.actor, &body.digest, |tx| {
            let place = store::insert(tx, Source::Operator, None, facts.clone(), &caller.actor.name)?;
            tx.changed(store::KIND, place.id);
            Stored::created(
                &PlaceView::of(&place, crs),
                format!("/v1/places/{}", place.id),
                place.version,
            )
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
    caller: Caller<Operator>,
    id: Path<PlaceId>,
    query: Query<CrsQuery>,
    expected: IfMatch,
    body: Body<PlaceInput>,
    tree: web::Data<LiveTree>,
    db: web::Data<Db>,
) -> Answer {
    let crs = query.0.crs;
    let facts = body.value.facts(crs, &tree.now())?;
    let changed = db.write(move |tx| {
        let place = store::load_locked(tx, id.0)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        expected.allows(place.version)?;
        let place = store::change(tx, place, facts.clone(), &caller.actor.name)?;
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
async fn close_place(caller: Caller<Operator>, id: Path<PlaceId>, expected: IfMatch, db: web::Data<Db>) -> Answer {
    set_status(&db, id.0, expected, Status::Closed, caller.actor.name).await
}

/// Opens a closed place again.
#[utoipa::path(
    post,
    path = "/places/{id}/reopen",
    tag = "places",
    params(("id" = String, Path, description = "The place's id"), ("If-Match" = String, Header, description = "The ETag of the version to open")),
    responses((status = 200, description = "The place as it is now", body = PlaceView)),
)]
async fn reopen_place(caller: Caller<Operator>, id: Path<PlaceId>, expected: IfMatch, db: web::Data<Db>) -> Answer {
    set_status(&db, id.0, expected, Status::Open, caller.actor.name).await
}

async fn set_status(db: &Db, id: PlaceId, expected: IfMatch, status: Status, actor: String) -> Answer {
    let changed = db.write(move |tx| {
        let place = store::load_locked(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        expected.allows(place.version)?;
        if place.status == status {
            return Err(Error::because(
                Reason::StateConflict,
                "该服务点已是这个状态。",
                format!("The place is {} already.", status.name()),
            ));
        }
        let place = store::set_status(tx, place, status, &actor)?;
        tx.changed(store::KIND, place.id);
        Ok(place)
    });
    Ok(PlaceView::entity(&changed.await?, Crs::Wgs84).answer_with(StatusCode::OK))
}

/// Which places to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlacesQuery {
    /// A name or a part of one, in Chinese (simplified or traditional), pinyin, pinyin initials or English; of
    /// names beyond the first 20,000 that have it nothing is said.
    #[param(min_length = 1, max_length = 64)]
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
    known_kind(query.kind.as_deref())?;
    let tree = tree.now();
    let snapshot = catalogue.now();
    let after: Option<(String, PlaceId)> = Cursor::read(query.cursor.as_deref())?;
    let key = |entry: &&std::sync::Arc<Entry>| (entry.place.facts.name.clone(), entry.place.id);
    let found = match &query.q {
        None => None,
        Some(words) => {
            let needle = text::Query::parse(words).ok_or_else(no_words)?;
            let wanted = needle.clone();
            let ids: Vec<PlaceId> = db
                .read(move |conn| search::find(conn, store::KIND, &wanted, CANDIDATES))
                .await?;
            Some((needle, ids.into_iter().collect::<std::collections::HashSet<_>>()))
        }
    };
    let items = snapshot
        .entries()
        .iter()
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
        .filter(|entry| after.as_ref().is_none_or(|after| key(entry) > *after))
        .take(query.limit + 1)
        .collect();
    let page = Page::cut(items, query.limit, key);
    Ok(HttpResponse::Ok().json(page.map(|entry| PlaceView::of(&entry.place, query.crs))))
}

/// Refuses a kind that the table does not have.
pub(super) fn known_kind(kind: Option<&str>) -> Result<()> {
    match kind {
        Some(code) if Kinds::table().get(code).is_none() => Err(Error::field(FieldError::query(
            "kind",
            "unknown_kind",
            "没有这个类别,可用类别见 GET /v1/categories。",
            "There is no such kind; GET /v1/categories lists them.",
        ))),
        _ => Ok(()),
    }
}

/// Refuses a search for nothing.
pub(super) fn no_words() -> Error {
    Error::field(FieldError::query(
        "q",
        "no_words",
        "请输入文字、拼音或字母。",
        "Give letters, characters or digits to search for.",
    ))
}

/// A kind of place.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindView {
    /// Its code.
    code: &'static str,
    /// Its name in Chinese.
    name: &'static str,
    /// Its name in English.
    name_en: &'static str,
}

/// One of the ten categories, with the kinds below it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CategoryView {
    /// Its code.
    code: Category,
    /// Its one character, of 党政居医养教文体娱商.
    character: &'static str,
    /// Its name in Chinese.
    name: &'static str,
    /// Its name in English.
    name_en: &'static str,
    /// The kinds of place below it.
    kinds: Vec<KindView>,
}

/// The ten categories.
#[derive(Debug, Serialize, ToSchema)]
pub struct Categories {
    /// In the order 党政居医养教文体娱商.
    items: Vec<CategoryView>,
}

/// The ten categories with the kinds of place below them.
#[utoipa::path(
    get,
    path = "/categories",
    tag = "places",
    responses((status = 200, description = "The ten categories", body = Categories)),
)]
async fn list_categories(_: Caller<Public>) -> Answer {
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
