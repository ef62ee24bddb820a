//! Rules over HTTP.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::model::{Rules, RulesId, Terms};
use super::store;
use super::view::{NewRulesInput, RulesInput, RulesQuery, RulesRef, RulesView};
use crate::booking::Bookings;
use crate::booking::lane::serve_waiting;
use crate::booking::resources;
use crate::booking::waiting;
use crate::clock;
use crate::coordinates::Crs;
use crate::error::{Error, FieldError, Reason};
use crate::gate::Public;
use crate::grid::LiveTree;
use crate::grid::access::ManageResources;
use crate::grid::audit::{self, Act};
use crate::http::{
    Answer, Body, Caller, Entity, IfMatch, Nothing, Once, Operation, Page, Path, Query, Stored, Version,
};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_rules, _, _>(list_rules),
        Operation::new::<__path_create_rules, _, _>(create_rules),
        Operation::new::<__path_get_rules, _, _>(get_rules),
        Operation::new::<__path_change_rules, _, _>(change_rules),
    ]
}

/// The rules of booking of a unit.
#[utoipa::path(
    get,
    path = "/booking-rules",
    tag = "resources",
    params(RulesQuery),
    responses((status = 200, description = "A page of rules", body = Page<RulesRef>)),
)]
async fn list_rules(_: Caller<Public>, query: Query<RulesQuery>, bookings: web::Data<Bookings>) -> Answer {
    let RulesQuery { unit, limit, cursor } = query.0;
    let load = move |conn: &mut crate::db::Conn, after, most| store::of_unit(conn, unit, after, most);
    let page = Page::load(&bookings.db, limit, cursor.as_deref(), load, |one| one.id).await?;
    Ok(HttpResponse::Ok().json(page.map(RulesRef::from)))
}

/// Rules of booking as they are in force: everybody may know them.
#[utoipa::path(
    get,
    path = "/booking-rules/{id}",
    tag = "resources",
    params(("id" = String, Path, description = "The rules' id")),
    responses((status = 200, description = "The rules", body = RulesView), (status = 304, description = "The client has this version")),
)]
async fn get_rules(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<RulesId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let found = bookings.db.read(move |conn| {
        let rules = store::load_set(conn, id.0)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        let version = store::current_of(conn, &rules)?;
        Ok((rules, version))
    });
    let (rules, version) = found.await?;
    Ok(entity(rules, &version).answer(&request))
}

fn entity(rules: Rules, version: &super::Version) -> Entity<RulesView> {
    Entity {
        version: Version::Number(rules.version, Crs::Wgs84),
        value: RulesView::of(rules, version),
    }
}

/// Makes a set of rules.
#[utoipa::path(
    post,
    path = "/booking-rules",
    tag = "resources",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = NewRulesInput,
    responses((status = 201, description = "The rules", body = RulesView)),
)]
async fn create_rules(
    caller: Caller<ManageResources>,
    _: Query<Nothing>,
    once: Once,
    body: Body<NewRulesInput>,
    tree: web::Data<LiveTree>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let NewRulesInput { unit_id, name, terms } = body.value;
    if tree.now().node(unit_id).is_none() {
        let words = ("没有这个单元。", "There is no such unit.");
        return Err(Error::field(FieldError::body(
            "/unit_id",
            "unknown_unit",
            words.0,
            words.1,
        )));
    }
    let stored = bookings.db.write(move |tx| {
        let actor = caller.at(unit_id.into())?;
        once.run(tx, actor, &body.digest, |tx| {
            let now = clock::now();
            let rules = Rules {
                id: RulesId::new(),
                unit_id,
                name: name.clone(),
                version: 1,
                created_at: now,
                updated_at: now,
            };
            let version = store::insert_set(tx, &rules, &terms, &actor.name)?;
            audit::of_unit(tx, actor, Act::RulesWritten, unit_id, &rules.name)?;
            let location = format!("/v1/booking-rules/{}", rules.id);
            let number = Version::Number(rules.version, Crs::Wgs84);
            Stored::created(RulesView::of(rules, &version), number, location)
        })
    });
    Ok(stored.await?.answer())
}

/// Writes another version of rules, which is in force for what is booked from now on: fetch them, mend them, send them
/// with their `ETag`.
#[utoipa::path(
    put,
    path = "/booking-rules/{id}",
    tag = "resources",
    params(("id" = String, Path, description = "The rules' id"), ("If-Match" = String, Header, description = "The ETag of the version to change")),
    request_body = RulesInput,
    responses((status = 200, description = "The rules as they are now", body = RulesView)),
)]
async fn change_rules(
    caller: Caller<ManageResources>,
    id: Path<RulesId>,
    _: Query<Nothing>,
    expected: IfMatch,
    body: Body<RulesInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let (name, terms): (String, Terms) = (body.value.name, body.value.terms);
    let booker = std::sync::Arc::clone(&bookings.booker);
    let changed = bookings.db.write(move |tx| {
        let mut rules = store::load_locked(tx, id.0)?;
        let actor = caller.at(rules.unit_id.into())?;
        expected.allows(rules.version)?;
        rules.name.clone_from(&name);
        let version = store::add_version(tx, &mut rules, &terms, &actor.name)?;
        let mut awaited_roots = std::collections::BTreeSet::new();
        let theirs = resources::set_rules_version(tx, rules.id, version.id)?;
        // By other rules what is free may be somebody's who waits.
        for awaited in waiting::awaited(tx, &theirs, clock::now())? {
            serve_waiting(tx, &booker, awaited)?;
            awaited_roots.extend(resources::lock_roots(tx, &[awaited])?);
        }
        for root in awaited_roots {
            waiting::watch_all(tx, &booker, root)?;
        }
        audit::of_unit(tx, actor, Act::RulesWritten, rules.unit_id, &rules.name)?;
        Ok((rules, version))
    });
    let (rules, version) = changed.await?;
    Ok(entity(rules, &version).answer_with(StatusCode::OK))
}
