//! Calendars over HTTP.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

use super::feed;
use super::store::{self, Of};
use super::view::FeedView;
use crate::booking::Bookings;
use crate::booking::cells::{CELLS, Cell, Stretch};
use crate::booking::desk::routes::with_parts;
use crate::booking::lane::Booker;
use crate::booking::model::Booking;
use crate::booking::resources::routes::existing;
use crate::booking::resources::{self, Resource, ResourceId};
use crate::booking::slots::opened;
use crate::booking::store::{self as bookings_store, Whose};
use crate::circle::places::Catalogue;
use crate::clock::{self, Timestamp};
use crate::error::{Error, Reason, Result};
use crate::gate::{Public, SignedIn};
use crate::grid::access::ServeBookings;
use crate::http::{Answer, Caller, Nothing, Operation, Path, Query};
use crate::identity::PersonId;
use crate::secret::Secret;

const ICALENDAR: &str = "text/calendar; charset=utf-8";
const DAY_MICROS: i64 = 86_400_000_000;
/// So many days back and ahead a feed goes.
const BACK_DAYS: i64 = 90;
const AHEAD_DAYS: i64 = 400;
/// So many days ahead is told when a resource is taken.
const TAKEN_DAYS: i64 = 14;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_make_own_feed, _, _>(make_own_feed),
        Operation::new::<__path_revoke_own_feed, _, _>(revoke_own_feed),
        Operation::new::<__path_make_resource_feed, _, _>(make_resource_feed),
        Operation::new::<__path_revoke_resource_feed, _, _>(revoke_resource_feed),
        Operation::new::<__path_get_free_busy, _, _>(get_free_busy),
    ]
}

fn hash(secret: &str) -> Vec<u8> {
    // It has 244 random bits: nobody guesses it from its hash.
    Sha256::digest(secret.as_bytes()).to_vec()
}

async fn made(bookings: &Bookings, of: Of) -> Answer {
    let secret = Secret::random();
    let hash = hash(secret.reveal());
    bookings.db.write(move |tx| store::replace(tx, of, &hash)).await?;
    let path = format!("/calendars/{}.ics", secret.reveal());
    Ok(HttpResponse::build(StatusCode::CREATED)
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(FeedView { path }))
}

async fn revoked(bookings: &Bookings, of: Of) -> Answer {
    bookings.db.write(move |tx| store::revoke(tx, of)).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn person(caller: &Caller<SignedIn>) -> Result<PersonId> {
    let signed = caller
        .actor()
        .signed
        .ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    Ok(PersonId::from_uuid(signed.person))
}

/// Makes a private address of my bookings for a calendar program; one that there was ends. It is shown once.
#[utoipa::path(
    post,
    path = "/me/calendar-feed",
    tag = "bookings",
    responses((status = 201, description = "The address", body = FeedView)),
)]
async fn make_own_feed(caller: Caller<SignedIn>, _: Query<Nothing>, bookings: web::Data<Bookings>) -> Answer {
    made(&bookings, Of::Person(person(&caller)?)).await
}

/// Ends the private address of my bookings.
#[utoipa::path(
    delete,
    path = "/me/calendar-feed",
    tag = "bookings",
    responses((status = 204, description = "There is none any more")),
)]
async fn revoke_own_feed(caller: Caller<SignedIn>, _: Query<Nothing>, bookings: web::Data<Bookings>) -> Answer {
    revoked(&bookings, Of::Person(person(&caller)?)).await
}

/// Makes a private address of the bookings of a resource and of its parts, without names; one that there was ends. It
/// is shown once.
#[utoipa::path(
    post,
    path = "/resources/{id}/calendar-feed",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 201, description = "The address", body = FeedView)),
)]
async fn make_resource_feed(
    caller: Caller<ServeBookings>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    caller.at(existing(&bookings, id.0).await?.subject())?;
    made(&bookings, Of::Resource(id.0)).await
}

/// Ends the private address of the bookings of a resource.
#[utoipa::path(
    delete,
    path = "/resources/{id}/calendar-feed",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 204, description = "There is none any more")),
)]
async fn revoke_resource_feed(
    caller: Caller<ServeBookings>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    caller.at(existing(&bookings, id.0).await?.subject())?;
    revoked(&bookings, Of::Resource(id.0)).await
}

fn icalendar(text: String) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, ICALENDAR))
        .insert_header((CACHE_CONTROL, "private, max-age=60"))
        .body(text)
}

/// A calendar under its private address.
pub async fn fetch(
    secret: web::Path<String>,
    catalogue: web::Data<Catalogue>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let secret = secret.into_inner();
    let hash = hash(secret.strip_suffix(".ics").unwrap_or(&secret));
    let now = clock::now();
    let from = Timestamp::from_micros(now.micros() - BACK_DAYS * DAY_MICROS);
    let to = Timestamp::from_micros(now.micros() + AHEAD_DAYS * DAY_MICROS);
    let reading = bookings.db.read(move |conn| {
        let of = store::find(conn, &hash)?.ok_or_else(|| Error::refused(Reason::AddressOver))?;
        let (name, found) = match of {
            Of::Person(person) => {
                let own = bookings_store::ever_of(conn, person)?;
                let own = own.into_iter().filter(|one| (from..to).contains(&one.start_at));
                ("我的预约".to_owned(), own.collect::<Vec<Booking>>())
            }
            Of::Resource(id) => {
                let one = resources::load_one(conn, id)?.ok_or_else(|| Error::refused(Reason::AddressOver))?;
                let tree = resources::load_trees(conn, &[one.root_id])?;
                let ids = with_parts(&tree, id);
                let all = bookings_store::list(conn, &Whose::Resources(ids, from, to), &[], None, 20_000)?;
                (one.facts.name, all)
            }
        };
        let ids: Vec<ResourceId> = found.iter().map(|booking| booking.resource_id).collect();
        let known: HashMap<ResourceId, Resource> = resources::load_these(conn, &ids)?
            .into_iter()
            .map(|one| (one.id, one))
            .collect();
        Ok((name, found, known))
    });
    let (name, found, known) = reading.await?;
    let places = catalogue.now();
    let shown = found.iter().filter_map(|booking| {
        let resource = known.get(&booking.resource_id)?;
        let place = places.place(resource.place_id);
        let place = place.map_or_else(String::new, |entry| entry.place.facts.name.clone());
        Some((booking, resource, place))
    });
    Ok(icalendar(feed::calendar(&name, shown)))
}

/// When a resource is taken within the next 14 days, as iCalendar free/busy: for a door panel, without any names.
#[utoipa::path(
    get,
    path = "/resources/{id}/free-busy",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "The times", content((String = "text/calendar")))),
)]
async fn get_free_busy(
    _: Caller<Public>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let one = existing(&bookings, id.0).await?;
    let now = clock::now();
    let from = Cell::of(now).begins();
    let to = Timestamp::from_micros(from.micros() + TAKEN_DAYS * DAY_MICROS);
    let booker = std::sync::Arc::clone(&bookings.booker);
    let taken = bookings
        .db
        .read(move |conn| {
            conn.one_view(|conn| {
                let book = opened(conn, &booker, &[one.id], (from, to), None)?;
                Ok(taken(&book, one.id, from, to))
            })
        })
        .await?;
    Ok(icalendar(feed::free_busy(&id.0.to_string(), now, (from, to), &taken)))
}

/// The stretches in which nothing is free, neighbours put together.
fn taken(
    book: &crate::booking::book::Book,
    id: ResourceId,
    from: Timestamp,
    to: Timestamp,
) -> Vec<(Timestamp, Timestamp)> {
    let mut found: Vec<(Timestamp, Timestamp)> = Vec::new();
    let nodes = Booker::places_of(book, id);
    let cells = Stretch::of(from, to);
    for (day, range) in cells.days() {
        for place in range {
            let cell = Cell::at(day * CELLS as i64 + place as i64);
            let one = Stretch::of(cell.begins(), cell.next().begins());
            if nodes.iter().any(|node| book.free(node, one, &[]) > 0) {
                continue;
            }
            match found.last_mut() {
                Some(last) if last.1 == cell.begins() => last.1 = cell.next().begins(),
                _ => found.push((cell.begins(), cell.next().begins())),
            }
        }
    }
    found
}
