//! Requests to see many numbers over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};

use super::change;
use super::model::{Reveal, RevealId, RevealState};
use super::store;
use super::view::{NumberList, NumberView, RevealInput, RevealView};
use crate::clock::Timestamp;
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::grid::access::{FindPeople, SeePhones};
use crate::grid::members::routes::{LOOKS, person};
use crate::grid::model::UnitId;
use crate::grid::shared::Shared;
use crate::grid::tree::Tree;
use crate::http::{
    Answer, Body, Caller, Cursor, Entity, Http, Nothing, Once, Operation, Page, PageQuery, Path, Query, Stored, Version,
};
use crate::identity::{People, PersonId};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_ask_for_numbers, _, _>(ask_for_numbers),
        Operation::new::<__path_list_reveals, _, _>(list_reveals),
        Operation::new::<__path_get_reveal, _, _>(get_reveal),
        Operation::new::<__path_approve_reveal, _, _>(approve_reveal),
        Operation::new::<__path_refuse_reveal, _, _>(refuse_reveal),
        Operation::new::<__path_fetch_numbers, _, _>(fetch_numbers),
    ]
}

fn shown(conn: &mut Conn, people: &People, tree: &Tree, reveals: Vec<Reveal>) -> Result<Vec<RevealView>> {
    let ids: Vec<PersonId> = reveals
        .iter()
        .flat_map(|one| [Some(one.asked_by), one.decided_by])
        .flatten()
        .collect();
    let people = people.load_people(conn, &ids)?;
    let views = reveals.into_iter().map(|one| RevealView::of(one, &people, tree));
    Ok(views.collect())
}

fn one_shown(conn: &mut Conn, people: &People, tree: &Tree, one: Reveal) -> Result<RevealView> {
    let shown = shown(conn, people, tree, vec![one])?.pop();
    shown.ok_or_else(|| Error::internal("a request that is not shown"))
}

async fn existing(shared: &Shared, id: RevealId) -> Result<Reveal> {
    let found = shared.db.read(move |conn| store::load(conn, id)).await?;
    found.ok_or_else(|| Error::refused(Reason::NotFound))
}

/// Asks to see the whole phone numbers of many members of a unit and of those below it. A second person approves it.
#[utoipa::path(
    post,
    path = "/units/{id}/reveals",
    tag = "people",
    params(("id" = String, Path, description = "The unit's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = RevealInput,
    responses((status = 201, description = "The request", body = RevealView)),
)]
async fn ask_for_numbers(
    caller: Caller<SeePhones>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<RevealInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let actor = caller.at(id.0)?.clone();
    let asking = person(&actor)?;
    let (tree, people, today) = shared.now();
    let stored = shared.db.write(move |tx| {
        let input = &body.value;
        let ask = |tx: &mut Tx<'_>| {
            caller.at(id.0)?;
            let of = (id.0, asking);
            Ok(change::ask(tx, &tree, today, of, &input.memberships, &input.reason)?.id)
        };
        let show = |tx: &mut Tx<'_>, id: RevealId| {
            let reveal = store::load(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
            let view = one_shown(tx, &people, &tree, reveal)?;
            Stored::created(view, Version::Content, format!("/v1/reveals/{id}"))
        };
        once.run_shown(tx, &actor, &body.digest, ask, show)
    });
    Ok(stored.await?.answer())
}

/// The requests to see many numbers of a unit, the newest first.
#[utoipa::path(
    get,
    path = "/units/{id}/reveals",
    tag = "people",
    params(("id" = String, Path, description = "The unit's id"), PageQuery),
    responses((status = 200, description = "A page of requests", body = Page<RevealView>)),
)]
async fn list_reveals(
    caller: Caller<SeePhones>,
    id: Path<UnitId>,
    query: Query<PageQuery>,
    shared: web::Data<Shared>,
) -> Answer {
    caller.at(id.0)?;
    let (tree, people, _) = shared.now();
    tree.node(id.0).ok_or_else(|| Error::refused(Reason::NotFound))?;
    let limit = query.0.limit;
    let after: Option<(Timestamp, RevealId)> = Cursor::read(query.0.cursor.as_deref())?;
    let most = i64::try_from(limit + 1).map_err(Error::internal)?;
    let page = shared.db.read(move |conn| {
        let found = store::of_unit(conn, id.0, after, most)?;
        let page = Page::cut(found, limit, |one| (one.asked_at, one.id));
        Ok(Page {
            items: shown(conn, &people, &tree, page.items)?,
            next: page.next,
        })
    });
    Ok(HttpResponse::Ok().json(page.await?))
}

/// A request to see many numbers.
#[utoipa::path(
    get,
    path = "/reveals/{id}",
    tag = "people",
    params(("id" = String, Path, description = "The request's id")),
    responses((status = 200, description = "The request", body = RevealView), (status = 304, description = "The client has this version")),
)]
async fn get_reveal(
    caller: Caller<SeePhones>,
    request: HttpRequest,
    id: Path<RevealId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let reveal = existing(&shared, id.0).await?;
    caller.at(reveal.unit_id)?;
    let (tree, people, _) = shared.now();
    let view = shared.db.read(move |conn| one_shown(conn, &people, &tree, reveal));
    let (value, version) = (view.await?, Version::Content);
    Ok(Entity { value, version }.answer(&request))
}

async fn decided(caller: Caller<FindPeople>, id: RevealId, state: RevealState, shared: web::Data<Shared>) -> Answer {
    let unit = existing(&shared, id).await?.unit_id;
    caller.at(unit)?;
    let (tree, people, _) = shared.now();
    let view = shared.db.write(move |tx| {
        let by = person(caller.at(unit)?)?;
        let reveal = change::decide(tx, id, by, state)?;
        one_shown(tx, &people, &tree, reveal)
    });
    Ok(HttpResponse::Ok().json(view.await?))
}

/// Approves a request of somebody else to see many numbers: they may fetch them once, within half an hour.
#[utoipa::path(
    post,
    path = "/reveals/{id}/approve",
    tag = "people",
    params(("id" = String, Path, description = "The request's id")),
    responses((status = 200, description = "The request as it is now", body = RevealView)),
)]
async fn approve_reveal(
    caller: Caller<FindPeople>,
    id: Path<RevealId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    decided(caller, id.0, RevealState::Approved, shared).await
}

/// Refuses a request of somebody else to see many numbers.
#[utoipa::path(
    post,
    path = "/reveals/{id}/refuse",
    tag = "people",
    params(("id" = String, Path, description = "The request's id")),
    responses((status = 200, description = "The request as it is now", body = RevealView)),
)]
async fn refuse_reveal(
    caller: Caller<FindPeople>,
    id: Path<RevealId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    decided(caller, id.0, RevealState::Refused, shared).await
}

/// The numbers, to whoever asked for them, once. Each person reads in their access log that it was looked at, by whom and why.
#[utoipa::path(
    post,
    path = "/reveals/{id}/numbers",
    tag = "people",
    params(("id" = String, Path, description = "The request's id")),
    responses((status = 200, description = "The numbers", body = NumberList)),
)]
async fn fetch_numbers(
    caller: Caller<SeePhones>,
    request: HttpRequest,
    id: Path<RevealId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
    http: web::Data<Http>,
) -> Answer {
    let unit = existing(&shared, id.0).await?.unit_id;
    caller.at(unit)?;
    http.limits.charge(&request, &http, LOOKS, 1).await?;
    let (tree, people, today) = shared.now();
    let seen = shared.db.write(move |tx| {
        let by = person(caller.at(unit)?)?;
        change::fetch(tx, &people, &tree, today, id.0, by)
    });
    let items = seen.await?.into_iter().map(NumberView::of).collect();
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(NumberList { items }))
}
