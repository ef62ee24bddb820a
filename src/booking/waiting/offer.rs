//! Who gets the offer of a place that came free. Pure.

use std::sync::Arc;

use super::model::{Waiting, WaitingState};
use crate::booking::book::{Book, Node, SYSTEM, Said};
use crate::booking::model::{Act, Booking, BookingId, State};
use crate::booking::offer::Times;
use crate::booking::resources::ResourceId;
use crate::booking::rules::WaitingPolicy;
use crate::booking::whether::{Ask, Found, whether};
use crate::clock::Timestamp;
use crate::error::Result;
use crate::identity::PersonId;

/// In the night nobody has to answer: an offer of then lasts so many minutes from midnight on,
/// and its own time from there.
const QUIET: (u16, u16) = (22 * 60, 7 * 60);

/// Offers what is free to those who wait, the first first; whoever may not book any more is passed
/// over and keeps their place in the list. Whoever needs more than there is, is passed over as well,
/// or what there is is kept for them: as the rules say. Where nothing was given back, only time may have given something
/// free.
///
/// # Errors
/// Where the book is at fault.
pub fn offer(book: &mut Book, is_freed: bool) -> Result<()> {
    book.keep_nothing();
    for waiting in book.queue() {
        // Who let a place go waits for the next that comes free, and nothing is kept for them.
        let has_let_go = waiting.queued_at != waiting.created_at;
        if has_let_go && !is_freed {
            continue;
        }
        let Some(node) = book.node(waiting.resource_id).cloned() else {
            continue;
        };
        let until = answer_until(book, node.rules.terms.offer_seconds);
        match place_for(book, &node, &waiting, until) {
            Ok((found, start, end)) => give(book, &node, &waiting, (found, start, end), until)?,
            Err(scarce) => {
                if node.rules.terms.waiting == WaitingPolicy::Strict && !has_let_go {
                    for times in scarce {
                        book.keep_for(waiting.id, times);
                    }
                }
            }
        }
    }
    Ok(())
}

/// Until when an offer of now is to be answered, for which they have so many seconds by day.
pub fn answer_until(book: &Book, seconds: i64) -> Timestamp {
    let seconds = seconds * 1_000_000;
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

/// A place for somebody who waits; none that they could not use any more when they answer. Where
/// there is none: the times at which nothing but places is missing.
fn place_for(
    book: &Book,
    node: &Node,
    waiting: &Waiting,
    until: Timestamp,
) -> std::result::Result<(Found, Timestamp, Timestamp), Vec<Times>> {
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
            at_desk: false,
            except: &[],
            was: None,
        };
        let lead = Timestamp::from_micros(start.micros() - node.rules.terms.lead_seconds() * 1_000_000);
        match until <= lead {
            true => whether(book, &ask).map_err(|why| why.is_shortage()),
            false => Err(false),
        }
    };
    if !waiting.is_day {
        let times = (waiting.from_at, waiting.to_at);
        return match fits(times.0, times.1) {
            Ok(found) => Ok((found, times.0, times.1)),
            Err(is_scarce) => Err(is_scarce.then_some(times).into_iter().collect()),
        };
    }
    let within = |(start, _): &(Timestamp, Timestamp)| waiting.from_at <= *start && *start < waiting.to_at;
    let mut scarce = Vec::new();
    for (start, end) in offer.slots().filter(within) {
        match fits(start, end) {
            Ok(found) => return Ok((found, start, end)),
            Err(true) => scarce.push((start, end)),
            Err(false) => {}
        }
    }
    Err(scarce)
}

fn give(
    book: &mut Book,
    node: &Arc<Node>,
    waiting: &Waiting,
    (found, start, end): (Found, Timestamp, Timestamp),
    until: Timestamp,
) -> Result<()> {
    let place = (waiting.resource_id, waiting.person_id, waiting.party);
    let booking = offered(book, node, place, (found, start, end), until);
    let id = booking.id;
    book.tell(&booking, "booking_offered");
    book.enter(booking, Act::Offer, SYSTEM, Said::default())?;
    book.waits(waiting.id, |waiting| {
        waiting.state = WaitingState::Offered;
        waiting.booking_id = Some(id);
    });
    Ok(())
}

/// The offer of a place of what was asked for, to somebody, for so many.
pub fn offered(
    book: &Book,
    node: &Node,
    (asked_id, person, party): (ResourceId, PersonId, i64),
    (found, start, end): (Found, Timestamp, Timestamp),
    until: Timestamp,
) -> Booking {
    Booking {
        id: BookingId::new(),
        resource_id: found.resource_id,
        asked_id,
        person_id: Some(person),
        start_at: start,
        end_at: end,
        party,
        load_from: found.load_from,
        load_to: found.load_to,
        load: party,
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
        right: found.right,
        share_id: found.share_id,
        replaces_id: None,
        objection: None,
        version: 1,
        created_at: book.now,
        updated_at: book.now,
    }
}
