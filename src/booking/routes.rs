//! Bookings over HTTP.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use super::act::{Command, Done, Expected, Make, Place, What};
use super::bookings::Bookings;
pub use super::calendars::routes::fetch as fetch_calendar;
use super::model::{Act, Booking, BookingId};
use super::resources::routes::existing;
use super::resources::{self, Resource, ResourceId};
use super::slots::Wanted;
use super::store::{self, Whose};
use super::view::{
    ActInput, BookingInput, BookingView, ChangeInput, DeskBookingInput, DeskBookingView, DeskQuery, History,
    OwnBookingsQuery, SlotList, SlotView, SlotsQuery, StepView, entity,
};
use super::{bookable, calendars, check_in, resources as rooms, rules, waiting};
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::gate::{Actor, Book, OnesOwn, Public, Scope};
use crate::grid::Shared;
use crate::grid::access::{OverrideBookings, ServeBookings};
use crate::grid::members::day_number;
use crate::grid::members::view::PersonView;
use crate::http::{
    Answer, Body, Caller, Entity, IfMatch, Nothing, Once, Operation, Page, Path, Query, Stored, language,
};
use crate::identity::delegations;
use crate::identity::{People, PersonId, PersonRef};

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
    operations.extend([
        Operation::new::<__path_list_slots, _, _>(list_slots),
        Operation::new::<__path_create_booking, _, _>(create_booking),
        Operation::new::<__path_list_own_bookings, _, _>(list_own_bookings),
        Operation::new::<__path_get_booking, _, _>(get_booking),
        Operation::new::<__path_get_booking_history, _, _>(get_booking_history),
        Operation::new::<__path_change_booking, _, _>(change_booking),
        Operation::new::<__path_confirm_booking, _, _>(confirm_booking),
        Operation::new::<__path_cancel_booking, _, _>(cancel_booking),
        Operation::new::<__path_list_resource_bookings, _, _>(list_resource_bookings),
        Operation::new::<__path_create_desk_booking, _, _>(create_desk_booking),
        Operation::new::<__path_approve_booking, _, _>(approve_booking),
        Operation::new::<__path_decline_booking, _, _>(decline_booking),
        Operation::new::<__path_check_in_booking, _, _>(check_in_booking),
        Operation::new::<__path_complete_booking, _, _>(complete_booking),
        Operation::new::<__path_mark_no_show, _, _>(mark_no_show),
        Operation::new::<__path_excuse_no_show, _, _>(excuse_no_show),
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
    let slots = bookings.slots(wanted).await?;
    let items = slots.into_iter().map(|slot| SlotView::of(slot, language)).collect();
    Ok(HttpResponse::Ok().json(SlotList { items }))
}

fn whose(actor: &Actor) -> Result<PersonId> {
    let person = actor.whose().ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    Ok(PersonId::from_uuid(person))
}

fn created(done: Done) -> Answer {
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
fn shown(conn: &mut Conn, found: Vec<Booking>) -> Result<Vec<BookingView>> {
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
    let whose = Whose::Person(whose(caller.actor())?);
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
    let is_staff = desk.as_ref().is_some_and(|desk| desk.at(resource.unit_id).is_ok());
    let is_own = booking.person_id.map(|id| id.uuid()) == own.actor().whose();
    match is_staff || is_own {
        true => Ok((booking, resource, is_staff)),
        false => Err(Error::refused(Reason::NotFound)),
    }
}

/// A booking, seen by its person and by the staff.
#[utoipa::path(
    get,
    path = "/bookings/{id}",
    tag = "bookings",
    params(("id" = String, Path, description = "The booking's id")),
    responses((status = 200, description = "The booking", body = BookingView), (status = 304, description = "The client has this version")),
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
    let steps = bookings.db.read(move |conn| store::steps_of(conn, id.0)).await?;
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

async fn submit(
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

/// The bookings of a resource and of its parts that begin on a day, for whoever serves them.
#[utoipa::path(
    get,
    path = "/resources/{id}/bookings",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id"), DeskQuery),
    responses((status = 200, description = "A page of bookings", body = Page<DeskBookingView>)),
)]
async fn list_resource_bookings(
    caller: Caller<ServeBookings>,
    id: Path<ResourceId>,
    query: Query<DeskQuery>,
    shared: web::Data<Shared>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let resource = existing(&bookings, id.0).await?;
    caller.at(resource.unit_id)?;
    let query = query.0;
    let calendar = bookings.calendar();
    let day = query.day.unwrap_or_else(|| calendar.date_of(clock::now().to_utc()));
    let next = day.succ_opt().unwrap_or(day);
    let (from, to) = (calendar.instant(day, 0).into(), calendar.instant(next, 0).into());
    let states: Vec<_> = query.state.into_iter().collect();
    let people = shared.people.clone();
    let load = move |conn: &mut Conn, after, most| {
        let tree = resources::load_trees(conn, &[resource.root_id])?;
        let ids = with_parts(&tree, resource.id);
        let found = store::list(conn, &Whose::Resources(ids, from, to), &states, after, most)?;
        let found = shown(conn, found)?;
        with_person(conn, &people, found)
    };
    let key = |one: &DeskBookingView| (one.booking.start, one.booking.id);
    let page = Page::load(&bookings.db, query.limit, query.cursor.as_deref(), load, key).await?;
    Ok(HttpResponse::Ok().json(page))
}

/// Bookings with whoever comes.
pub fn with_person(conn: &mut Conn, people: &People, found: Vec<BookingView>) -> Result<Vec<DeskBookingView>> {
    let persons: Vec<PersonId> = found.iter().filter_map(|booking| booking.person_id).collect();
    let known: HashMap<PersonId, PersonRef> = people.load_people(conn, &persons)?;
    let views = found.into_iter();
    Ok(views
        .map(|booking| DeskBookingView {
            person: booking.person_id.map(|person| PersonView::of(person, &known)),
            booking,
        })
        .collect())
}

/// A resource and all that is part of it.
pub fn with_parts(tree: &[Resource], id: ResourceId) -> Vec<ResourceId> {
    let mut found = vec![id];
    let mut at = 0;
    while let Some(whole) = found.get(at).copied() {
        let parts = tree.iter().filter(|one| one.facts.part_of == Some(whole));
        found.extend(parts.map(|one| one.id));
        at += 1;
    }
    found
}

/// Books at the desk: for the person of a desk session, with their rights and limits, or for somebody who walks in
/// without a name. Limits, lead time, horizon and approval are passed over with a reason by who may; what is full or
/// not open yet never is.
#[utoipa::path(
    post,
    path = "/resources/{id}/bookings",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id"), ("Idempotency-Key" = String, Header, description = "The same key and body have their effect once")),
    request_body = DeskBookingInput,
    responses((status = 201, description = "The booking", body = BookingView)),
)]
#[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
async fn create_desk_booking(
    caller: Caller<ServeBookings>,
    overriding: Option<Caller<OverrideBookings>>,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<DeskBookingInput>,
    shared: web::Data<Shared>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let resource = existing(&bookings, id.0).await?;
    let mut actor = caller.at(resource.unit_id)?.clone();
    let input = body.value;
    if input.override_reason.is_some() {
        let overriding = overriding.ok_or_else(|| Error::refused(Reason::Forbidden))?;
        overriding.at(resource.unit_id)?;
    }
    if let Some(session) = input.desk_session {
        let staff = actor
            .signed
            .ok_or_else(|| Error::refused(Reason::Unauthenticated))?
            .person;
        let (staff, today) = (PersonId::from_uuid(staff), i64::from(day_number(shared.today())));
        let admitted = bookings
            .db
            .read(move |conn| delegations::admit(conn, staff, &session, Book::NAME, today));
        let acting = admitted.await?;
        let principal = PersonId::from_uuid(acting.principal);
        actor.name = format!("{}{}{principal}", actor.name, crate::gate::FOR);
        actor.acting = Some(acting);
    }
    let person = actor.acting.map(|acting| PersonId::from_uuid(acting.principal));
    let make = Make {
        person,
        place: Place {
            start: input.start,
            end: input.end,
            party: input.party,
            resource: None,
        },
        is_hold: false,
    };
    let command = Command {
        repeat: Some(once.needed(&actor, &body.digest)?),
        actor,
        is_staff: true,
        pass: input.override_reason.is_some(),
        reason: input.override_reason,
        expected: None,
        resource_id: resource.id,
        what: What::Make(make),
    };
    created(bookings.submit(command).await?)
}

/// Does something to a booking that only the staff may do.
async fn serve(
    bookings: &Arc<Bookings>,
    caller: &Caller<ServeBookings>,
    id: BookingId,
    act: Act,
    if_match: Option<IfMatch>,
    reason: Option<String>,
) -> Answer {
    let booking = bookings.existing(id).await?;
    let resource = existing(bookings, booking.resource_id).await?;
    let actor = caller.at(resource.unit_id)?;
    submit(bookings, actor, true, &booking, act, if_match, reason).await
}

/// Declares an operation of the staff that takes a reason or none.
macro_rules! of_the_staff {
    ($($(#[$about:meta])+ $name:ident $path:literal $act:ident;)+) => {$(
        $(#[$about])+
        #[utoipa::path(
            post,
            path = $path,
            tag = "bookings",
            params(
                ("id" = String, Path, description = "The booking's id"),
                ("If-Match" = Option<String>, Header, description = "The ETag of the version that was seen"),
            ),
            request_body = ActInput,
            responses((status = 200, description = "The booking as it is now", body = BookingView)),
        )]
        async fn $name(
            caller: Caller<ServeBookings>,
            id: Path<BookingId>,
            _: Query<Nothing>,
            if_match: Option<IfMatch>,
            body: Body<ActInput>,
            bookings: web::Data<Bookings>,
        ) -> Answer {
            serve(&bookings, &caller, id.0, Act::$act, if_match, body.value.reason).await
        }
    )+};
}

of_the_staff! {
    /// Agrees to a booking that waits for it. Where several compete for a place the others are told that it is full.
    approve_booking "/bookings/{id}/approve" Approve;
    /// Refuses a booking that waits for approval; its person is told.
    decline_booking "/bookings/{id}/decline" Decline;
    /// They have come.
    check_in_booking "/bookings/{id}/check-in" CheckIn;
    /// They have gone: what is left of their time is free.
    complete_booking "/bookings/{id}/complete" Complete;
    /// They did not come: what is left of their time is free.
    mark_no_show "/bookings/{id}/no-show" NoShow;
    /// It was wrong, or they could not help it: that they did not come counts no more.
    excuse_no_show "/bookings/{id}/excuse" Excuse;
}
