//! Who gets the offer of a place that came free. Pure.

use std::sync::Arc;

use super::model::{Waiting, WaitingState};
use crate::booking::book::{Book, Node, SYSTEM, Said};
use crate::booking::model::{Act, Booking, BookingId, State};
use crate::booking::whether::{Ask, Found, whether};
use crate::clock::Timestamp;
use crate::error::Result;

/// In the night nobody has to answer: an offer of then lasts so many minutes from midnight on,
/// and its own time from there.
const QUIET: (u16, u16) = (22 * 60, 7 * 60);

/// Offers what is free to those who wait, the first first; whoever may not book any more, or
/// for whom it is not enough, is passed over and keeps their place in the list.
///
/// # Errors
/// Where the book is at fault.
pub fn offer(book: &mut Book) -> Result<()> {
    for waiting in book.queue() {
        let Some(node) = book.node(waiting.resource_id).cloned() else {
            continue;
        };
        let until = answer_until(book, &node);
        if let Some((found, start, end)) = place_for(book, &node, &waiting, until) {
            give(book, &node, &waiting, (found, start, end), until)?;
        }
    }
    Ok(())
}

/// Until when an offer of now is to be answered.
fn answer_until(book: &Book, node: &Node) -> Timestamp {
    let seconds = node.rules.terms.offer_seconds * 1_000_000;
    let today = book.date(book.now);
    let at = |day: chrono::NaiveDate, minutes| Timestamp::from(book.calendar.instant(day, minutes));
    let morning = if book.now >= at(today, QUIET.0) {
        Some(at(today.succ_opt().unwrap_or(today), QUIET.1))
    } else if book.now < at(today, QUIET.1) {
        Some(at(today, QUIET.1))
    } else {
        None
    };
    Timestamp::from_micros(morning.unwrap_or(book.now).micros() + seconds)
}

/// A place for somebody who waits; none that they could not use any more when they answer.
fn place_for(book: &Book, node: &Node, waiting: &Waiting, until: Timestamp) -> Option<(Found, Timestamp, Timestamp)> {
    let first = book.date(waiting.from_at);
    let offer = node.offer(
        &book.calendar,
        first.pred_opt().unwrap_or(first),
        book.date(waiting.to_at),
    );
    let fits = |start: Timestamp, end: Timestamp| {
        let ask = Ask {
            node,
            offer: &offer,
            person: Some(waiting.person_id),
            start,
            end,
            party: waiting.party,
            pass: false,
            except: &[],
            was: None,
        };
        let lead = Timestamp::from_micros(start.micros() - node.rules.terms.lead_seconds() * 1_000_000);
        (until <= lead).then(|| whether(book, &ask).ok()).flatten()
    };
    if !waiting.is_day {
        let found = fits(waiting.from_at, waiting.to_at)?;
        return Some((found, waiting.from_at, waiting.to_at));
    }
    let within = |(start, _): &(Timestamp, Timestamp)| waiting.from_at <= *start && *start < waiting.to_at;
    offer
        .slots()
        .filter(within)
        .find_map(|(start, end)| fits(start, end).map(|found| (found, start, end)))
}

fn give(
    book: &mut Book,
    node: &Arc<Node>,
    waiting: &Waiting,
    (found, start, end): (Found, Timestamp, Timestamp),
    until: Timestamp,
) -> Result<()> {
    let booking = Booking {
        id: BookingId::new(),
        resource_id: found.resource_id,
        asked_id: waiting.resource_id,
        person_id: Some(waiting.person_id),
        start_at: start,
        end_at: end,
        party: waiting.party,
        load_from: found.load_from,
        load_to: found.load_to,
        load: waiting.party,
        state: State::Offered,
        was_held: false,
        until_at: Some(until),
        rules_id: node.rules.rules_id,
        rules_version_id: node.rules.id,
        changes: 0,
        is_late: false,
        is_excess: false,
        reminded_at: None,
        made_by: SYSTEM.to_owned(),
        version: 1,
        created_at: book.now,
        updated_at: book.now,
    };
    let id = booking.id;
    book.tell(&booking, "booking_offered");
    book.enter(booking, Act::Offer, SYSTEM, Said::default())?;
    book.waits(waiting.id, |waiting| {
        waiting.state = WaitingState::Offered;
        waiting.booking_id = Some(id);
    });
    Ok(())
}
