//! The list of a resource's slots, with what can be booked of them and why not the rest.

use std::collections::BTreeSet;

use super::book::{Book, Node};
use super::bookings::Bookings;
use super::cells::Stretch;
use super::lane::Booker;
use super::model::{Booking, BookingId, State};
use super::resources::ResourceId;
use super::sharing::{Share, keep};
use super::waiting;
use super::whether::{self, Ask, Missed, whether};
use super::why::Why;
use crate::clock::{self, Timestamp};
use crate::db::Conn;
use crate::error::{Error, Reason, Result};
use crate::identity::PersonId;

/// Which slots.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// Of which resource.
    pub resource: ResourceId,
    /// Those that begin at this time or later.
    pub from: Timestamp,
    /// Those that begin before this time.
    pub to: Timestamp,
    /// For how many.
    pub party: i64,
    /// For whom.
    pub person: Option<PersonId>,
}

/// A slot as it stands for somebody.
#[derive(Debug, Clone)]
pub struct Slot {
    /// When it begins.
    pub start: Timestamp,
    /// When it ends.
    pub end: Timestamp,
    /// How many places there are.
    pub capacity: i64,
    /// How many of them are free for whoever asks.
    pub remaining: i64,
    /// What of them is withheld for some: how many places by which share, until when.
    pub withheld: Vec<(i64, Share, Timestamp)>,
    /// Whether the state's calendar of its day is not known yet.
    pub is_provisional: bool,
    /// Why it cannot be booked, where it cannot.
    pub why: Option<Why>,
}

impl Bookings {
    /// The slots of a resource, by when they begin; and how often whoever asks did not come lately.
    ///
    /// # Errors
    /// Where there is no such resource.
    pub(super) async fn slots(&self, wanted: Wanted) -> Result<(Vec<Slot>, Option<Missed>)> {
        let booker = std::sync::Arc::clone(&self.booker);
        let read = self
            .db
            .read(move |conn| conn.one_view(|conn| list(conn, &booker, &wanted)));
        read.await
    }
}

/// The same by a connection.
///
/// # Errors
/// Where there is no such resource.
pub fn list(conn: &mut Conn, booker: &Booker, wanted: &Wanted) -> Result<(Vec<Slot>, Option<Missed>)> {
    let book = opened(
        conn,
        booker,
        &[wanted.resource],
        (wanted.from, wanted.to),
        wanted.person,
    )?;
    let node = book.node(wanted.resource);
    let node = node.ok_or_else(|| Error::refused(Reason::NotFound))?;
    let missed = wanted.person.and_then(|person| whether::missed(&book, node, person));
    Ok((slots(&book, wanted)?.collect(), missed))
}

/// The book of these resources, as far as they exist, between two times, for somebody.
///
/// # Errors
/// Where the database fails.
pub fn opened(
    conn: &mut Conn,
    booker: &Booker,
    ones: &[ResourceId],
    (from, to): (Timestamp, Timestamp),
    person: Option<PersonId>,
) -> Result<Book> {
    let mut book = Book::new(clock::now(), std::sync::Arc::clone(booker.calendar()));
    booker.trees.know_around(conn, &mut book, ones)?;
    Booker::know_unsettled(conn, &mut book)?;
    let lapses = |booking: &Booking| booking.has_lapsed(book.now) || booking.start_at <= book.now;
    if book.looks_at_those_who_wait() || book.bookings().any(lapses) {
        let all: Vec<ResourceId> = book.nodes().map(|node| node.resource.id).collect();
        for waits in waiting::near_all(conn, &all, (from, to), book.now)? {
            book.know_waiting(waits);
        }
    }
    let waits = book.waiting().map(|waits| waits.person_id);
    let persons: Vec<PersonId> = person.into_iter().chain(waits).collect();
    let counted = Booker::know_households(conn, &mut book, &persons)?;
    let parties = booker.know_standings(conn, &mut book, &persons)?;
    booker.know_counted(conn, &mut book, &counted, &parties)?;
    let first = book.waiting().map(|waits| waits.from_at).chain([from]).min();
    let last = book.waiting().map(|waits| waits.to_at).chain([to]).max();
    booker.know_allotted(conn, &mut book, first.unwrap_or(from), last.unwrap_or(to))?;
    let mut days = BTreeSet::new();
    for one in ones.iter().filter_map(|id| book.node(*id)) {
        // What begins last may last another day.
        let last = super::offer::plus_minutes(to, one.facts().slot_minutes);
        Booker::days_of(&book, one.resource.id, from, last, &mut days);
    }
    for waits in book.waiting() {
        Booker::days_of(&book, waits.resource_id, waits.from_at, waits.to_at, &mut days);
    }
    Booker::days_of_lapsing(&book, &mut days);
    booker.know_days(conn, &mut book, &days)?;
    // As a booking finds it: what is for whoever waits first is not free.
    let is_freed = book.let_lapse()?;
    if is_freed || book.looks_at_those_who_wait() {
        waiting::offer(&mut book, is_freed)?;
    }
    Ok(book)
}

/// The slots of a book, by when they begin.
///
/// # Errors
/// Where the resource is not in it.
pub fn slots<'a>(book: &'a Book, wanted: &'a Wanted) -> Result<impl Iterator<Item = Slot> + 'a> {
    let node = book.node(wanted.resource);
    let node = node.ok_or_else(|| Error::internal("a resource was not loaded"))?;
    // One's own holds take nothing from oneself.
    let own: Vec<BookingId> = wanted
        .person
        .iter()
        .flat_map(|person| book.of(*person))
        .filter(|booking| booking.state == State::Held)
        .map(|booking| booking.id)
        .collect();
    let first = book.date(wanted.from);
    let offer = node.offer(&book.calendar, first.pred_opt().unwrap_or(first), book.date(wanted.to));
    let capacity = whether::capacity(book, node);
    let begins = |(start, _): &(Timestamp, Timestamp)| wanted.from <= *start && *start < wanted.to;
    let all: Vec<(Timestamp, Timestamp)> = offer.slots().filter(begins).collect();
    Ok(all.into_iter().map(move |(start, end)| {
        let ask = Ask {
            node,
            offer: &offer,
            person: wanted.person,
            start,
            end,
            party: wanted.party,
            pass: false,
            at_desk: false,
            except: &own,
            was: None,
        };
        Slot {
            start,
            end,
            capacity,
            remaining: match offer.closed(start, end) {
                Some(_) => 0,
                None => whether::remaining(book, &ask),
            },
            withheld: withheld(book, node, &ask),
            is_provisional: !book.calendar.knows(book.date(start)),
            why: whether(book, &ask).err(),
        }
    }))
}

/// What of a slot is withheld for some, that nobody of those has taken yet.
fn withheld(book: &Book, node: &Node, ask: &Ask<'_>) -> Vec<(i64, Share, Timestamp)> {
    let near = node.above.iter().filter_map(|id| book.node(*id));
    let nodes = std::iter::once(node).chain(near.map(|node| &**node));
    let mut found = Vec::new();
    for node in nodes.filter(|node| !node.shares.is_empty()) {
        let cells = Stretch::of(ask.start, ask.end);
        for share in keep::in_force(book, (ask.start, ask.end), node) {
            let left = keep::rest(book, ask, share, node, cells);
            if left > 0 {
                found.push((left, share.clone(), share.released_at(ask.start)));
            }
        }
    }
    found
}
