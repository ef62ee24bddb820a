//! Checking in over HTTP.

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use serde::Serialize;

use super::store;
use super::view::{CheckInInput, DoorCodeView, DoorInput, TicketView};
use crate::booking::Bookings;
use crate::booking::command::{Command, LONGEST_MICROS, What};
use crate::booking::desk::routes::{with_parts, with_person};
use crate::booking::model::{Act, Booking, BookingId, State};
use crate::booking::resources::routes::existing;
use crate::booking::resources::{self, ResourceId};
use crate::booking::store::{self as bookings_store, Whose};
use crate::booking::view::{BookingView, DeskBookingView, entity};
use crate::clock;
use crate::error::{Error, FieldError, Reason, Result};
use crate::gate::{Actor, Book, OnesOwn};
use crate::grid::Shared;
use crate::grid::access::ServeBookings;
use crate::grid::members::day_number;
use crate::http::{Answer, Body, Caller, Nothing, Operation, Path, Query};

/// So many wrong codes a day, then none is looked at.
const TRIES: i64 = 5;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_get_ticket, _, _>(get_ticket),
        Operation::new::<__path_check_in, _, _>(check_in),
        Operation::new::<__path_get_door_code, _, _>(get_door_code),
        Operation::new::<__path_check_in_at_door, _, _>(check_in_at_door),
    ]
}

fn unkept(value: impl Serialize) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(value)
}

async fn own_booking(bookings: &Bookings, actor: &Actor, id: BookingId) -> Result<Booking> {
    let booking = bookings.existing(id).await?;
    match booking.person_id.map(|id| id.uuid()) == actor.whose() && booking.person_id.is_some() {
        true => Ok(booking),
        false => Err(Error::refused(Reason::NotFound)),
    }
}

/// What shows at the desk that a booking is one's own: a QR that is good for a minute, and a code to be read out.
#[utoipa::path(
    get,
    path = "/bookings/{id}/ticket",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, description = "The ticket", body = TicketView)),
)]
async fn get_ticket(
    own: Caller<OnesOwn<Book>>,
    id: Path<BookingId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let booking = own_booking(&bookings, own.actor(), id.0).await?;
    booking.state.permits(Act::CheckIn)?;
    let (payload, until) = bookings.codes.ticket(booking.id, clock::now());
    let code = bookings.codes.code(booking.id);
    Ok(unkept(TicketView { payload, until, code }))
}

/// Refuses whoever tried too many wrong codes today; a right one is forgotten, a wrong one counted.
async fn tried(bookings: &Bookings, subject: Vec<u8>, day: i64, is_right: bool) -> Result<()> {
    let counted = bookings.db.write(move |tx| {
        let before = store::count(tx, &subject, day)?;
        if before < TRIES && is_right {
            store::forget(tx, &subject, day)?;
        }
        Ok(before)
    });
    match counted.await? {
        before if before >= TRIES => Err(Error::refused(Reason::TooManyRequests).retry_after(3600)),
        _ if is_right => Ok(()),
        _ => Err(Error::refused(Reason::WrongCode)),
    }
}

async fn checked_in(bookings: &Bookings, actor: &Actor, booking: &Booking) -> Result<crate::booking::act::Done> {
    let command = Command {
        actor: actor.clone(),
        is_staff: true,
        pass: false,
        reason: None,
        repeat: None,
        expected: None,
        resource_id: booking.resource_id,
        what: What::Do(booking.id, Act::CheckIn),
    };
    bookings.submit(command).await
}

/// Checks in at the desk of a resource whoever shows their QR or says their code; the name comes along, to be
/// compared. What is scanned twice or was cancelled is told so.
#[utoipa::path(
    post,
    path = "/resources/{id}/check-ins",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id")),
    request_body = CheckInInput,
    responses((status = 200, description = "The booking, and whose it is", body = DeskBookingView)),
)]
async fn check_in(
    caller: Caller<ServeBookings>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    body: Body<CheckInInput>,
    shared: web::Data<Shared>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let resource = existing(&bookings, id.0).await?;
    let actor = caller.at(resource.subject())?.clone();
    let now = clock::now();
    let scanned = body
        .value
        .payload
        .as_deref()
        .map(|payload| bookings.codes.read_ticket(payload, now));
    let calendar = bookings.calendar();
    let today = calendar.date_of(now.to_utc());
    let (from, to) = (
        calendar.instant(today, 0).into(),
        calendar.instant(today.succ_opt().unwrap_or(today), 0).into(),
    );
    // What began yesterday evening may go on past midnight.
    let from = clock::Timestamp::from_micros(clock::Timestamp::micros(from) - 12 * 3600 * 1_000_000);
    let of_today = bookings.db.read(move |conn| {
        let tree = resources::load_trees(conn, &[resource.root_id])?;
        let ids = with_parts(&tree, resource.id);
        // What was scanned names its booking; only what was read out is looked for among all.
        match scanned {
            Some(None) => Ok(Vec::new()),
            Some(Some(booking)) => {
                let one = bookings_store::load_one(conn, booking)?;
                Ok(one.filter(|one| ids.contains(&one.resource_id)).into_iter().collect())
            }
            None => {
                // What is over is completed, so that those of the days before are the few that go on.
                let earlier = Whose::Resources(
                    ids.clone(),
                    clock::Timestamp::from_micros(from.micros() - LONGEST_MICROS),
                    from,
                );
                let going_on = [State::Confirmed, State::CheckedIn];
                let mut found = bookings_store::list(conn, &earlier, &going_on, None, 1_000)?;
                found.extend(bookings_store::list(
                    conn,
                    &Whose::Resources(ids, from, to),
                    &[],
                    None,
                    10_000,
                )?);
                Ok(found)
            }
        }
    });
    let said = body.value.code.clone();
    let is_it = |booking: &Booking| match (&scanned, &said) {
        (Some(scanned), _) => *scanned == Some(booking.id),
        (None, Some(code)) => bookings.codes.is_code(booking.id, code),
        (None, None) => false,
    };
    let found = of_today.await?.into_iter().find(is_it);
    let staff = actor.signed.map(|signed| signed.person).unwrap_or_default();
    let subject: Vec<u8> = staff.as_bytes().iter().chain(id.0.uuid().as_bytes()).copied().collect();
    let day = i64::from(day_number(today));
    // What is wrong is what was shown: whoever serves may well do so.
    let shown = tried(&bookings, subject, day, found.is_some()).await;
    let unknown = |error: Error| match error.reason() {
        Reason::WrongCode => Error::field(FieldError::body(
            if scanned.is_some() { "/payload" } else { "/code" },
            "unknown_code",
            "今天这里没有这个预约，或已过期，请本人重新出示。",
            "There is no such booking here today, or it is good no more: let it be shown anew.",
        )),
        _ => error,
    };
    shown.map_err(unknown)?;
    let booking = found.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let done = checked_in(&bookings, &actor, &booking).await?;
    let people = shared.people.clone();
    let view = BookingView::of(done.booking, &done.resource);
    let shown: Result<Vec<DeskBookingView>> = bookings
        .db
        .read(move |conn| with_person(conn, &people, vec![view]))
        .await;
    let shown = shown?.pop();
    Ok(HttpResponse::Ok().json(shown.ok_or_else(|| Error::internal("a booking was not shown"))?))
}

/// The code that the screen at a door without a desk shows; it changes every half minute, so that no photograph of it
/// is worth anything.
#[utoipa::path(
    get,
    path = "/resources/{id}/door-code",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id")),
    responses((status = 200, description = "The code", body = DoorCodeView)),
)]
async fn get_door_code(
    caller: Caller<ServeBookings>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let resource = existing(&bookings, id.0).await?;
    caller.at(resource.subject())?;
    let (code, until) = bookings.codes.door(resource.id, clock::now());
    Ok(unkept(DoorCodeView { code, until }))
}

/// Checks oneself in at a door, by the code that its screen shows.
#[utoipa::path(
    post,
    path = "/bookings/{id}/door",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id")),
    request_body = DoorInput,
    responses((status = 200, description = "The booking as it is now", body = BookingView)),
)]
async fn check_in_at_door(
    own: Caller<OnesOwn<Book>>,
    id: Path<BookingId>,
    _: Query<Nothing>,
    body: Body<DoorInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let booking = own_booking(&bookings, own.actor(), id.0).await?;
    let now = clock::now();
    // The screen may be that of the whole: of the hall, or of the pool.
    let screens = [Some(booking.resource_id), Some(booking.asked_id)];
    let resource = existing(&bookings, booking.resource_id).await?;
    let mut screens = screens
        .into_iter()
        .chain([resource.facts.part_of, Some(resource.root_id)])
        .flatten();
    let is_right = screens.any(|screen| bookings.codes.is_door(screen, &body.value.code, now));
    let day = i64::from(day_number(bookings.calendar().date_of(now.to_utc())));
    tried(&bookings, booking.id.uuid().as_bytes().to_vec(), day, is_right).await?;
    let done = checked_in(&bookings, own.actor(), &booking).await?;
    Ok(entity(done).answer_with(StatusCode::OK))
}
