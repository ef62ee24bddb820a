//! Duties over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};

use super::change::{self, entry};
use super::model::{Duty, DutyId};
use super::store::{self, Wanted};
use super::view::{DutiesQuery, DutyInput, DutyView};
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::gate::Public;
use crate::grid::access::{BodyOf, PublishDuties};
use crate::grid::audit::{self, Act};
use crate::grid::departments::{self, Department, DepartmentId};
use crate::grid::members::view::ReasonInput;
use crate::grid::shared::Shared;
use crate::http::{Answer, Body, Caller, Entity, Nothing, Once, Operation, Page, Path, Query, Stored, Version};
use crate::text;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_duties, _, _>(list_duties),
        Operation::new::<__path_get_duty, _, _>(get_duty),
        Operation::new::<__path_publish_duty, _, _>(publish_duty),
        Operation::new::<__path_withdraw_duty, _, _>(withdraw_duty),
    ]
}

fn body_of(department: &Department) -> BodyOf {
    BodyOf {
        id: department.id.uuid(),
        unit: Some(department.unit_id),
    }
}

/// What departments are bound to do, by which law and by when, and who is asked.
#[utoipa::path(
    get,
    path = "/duties",
    tag = "departments",
    params(DutiesQuery),
    responses((status = 200, description = "A page of duties", body = Page<DutyView>)),
)]
async fn list_duties(_: Caller<Public>, query: Query<DutiesQuery>, shared: web::Data<Shared>) -> Answer {
    let query = query.0;
    let wanted = Wanted {
        department: query.department,
        unit: query.unit,
        words: query.q.as_deref().and_then(text::Query::parse),
    };
    let load = move |conn: &mut Conn, after, most| store::load(conn, &wanted, after, most);
    let tree = shared.tree.now();
    let page = Page::load(&shared.db, query.limit, query.cursor.as_deref(), load, |(duty, _)| {
        duty.id
    })
    .await?;
    Ok(HttpResponse::Ok().json(page.map(|(duty, department)| DutyView::of(duty, department, &tree))))
}

async fn existing(shared: &Shared, id: DutyId) -> Result<(Duty, Department)> {
    let found = shared.db.read(move |conn| store::load_one(conn, id)).await?;
    found.ok_or_else(|| Error::refused(Reason::NotFound))
}

/// A duty, also one that was withdrawn.
#[utoipa::path(
    get,
    path = "/duties/{id}",
    tag = "departments",
    params(("id" = String, Path, description = "The duty's id")),
    responses((status = 200, description = "The duty", body = DutyView), (status = 304, description = "The client has this version")),
)]
async fn get_duty(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<DutyId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let (duty, department) = existing(&shared, id.0).await?;
    let value = DutyView::of(duty, department, &shared.tree.now());
    let version = Version::Content;
    Ok(Entity { value, version }.answer(&request))
}

/// Publishes a duty of a department. It never changes: for other words withdraw it and publish another.
#[utoipa::path(
    post,
    path = "/departments/{id}/duties",
    tag = "departments",
    params(("id" = String, Path, description = "The department's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = DutyInput,
    responses((status = 201, description = "The duty", body = DutyView)),
)]
async fn publish_duty(
    caller: Caller<PublishDuties>,
    id: Path<DepartmentId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<DutyInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    let stored = shared.db.write(move |tx| {
        let department = departments::load_one(tx, id.0)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        let actor = caller.at(body_of(&department))?;
        once.run(tx, actor, &body.digest, |tx| {
            let department = departments::load_open_locked(tx, id.0)?;
            let duty = new_duty(&body.value, department.id);
            change::publish(tx, &actor.name, &duty, &department)?;
            let location = format!("/v1/duties/{}", duty.id);
            Stored::created(DutyView::of(duty, department, &tree), Version::Content, location)
        })
    });
    Ok(stored.await?.answer())
}

fn new_duty(input: &DutyInput, department_id: DepartmentId) -> Duty {
    Duty {
        id: DutyId::new(),
        department_id,
        item: input.item.clone(),
        legal_basis: input.legal_basis.clone(),
        deadline: input.deadline,
        deadline_in: input.deadline_in,
        contact: input.contact.clone(),
        published_at: clock::now(),
        withdrawn_at: None,
    }
}

/// Withdraws a duty: it is listed no more, and can still be read by its id.
#[utoipa::path(
    post,
    path = "/duties/{id}/withdraw",
    tag = "departments",
    params(("id" = String, Path, description = "The duty's id")),
    request_body = ReasonInput,
    responses((status = 200, description = "The duty as it is now", body = DutyView)),
)]
async fn withdraw_duty(
    caller: Caller<PublishDuties>,
    id: Path<DutyId>,
    _: Query<Nothing>,
    body: Body<ReasonInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let (_, department) = existing(&shared, id.0).await?;
    let actor = caller.at(body_of(&department))?.name.clone();
    let tree = shared.tree.now();
    let withdrawn = shared.db.write(move |tx| {
        caller.at(body_of(&department))?;
        let department = departments::load_open_locked(tx, department.id)?;
        let (duty, _) = store::load_one(tx, id.0)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        let duty = store::withdraw(tx, duty)?;
        let reason = Some(body.value.reason.as_str());
        audit::record(tx, &entry(&actor, Act::DutyWithdrawn, &department, reason))?;
        Ok(DutyView::of(duty, department, &tree))
    });
    Ok(HttpResponse::Ok().json(withdrawn.await?))
}
