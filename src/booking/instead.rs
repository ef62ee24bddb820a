//! Another time for those whom a closure meets: the next that is free, before anybody else gets it.
//! Pure.

use super::book::{Book, Node, SYSTEM, Said};
use super::model::{Act, Booking, BookingId, Counted};
use super::offer::Offer;
use super::waiting::{answer_until, offered};
use super::whether::{Ask, Found, whether};
use crate::clock::Timestamp;
use crate::error::Result;

/// They have a day to answer, or as long as the rules give those who wait, if that is longer.
const ANSWER_SECONDS: i64 = 86_400;
/// It is looked so many days ahead.
pub const DAYS_AHEAD: i64 = 31;

/// Offers the next free time of the same resource to the person of each of these bookings, whoever
/// booked first first; limits, lead time and horizon are passed over, since it is not their doing.
/// For whom there is none is told that it is closed.
///
/// # Errors
/// Where the book is at fault.
pub fn offer_instead(book: &mut Book, ids: &[BookingId]) -> Result<()> {
    let mut met: Vec<Booking> = ids.iter().filter_map(|id| book.booking(*id)).cloned().collect();
    met.retain(|booking| booking.person_id.is_some() && booking.state.is_live());
    met.sort_by_key(|booking| (booking.created_at, booking.id));
    for booking in met {
        let Some(person) = booking.person_id else { continue };
        let asked = book.node(booking.asked_id).or_else(|| book.node(booking.resource_id));
        let Some(node) = asked.cloned() else { continue };
        let Some((found, start, end, until)) = next(book, &node, &booking) else {
            book.tell(&booking, "booking_closed");
            continue;
        };
        let place = (node.resource.id, person, booking.party);
        let instead = Booking {
            replaces_id: Some(booking.id),
            ..offered(book, &node, place, (found, start, end), until)
        };
        book.tell(&instead, "booking_instead");
        book.enter(instead, Act::Offer, SYSTEM, Said::default())?;
    }
    Ok(())
}

/// The next time, as long as the one that is closed, that they can answer before it begins.
fn next(book: &Book, node: &Node, booking: &Booking) -> Option<(Found, Timestamp, Timestamp, Timestamp)> {
    let length = booking.end_at.micros() - booking.start_at.micros();
    let first = book.date(booking.start_at);
    let last = first + chrono::TimeDelta::days(DAYS_AHEAD);
    let offer: Offer = node.offer(&book.calendar, first.pred_opt().unwrap_or(first), last);
    let by_rules = node.rules.terms.offer_seconds;
    let longest = answer_until(book, by_rules.max(ANSWER_SECONDS));
    let shortest = answer_until(book, by_rules);
    let later = offer.slots().filter(|(start, _)| *start > booking.start_at);
    for (start, _) in later {
        let end = Timestamp::from_micros(start.micros() + length);
        let until = longest.min(Timestamp::from_micros(
            start.micros() - node.rules.terms.lead_seconds() * 1_000_000,
        ));
        let meets = |other: &Counted| {
            other.id != booking.id && other.state.is_live() && other.start_at < end && start < other.end_at
        };
        let mut own = booking.person_id.into_iter().flat_map(|person| book.of(person));
        if until < shortest || own.any(meets) {
            continue;
        }
        let ask = Ask {
            node,
            offer: &offer,
            person: booking.person_id,
            start,
            end,
            party: booking.party,
            pass: true,
            at_desk: false,
            except: &[booking.id],
            was: Some(booking),
        };
        if let Ok(found) = whether(book, &ask) {
            return Some((found, start, end, until));
        }
    }
    None
}
