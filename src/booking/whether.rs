//! Whether a stretch of a resource's calendar can be booked, and why not: for the list of
//! slots and for a booking alike. Pure.

use chrono::{NaiveDate, Weekday};

use super::book::{Book, Node};
use super::cells::Stretch;
use super::model::{Booking, BookingId, Counted, State};
use super::offer::Offer;
use super::resources::{Kind, ResourceId, Status};
use super::rules::{Overlap, Period, Span, Terms, Unit, Whose};
use super::sharing::{Right, Share, ShareId, admit, keep};
use super::why::Why;
use crate::clock::Timestamp;
use crate::identity::PersonId;

/// What somebody wants to book.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// What.
    pub node: &'a Node,
    /// Its offer on the days around.
    pub offer: &'a Offer,
    /// For whom; nobody in particular where they only look, or come without a name.
    pub person: Option<PersonId>,
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// How many come.
    pub party: i64,
    /// Whether limits, lead time and horizon are passed over.
    pub pass: bool,
    /// Whether the staff book for somebody who walked in or telephoned.
    pub at_desk: bool,
    /// What would make room: their own holds, and the booking that becomes this.
    pub except: &'a [BookingId],
    /// The booking that becomes this.
    pub was: Option<&'a Booking>,
}

/// Where a booking finds its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// In which resource: a part of the pool that was asked for.
    pub resource_id: ResourceId,
    /// From when on it takes places.
    pub load_from: Timestamp,
    /// Until when it takes places.
    pub load_to: Timestamp,
    /// By what right.
    pub right: Right,
    /// Of which withheld share it takes.
    pub share_id: Option<ShareId>,
}

/// Whether it can be booked: where it finds its place, or why not.
pub fn whether(book: &Book, ask: &Ask<'_>) -> Result<Found, Why> {
    let terms = &ask.node.rules.terms;
    if ask.node.resource.status == Status::Closed {
        return Err(Why::GivenUp);
    }
    if ask.start <= book.now {
        return Err(Why::Past);
    }
    let slots = ask.offer.count(ask.start, ask.end).ok_or(Why::NotOffered)?;
    if let Some(reason) = ask.offer.closed(ask.start, ask.end) {
        return Err(Why::Closed(reason.to_owned()));
    }
    let right = admit::right(book, ask)?;
    fits_rules(terms, ask, slots)?;
    // The last of several slots may lie on another day.
    let last = Timestamp::from_micros(ask.end.micros() - (ask.end.micros() - ask.start.micros()) / slots);
    let released = match opened(book, terms, ask.start)? {
        Some(released) => Some(released),
        None if last == ask.start => None,
        None => opened(book, terms, last)?,
    };
    if !ask.pass {
        in_time(book, terms, ask.start, last)?;
        within_limits(book, terms, ask, right)?;
    }
    let found = room(book, ask, released)?;
    Ok(Found { right, ..found })
}

fn fits_rules(terms: &Terms, ask: &Ask<'_>, slots: i64) -> Result<(), Why> {
    let capacity = ask.node.facts().capacity;
    let most = terms.party_max.filter(|_| !ask.pass).unwrap_or(capacity).min(capacity);
    if ask.party > most {
        return Err(Why::PartyAbove(most));
    }
    if ask.party < terms.party_min && !ask.pass {
        return Err(Why::PartyBelow(terms.party_min));
    }
    if slots > terms.slots_max && !ask.pass {
        return Err(Why::SlotsAbove(terms.slots_max));
    }
    Ok(())
}

/// When booking for a day opens, each time.
pub fn openings<'a>(
    book: &'a Book,
    terms: &'a Terms,
    date: NaiveDate,
) -> impl Iterator<Item = (Timestamp, Option<i64>)> + 'a {
    terms.opens.iter().map(move |opening| {
        let day = date - chrono::TimeDelta::days(opening.days_before);
        let at = book.calendar.instant(day, opening.minutes());
        (Timestamp::from(at), opening.places)
    })
}

/// How many places have been opened for the day of a time: all of them where none is given;
/// and when the next are.
fn opened(book: &Book, terms: &Terms, start: Timestamp) -> Result<Option<(i64, Timestamp)>, Why> {
    let mut released = 0;
    for (at, places) in openings(book, terms, book.date(start)) {
        if book.now >= at {
            released += places.unwrap_or(0);
            if places.is_none() {
                return Ok(None);
            }
        } else if released == 0 {
            return Err(Why::NotOpen(at));
        } else {
            return Ok(Some((released, at)));
        }
    }
    Ok(None)
}

fn in_time(book: &Book, terms: &Terms, start: Timestamp, last: Timestamp) -> Result<(), Why> {
    let today = book.date(book.now);
    let ahead = |at: Timestamp| at.micros() - book.now.micros();
    let day_after = |span: Span| match span.unit {
        Unit::WorkingDays => book.calendar.working_days_from(today, span.count),
        Unit::Days | Unit::Seconds => today + chrono::TimeDelta::days(span.count),
    };
    let is_late = match terms.lead.unit {
        Unit::Seconds => ahead(start) < terms.lead.count * 1_000_000,
        Unit::Days | Unit::WorkingDays => book.date(start) < day_after(terms.lead),
    };
    if is_late {
        return Err(Why::TooLate);
    }
    let is_early = match terms.horizon.unit {
        Unit::Seconds => ahead(last) > terms.horizon.count * 1_000_000,
        Unit::Days | Unit::WorkingDays => book.date(last) > day_after(terms.horizon),
    };
    if is_early { Err(Why::TooEarly) } else { Ok(()) }
}

/// The Monday of a day's week.
fn monday(date: NaiveDate) -> NaiveDate {
    date.week(Weekday::Mon).first_day()
}

/// When a booking begins that counts in a period together with one that begins at a time; of those
/// that are active whenever.
fn counted(book: &Book, period: Period, start: Timestamp) -> (Timestamp, Timestamp) {
    let day = book.day(start);
    let at = |date: NaiveDate| Timestamp::from(book.calendar.instant(date, 0));
    match period {
        Period::Active => (Timestamp::from_micros(i64::MIN), Timestamp::from_micros(i64::MAX)),
        Period::Day => (day.from, day.to),
        Period::Week => {
            let monday = monday(day.date);
            (at(monday), at(monday + chrono::TimeDelta::days(7)))
        }
    }
}

/// Whether a booking counts in a period that lies so.
fn counts(book: &Book, booking: &Counted, period: Period, (from, to): (Timestamp, Timestamp)) -> bool {
    match period {
        Period::Active => booking.state.is_live() && booking.end_at > book.now,
        Period::Day | Period::Week => from <= booking.start_at && booking.start_at < to,
    }
}

fn within_limits(book: &Book, terms: &Terms, ask: &Ask<'_>, right: Right) -> Result<(), Why> {
    let Some(person) = ask.person else { return Ok(()) };
    if let Some(until) = missed(book, ask.node, person).and_then(|missed| missed.paused_until) {
        return Err(Why::Paused(until));
    }
    let is_other = |booking: &Counted| {
        !booking.state.is_void()
            && !booking.has_lapsed(book.now)
            && !ask.except.contains(&booking.id)
            // What a closure made necessary is nobody's doing.
            && booking.replaces_id.is_none()
    };
    let own = book.of(person);
    let rules = ask.node.rules.rules_id;
    let minutes = (ask.end.micros() - ask.start.micros()) / 60_000_000;
    for limit in &terms.limits {
        let within = counted(book, limit.per, ask.start);
        let (mut bookings, mut booked) = (0, 0);
        let count = |booking: &Counted| {
            if booking.rules_id == rules && counts(book, booking, limit.per, within) && is_other(booking) {
                bookings += 1;
                booked += booking.minutes();
            }
        };
        match (limit.of, right.party_id) {
            (Whose::Household, _) if !book.household(person).is_empty() => {
                let all = book.household(person).iter().flat_map(|one| book.of(*one));
                all.for_each(count);
            }
            (Whose::Person | Whose::Household, _) => own.iter().for_each(count),
            (Whose::Party, Some(party)) => book.of_party(party).for_each(count),
            (Whose::Party, None) => continue,
        }
        // Who asks for no more than they have is not stopped by a limit that was lowered.
        let was = ask
            .was
            .map(Booking::counted)
            .filter(|was| counts(book, was, limit.per, within) && was.rules_id == rules)
            // One that expired counts for nothing any more.
            .filter(|was| was.state.is_live())
            .filter(|was| limit.of != Whose::Party || was.party_id == right.party_id);
        let is_over = |most: Option<i64>, total: i64| most.is_some_and(|most| total > most);
        let over_bookings = is_over(limit.bookings, bookings + 1) && was.is_none();
        let over_minutes = is_over(limit.minutes, booked + minutes) && was.is_none_or(|was| was.minutes() < minutes);
        if over_bookings || over_minutes {
            return Err(Why::Limit(*limit));
        }
    }
    if terms.overlap == Overlap::Refuse {
        let meets = |booking: &&Counted| {
            booking.start_at < ask.end
                && ask.start < booking.end_at
                && booking.state.is_live()
                && !booking.has_lapsed(book.now)
                && !ask.except.contains(&booking.id)
        };
        if let Some(rival) = own.iter().find(meets) {
            return Err(Why::Overlaps(rival.id));
        }
    }
    Ok(())
}

/// How often somebody did not come lately, and what comes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missed {
    /// So often.
    pub times: i64,
    /// So often leads to a pause.
    pub most: i64,
    /// Counted within so many days.
    pub within_days: i64,
    /// The pause is so many days long.
    pub pause_days: i64,
    /// Until when they pause.
    pub paused_until: Option<Timestamp>,
}

/// How often somebody did not come under the rules of a resource; none where that has no
/// consequence.
pub fn missed(book: &Book, node: &Node, person: PersonId) -> Option<Missed> {
    const DAY_MICROS: i64 = 86_400_000_000;
    let policy = node.rules.terms.no_show;
    let most = policy.count?;
    let since = book.now.micros() - policy.within_days * DAY_MICROS;
    let missed = book.of(person).iter().filter(|booking| {
        booking.is_missed() && booking.rules_id == node.rules.rules_id && booking.start_at.micros() >= since
    });
    let starts: Vec<i64> = missed.map(|booking| booking.start_at.micros()).collect();
    let times = starts.len() as i64;
    let last = starts.into_iter().max().unwrap_or(i64::MIN / 2);
    let until = Timestamp::from_micros(last + policy.pause_days * DAY_MICROS);
    Some(Missed {
        times,
        most,
        within_days: policy.within_days,
        pause_days: policy.pause_days,
        paused_until: (times >= most && until > book.now).then_some(until),
    })
}

/// The parts among which a booking finds its place.
pub fn candidates<'a>(book: &'a Book, node: &'a Node) -> Vec<&'a Node> {
    if node.facts().kind != Kind::Pool {
        return vec![node];
    }
    let parts = node.parts.iter().filter_map(|id| book.node(*id));
    parts.flat_map(|part| candidates(book, part)).collect()
}

/// Where there is room for it.
fn room(book: &Book, ask: &Ask<'_>, released: Option<(i64, Timestamp)>) -> Result<Found, Why> {
    let mut left = 0;
    let mut held: Option<Timestamp> = None;
    let mut withheld: Option<(&Share, Timestamp)> = None;
    let mut nodes = candidates(book, ask.node);
    if let Some(was) = ask.was.filter(|was| (was.start_at, was.end_at) == (ask.start, ask.end)) {
        // Whoever keeps their time keeps their part of a pool, where that can be.
        nodes.sort_by_key(|node| node.resource.id != was.resource_id);
    }
    for node in nodes {
        if node.resource.id != ask.node.resource.id && is_closed(book, node, ask) {
            continue;
        }
        let (load_from, load_to) = Booking::load_times(&node.resource, ask.start, ask.end);
        let cells = Stretch::of(load_from, load_to);
        let free = book.free(node, cells, ask.except);
        // Who asks for no more than they have there takes nothing from others.
        if let Some(was) = ask.was
            && (was.resource_id, was.start_at, was.end_at) == (node.resource.id, ask.start, ask.end)
            && was.state.is_live()
            && ask.party <= was.load
            && (free >= ask.party || was.is_excess && cells == was.stretch())
        {
            return Ok(Found {
                resource_id: node.resource.id,
                load_from,
                load_to,
                right: Right::default(),
                share_id: was.share_id,
            });
        }
        if is_kept(book, ask, node) {
            continue;
        }
        let for_them = keep::left_for(book, ask, node, free);
        if for_them.places < ask.party
            && free >= ask.party
            && let Some((share, at)) = for_them.share
        {
            if withheld.is_none_or(|(_, known)| at < known) {
                withheld = Some((share, at));
            }
            continue;
        }
        if free >= ask.party {
            if let Some((released, opens_at)) = released
                && node.facts().kind == Kind::Shared
                && node.facts().capacity - free + ask.party > released
            {
                return Err(Why::NotOpen(opens_at));
            }
            return Ok(Found {
                resource_id: node.resource.id,
                load_from,
                load_to,
                right: Right::default(),
                share_id: keep::share_of(book, ask, node).map(|share| share.id),
            });
        }
        left = left.max(for_them.places);
        let (holds, until) = holds(book, node, cells);
        if !holds.is_empty() {
            let except: Vec<BookingId> = ask.except.iter().copied().chain(holds).collect();
            if book.free(node, cells, &except) >= ask.party {
                held = held.into_iter().chain(until).min();
            }
        }
    }
    Err(match (withheld, held) {
        (Some((share, at)), _) => Why::Withheld(share.holder, share.reason.clone(), at),
        (None, Some(until)) => Why::Held(until),
        (None, None) if left > 0 => Why::NotEnough(left),
        (None, None) => Why::Full,
    })
}

/// Whether what is free is kept for another who waits first; not from those for whom it is withheld.
fn is_kept(book: &Book, ask: &Ask<'_>, node: &Node) -> bool {
    book.is_kept(ask, node) && !keep::has_share_throughout(book, ask, node)
}

/// Whether a part of a pool is closed then for itself.
pub fn is_closed(book: &Book, node: &Node, ask: &Ask<'_>) -> bool {
    if node.closures.is_empty() {
        return false;
    }
    let offer = node.offer(&book.calendar, book.date(ask.start), book.date(ask.end));
    offer.closed(ask.start, ask.end).is_some()
}

/// The holds that take places of a resource, or of what it is part of or has as parts, and
/// until when the first of them lasts.
fn holds(book: &Book, node: &Node, cells: Stretch) -> (Vec<BookingId>, Option<Timestamp>) {
    let id = node.resource.id;
    let meets = |booking: &&Booking| {
        let near = booking.resource_id == id
            || node.above.contains(&booking.resource_id)
            || node.below.contains(&booking.resource_id);
        booking.state == State::Held && near && booking.stretch().meets(cells)
    };
    let held: Vec<&Booking> = book.bookings().filter(meets).collect();
    let until = held.iter().filter_map(|booking| booking.until_at).min();
    (held.iter().map(|booking| booking.id).collect(), until)
}

/// How many places are free for one who asks, without those that are withheld for others; in a pool
/// those of all its parts.
pub fn remaining(book: &Book, ask: &Ask<'_>) -> i64 {
    let nodes = candidates(book, ask.node).into_iter();
    let is_open = |node: &&Node| node.resource.id == ask.node.resource.id || !is_closed(book, node, ask);
    let open = nodes.filter(|node| is_open(node) && !is_kept(book, ask, node));
    let left = open.map(|node| {
        let (from, to) = Booking::load_times(&node.resource, ask.start, ask.end);
        let free = book.free(node, Stretch::of(from, to), ask.except);
        keep::left_for(book, ask, node, free).places
    });
    let mut left: Vec<i64> = left.filter(|places| *places > 0).collect();
    // Of a pool parts are withheld: the smallest that are free.
    left.sort_unstable();
    let kept = keep::parts_kept(book, ask);
    left.iter().skip(usize::try_from(kept).unwrap_or(0)).sum()
}

/// How many places there are; in a pool those of all its parts.
pub fn capacity(book: &Book, node: &Node) -> i64 {
    candidates(book, node).iter().map(|node| node.facts().capacity).sum()
}
