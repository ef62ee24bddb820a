//! Organisations and their members over HTTP.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::change::{self, entry};
use super::model::{Organisation, OrganisationId, OrganisationKind};
use super::store;
use super::view::{OfficerView, OrganisationInput, OrganisationView, OrganisationsQuery};
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Public, SignedIn};
use crate::grid::access::{BodyOf, GrantRoles, ManageOrganisations, Office, SeeOrganisation};
use crate::grid::audit::{self, Act};
use crate::grid::bodies::routes::{Appointment, BodyMembersQuery, appoint, list_of};
use crate::grid::members::routes::{by, made, person};
use crate::grid::members::view::{MembershipView, OrganisationMemberInput, ReasonInput};
use crate::grid::members::{self, BodyKind, NewMembership, Role, State, Wanted};
use crate::grid::model::UnitId;
use crate::grid::reshape::view::NameInput;
use crate::grid::shared::Shared;
use crate::grid::tree::Tree;
use crate::http::{
    Answer, Body, Caller, Entity, IfMatch, Nothing, Once, Operation, Page, Path, Query, Stored, Version,
};
use crate::identity::PersonId;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_organisations, _, _>(list_organisations),
        Operation::new::<__path_found_organisation, _, _>(found_organisation),
        Operation::new::<__path_get_organisation, _, _>(get_organisation),
        Operation::new::<__path_rename_organisation, _, _>(rename_organisation),
        Operation::new::<__path_close_organisation, _, _>(close_organisation),
        Operation::new::<__path_list_named_officers, _, _>(list_named_officers),
        Operation::new::<__path_list_organisation_members, _, _>(list_organisation_members),
        Operation::new::<__path_add_organisation_member, _, _>(add_organisation_member),
        Operation::new::<__path_ask_to_join, _, _>(ask_to_join),
    ]
}

/// So many named officers of one organisation are shown.
const OFFICERS: i64 = 200;

async fn existing(shared: &Shared, id: OrganisationId) -> Result<Organisation> {
    let found = shared.db.read(move |conn| store::load_one(conn, id)).await?;
    found.ok_or_else(|| Error::refused(Reason::NotFound))
}

/// The open organisations of a unit, in the order in which they were founded.
#[utoipa::path(
    get,
    path = "/units/{id}/organisations",
    tag = "organisations",
    params(("id" = String, Path, description = "The unit's id"), OrganisationsQuery),
    responses((status = 200, description = "A page of organisations", body = Page<OrganisationView>)),
)]
async fn list_organisations(
    _: Caller<Public>,
    id: Path<UnitId>,
    query: Query<OrganisationsQuery>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    tree.node(id.0).ok_or_else(|| Error::refused(Reason::NotFound))?;
    let OrganisationsQuery { kind, limit, cursor } = query.0;
    let load = move |conn: &mut Conn, after, most| store::load_of(conn, id.0, kind, after, most);
    let page = Page::load(&shared.db, limit, cursor.as_deref(), load, |one| one.id).await?;
    Ok(HttpResponse::Ok().json(page.map(|one| OrganisationView::of(one, &tree))))
}

/// Founds an organisation of a unit, or the council of an estate in it. A second party branch is refused.
#[utoipa::path(
    post,
    path = "/units/{id}/organisations",
    tag = "organisations",
    params(("id" = String, Path, description = "The unit's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = OrganisationInput,
    responses((status = 201, description = "The organisation", body = OrganisationView)),
)]
async fn found_organisation(
    caller: Caller<ManageOrganisations>,
    id: Path<UnitId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<OrganisationInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let tree = shared.tree.now();
    tree.node(id.0).ok_or_else(|| Error::refused(Reason::NotFound))?;
    caller.at(id.0)?;
    let stored = shared.db.write(move |tx| {
        let actor = caller.at(id.0)?;
        once.run(tx, actor, &body.digest, |tx| {
            let one = Organisation::new(id.0, body.value.kind, &body.value.name);
            let one = Organisation {
                name_en: body.value.name_en.clone(),
                estate_id: body.value.estate_id,
                ..one
            };
            change::found(tx, &actor.name, &one)?;
            let location = format!("/v1/organisations/{}", one.id);
            Stored::created(OrganisationView::of(one, &tree), Version::Content, location)
        })
    });
    Ok(stored.await?.answer())
}

/// An organisation, also one that is closed.
#[utoipa::path(
    get,
    path = "/organisations/{id}",
    tag = "organisations",
    params(("id" = String, Path, description = "The organisation's id")),
    responses((status = 200, description = "The organisation", body = OrganisationView), (status = 304, description = "The client has this version")),
)]
async fn get_organisation(
    _: Caller<Public>,
    request: HttpRequest,
    id: Path<OrganisationId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let one = existing(&shared, id.0).await?;
    Ok(entity(one, &shared.tree.now()).answer(&request))
}

/// As it is shown, with what tells this state of it from others.
fn entity(one: Organisation, tree: &Tree) -> Entity<OrganisationView> {
    Entity {
        value: OrganisationView::of(one, tree),
        version: Version::Content,
    }
}

/// Gives an organisation another name: fetch it, and send its `ETag`.
#[utoipa::path(
    put,
    path = "/organisations/{id}/name",
    tag = "organisations",
    params(("id" = String, Path, description = "The organisation's id"), ("If-Match" = String, Header, description = "The ETag of the organisation as it was seen")),
    request_body = NameInput,
    responses((status = 200, description = "The organisation as it is now", body = OrganisationView)),
)]
async fn rename_organisation(
    caller: Caller<ManageOrganisations>,
    id: Path<OrganisationId>,
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
            audit::record(tx, &entry(&actor.name, Act::OrganisationRenamed, &one, reason))?;
            Ok(one)
        }
    });
    Ok(entity(renamed.await?, &tree).answer_with(StatusCode::OK))
}

/// Closes an organisation: its members are members no more.
#[utoipa::path(
    post,
    path = "/organisations/{id}/close",
    tag = "organisations",
    params(("id" = String, Path, description = "The organisation's id")),
    request_body = ReasonInput,
    responses((status = 200, description = "The organisation as it is now", body = OrganisationView)),
)]
async fn close_organisation(
    caller: Caller<ManageOrganisations>,
    id: Path<OrganisationId>,
    _: Query<Nothing>,
    body: Body<ReasonInput>,
    shared: web::Data<Shared>,
) -> Answer {
    caller.at(existing(&shared, id.0).await?.unit_id)?;
    let today = shared.today();
    let closed = shared.db.write(move |tx| {
        let one = store::load_open_locked(tx, id.0)?;
        let actor = caller.at(one.unit_id)?;
        let reason = Some(body.value.reason.as_str());
        members::end_all_at(tx, by(actor, today), one.id.uuid(), one.at(), reason)?;
        audit::record(tx, &entry(&actor.name, Act::OrganisationClosed, &one, reason))?;
        store::close(tx, one)
    });
    let view = OrganisationView::of(closed.await?, &shared.tree.now());
    Ok(HttpResponse::Ok().json(view))
}

/// Who holds the named offices of an organisation today.
#[utoipa::path(
    get,
    path = "/organisations/{id}/officers",
    tag = "organisations",
    params(("id" = String, Path, description = "The organisation's id")),
    responses((status = 200, description = "The named officers", body = Page<OfficerView>)),
)]
async fn list_named_officers(
    _: Caller<SignedIn>,
    id: Path<OrganisationId>,
    _: Query<Nothing>,
    shared: web::Data<Shared>,
) -> Answer {
    let one = existing(&shared, id.0).await?;
    let (_, people, today) = shared.now();
    let wanted = Wanted {
        bodies: vec![one.id.uuid()],
        on: Some(today),
        is_officer: true,
        most: OFFICERS,
        ..Wanted::default()
    };
    let items = shared.db.read(move |conn| {
        let held = members::load_at(conn, &wanted)?;
        let ids: Vec<PersonId> = held.iter().map(|one| one.person_id).collect();
        let named = people.load_people(conn, &ids)?;
        let view = |one: members::Membership| {
            let name = named.get(&one.person_id).and_then(|person| person.name.clone());
            one.title.map(|title| OfficerView { title, name })
        };
        Ok(held.into_iter().filter_map(view).collect())
    });
    let (items, next) = (items.await?, None);
    Ok(HttpResponse::Ok().json(Page::<OfficerView> { items, next }))
}

/// The members of an organisation. Those of a party branch are seen by its members alone.
#[utoipa::path(
    get,
    path = "/organisations/{id}/members",
    tag = "organisations",
    params(("id" = String, Path, description = "The organisation's id"), BodyMembersQuery),
    responses((status = 200, description = "A page of memberships", body = Page<MembershipView>)),
)]
async fn list_organisation_members(
    caller: Caller<SeeOrganisation>,
    id: Path<OrganisationId>,
    query: Query<BodyMembersQuery>,
    shared: web::Data<Shared>,
) -> Answer {
    let one = existing(&shared, id.0).await?;
    let (id, unit) = (one.id.uuid(), one.at().shown_to_those_above(false));
    caller.at(BodyOf { id, unit })?;
    // Who has left, or was not let in, has a right to be forgotten there.
    let is_past = matches!(query.0.state, Some(State::Ended | State::Refused));
    if one.at().is_closed_circle && is_past {
        return Err(Error::field(FieldError::query(
            "state",
            "not_shown",
            "党组织只列出现有成员和申请。",
            "Of a party branch only members and requests are shown.",
        )));
    }
    list_of(&shared, id, query.0).await
}

/// Makes somebody a member of an organisation, or gives them a named office in it: the staff of its unit do so. Of a
/// party branch they give the named offices only; who else is a member asks to be, and its officers answer.
#[utoipa::path(
    post,
    path = "/organisations/{id}/members",
    tag = "organisations",
    params(("id" = String, Path, description = "The organisation's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = OrganisationMemberInput,
    responses((status = 201, description = "The membership", body = MembershipView)),
)]
async fn add_organisation_member(
    caller: Caller<GrantRoles>,
    id: Path<OrganisationId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<OrganisationMemberInput>,
    shared: web::Data<Shared>,
) -> Answer {
    let one = existing(&shared, id.0).await?;
    let OrganisationMemberInput {
        phone,
        role,
        title,
        from,
        to,
    } = body.value;
    let office = Office {
        role,
        body: one.id.uuid(),
        unit: one.at().shown_to_those_above(title.is_some()),
        is_named: title.is_some(),
        holder: None,
    };
    caller.at(office)?;
    if one.kind == OrganisationKind::PartyBranch && role != Role::OrganisationMember {
        return Err(Error::field(FieldError::body(
            "/role",
            "not_of_party_branches",
            "党组织只有成员。",
            "A party branch has members only.",
        )));
    }
    let appointment = Appointment {
        phone,
        title,
        from,
        to,
        office,
        at: one.at(),
        digest: body.digest,
    };
    let stays_open = move |tx: &mut Tx<'_>| store::load_open_locked(tx, id.0).map(drop);
    appoint(&shared, caller, once, appointment, stays_open).await
}

/// Asks to become a member of an organisation. One of its named officers answers, or the staff of its unit; of a party
/// branch its officers alone.
#[utoipa::path(
    post,
    path = "/organisations/{id}/applicants",
    tag = "organisations",
    params(("id" = String, Path, description = "The organisation's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key has its effect once")),
    responses((status = 201, description = "The request", body = MembershipView)),
)]
async fn ask_to_join(
    caller: Caller<SignedIn>,
    id: Path<OrganisationId>,
    _: Query<Nothing>,
    once: Once,
    shared: web::Data<Shared>,
) -> Answer {
    let (tree, people, today) = shared.now();
    let person = person(caller.actor())?;
    existing(&shared, id.0).await?;
    let stored = shared.db.write(move |tx| {
        let actor = caller.actor();
        let ask = |tx: &mut Tx<'_>| {
            let one = store::load_open_locked(tx, id.0)?;
            let new = NewMembership {
                person,
                role: Role::OrganisationMember,
                body_kind: BodyKind::Organisation,
                body: one.id.uuid(),
                unit: one.at().shown_to_those_above(false),
                from_day: today,
                to_day: None,
                deputy: false,
                title: None,
            };
            Ok(members::request(tx, by(actor, today), &new)?.id)
        };
        once.run_shown(tx, actor, "", ask, |tx, id| made(tx, &people, id, &tree, today))
    });
    Ok(stored.await?.answer())
}
