//! One's own household over HTTP.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::change;
use super::model::HouseholdId;
use super::store;
use super::view::{HeadInput, HouseholdMemberView, HouseholdView, InvitationView, JoinInput};
use crate::clock;
use crate::db::{Conn, Tx};
use crate::error::{Error, Reason, Result};
use crate::gate::{Apply, OnesOwn, Read, SignedIn};
use crate::grid::members::routes::{LOOKS, person};
use crate::grid::members::view::PersonView;
use crate::grid::members::{self, Held, day_number};
use crate::grid::routes::in_short;
use crate::grid::shared::Shared;
use crate::grid::tree::Tree;
use crate::grid::undoing::HOUSEHOLD_JOINED;
use crate::http::{Answer, Body, Caller, Entity, Http, Nothing, Once, Operation, Path, Query, Stored, Version};
use crate::identity::{People, PersonId, delegations};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_my_household, _, _>(my_household),
        Operation::new::<__path_found_household, _, _>(found_household),
        Operation::new::<__path_invite_to_household, _, _>(invite_to_household),
        Operation::new::<__path_join_household, _, _>(join_household),
        Operation::new::<__path_leave_household, _, _>(leave_household),
        Operation::new::<__path_remove_from_household, _, _>(remove_from_household),
        Operation::new::<__path_name_head, _, _>(name_head),
    ]
}

/// A household as those who are of it are shown it.
fn shown(conn: &mut Conn, people: &People, tree: &Tree, id: HouseholdId) -> Result<HouseholdView> {
    let household = store::load(conn, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let ids: Vec<PersonId> = household.members.iter().map(|member| member.person_id).collect();
    let people = people.load_people(conn, &ids)?;
    let now = clock::now();
    let members = household.members.iter().map(|member| HouseholdMemberView {
        person: PersonView::of(member.person_id, &people),
        is_head: member.is_head,
        joined_at: member.joined_at,
    });
    Ok(HouseholdView {
        id,
        home: tree.node(household.unit_id).map(|node| in_short(node)),
        members: members.collect(),
        invitation_until: household.invitation_until.filter(|until| now < *until),
        created_at: household.created_at,
    })
}

/// The answer to who is of it now: a request that comes again after they left shows nothing.
fn made(conn: &mut Conn, people: &People, tree: &Tree, person: PersonId, id: HouseholdId) -> Result<Stored> {
    if store::of_person(conn, person)? != Some(id) {
        return Err(Error::refused(Reason::NotFound));
    }
    let view = shown(conn, people, tree, id)?;
    Stored::created(view, Version::Content, "/v1/me/household".to_owned())
}

/// My household, to those who are of it; 404 to who is of none.
#[utoipa::path(
    get,
    path = "/me/household",
    tag = "people",
    responses((status = 200, description = "The caller's household", body = HouseholdView), (status = 304, description = "The client has this version")),
)]
async fn my_household(
    caller: Caller<OnesOwn<Read>>,
    request: HttpRequest,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    let household = shared.db.read(move |conn| {
        let id = store::of_person(conn, person)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        let household = store::load(conn, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
        // Whose home ran out by its day is of it no more, though nobody has written so.
        let day = day_number(today);
        let lives_there = |home: &Held| home.counts_on(day) && home.body == household.unit_id.uuid();
        if !members::homes(conn, person)?.iter().any(lives_there) {
            return Err(Error::refused(Reason::NotFound));
        }
        shown(conn, &people, &tree, id)
    });
    let (value, version) = (household.await?, Version::Content);
    Ok(Entity { value, version }.answer(&request))
}

/// Founds a household at my home, with me as its head. It takes a confirmed home.
#[utoipa::path(
    post,
    path = "/me/household",
    tag = "people",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key has its effect once")),
    responses((status = 201, description = "The household", body = HouseholdView)),
)]
async fn found_household(caller: Caller<SignedIn>, _: Query<Nothing>, once: Once, shared: web::Data<Shared>) -> Answer {
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    let stored = shared.db.write(move |tx| {
        let found = |tx: &mut Tx<'_>| change::found(tx, person, today);
        once.run_shown(tx, caller.actor(), "", found, |tx, id| {
            made(tx, &people, &tree, person, id)
        })
    });
    Ok(stored.await?.answer())
}

/// A code by which others at my home join the household that I am the head of: good for a day, and for as many as are
/// of it. The one before is good no more.
#[utoipa::path(
    post,
    path = "/me/household/invitation",
    tag = "people",
    responses((status = 201, description = "The code, told this once", body = InvitationView)),
)]
async fn invite_to_household(caller: Caller<SignedIn>, _: Query<Nothing>, shared: web::Data<Shared>) -> Answer {
    let (people, today) = (shared.people.clone(), shared.today());
    let person = person(caller.actor())?;
    let invited = shared.db.write(move |tx| change::invite(tx, &people, person, today));
    let (code, expires_at) = invited.await?;
    Ok(HttpResponse::build(StatusCode::CREATED)
        .insert_header(("cache-control", "no-store"))
        .insert_header(("location", "/v1/me/household"))
        .json(InvitationView { code, expires_at }))
}

/// Joins the household whose head gave me a code, which is at my home.
#[utoipa::path(
    post,
    path = "/me/household/join",
    tag = "people",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = JoinInput,
    responses((status = 201, description = "The household", body = HouseholdView)),
)]
async fn join_household(
    caller: Caller<OnesOwn<Apply>>,
    request: HttpRequest,
    _: Query<Nothing>,
    once: Once,
    body: Body<JoinInput>,
    shared: web::Data<Shared>,
    http: web::Data<Http>,
) -> Answer {
    http.limits.charge(&request, &http, LOOKS, 1).await?;
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    let stored = shared.db.write(move |tx| {
        let join = |tx: &mut Tx<'_>| {
            let id = change::join(tx, &people, person, &body.value.code, today)?;
            let day = day_number(today).into();
            delegations::record(tx, caller.actor(), &HOUSEHOLD_JOINED, id.uuid(), None, day)?;
            Ok(id)
        };
        let show = |tx: &mut Tx<'_>, id| made(tx, &people, &tree, person, id);
        once.run_shown(tx, caller.actor(), &body.digest, join, show)
    });
    Ok(stored.await?.answer())
}

/// Leaves my household. Where the head leaves, who has been there longest is the head.
#[utoipa::path(
    post,
    path = "/me/household/leave",
    tag = "people",
    responses((status = 204, description = "The caller is of no household")),
)]
async fn leave_household(caller: Caller<SignedIn>, _: Query<Nothing>, shared: web::Data<Shared>) -> Answer {
    let person = person(caller.actor())?;
    shared.db.write(move |tx| change::leave(tx, person)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Takes somebody out of the household that I am the head of.
#[utoipa::path(
    post,
    path = "/me/household/members/{id}/remove",
    tag = "people",
    params(("id" = String, Path, description = "The person's id")),
    responses((status = 200, description = "The household as it is now", body = HouseholdView)),
)]
async fn remove_from_household(
    caller: Caller<SignedIn>,
    id: Path<PersonId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    let household = shared.db.write(move |tx| {
        let household = change::remove(tx, person, id.0, today)?;
        shown(tx, &people, &tree, household)
    });
    Ok(HttpResponse::Ok().json(household.await?))
}

/// Makes another member the head of the household that I am the head of.
#[utoipa::path(
    put,
    path = "/me/household/head",
    tag = "people",
    request_body = HeadInput,
    responses((status = 200, description = "The household as it is now", body = HouseholdView)),
)]
async fn name_head(
    caller: Caller<SignedIn>,
    _: Query<Nothing>,
    body: Body<HeadInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    let household = shared.db.write(move |tx| {
        let household = change::name_head(tx, person, body.value.person_id, today)?;
        shown(tx, &people, &tree, household)
    });
    Ok(HttpResponse::Ok().json(household.await?))
}
