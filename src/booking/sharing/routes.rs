//! Agreements and withheld shares over HTTP.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use super::model::{Agreement, AgreementId, Party, Share, ShareId};
use super::store;
use super::view::{AgreementInput, AgreementList, AgreementView, EndedAgreement, ShareInput, ShareList, ShareView};
use crate::booking::Bookings;
use crate::booking::lane::serve_waiting;
use crate::booking::resources::routes::existing;
use crate::booking::resources::{self, Resource, ResourceId};
use crate::booking::waiting;
use crate::clock;
use crate::db::Tx;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::Public;
use crate::grid::access::ManageResources;
use crate::grid::audit::{self, Act};
use crate::http::{Answer, Body, Caller, Nothing, Once, Operation, Path, Query, Stored, Version};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_agreements, _, _>(list_agreements),
        Operation::new::<__path_create_agreement, _, _>(create_agreement),
        Operation::new::<__path_get_agreement, _, _>(get_agreement),
        Operation::new::<__path_end_agreement, _, _>(end_agreement),
        Operation::new::<__path_list_shares, _, _>(list_shares),
        Operation::new::<__path_create_share, _, _>(create_share),
        Operation::new::<__path_end_share, _, _>(end_share),
    ]
}

/// A resource that the caller may change, locked with its whole.
fn mine(tx: &mut Tx<'_>, caller: &Caller<ManageResources>, id: ResourceId) -> Result<Resource> {
    resources::lock_roots(tx, &[id])?;
    let one = resources::load_one(tx, id)?.ok_or_else(|| Error::refused(Reason::NotFound))?;
    caller.at(one.subject())?;
    Ok(one)
}

/// By which agreements a resource is or was shared: with whom, in which hours, and what each is bound to do.
#[utoipa::path(
    get,
    path = "/resources/{id}/agreements",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "The agreements", body = AgreementList)),
)]
async fn list_agreements(
    _: Caller<Public>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    existing(&bookings, id.0).await?;
    let found = bookings.db.read(move |conn| store::of_resource(conn, id.0)).await?;
    let items = found.into_iter().map(AgreementView::from).collect();
    Ok(HttpResponse::Ok().json(AgreementList { items }))
}

/// Enters an agreement by which a resource, and what is part of it, is shared in hours of its own. It is in force
/// from its first day to its last, or until it is ended; it is never changed: end it and enter another.
#[utoipa::path(
    post,
    path = "/resources/{id}/agreements",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = AgreementInput,
    responses((status = 201, description = "The agreement", body = AgreementView)),
)]
async fn create_agreement(
    caller: Caller<ManageResources>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<AgreementInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    caller.at(existing(&bookings, id.0).await?.subject())?;
    let booker = Arc::clone(&bookings.booker);
    let stored = bookings.db.write(move |tx| {
        let one = mine(tx, &caller, id.0)?;
        let actor = caller.at(one.subject())?;
        once.run(tx, actor, &body.digest, |tx| {
            let input = body.value.clone();
            let parties = input.parties.into_iter();
            let agreement = Agreement {
                id: AgreementId::new(),
                resource_id: one.id,
                mode: input.mode,
                name: input.name,
                from_day: input.from,
                to_day: input.to,
                hours: input.hours.trim().to_owned(),
                is_public: input.public,
                parties: parties
                    .map(|party| Party {
                        unit_id: party.unit_id,
                        name: party.name,
                        duties: party.duties,
                    })
                    .collect(),
                created_at: clock::now(),
                ended_at: None,
            };
            store::found_agreement(tx, &agreement, &actor.name)?;
            audit::of_unit(tx, actor, Act::AgreementEntered, one.unit_id, &agreement.name)?;
            serve_waiting(tx, &booker, one.root_id)?;
            let location = format!("/v1/agreements/{}", agreement.id);
            Stored::created(AgreementView::from(agreement), Version::Content, location)
        })
    });
    Ok(stored.await?.answer())
}

/// An agreement.
#[utoipa::path(
    get,
    path = "/agreements/{id}",
    tag = "resources",
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, description = "The agreement", body = AgreementView)),
)]
async fn get_agreement(
    _: Caller<Public>,
    id: Path<AgreementId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let found = bookings.db.read(move |conn| store::load_agreement(conn, id.0)).await?;
    let found = found.ok_or_else(|| Error::refused(Reason::NotFound))?;
    Ok(HttpResponse::Ok().json(AgreementView::from(found)))
}

/// Ends an agreement now: nothing is offered by it any more. Bookings to come stay, and are listed.
#[utoipa::path(
    post,
    path = "/agreements/{id}/end",
    tag = "resources",
    params(("id" = String, Path, description = "The agreement's id")),
    responses((status = 200, description = "The agreement as it is now, and what that leaves", body = EndedAgreement)),
)]
async fn end_agreement(
    caller: Caller<ManageResources>,
    id: Path<AgreementId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let booker = Arc::clone(&bookings.booker);
    let ended = bookings.db.write(move |tx| {
        let not_found = || Error::refused(Reason::NotFound);
        let agreement = store::load_agreement(tx, id.0)?.ok_or_else(not_found)?;
        let one = mine(tx, &caller, agreement.resource_id)?;
        let actor = caller.at(one.subject())?;
        store::end_agreement(tx, id.0)?;
        audit::of_unit(tx, actor, Act::AgreementEnded, one.unit_id, &agreement.name)?;
        let left = resources::look(tx, &booker, &one)?;
        let agreement = store::load_agreement(tx, id.0)?.ok_or_else(not_found)?;
        Ok((agreement, left))
    });
    let (agreement, left) = ended.await?;
    Ok(HttpResponse::Ok().json(EndedAgreement {
        agreement: agreement.into(),
        conflicts: left.into(),
    }))
}

/// Which places of a resource are withheld, for whom, why, and until when.
#[utoipa::path(
    get,
    path = "/resources/{id}/shares",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "The shares", body = ShareList)),
)]
async fn list_shares(
    _: Caller<Public>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    existing(&bookings, id.0).await?;
    let found = bookings
        .db
        .read(move |conn| store::withheld(conn, &[id.0], clock::now()))
        .await?;
    let items = found.into_iter().map(ShareView::from).collect();
    Ok(HttpResponse::Ok().json(ShareList { items }))
}

/// Withholds places of each slot for some: for the residents of a unit, for elders, or for those who walk in or
/// telephone. Who they are, why, and when what is left is for everybody, everybody can read.
#[utoipa::path(
    post,
    path = "/resources/{id}/shares",
    tag = "resources",
    params(("id" = String, Path, description = "The resource's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = ShareInput,
    responses((status = 201, description = "The share", body = ShareView)),
)]
async fn create_share(
    caller: Caller<ManageResources>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<ShareInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    caller.at(existing(&bookings, id.0).await?.subject())?;
    let booker = Arc::clone(&bookings.booker);
    let stored = bookings.db.write(move |tx| {
        let one = mine(tx, &caller, id.0)?;
        let actor = caller.at(one.subject())?;
        once.run(tx, actor, &body.digest, |tx| {
            let input = body.value.clone();
            let most = match one.facts.kind {
                resources::Kind::Shared => one.facts.capacity,
                resources::Kind::Exclusive => 1,
                resources::Kind::Pool => i64::MAX,
            };
            if input.places > most {
                return Err(Error::field(FieldError::body(
                    "/places",
                    "maximum",
                    format!("该资源最多可保留 {most}。"),
                    format!("{most} of this resource can be withheld at the most."),
                )));
            }
            let share = Share {
                id: ShareId::new(),
                resource_id: one.id,
                holder: input.holder,
                unit_id: input.unit_id,
                places: input.places,
                hours: input.hours.map(|hours| hours.trim().to_owned()),
                reason: input.reason,
                release_seconds: input.release_seconds,
                created_at: clock::now(),
                ended_at: None,
            };
            store::found_share(tx, &share, &actor.name)?;
            audit::of_unit(tx, actor, Act::ShareWithheld, one.unit_id, &share.reason)?;
            waiting::watch_all(tx, &booker, one.id)?;
            let location = format!("/v1/resources/{}/shares", one.id);
            Stored::created(ShareView::from(share), Version::Content, location)
        })
    });
    Ok(stored.await?.answer())
}

/// Withholds a share no more: its places are for everybody.
#[utoipa::path(
    post,
    path = "/shares/{id}/end",
    tag = "resources",
    params(("id" = String, Path, description = "The share's id")),
    responses((status = 200, description = "The share as it is now", body = ShareView)),
)]
async fn end_share(
    caller: Caller<ManageResources>,
    id: Path<ShareId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let booker = Arc::clone(&bookings.booker);
    let ended = bookings.db.write(move |tx| {
        let not_found = || Error::refused(Reason::NotFound);
        let share = store::load_share(tx, id.0)?.ok_or_else(not_found)?;
        let one = mine(tx, &caller, share.resource_id)?;
        let actor = caller.at(one.subject())?;
        store::end_share(tx, id.0)?;
        audit::of_unit(tx, actor, Act::ShareEnded, one.unit_id, &share.reason)?;
        serve_waiting(tx, &booker, one.root_id)?;
        store::load_share(tx, id.0)?.ok_or_else(not_found)
    });
    Ok(HttpResponse::Ok().json(ShareView::from(ended.await?)))
}
