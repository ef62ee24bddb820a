//! Departments and their officers over HTTP.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::change::{self, entry};
use super::model::{Department, DepartmentId};
use super::store;
use super::view::{DepartmentInput, DepartmentView};
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::gate::Public;
use crate::grid::access::{BodyOf, GrantRoles, ManageDepartments, Office, SeeOfficers};
use crate::grid::audit::{self, Act};
use crate::grid::bodies::At;
use crate::grid::bodies::routes::{Appointment, BodyMembersQuery, appoint, list_of};
use crate::grid::duties;
use crate::grid::members::routes::by;
use crate::grid::members::view::{AppointInput, MembershipView, ReasonInput};
use crate::grid::members::{self, Role};
use crate::grid::model::UnitId;
use crate::grid::reshape::view::NameInput;
use crate::grid::shared::Shared;
use crate::grid::tree::Tree;
use crate::http::{
    Answer, Body, Caller, Entity, IfMatch, Nothing, Once, Operation, Page, PageQuery, Path, Query, Stored, Version,
};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_departments, _, _>(list_departments),
        Operation::new::<__path_found_department, _, _>(found_department),
        Operation::new::<__path_get_department, _, _>(get_department),
        Operation::new::<__path_rename_department, _, _>(rename_department),
        Operation::new::<__path_close_department, _, _>(close_department),
        Operation::new::<__path_list_officers, _, _>(list_officers),
        Operation::new::<__path_appoint_officer, _, _>(appoint_officer),
    ]
}

async fn existing(shared: &Shared, id: DepartmentId) -> Result<Department> {
    let found = shared.db.read(move |conn| store::load_one(conn, id)).await?;
    found.ok_or_else(|| Error::refused(Reason::NotFound))
}

fn at_of(department: &Department) -> At {
    At {
        unit: department.unit_id,
        is_closed_circle: false,
    }
}

/// The open departments of a unit, in the order in which they were founded.
#[utoipa::path(
    get,
    path = "/units/{id}/departments",
    tag = "departments",
    params(("id" = String, Path, description = "The unit's id"), PageQuery),
    responses((status = 200, description = "A page of departments", body = Page<DepartmentView>)),
)]
async fn list_departments(
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
    Ok(HttpResponse::Ok().json(page.map(|one| DepartmentView::of(one, &tree))))
}

/// Founds a department of a city or a county.
#[utoipa::path(
    post,
    path = "/units/{id}/departments",
    tag = "departments",
    params(("id" = String, Path, description = "The unit's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = DepartmentInput,
    responses((status = 201, description = "The department", body = DepartmentView)),
)]
async fn found_department(
    caller: Caller<ManageDepartments>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<DepartmentInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    tree.node(id.0).ok_or_else(|| Error::refused(Reason::NotFound))?;
    caller.at(id.0)?;
    let stored = shared.db.write(move |tx| {
        let actor = caller.at(id.0)?;
        once.run(tx, actor, &body.digest, |tx| {
            let department = Department {
                name_en: body.value.name_en.clone(),
                ..Department::new(id.0, &body.value.name)
            };
            change::found(tx, &actor.name, &department)?;
            let location = format!("/v1/departments/{}", department.id);
            Stored::created(DepartmentView::of(department, &tree), Version::Content, location)
        })
    });
    Ok(stored.await?.answer())
}

/// A department, also one that is closed.
#[utoipa::path(
    get,
    path = "/departments/{id}",
    tag = "departments",
    params(("id" = String, Path, description = "The department's id")),
    responses((status = 200, description = "The department", body = DepartmentView), (status = 304, description = "The client has this version")),
)]
async fn get_department(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<DepartmentId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let department = existing(&shared, id.0).await?;
    Ok(entity(department, &shared.tree.now()).answer(&request))
}

/// As it is shown, with what tells this state of it from others.
fn entity(department: Department, tree: &Tree) -> Entity<DepartmentView> {
    Entity {
        value: DepartmentView::of(department, tree),
        version: Version::Content,
    }
}

/// Gives a department another name: fetch it, and send its `ETag`.
#[utoipa::path(
    put,
    path = "/departments/{id}/name",
    tag = "departments",
    params(("id" = String, Path, description = "The department's id"), ("If-Match" = String, Header, description = "The ETag of the department as it was seen")),
    request_body = NameInput,
    responses((status = 200, description = "The department as it is now", body = DepartmentView)),
)]
async fn rename_department(
    caller: Caller<ManageDepartments>,
    id: Path<DepartmentId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<NameInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    caller.at(existing(&shared, id.0).await?.unit_id)?;
    let renamed = shared.db.write({
        let tree = Arc::clone(&tree);
        move |tx| {
            let mut one = store::load_open_locked(tx, id.0)?;
            let actor = caller.at(one.unit_id)?;
            expected.allows_shown(std::iter::once(entity(one.clone(), &tree)))?;
            one.name.clone_from(&body.value.name);
            one.name_en.clone_from(&body.value.name_en);
            store::rename(tx, &one)?;
            let reason = Some(body.value.reason.as_str());
            audit::record(tx, &entry(&actor.name, Act::DepartmentRenamed, &one, reason))?;
            Ok(one)
        }
    });
    Ok(entity(renamed.await?, &tree).answer_with(StatusCode::OK))
}

/// Closes a department: its officers are officers no more, and its duties are withdrawn.
#[utoipa::path(
    post,
    path = "/departments/{id}/close",
    tag = "departments",
    params(("id" = String, Path, description = "The department's id")),
    request_body = ReasonInput,
    responses((status = 200, description = "The department as it is now", body = DepartmentView)),
)]
async fn close_department(
    caller: Caller<ManageDepartments>,
    id: Path<DepartmentId>,
    _: Query<Nothing>,
    body: Body<ReasonInput>,
    shared: web::Data<Shared>,
) -> Answer {
    caller.at(existing(&shared, id.0).await?.unit_id)?;
    let today = shared.today();
    let closed = shared.db.write(move |tx| {
        let department = store::load_open_locked(tx, id.0)?;
        let actor = caller.at(department.unit_id)?;
        let reason = Some(body.value.reason.as_str());
        members::end_all_at(tx, by(actor, today), department.id.uuid(), at_of(&department), reason)?;
        duties::withdraw_all(tx, department.id)?;
        audit::record(tx, &entry(&actor.name, Act::DepartmentClosed, &department, reason))?;
        store::close(tx, department)
    });
    let view = DepartmentView::of(closed.await?, &shared.tree.now());
    Ok(HttpResponse::Ok().json(view))
}

/// The officers of a department, seen by each other and by those who appoint them.
#[utoipa::path(
    get,
    path = "/departments/{id}/officers",
    tag = "departments",
    params(("id" = String, Path, description = "The department's id"), BodyMembersQuery),
    responses((status = 200, description = "A page of memberships", body = Page<MembershipView>)),
)]
async fn list_officers(
    caller: Caller<SeeOfficers>,
    id: Path<DepartmentId>,
    query: Query<BodyMembersQuery>,
    shared: web::Data<Shared>,
) -> Answer {
    let department = existing(&shared, id.0).await?;
    let (id, unit) = (department.id.uuid(), Some(department.unit_id));
    caller.at(BodyOf { id, unit })?;
    list_of(&shared, id, query.0).await
}

/// Appoints an officer of a department.
#[utoipa::path(
    post,
    path = "/departments/{id}/officers",
    tag = "departments",
    params(("id" = String, Path, description = "The department's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = AppointInput,
    responses((status = 201, description = "The membership", body = MembershipView)),
)]
async fn appoint_officer(
    caller: Caller<GrantRoles>,
    id: Path<DepartmentId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<AppointInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let department = existing(&shared, id.0).await?;
    let office = Office {
        role: Role::DepartmentOfficer,
        body: department.id.uuid(),
        unit: Some(department.unit_id),
        is_named: false,
        holder: None,
    };
    caller.at(office)?;
    let stays_open = move |tx: &mut crate::db::Tx<'_>| store::load_open_locked(tx, id.0).map(drop);
    let AppointInput { phone, from, to } = body.value;
    let appointment = Appointment {
        phone,
        title: None,
        from,
        to,
        office,
        at: at_of(&department),
        digest: body.digest,
    };
    appoint(&shared, caller, once, appointment, stays_open).await
}
