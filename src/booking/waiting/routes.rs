//! Waiting over HTTP.

use std::sync::Arc;

use actix_web::{HttpResponse, web};

use super::model::{Waiting, WaitingId, WaitingState};
use super::release::watch;
use super::store;
use super::view::{WaitingInput, WaitingList, WaitingView};
use crate::booking::Bookings;
use crate::booking::lane::serve_waiting;
use crate::booking::offer::plus_minutes;
use crate::booking::resources::routes::existing;
use crate::booking::resources::{self, ResourceId};
use crate::booking::slots::{Wanted, opened, slots};
use crate::booking::whether::{Ask, whether};
use crate::booking::why::Why;
use crate::clock;
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::gate::{Book, OnesOwn};
use crate::http::{Answer, Body, Caller, Nothing, Once, Operation, Path, Query, Stored, Version};
use crate::identity::PersonId;

type Own = Caller<OnesOwn<Book>>;

/// The operations.
pub fn operations() -> Vec<Operation> {
    vec![
        Operation::new::<__path_join_waiting_list, _, _>(join_waiting_list),
        Operation::new::<__path_list_own_waiting, _, _>(list_own_waiting),
        Operation::new::<__path_leave_waiting_list, _, _>(leave_waiting_list),
    ]
}

/// So many things one person waits for at once.
const MOST: usize = 20;

fn person(own: &Own) -> Result<PersonId> {
    let person = own
        .actor()
        .whose()
        .ok_or_else(|| Error::refused(Reason::Unauthenticated))?;
    Ok(PersonId::from_uuid(person))
}

fn shown(conn: &mut Conn, one: Waiting) -> Result<WaitingView> {
    let before = store::before(conn, &one)?;
    Ok(WaitingView::of(one, before))
}

fn is_free() -> Error {
    Error::because(
        Reason::StateConflict,
        "现在就有空位，请直接预约。",
        "There is a place now: book it.",
    )
}

/// Joins the waiting list for a slot, or for any slot of a day. What comes free is offered to those who wait, the first
/// first; who is not enough for is passed over. An offer is a booking in the state `offered`: confirm it in time, or
/// cancel it.
#[utoipa::path(
    post,
    path = "/resources/{id}/waiting",
    tag = "bookings",
    params(("id" = String, Path, description = "The resource's id"), ("Idempotency-Key" = Option<String>, Header, description = "The same key and body have their effect once")),
    request_body = WaitingInput,
    responses((status = 201, description = "Where they stand", body = WaitingView)),
)]
async fn join_waiting_list(
    own: Own,
    id: Path<ResourceId>,
    _: Query<Nothing>,
    once: Once,
    body: Body<WaitingInput>,
    bookings: web::Data<Bookings>,
) -> Answer {
    let person = person(&own)?;
    let one = existing(&bookings, id.0).await?;
    let input = body.value;
    let booker = Arc::clone(&bookings.booker);
    let calendar = Arc::clone(bookings.calendar());
    let stored = bookings.db.write(move |tx| {
        once.run(tx, own.actor(), &body.digest, |tx| {
            resources::lock_roots(tx, &[one.id])?;
            let now = clock::now();
            let (from, to) = match (input.start, input.day) {
                (Some(start), _) => {
                    let one_slot = || plus_minutes(start, one.facts.slot_minutes);
                    (start, input.end.unwrap_or_else(one_slot))
                }
                (None, Some(day)) => {
                    let next = day.succ_opt().unwrap_or(day);
                    let begins = clock::Timestamp::from(calendar.instant(day, 0));
                    (begins.max(now), clock::Timestamp::from(calendar.instant(next, 0)))
                }
                (None, None) => return Err(Error::internal("for what one waits went unchecked")),
            };
            let too_long = to.micros() - from.micros() > crate::booking::command::LONGEST_MICROS;
            if from >= to || too_long {
                return Err(Error::refused(Reason::SlotPast));
            }
            let book = opened(tx, &booker, &[one.id], (from, to), Some(person))?;
            let node = book
                .node(one.id)
                .cloned()
                .ok_or_else(|| Error::refused(Reason::NotFound))?;
            // Whether waiting is of use at all: what only time or others can change is waited for.
            let waits = |why: Option<Why>| match why {
                None => Err(is_free()),
                Some(why) if why.is_shortage() => Ok(()),
                Some(other) => Err(other.error()),
            };
            if input.day.is_some() {
                let wanted = Wanted {
                    resource: one.id,
                    from,
                    to,
                    party: input.party,
                    person: Some(person),
                };
                let all: Vec<Option<Why>> = slots(&book, &wanted)?.map(|slot| slot.why).collect();
                let taken = |why: &Option<Why>| why.as_ref().is_some_and(Why::is_shortage);
                if all.iter().any(Option::is_none) {
                    return Err(is_free());
                }
                match all.iter().any(taken) {
                    true => {}
                    false => waits(all.into_iter().flatten().next().or(Some(Why::NotOffered)))?,
                }
            } else {
                let first = book.date(from);
                let offer = node.offer(&book.calendar, first.pred_opt().unwrap_or(first), book.date(to));
                let ask = Ask {
                    node: &node,
                    offer: &offer,
                    person: Some(person),
                    start: from,
                    end: to,
                    party: input.party,
                    pass: false,
                    at_desk: false,
                    except: &[],
                    was: None,
                };
                waits(whether(&book, &ask).err())?;
            }
            let has = store::own(tx, person)?;
            let mut open = has
                .iter()
                .filter(|one| one.state == WaitingState::Waiting && one.to_at > now);
            if open.clone().count() >= MOST {
                return Err(Error::because(
                    Reason::StateConflict,
                    "候补登记已达上限，请先退出不需要的候补。",
                    "You wait for as much as one can; leave what you need no more.",
                ));
            }
            if open.any(|other| (other.resource_id, other.from_at, other.is_day) == (one.id, from, input.day.is_some()))
            {
                return Err(Error::because(
                    Reason::AlreadyExists,
                    "您已在候补名单中。",
                    "You wait for this already.",
                ));
            }
            let waiting = Waiting {
                id: WaitingId::new(),
                resource_id: one.id,
                person_id: person,
                from_at: from,
                to_at: to,
                is_day: input.day.is_some(),
                party: input.party,
                queued_at: now,
                state: WaitingState::Waiting,
                booking_id: None,
                created_at: now,
                updated_at: now,
            };
            store::insert(tx, &waiting)?;
            watch(tx, &book, &waiting)?;
            let location = format!("/v1/waiting/{}", waiting.id);
            Stored::created(shown(tx, waiting)?, Version::Content, location)
        })
    });
    Ok(stored.await?.answer())
}

/// For what I wait or waited, the latest first, and where I stand.
#[utoipa::path(
    get,
    path = "/me/waiting",
    tag = "bookings",
    responses((status = 200, description = "The list", body = WaitingList)),
)]
async fn list_own_waiting(own: Own, _: Query<Nothing>, bookings: web::Data<Bookings>) -> Answer {
    let person = person(&own)?;
    let found = bookings.db.read(move |conn| {
        let all = store::own(conn, person)?;
        all.into_iter().map(|one| shown(conn, one)).collect::<Result<Vec<_>>>()
    });
    Ok(HttpResponse::Ok().json(WaitingList { items: found.await? }))
}

/// Waits no more. An offer that came already is a booking: cancel that.
#[utoipa::path(
    delete,
    path = "/waiting/{id}",
    tag = "bookings",
    params(("id" = String, Path, description = "The id of the place on the list")),
    responses((status = 204, description = "They wait no more")),
)]
async fn leave_waiting_list(own: Own, id: Path<WaitingId>, _: Query<Nothing>, bookings: web::Data<Bookings>) -> Answer {
    let person = person(&own)?;
    let booker = Arc::clone(&bookings.booker);
    let left = bookings.db.write(move |tx| {
        let not_found = || Error::refused(Reason::NotFound);
        let one = store::load_one(tx, id.0)?
            .filter(|one| one.person_id == person)
            .ok_or_else(not_found)?;
        resources::lock_roots(tx, &[one.resource_id])?;
        let mut one = store::load_one(tx, id.0)?.ok_or_else(not_found)?;
        if one.state != WaitingState::Waiting {
            return Err(Error::because(
                Reason::StateConflict,
                "已不在候补中；收到的名额请在预约里取消。",
                "You wait for this no more; an offer that came is cancelled as a booking.",
            ));
        }
        one.state = WaitingState::Left;
        one.updated_at = clock::now();
        store::update(tx, &one)?;
        // What was kept for them is the next's.
        serve_waiting(tx, &booker, one.resource_id)
    });
    left.await?;
    Ok(HttpResponse::NoContent().finish())
}
