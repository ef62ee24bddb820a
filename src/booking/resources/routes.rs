//! Resources over HTTP.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::change::{self, Left};
use super::model::{Closure, ClosureId, Facts, Resource, ResourceId, Status};
use super::store;
use super::view::{
    ChangedResource, ClosureInput, ClosureList, ClosureView, ConflictsView, NewClosure, NewResourceInput,
    ResourceInput, ResourceView, ResourcesQuery,
};
use crate::booking::Bookings;
use crate::booking::lane::serve_waiting;
use crate::booking::rules::{self, Rules};
use crate::circle::places::find_place;
use crate::clock;
use crate::coordinates::Crs;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::Public;
use crate::grid::access::{BodyOf, ManageResources, ServeBookings};
use crate::grid::audit::{self, Act};
use crate::grid::departments::{self, DepartmentId};
use crate::grid::{LiveTree, Tree, UnitId};
use crate::http::{
    Answer, Body, Caller, Entity, IfMatch, Nothing, Once, Operation, Page, Path, Query, Stored, Version,
};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_resources, _, _>(list_resources),
        Operation::new::<__path_create_resource, _, _>(create_resource),
        Operation::new::<__path_get_resource, _, _>(get_resource),
        Operation::new::<__path_change_resource, _, _>(change_resource),
        Operation::new::<__path_close_resource, _, _>(close_resource),
        Operation::new::<__path_reopen_resource, _, _>(reopen_resource),
        Operation::new::<__path_list_conflicts, _, _>(list_conflicts),
        Operation::new::<__path_list_closures, _, _>(list_closures),
        Operation::new::<__path_create_closure, _, _>(create_closure),
        Operation::new::<__path_lift_closure, _, _>(lift_closure),
    ]
}

/// One that must be there.
pub async fn existing(bookings: &Bookings, id: ResourceId) -> Result<Resource> {
    let found = bookings.db.read(move |conn| store::load_one(conn, id)).await?;
    found.ok_or_else(|| Error::refused(Reason::NotFound))
}

fn version(one: &Resource) -> Version {
    Version::Number(one.version, Crs::Wgs84)
}

fn entity(one: Resource) -> Entity<ResourceView> {
    Entity {
        version: version(&one),
        value: one.into(),
    }
}

fn changed((one, left): (Resource, Left)) -> Entity<ChangedResource> {
    Entity {
        version: version(&one),
        value: ChangedResource {
            resource: one.into(),
            conflicts: left.into(),
        },
    }
}

/// Resources of a place or of a unit, in the order in which they were entered.
#[utoipa::path(
    get,
    path = "/resources",
    tag = "resources",
    params(ResourcesQuery),
    responses((status = 200, description = "A page of resources", body = Page<ResourceView>)),
)]
async fn list_resources(_: Caller<Public>, query: Query<ResourcesQuery>, bookings: web::Data<Bookings>) -> Answer {
    let query = query.0;
    let wanted = store::Wanted {
        place: query.place,
        places: None,
        unit: query.unit,
        units: None,
        open_only: query.open,
    };
    let load = move |conn: &mut crate::db::Conn, after, most| store::list(conn, &wanted, after, most);
    let page = Page::load(&bookings.db, query.limit, query.cursor.as_deref(), load, |one| one.id).await?;
    Ok(HttpResponse::Ok().json(page.map(ResourceView::from)))
}

/// A resource.
#[utoipa::path(
    get,
    path = "/resources/{id}",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "The resource", body = ResourceView), (status = 304, description = "The client has this version")),
)]
async fn get_resource(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    Ok(entity(existing(&bookings, id.0).await?).answer(&request))
}

/// The rules that a resource of a unit is to have, which nobody changes meanwhile: those of
/// the unit or of one above it.
fn rules_for(rules: Result<Rules>, unit: UnitId, tree: &Tree, pointer: &str) -> Result<Rules> {
    let found = match rules {
        Err(error) if error.reason() == Reason::NotFound => None,
        other => Some(other?),
    };
    let found = found.filter(|rules| tree.is_within(unit, rules.unit_id));
    found.ok_or_else(|| {
        Error::field(FieldError::body(
            format!("{pointer}/rules_id"),
            "unknown_rules",
            "该单元及其上级没有这套规则。",
            "Neither the unit nor one above it has such rules.",
        ))
    })
}

/// That the units and the department that are named exist: the department belongs to the resource's
/// unit or to one above it.
fn facts_for(conn: &mut Conn, facts: &Facts, unit: UnitId, tree: &Tree, pointer: &str) -> Result<()> {
    let mut faults = Vec::new();
    for (index, unit) in facts.open_to.iter().enumerate() {
        if tree.node(*unit).is_none() {
            let words = ("没有这个单元。", "There is no such unit.");
            let pointer = format!("{pointer}/open_to/{index}");
            faults.push(FieldError::body(pointer, "unknown_unit", words.0, words.1));
        }
    }
    if let Some(id) = facts.department_id {
        let found = departments::load_one(conn, id)?.filter(|one| one.closed_at.is_none());
        if !found.is_some_and(|department| tree.is_within(unit, department.unit_id)) {
            let words = (
                "该单元及其上级没有这个部门。",
                "Neither the unit nor one above it has such a department.",
            );
            let pointer = format!("{pointer}/department_id");
            faults.push(FieldError::body(pointer, "unknown_department", words.0, words.1));
        }
    }
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Error::Invalid(faults)),
    }
}

/// Enters a resource.
#[utoipa::path(
    post,
    path = "/resources",
    tag = "resources",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = NewResourceInput,
    responses((status = 201, description = "The resource", body = ResourceView)),
)]
async fn create_resource(
    caller: Caller<ManageResources>,
    _: Query<Nothing>,
    once: Once,
    body: Body<NewResourceInput>,
    tree: web::Data<LiveTree>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let NewResourceInput {
        place_id,
        unit_id,
        resource,
    } = body.value;
    let place = bookings.db.read(move |conn| find_place(conn, place_id)).await?;
    let Some(place) = place else {
        let fault = FieldError::body(
            "/place_id",
            "unknown_place",
            "没有这个服务点。",
            "There is no such place.",
        );
        return Err(Error::field(fault));
    };
    let Some(unit) = unit_id.or(place.facts.unit_id) else {
        let words = ("请填写所属单元。", "The place is of no unit: say whose it is.");
        return Err(Error::field(FieldError::body("/unit_id", "required", words.0, words.1)));
    };
    let (facts, tree) = (resource.facts(), tree.now());
    let booker = std::sync::Arc::clone(&bookings.booker);
    let owner = BodyOf {
        id: facts.department_id.map_or(uuid::Uuid::nil(), DepartmentId::uuid),
        unit: Some(unit),
    };
    let stored = bookings.db.write(move |tx| {
        let actor = caller.at(owner)?;
        once.run(tx, actor, &body.digest, |tx| {
            facts_for(tx, &facts, unit, &tree, "/resource")?;
            let rules = rules_for(rules::load_locked(tx, facts.rules_id), unit, &tree, "/resource")?;
            let now = clock::now();
            let id = ResourceId::new();
            let one = Resource {
                id,
                place_id,
                unit_id: unit,
                root_id: id,
                facts: facts.clone(),
                rules_version_id: rules::current_of(tx, &rules)?.id,
                has_sharing: false,
                status: Status::Open,
                version: 1,
                created_at: now,
                updated_at: now,
            };
            let (one, _) = change::enter(tx, &booker, one).map_err(|error| below(error, "/resource"))?;
            audit::of_unit(tx, actor, Act::ResourceEntered, unit, &one.facts.name)?;
            let (location, version) = (format!("/v1/resources/{}", one.id), version(&one));
            Stored::created(ResourceView::from(one), version, location)
        })
    });
    Ok(stored.await?.answer())
}

/// The same fault of a field that lies deeper in the body.
fn below(error: Error, pointer: &str) -> Error {
    match error {
        Error::Invalid(fields) => Error::Invalid(
            fields
                .into_iter()
                .map(|field| FieldError {
                    pointer: format!("{pointer}{}", field.pointer),
                    ..field
                })
                .collect(),
        ),
        other => other,
    }
}

/// A resource to be changed: locked with its whole, of the version that the client has seen,
/// and the caller may change it.
fn mine(tx: &mut Tx<'_>, caller: &Caller<ManageResources>, id: ResourceId, expected: &IfMatch) -> Result<Resource> {
    store::lock_roots(tx, &[id])?;
    let one = store::load_one(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    caller.at(one.subject())?;
    expected.allows(one.version)?;
    Ok(one)
}

/// Writes other facts about a resource, all of them: fetch it, mend it, send it with its `ETag`. Bookings to come that
/// do not go with it any more stay, and are listed.
#[utoipa::path(
    put,
    path = "/resources/{id}",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id"), ("If-Match" = String, Header, description = "The ETag of the version to change")),
    request_body = ResourceInput,
    responses((status = 200, description = "The resource as it is now, and what that leaves", body = ChangedResource)),
)]
async fn change_resource(
    caller: Caller<ManageResources>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<ResourceInput>,
    tree: web::Data<LiveTree>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let (facts, tree) = (body.value.facts(), tree.now());
    let booker = std::sync::Arc::clone(&bookings.booker);
    let done = bookings.db.write(move |tx| {
        let rules = rules::load_locked(tx, facts.rules_id);
        let ids: Vec<ResourceId> = facts.part_of.into_iter().chain([id.0]).collect();
        store::lock_roots(tx, &ids)?;
        let mut one = mine(tx, &caller, id.0, &expected)?;
        facts_for(tx, &facts, one.unit_id, &tree, "")?;
        let mut given = one.clone();
        given.facts.department_id = facts.department_id;
        // Whoever gives it to a department may change that one's as well.
        let actor = caller.at(given.subject())?;
        audit::of_unit(tx, actor, Act::ResourceChanged, one.unit_id, &facts.name)?;
        let rules = rules_for(rules, one.unit_id, &tree, "")?;
        one.rules_version_id = rules::current_of(tx, &rules)?.id;
        change::change(tx, &booker, one, facts.clone())
    });
    Ok(changed(done.await?).answer_with(StatusCode::OK))
}

async fn set_status(
    bookings: &Bookings,
    caller: Caller<ManageResources>,
    id: ResourceId,
    expected: IfMatch,
    status: Status,
) -> Answer {
    let booker = std::sync::Arc::clone(&bookings.booker);
    let done = bookings.db.write(move |tx| {
        let mut one = mine(tx, &caller, id, &expected)?;
        if one.status == status {
            return Err(Error::because(
                Reason::StateConflict,
                "该资源已是这个状态。",
                format!("The resource is {} already.", status.name()),
            ));
        }
        one.status = status;
        store::update(tx, &mut one)?;
        let act = match status {
            Status::Open => Act::ResourceReopened,
            Status::Closed => Act::ResourceClosed,
        };
        audit::of_unit(tx, caller.at(one.subject())?, act, one.unit_id, &one.facts.name)?;
        let left = change::look(tx, &booker, &one)?;
        serve_waiting(tx, &booker, one.id)?;
        Ok((one, left))
    });
    Ok(changed(done.await?).answer_with(StatusCode::OK))
}

/// Gives a resource up: nothing new is booked there; bookings to come stay.
#[utoipa::path(
    post,
    path = "/resources/{id}/close",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id"), ("If-Match" = String, Header, description = "The ETag of the version to close")),
    responses((status = 200, description = "The resource as it is now", body = ChangedResource)),
)]
async fn close_resource(
    caller: Caller<ManageResources>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    expected: IfMatch,
    bookings: web::Data<Bookings>,
) -> Answer {
    set_status(&bookings, caller, id.0, expected, Status::Closed).await
}

/// Offers a resource again that was given up.
#[utoipa::path(
    post,
    path = "/resources/{id}/reopen",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id"), ("If-Match" = String, Header, description = "The ETag of the version to open")),
    responses((status = 200, description = "The resource as it is now", body = ChangedResource)),
)]
async fn reopen_resource(
    caller: Caller<ManageResources>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    expected: IfMatch,
    bookings: web::Data<Bookings>,
) -> Answer {
    set_status(&bookings, caller, id.0, expected, Status::Open).await
}

/// The bookings to come that do not go with a resource as it is now: after its capacity, its hours or its closures
/// changed, or when the state's calendar came.
#[utoipa::path(
    get,
    path = "/resources/{id}/conflicts",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "The bookings", body = ConflictsView)),
)]
async fn list_conflicts(
    caller: Caller<ServeBookings>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let one = existing(&bookings, id.0).await?;
    caller.at(one.subject())?;
    let booker = std::sync::Arc::clone(&bookings.booker);
    let left = bookings.db.read(move |conn| change::look(conn, &booker, &one)).await?;
    Ok(HttpResponse::Ok().json(ConflictsView::from(left)))
}

/// When a resource is not offered, now and later.
#[utoipa::path(
    get,
    path = "/resources/{id}/closures",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "The closures", body = ClosureList)),
)]
async fn list_closures(
    _: Caller<Public>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    existing(&bookings, id.0).await?;
    let found = bookings
        .db
        .read(move |conn| store::closures_from(conn, &[id.0], clock::now()))
        .await?;
    let items = found.into_iter().map(ClosureView::from).collect();
    Ok(HttpResponse::Ok().json(ClosureList { items }))
}

/// Closes a resource for a time, once or again and again. Bookings that it meets stay, and are listed.
#[utoipa::path(
    post,
    path = "/resources/{id}/closures",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = ClosureInput,
    responses((status = 201, description = "The closure, and what it meets", body = NewClosure)),
)]
async fn create_closure(
    caller: Caller<ManageResources>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<ClosureInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    caller.at(existing(&bookings, id.0).await?.subject())?;
    let booker = std::sync::Arc::clone(&bookings.booker);
    let stored = bookings.db.write(move |tx| {
        store::lock_roots(tx, &[id.0])?;
        let one = store::load_one(tx, id.0)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        let actor = caller.at(one.subject())?;
        once.run(tx, actor, &body.digest, |tx| {
            let closure = Closure {
                id: ClosureId::new(),
                resource_id: one.id,
                from_at: body.value.from,
                to_at: body.value.to,
                hours: body.value.hours.clone(),
                reason: body.value.reason.clone(),
                lifted_at: None,
            };
            let left = change::close(tx, &booker, &one, &closure, &actor.name)?;
            audit::of_unit(tx, actor, Act::ClosureEntered, one.unit_id, &closure.reason)?;
            let location = format!("/v1/resources/{}/closures", one.id);
            let made = NewClosure {
                closure: closure.into(),
                conflicts: left.into(),
            };
            Stored::created(made, Version::Content, location)
        })
    });
    Ok(stored.await?.answer())
}

/// Lifts a closure: its times are offered again.
#[utoipa::path(
    post,
    path = "/closures/{id}/lift",
    tag = "resources",
    params(("id" = String, Path, description = "The closure's id")),
    responses((status = 200, description = "The closure as it is now", body = ClosureView)),
)]
async fn lift_closure(
    caller: Caller<ManageResources>,
    id: Path<ClosureId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let booker = std::sync::Arc::clone(&bookings.booker);
    let lifted = bookings.db.write(move |tx| {
        let not_found = || Error::refused(Reason::NotFound);
        let closure = store::closure_of(tx, id.0)?.ok_or_else(not_found)?;
        store::lock_roots(tx, &[closure.resource_id])?;
        let one = store::load_one(tx, closure.resource_id)?.ok_or_else(not_found)?;
        let actor = caller.at(one.subject())?;
        store::lift(tx, id.0)?;
        audit::of_unit(tx, actor, Act::ClosureLifted, one.unit_id, &closure.reason)?;
        serve_waiting(tx, &booker, one.root_id)?;
        Ok(Closure {
            lifted_at: Some(clock::now()),
            ..closure
        })
    });
    Ok(HttpResponse::Ok().json(ClosureView::from(lifted.await?)))
}
