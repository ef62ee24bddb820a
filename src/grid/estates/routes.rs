//! Estates over HTTP.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::change::{self, entry, refuse_misplaced};
use super::model::{Estate, EstateId};
use super::store;
use super::view::{EstateInput, EstateView};
use crate::clock;
use crate::coordinates::Crs;
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::gate::Public;
use crate::grid::access::ManageEstates;
use crate::grid::audit::{self, Act};
use crate::grid::members::view::ReasonInput;
use crate::grid::model::UnitId;
use crate::grid::organisations;
use crate::grid::shared::Shared;
use crate::grid::store as units;
use crate::http::{
    Answer, Body, Caller, IfMatch, Nothing, Once, Operation, Page, PageQuery, Path, Query, Stored, Version,
};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_estates, _, _>(list_estates),
        Operation::new::<__path_draw_estate, _, _>(draw_estate),
        Operation::new::<__path_get_estate, _, _>(get_estate),
        Operation::new::<__path_redraw_estate, _, _>(redraw_estate),
        Operation::new::<__path_close_estate, _, _>(close_estate),
    ]
}

async fn existing(shared: &Shared, id: EstateId) -> Result<Estate> {
    let found = shared.db.read(move |conn| store::load_one(conn, id)).await?;
    found.ok_or_else(|| Error::refused(Reason::NotFound))
}

/// The open estates of a grid, in the order in which they were drawn.
#[utoipa::path(
    get,
    path = "/units/{id}/estates",
    tag = "organisations",
    params(("id" = String, Path, description = "The grid's id"), PageQuery),
    responses((status = 200, description = "A page of estates", body = Page<EstateView>)),
)]
async fn list_estates(
    _: Caller<Public>,
    id: Path<UnitId>,
    query: Query<PageQuery>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    tree.node(id.0).ok_or_else(|| Error::refused(Reason::NotFound))?;
    let load = move |conn: &mut Conn, after, most| store::load_of(conn, id.0, after, most);
    let PageQuery { limit, cursor } = query.0;
    let page = Page::load(&shared.db, limit, cursor.as_deref(), load, |one| one.id).await?;
    Ok(HttpResponse::Ok().json(page.map(|one| EstateView::of(&one, &tree))))
}

/// Draws an estate: buildings of a grid under a name.
#[utoipa::path(
    post,
    path = "/units/{id}/estates",
    tag = "organisations",
    params(("id" = String, Path, description = "The grid's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = EstateInput,
    responses((status = 201, description = "The estate", body = EstateView)),
)]
async fn draw_estate(
    caller: Caller<ManageEstates>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<EstateInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    tree.node(id.0).ok_or_else(|| Error::refused(Reason::NotFound))?;
    caller.at(id.0)?;
    let stored = shared.db.write(move |tx| {
        let actor = caller.at(id.0)?;
        once.run(tx, actor, &body.digest, |tx| {
            let estate = Estate::new(id.0, &body.value.name, body.value.buildings.clone());
            change::draw(tx, &actor.name, &estate)?;
            let location = format!("/v1/estates/{}", estate.id);
            Stored::created(
                EstateView::of(&estate, &tree),
                Version::Number(estate.version, Crs::Wgs84),
                location,
            )
        })
    });
    Ok(stored.await?.answer())
}

/// An estate, also one that is closed.
#[utoipa::path(
    get,
    path = "/estates/{id}",
    tag = "organisations",
    params(("id" = String, Path, description = "The estate's id")),
    responses((status = 200, description = "The estate", body = EstateView), (status = 304, description = "The client has this version")),
)]
async fn get_estate(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<EstateId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let estate = existing(&shared, id.0).await?;
    Ok(EstateView::entity(&estate, &shared.tree.now()).answer(&request))
}

/// Writes another name and other buildings of an estate, all of them: fetch it, mend it, send it with its `ETag`.
#[utoipa::path(
    put,
    path = "/estates/{id}",
    tag = "organisations",
    params(("id" = String, Path, description = "The estate's id"), ("If-Match" = String, Header, description = "The ETag of the version to change")),
    request_body = EstateInput,
    responses((status = 200, description = "The estate as it is now", body = EstateView)),
)]
async fn redraw_estate(
    caller: Caller<ManageEstates>,
    id: Path<EstateId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<EstateInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    caller.at(existing(&shared, id.0).await?.unit_id)?;
    let changed = shared.db.write(move |tx| {
        units::lock_shape(tx)?;
        let mut estate = store::load_open_locked(tx, id.0)?;
        let actor = caller.at(estate.unit_id)?;
        expected.allows(estate.version)?;
        refuse_misplaced(tx, &body.value.buildings, estate.unit_id)?;
        estate.name.clone_from(&body.value.name);
        estate.buildings.clone_from(&body.value.buildings);
        audit::record(tx, &entry(&actor.name, Act::EstateDrawn, &estate, None))?;
        store::update(tx, estate)
    });
    Ok(EstateView::entity(&changed.await?, &tree).answer_with(StatusCode::OK))
}

/// Closes an estate: its buildings are free for another.
#[utoipa::path(
    post,
    path = "/estates/{id}/close",
    tag = "organisations",
    params(("id" = String, Path, description = "The estate's id")),
    request_body = ReasonInput,
    responses((status = 200, description = "The estate as it is now", body = EstateView)),
)]
async fn close_estate(
    caller: Caller<ManageEstates>,
    id: Path<EstateId>,
    _: Query<Nothing>,
    body: Body<ReasonInput>,
    shared: web::Data<Shared>,
) -> Answer {
    caller.at(existing(&shared, id.0).await?.unit_id)?;
    let closed = shared.db.write(move |tx| {
        let mut estate = store::load_open_locked(tx, id.0)?;
        let actor = caller.at(estate.unit_id)?;
        if organisations::has_any(tx, estate.id)? {
            return Err(Error::because(
                Reason::StateConflict,
                "该小区还有理事会，请先撤销。",
                "The estate has a council; close that first.",
            ));
        }
        estate.closed_at = Some(clock::now());
        estate.buildings.clear();
        let reason = Some(body.value.reason.as_str());
        audit::record(tx, &entry(&actor.name, Act::EstateClosed, &estate, reason))?;
        store::update(tx, estate)
    });
    Ok(EstateView::entity(&closed.await?, &shared.tree.now()).answer_with(StatusCode::OK))
}
