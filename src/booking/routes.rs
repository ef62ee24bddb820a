//! Bookings over HTTP.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};

use super::act::Done;
use super::bookings::Bookings;
pub use super::calendars::routes::fetch as fetch_calendar;
use super::command::{Command, Expected, Make, Place, What};
use super::model::{Act, Booking, BookingId};
use super::resources::routes::existing;
use super::resources::{self, Resource, ResourceId};
use super::slip::slip;
use super::slots::Wanted;
use super::step_store;
use super::store::{self, Whose};
use super::view::{
    ActInput, BookingInput, BookingView, ChangeInput, History, NoShowsView, OwnBookingsQuery, SlotList, SlotView,
    SlotsQuery, StepView, entity,
};
use super::{bookable, calendars, check_in, desk, resources as rooms, rules, sharing, utilisation, waiting};
use crate::circle::places::find_place;
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::gate::{Actor, Book, OnesOwn, Public};
use crate::grid::access::ServeBookings;
use crate::http::{
    Answer, Body, Caller, Entity, IfMatch, Nothing, Once, Operation, Page, Path, Query, Stored, language, preferred,
};
use crate::identity::PersonId;

/// A booking's own person, or who acts for them.
type Own = Caller<OnesOwn<Book>>;
/// The staff, where whoever asks is of them.
type Desk = Option<Caller<ServeBookings>>;

/// The operations of the room.
pub fn operations() -> Vec<Operation> {
    let mut operations = rooms::routes::operations();
    operations.extend(rules::routes::operations());
    operations.extend(bookable::routes::operations());
    operations.extend(check_in::routes::operations());
    operations.extend(calendars::routes::operations());
    operations.extend(waiting::routes::operations());
    operations.extend(desk::routes::operations());
    operations.extend(utilisation::routes::operations());
    operations.extend(sharing::routes::operations());
    operations.extend([
        Operation::new::<__path_list_slots, _, _>(list_slots),
        Operation::new::<__path_create_booking, _, _>(create_booking),
        Operation::new::<__path_list_own_bookings, _, _>(list_own_bookings),
        Operation::new::<__path_get_booking, _, _>(get_booking),
        Operation::new::<__path_get_booking_history, _, _>(get_booking_history),
        Operation::new::<__path_change_booking, _, _>(change_booking),
        Operation::new::<__path_confirm_booking, _, _>(confirm_booking),
        Operation::new::<__path_cancel_booking, _, _>(cancel_booking),
        Operation::new::<__path_object_to_no_show, _, _>(object_to_no_show),
    ]);
    operations
}

/// The slots of a resource, with what is free and, for each that cannot be booked, why not. Whoever sends a token is
/// told of their own limits as well.
#[utoipa::path(
    get,
    path = "/resources/{id}/slots",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id"), SlotsQuery),
    responses((status = 200, description = "The slots", body = SlotList)),
)]
async fn list_slots(
    caller: Caller<Public>,
    request: HttpRequest,
    id: Path<ResourceId>,
    query: Query<SlotsQuery>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let (from, to) = query.0.times(bookings.calendar(), clock::now())?;
    let wanted = Wanted {
        resource: id.0,
        from,
        to,
        party: query.0.party,
        person: caller.actor().whose().map(PersonId::from_uuid),
    };
    let language = language(&request);
    let (slots, missed) = bookings.slots(wanted).await?;
    Ok(HttpResponse::Ok().json(SlotList {
        items: slots.into_iter().map(|slot| SlotView::of(slot, language)).collect(),
        no_shows: missed.map(NoShowsView::from),
    }))
}

fn whose(actor: &Actor) -> Result<PersonId> {
    let person = actor.whose().ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    Ok(PersonId::from_uuid(person))
}

/// The answer that something was booked.
pub fn created(done: Done) -> Answer {
    let location = format!("/v1/bookings/{}", done.booking.id);
    let version = BookingView::version(&done.booking);
    Ok(Stored::created(entity(done).value, version, location)?.answer())
}

/// Books a place, or holds it for a few minutes. What cannot be had is answered by its reason: `slot-full`,
/// `not-enough-places`, `slot-held` and others.
#[utoipa::path(
    post,
    path = "/bookings",
    tag = "bookings",
    params(("Idempotency-Key" = String, Header, description = "The same key and body have their effect once")),
    request_body = BookingInput,
    responses((status = 201, description = "The booking", body = BookingView)),
)]
async fn create_booking(
    caller: Own,
    _: Query<Nothing>,
    once: Once,
    body: Body<BookingInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let actor = caller.actor().clone();
    let BookingInput {
        resource_id,
        start,
        end,
        party,
        hold,
    } = body.value;
    let make = Make {
        person: Some(whose(&actor)?),
        place: Place {
            start,
            end,
            party,
            resource: None,
        },
        is_hold: hold,
    };
    let command = Command {
        repeat: Some(once.needed(&actor, &body.digest)?),
        actor,
        is_staff: false,
        pass: false,
        reason: None,
        expected: None,
        resource_id,
        what: What::Make(make),
    };
    created(bookings.submit(command).await?)
}

/// Bookings with their resources, as they are shown.
pub fn shown(conn: &mut Conn, found: Vec<Booking>) -> Result<Vec<BookingView>> {
    let ids: Vec<ResourceId> = found.iter().map(|booking| booking.resource_id).collect();
    let resources: HashMap<ResourceId, Resource> = resources::load_these(conn, &ids)?
        .into_iter()
        .map(|one| (one.id, one))
        .collect();
    let known = |id: &ResourceId| {
        resources
            .get(id)
            .ok_or_else(|| Error::internal("a booking of no resource"))
    };
    let all = found.into_iter();
    all.map(|booking| {
        let resource = known(&booking.resource_id)?;
        Ok(BookingView::of(booking, resource))
    })
    .collect()
}

/// One's own bookings, by when they begin.
#[utoipa::path(
    get,
    path = "/me/bookings",
    tag = "bookings",
    params(OwnBookingsQuery),
    responses((status = 200, description = "A page of bookings", body = Page<BookingView>)),
)]
async fn list_own_bookings(caller: Own, query: Query<OwnBookingsQuery>, bookings: web::Data<Bookings>) -> Answer {
    let after = query.0.upcoming.then(clock::now);
    let whose = Whose::Person(whose(caller.actor())?, after);
    let states: Vec<_> = query.0.state.into_iter().collect();
    let load = move |conn: &mut Conn, after, most| {
        let found = store::list(conn, &whose, &states, after, most)?;
        shown(conn, found)
    };
    let cursor = query.0.cursor.as_deref();
    let page = Page::load(&bookings.db, query.0.limit, cursor, load, |one| (one.start, one.id)).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// A booking that the caller may see, its resource, and whether they are of its staff.
async fn seen(bookings: &Bookings, own: &Own, desk: &Desk, id: BookingId) -> Result<(Booking, Resource, bool)> {
    let booking = bookings.existing(id).await?;
    let resource = existing(bookings, booking.resource_id).await?;
    let is_staff = desk.as_ref().is_some_and(|desk| desk.at(resource.subject()).is_ok());
    let is_own = booking.person_id.map(|id| id.uuid()) == own.actor().whose();
    match is_staff || is_own {
        true => Ok((booking, resource, is_staff)),
        false => Err(Error::refused(Reason::NotFound)),
    }
}

/// A booking, seen by its person and by the staff; as plain text the slip that somebody without a phone takes home, 32
/// columns wide.
#[utoipa::path(
    get,
    path = "/bookings/{id}",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id")),
    responses(
        (status = 200, description = "The booking", content((BookingView = "application/json"), (String = "text/plain"))),
        (status = 304, description = "The client has this version"),
    ),
)]
async fn get_booking(
    own: Own,
    desk: Desk,
    request: HttpRequest,
    id: Path<BookingId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let (booking, resource, _) = seen(&bookings, &own, &desk, id.0).await?;
    let accept = request.headers().get("accept").and_then(|value| value.to_str().ok());
    let form = preferred(accept, &["application/json", "text/plain"]);
    let form = form.ok_or_else(|| Error::refused(Reason::NotAcceptable))?;
    if form == "text/plain" {
        let place = resource.place_id;
        let place = bookings.db.read(move |conn| find_place(conn, place)).await?;
        let place = place.map(|place| place.facts.name).unwrap_or_default();
        let code = bookings.codes.code(booking.id);
        return Ok(HttpResponse::Ok()
            .insert_header((CACHE_CONTROL, "no-store"))
            .content_type("text/plain; charset=utf-8")
            .body(slip(&booking, &resource, &place, &code, bookings.calendar())));
    }
    let shown = Entity {
        version: BookingView::version(&booking),
        value: BookingView::of(booking, &resource),
    };
    Ok(shown.answer(&request))
}

/// What became of a booking, step by step.
#[utoipa::path(
    get,
    path = "/bookings/{id}/history",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, description = "The steps", body = History)),
)]
async fn get_booking_history(
    own: Own,
    desk: Desk,
    id: Path<BookingId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    seen(&bookings, &own, &desk, id.0).await?;
    let steps = bookings.db.read(move |conn| step_store::steps_of(conn, id.0)).await?;
    let items = steps.into_iter().map(StepView::from).collect();
    Ok(HttpResponse::Ok().json(History { items }))
}

fn expected(if_match: Option<IfMatch>) -> Option<Expected> {
    if_match.map(|expected| -> Expected { Box::new(move |version| expected.allows(version)) })
}

/// Gives a booking another time or party in one step: checked like a new booking with the old one taken out, so that
/// the old place is kept where the new one cannot be had. The staff send its `ETag`.
#[utoipa::path(
    post,
    path = "/bookings/{id}/change",
    tag = "bookings",
    params(
        ("id" = String, Path, description = "The booking's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version to change; the staff need it"),
    ),
    request_body = ChangeInput,
    responses((status = 200, description = "The booking as it is now", body = BookingView)),
)]
async fn change_booking(
    own: Own,
    desk: Desk,
    id: Path<BookingId>,
    _: Query<Nothing>,
    if_match: Option<IfMatch>,
    body: Body<ChangeInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let (booking, _, is_staff) = seen(&bookings, &own, &desk, id.0).await?;
    let is_own = booking.person_id.map(|id| id.uuid()) == own.actor().whose();
    if !is_own && if_match.is_none() {
        return Err(Error::refused(Reason::PreconditionRequired));
    }
    let input = body.value;
    let start = input.start.unwrap_or(booking.start_at);
    let length = booking.end_at.micros() - booking.start_at.micros();
    let as_long = clock::Timestamp::from_micros(start.micros() + length);
    let place = Place {
        start,
        end: Some(input.end.unwrap_or(as_long)),
        party: input.party.unwrap_or(booking.party),
        resource: input.resource_id,
    };
    let command = Command {
        actor: own.actor().clone(),
        is_staff,
        pass: false,
        reason: input.reason,
        repeat: None,
        expected: expected(if_match),
        resource_id: booking.resource_id,
        what: What::Change(id.0, place),
    };
    Ok(entity(bookings.submit(command).await?).answer_with(StatusCode::OK))
}

/// Does something to a booking that its person or the staff may do.
async fn act(
    bookings: &Bookings,
    own: Own,
    desk: Desk,
    id: BookingId,
    act: Act,
    if_match: Option<IfMatch>,
    reason: Option<String>,
) -> Answer {
    let (booking, _, is_staff) = seen(bookings, &own, &desk, id).await?;
    submit(bookings, own.actor(), is_staff, &booking, act, if_match, reason).await
}

/// Does something to a booking, and answers it as it is then.
pub async fn submit(
    bookings: &Bookings,
    actor: &Actor,
    is_staff: bool,
    booking: &Booking,
    act: Act,
    if_match: Option<IfMatch>,
    reason: Option<String>,
) -> Answer {
    let command = Command {
        actor: actor.clone(),
        is_staff,
        pass: false,
        reason,
        repeat: None,
        expected: expected(if_match),
        resource_id: booking.resource_id,
        what: What::Do(booking.id, act),
    };
    Ok(entity(bookings.submit(command).await?).answer_with(StatusCode::OK))
}

/// Confirms a hold. Who comes too late still books where there is room.
#[utoipa::path(
    post,
    path = "/bookings/{id}/confirm",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, description = "The booking as it is now", body = BookingView)),
)]
async fn confirm_booking(
    own: Own,
    desk: Desk,
    id: Path<BookingId>,
    _: Query<Nothing>,
    bookings: web::Data<Bookings>,
) -> Answer {
    act(&bookings, own, desk, id.0, Act::Confirm, None, None).await
}

/// Takes a booking back, until its end; after the time that its rules give it counts as late.
#[utoipa::path(
    post,
    path = "/bookings/{id}/cancel",
    tag = "bookings",
    params(
        ("id" = String, Path, description = "The booking's id"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version to cancel"),
    ),
    request_body = ActInput,
    responses((status = 200, description = "The booking as it is now", body = BookingView)),
)]
async fn cancel_booking(
    own: Own,
    desk: Desk,
    id: Path<BookingId>,
    _: Query<Nothing>,
    if_match: Option<IfMatch>,
    body: Body<ActInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    act(&bookings, own, desk, id.0, Act::Cancel, if_match, body.value.reason).await
}

/// Says that it is wrong to count a booking as not come to. The staff decide, with a reason; until then it is not
/// counted. Its rules say for how many days after its end that can be said.
#[utoipa::path(
    post,
    path = "/bookings/{id}/object",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id")),
    request_body = ActInput,
    responses((status = 200, description = "The booking as it is now", body = BookingView)),
)]
async fn object_to_no_show(
    own: Own,
    desk: Desk,
    id: Path<BookingId>,
    _: Query<Nothing>,
    body: Body<ActInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    act(&bookings, own, desk, id.0, Act::Object, None, body.value.reason).await
}
