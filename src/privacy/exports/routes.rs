//! Exports over HTTP.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, web};

use super::model::{A_DAY, ExportId, ExportState};
use super::view::{ExportBundle, ExportList, ExportView};
use super::{job, store};
use crate::clock;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::gate::SignedIn;
use crate::http::{Answer, Caller, Nothing, Operation, Path, Query};
use crate::identity::lock_person;
use crate::jobs;
use crate::privacy::Privacy;
use crate::privacy::routes::person;

const DAY_MICROS: i64 = 86_400_000_000;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_ask_for_export, _, _>(ask_for_export),
        Operation::new::<__path_list_exports, _, _>(list_exports),
        Operation::new::<__path_get_export, _, _>(get_export),
        Operation::new::<__path_fetch_export, _, _>(fetch_export),
    ]
}

/// Asks for a copy of all that is held of me. It is made in the background; the inbox says when it is there. While one is
/// being made, that one is answered.
#[utoipa::path(
    post,
    path = "/me/export",
    tag = "privacy",
    responses((status = 202, description = "It is being made", body = ExportView)),
)]
async fn ask_for_export(caller: Caller<SignedIn>, _: Query<Nothing>, privacy: web::Data<Privacy>) -> Answer {
    let person = person(caller.actor())?;
    let asked = privacy.db.write(move |tx| {
        lock_person(tx, person)?;
        let known = store::of_person(tx, person)?;
        let now = clock::now();
        if let Some(open) = known.iter().find(|one| one.ready_at.is_none()) {
            return Ok(open.clone());
        }
        let since = now.micros() - DAY_MICROS;
        if known.iter().filter(|one| one.asked_at.micros() > since).count() >= A_DAY {
            return Err(Error::because(
                Reason::TooManyRequests,
                "一天最多导出三次，请明天再试。",
                "That is as often as one may ask in a day; try again tomorrow.",
            )
            .retry_after(3600));
        }
        let export = store::insert(tx, person)?;
        jobs::put(tx, &job::job(&export)?)?;
        Ok(export)
    });
    let export = asked.await?;
    Ok(HttpResponse::build(StatusCode::ACCEPTED)
        .insert_header(("location", format!("/v1/me/exports/{}", export.id)))
        .json(ExportView::of(&export)))
}

/// My exports of the last 90 days, the newest first.
#[utoipa::path(
    get,
    path = "/me/exports",
    tag = "privacy",
    responses((status = 200, description = "The exports", body = ExportList)),
)]
async fn list_exports(caller: Caller<SignedIn>, _: Query<Nothing>, privacy: web::Data<Privacy>) -> Answer {
    let person = person(caller.actor())?;
    let exports = privacy.db.read(move |conn| store::of_person(conn, person)).await?;
    let items = exports.iter().map(ExportView::of).collect();
    Ok(HttpResponse::Ok().json(ExportList { items }))
}

/// Where an export of mine stands.
#[utoipa::path(
    get,
    path = "/me/exports/{id}",
    tag = "privacy",
    params(("id" = String, Path, description = "The export's id")),
    responses((status = 200, description = "The export", body = ExportView)),
)]
async fn get_export(
    caller: Caller<SignedIn>,
    id: Path<ExportId>,
    _: Query<Nothing>,
    privacy: web::Data<Privacy>,
) -> Answer {
    let person = person(caller.actor())?;
    let found = privacy.db.read(move |conn| store::load(conn, id.0)).await?;
    let own = found.filter(|export| export.person_id == person);
    let export = own.ok_or_else(|| Error::refused(Reason::NotFound))?;
    Ok(HttpResponse::Ok().json(ExportView::of(&export)))
}

/// Fetches the bundle, once: what is fetched is kept here no more. Where it gets lost on the way, ask for another.
#[utoipa::path(
    post,
    path = "/me/exports/{id}/fetch",
    tag = "privacy",
    params(("id" = String, Path, description = "The export's id")),
    responses((status = 200, description = "All that is held of the caller", body = ExportBundle)),
)]
async fn fetch_export(
    caller: Caller<SignedIn>,
    id: Path<ExportId>,
    _: Query<Nothing>,
    privacy: web::Data<Privacy>,
) -> Answer {
    let (person, id) = (person(caller.actor())?, id.0);
    let found = privacy.db.read(move |conn| store::load(conn, id)).await?;
    let own = found.filter(|export| export.person_id == person);
    let export = own.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let is_ready = export.state_at(clock::now()) == ExportState::Ready;
    let file = export.file_id.filter(|_| is_ready).ok_or_else(not_ready)?;
    let sealed = privacy.files.read(file).await?;
    let (people, files) = (privacy.people.clone(), privacy.files.clone());
    let opened = privacy.db.write(move |tx: &mut Tx<'_>| {
        lock_person(tx, person)?;
        // Of two who fetch at once one is too late.
        let still = store::load(tx, id)?.and_then(|export| export.file_id);
        still.filter(|still| *still == file).ok_or_else(not_ready)?;
        let text = people.unseal(tx, person, &job::column_of(id), &sealed)?;
        store::fetched(tx, id)?;
        files.remove(tx, file)?;
        Ok(text)
    });
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"onegrid-export.json\""))
        .content_type("application/json")
        .body(opened.await?))
}

fn not_ready() -> Error {
    Error::because(
        Reason::StateConflict,
        "副本还没有准备好，或已下载、已过期；可以重新申请。",
        "It is not made yet, was fetched, or is too old; ask for another.",
    )
}
