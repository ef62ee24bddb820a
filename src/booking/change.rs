//! How a booking gets another time, party or place. Pure.

use std::sync::Arc;

use super::act::{end_of, find, load, node, said, settled, theirs};
use super::book::Book;
use super::cells::Stretch;
use super::command::{Command, Place};
use super::model::{Act, Booking, BookingId, State};
use super::resources::ResourceId;
use super::why::Why;
use crate::error::{Error, Reason, Result};

/// Another time or party of a booking, checked like a new one with the old one taken out.
///
/// # Errors
/// Why it is refused: then the book is as it was.
pub fn change(book: &mut Book, command: &Command, id: BookingId, place: &Place) -> Result<BookingId> {
    let booking = theirs(book, command, id, Act::Change)?;
    if booking.start_at <= book.now {
        return Err(Error::refused(Reason::SlotPast));
    }
    let by_person = booking.person_id.map(|id| id.uuid()) == command.actor.whose();
    let own_rules = Arc::clone(book.version_of(&booking)?);
    if by_person
        && !command.pass
        && booking.state != State::Held
        && own_rules.terms.changes_max.is_some_and(|most| booking.changes >= most)
    {
        return Err(Error::refused(Reason::TooManyChanges));
    }
    let asked_id = match place.resource {
        None => still_asked(book, &booking),
        Some(part) => moved_to(book, command, &booking, part)?,
    };
    let asked = Arc::clone(node(book, asked_id)?);
    let end = end_of(&asked, place);
    let how = (command.pass, command.is_staff && !by_person);
    let found = find(book, &asked, booking.person_id, place, how, Some(&booking)).map_err(Why::error)?;
    let is_elsewhere = (place.start, end) != (booking.start_at, booking.end_at);
    let (terms, rules_version_id) = (&asked.rules.terms, asked.rules.id);
    let asks_for_more = is_elsewhere || place.party > booking.party || place.resource.is_some();
    let (state, until_at) = match booking.state {
        State::Held => (State::Held, booking.until_at),
        _ if !asks_for_more => (booking.state, booking.until_at),
        State::Confirmed if command.is_staff && !by_person => (State::Confirmed, None),
        _ => settled(terms, place.start, book.now, command.pass).map_err(Why::error)?,
    };
    let resource_id = found.resource_id;
    let there = Arc::clone(node(book, resource_id)?);
    let (load_from, load_to) = (found.load_from, found.load_to);
    let changed = Booking {
        resource_id,
        start_at: place.start,
        end_at: end,
        party: place.party,
        load_from,
        load_to,
        load: load(terms, state, place.party),
        state,
        until_at,
        rules_version_id,
        changes: booking.changes + i64::from(by_person && state != State::Held),
        reminded_at: booking.reminded_at.filter(|_| !is_elsewhere),
        right: found.right,
        share_id: found.share_id,
        is_excess: booking.is_excess && book.free(&there, Stretch::of(load_from, load_to), &[id]) < place.party,
        ..booking
    };
    let changed = book.become_(changed, Act::Change, &command.actor.name, said(command))?;
    if !by_person || command.actor.acting.is_some() {
        book.tell(&changed, "booking_changed");
    }
    Ok(id)
}

/// What was asked for; the resource itself where that was taken out of the pool since.
pub fn still_asked(book: &Book, booking: &Booking) -> ResourceId {
    match book.node(booking.asked_id) {
        Some(_) => booking.asked_id,
        None => booking.resource_id,
    }
}

/// The part of a pool into which the staff move a booking.
fn moved_to(book: &Book, command: &Command, booking: &Booking, part: ResourceId) -> Result<ResourceId> {
    if !command.is_staff {
        return Err(Error::refused(Reason::Forbidden));
    }
    let root = node(book, booking.resource_id)?.resource.root_id;
    let there = book.node(part).filter(|node| node.resource.root_id == root);
    match there {
        Some(node) => Ok(node.resource.id),
        None => Err(Error::because(
            Reason::StateConflict,
            "只能调整到同一整体内的资源。",
            "A booking is moved within the whole that its resource is part of.",
        )),
    }
}
