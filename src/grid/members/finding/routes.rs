//! Finding somebody over HTTP.

use actix_web::{HttpRequest, HttpResponse, web};
use chrono::NaiveDate;

use crate::db::Tx;
use crate::error::{Error, Result};
use crate::gate::Actor;
use crate::grid::access::FindPeople;
use crate::grid::audit::{self, Act, Entry};
use crate::grid::members::model::Membership;
use crate::grid::members::role::BodyKind;
use crate::grid::members::routes::{LOOKS, person, shown};
use crate::grid::members::store;
use crate::grid::members::view::{FindInput, FoundView};
use crate::grid::model::UnitId;
use crate::grid::shared::Shared;
use crate::grid::tree::Tree;
use crate::http::{Answer, Body, Caller, Http, Nothing, Operation, Path, Query};
use crate::identity::{Phone, PhoneSearch};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![Operation::new::<__path_find_member, _, _>(find_member)]
}

/// What somebody with this phone number is, or asks to be, at a unit and all below it. A number that nobody has and
/// that of somebody from elsewhere are answered alike. Who searched, and why, is kept; a hundred searches a day.
#[utoipa::path(
    post,
    path = "/units/{id}/members/search",
    tag = "people",
    params(("id" = String, Path, description = "The unit's id")),
    request_body = FindInput,
    responses((status = 200, description = "Their memberships there, with the number masked", body = FoundView)),
)]
async fn find_member(
    caller: Caller<FindPeople>,
    request: HttpRequest,
    id: Path<UnitId>,
    _: Query<Nothing>,
    body: Body<FindInput>,
    shared: web::Data<Shared>,
    http: web::Data<Http>,
) -> Answer {
    caller.at(id.0)?;
    http.limits.charge(&request, &http, LOOKS, 1).await?;
    let phone: Phone = body
        .value
        .phone
        .parse()
        .map_err(|_| Error::internal("a phone number that was checked"))?;
    let (tree, people, today) = shared.now();
    let search = PhoneSearch::new(people.clone(), shared.calendar.zone());
    let items = shared.db.write(move |tx| {
        let actor = caller.at(id.0)?;
        let found = found_within(tx, &search, actor, &phone, (id.0, &tree), today)?;
        let entry = Entry {
            actor: &actor.name,
            act: Act::PhoneSearched,
            person: found.first().map(|one| one.person_id),
            role: None,
            body: None,
            unit: Some(id.0),
            reason: Some(&body.value.reason),
        };
        audit::record(tx, &entry)?;
        shown(tx, &people, &found, &tree, today)
    });
    Ok(HttpResponse::Ok()
        .insert_header(("cache-control", "no-store"))
        .json(FoundView { items: items.await? }))
}

/// The open memberships of whoever has this number at units within this one. What
/// they are in an organisation is not told by their number.
fn found_within(
    tx: &mut Tx<'_>,
    search: &PhoneSearch,
    actor: &Actor,
    phone: &Phone,
    (root, tree): (UnitId, &Tree),
    today: NaiveDate,
) -> Result<Vec<Membership>> {
    let Some(found) = search.find(tx, person(actor)?, phone)? else {
        return Ok(Vec::new());
    };
    let mut memberships = store::load_of(tx, found, today)?;
    memberships.retain(|one| one.body_kind == BodyKind::Unit && tree.is_within(UnitId::from_uuid(one.body_id), root));
    Ok(memberships)
}
