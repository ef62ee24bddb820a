//! The desk over HTTP.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::{HttpResponse, web};

use crate::booking::bookings::Bookings;
use crate::booking::command::{Command, Make, Place, What};
use crate::booking::model::{Act, BookingId};
use crate::booking::resources::routes::existing;
use crate::booking::resources::{self, Resource, ResourceId};
use crate::booking::routes::{created, shown, submit};
use crate::booking::store::{self, Whose};
use crate::booking::view::{ActInput, BookingView, DeskBookingInput, DeskBookingView, DeskQuery};
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::gate::{Book, Scope};
use crate::grid::access::{OverrideBookings, ServeBookings};
use crate::grid::members::day_number;
use crate::grid::members::view::PersonView;
use crate::grid::{Shared, UnitId};
use crate::http::{Answer, Body, Caller, IfMatch, Nothing, Once, Operation, Page, PageQuery, Path, Query};
use crate::identity::delegations;
use crate::identity::{People, PersonId, PersonRef};

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_list_resource_bookings, _, _>(list_resource_bookings),
        Operation::new::<__path_create_desk_booking, _, _>(create_desk_booking),
        Operation::new::<__path_approve_booking, _, _>(approve_booking),
        Operation::new::<__path_decline_booking, _, _>(decline_booking),
        Operation::new::<__path_check_in_booking, _, _>(check_in_booking),
        Operation::new::<__path_complete_booking, _, _>(complete_booking),
        Operation::new::<__path_mark_no_show, _, _>(mark_no_show),
        Operation::new::<__path_excuse_no_show, _, _>(excuse_no_show),
        Operation::new::<__path_uphold_no_show, _, _>(uphold_no_show),
        Operation::new::<__path_list_objections, _, _>(list_objections),
    ]
}

/// Objections in a unit and below it that are to be decided, by when the bookings began.
#[utoipa::path(
    get,
    path = "/units/{id}/objections",
    tag = "bookings",
    params(("id" = String, Path, description = "The unit's id"), PageQuery),
    responses((status = 200, description = "A page of bookings", body = Page<DeskBookingView>)),
)]
async fn list_objections(
    caller: Caller<ServeBookings>,
    id: Path<UnitId>,
    query: Query<PageQuery>,
    shared: web::Data<Shared>,
    bookings: web::Data<Bookings>,
) -> Answer {
    caller.at(id.0.into())?;
    let (people, tree) = (shared.people.clone(), shared.tree.now());
    let load = move |conn: &mut Conn, after, most| {
        let found = store::objections(conn, |unit| tree.is_within(unit, id.0), after, most)?;
        let found = shown(conn, found)?;
        with_person(conn, &people, found)
    };
    let key = |one: &DeskBookingView| (one.booking.start, one.booking.id);
    let page = Page::load(&bookings.db, query.0.limit, query.0.cursor.as_deref(), load, key).await?;
    Ok(HttpResponse::Ok().json(page))
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
    caller.at(resource.subject())?;
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
    let mut actor = caller.at(resource.subject())?.clone();
    let input = body.value;
    if input.override_reason.is_some() {
        let overriding = overriding.ok_or_else(|| Error::refused(Reason::Forbidden))?;
        overriding.at(resource.subject())?;
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
    let actor = caller.at(resource.subject())?;
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
    /// An objection to its being counted as not come to is not agreed to, for a reason.
    uphold_no_show "/bookings/{id}/uphold" Uphold;
}
