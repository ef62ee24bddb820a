//! Which places are kept from somebody, since they are withheld for others. Pure.

use super::model::{Share, Standing};
use crate::booking::book::{Book, Node};
use crate::booking::cells::Stretch;
use crate::booking::model::Booking;
use crate::booking::offer::Times;
use crate::booking::resources::Kind;
use crate::booking::whether::{Ask, candidates, is_closed};
use crate::calendar::Hours;
use crate::clock::Timestamp;

/// What is for whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left<'a> {
    /// So many places.
    pub places: i64,
    /// The share that keeps the rest from them, and when it is released; of several the first.
    pub share: Option<(&'a Share, Timestamp)>,
}

/// The slots that somebody asks for: each is released at its own time.
fn slots<'a>(ask: &'a Ask<'_>) -> impl Iterator<Item = Times> + 'a {
    let (start, end) = (ask.start.micros(), ask.end.micros());
    let length = (ask.node.facts().slot_minutes * 60_000_000).max(1);
    let begins = std::iter::successors(Some(start), move |begins| Some(begins + length));
    begins.take_while(move |begins| *begins < end).map(move |begins| {
        let to = (begins + length).min(end);
        (Timestamp::from_micros(begins), Timestamp::from_micros(to))
    })
}

/// Whether a share withholds anything of a slot, for whomever.
fn is_in_force(book: &Book, (start, end): Times, share: &Share, hours: Option<&Hours>) -> bool {
    if share.released_at(start) <= book.now {
        return false;
    }
    let Some(hours) = hours else { return true };
    let first = book.date(start);
    let open = book
        .calendar
        .open_between(hours, first.pred_opt().unwrap_or(first), book.date(end));
    let (start, end) = (start.to_utc(), end.to_utc());
    open.iter().any(|(from, to)| *from < end && start < *to)
}

/// The shares of a resource that withhold something of a slot.
pub fn in_force<'a>(book: &'a Book, slot: Times, node: &'a Node) -> impl Iterator<Item = &'a Share> {
    let shares = node.shares.iter();
    shares
        .filter(move |(share, hours)| is_in_force(book, slot, share, hours.as_ref()))
        .map(|(share, _)| share)
}

fn admits(book: &Book, ask: &Ask<'_>, share: &Share) -> bool {
    let nobody = Standing::default();
    let standing = ask.person.and_then(|person| book.standing(person)).unwrap_or(&nobody);
    share.admits(standing, ask.at_desk)
}

/// The bookings by which those whom a share is for have taken of it, in some cells.
fn by<'a>(
    book: &'a Book,
    ask: &'a Ask<'_>,
    share: &'a Share,
    cells: Stretch,
) -> impl Iterator<Item = &'a Booking> + 'a {
    book.bookings().filter(move |booking| {
        booking.share_id == Some(share.id)
            && booking.load > 0
            && booking.stretch().meets(cells)
            && !ask.except.contains(&booking.id)
    })
}

/// How many places of a share nobody of those whom it is for has taken, at the fullest time.
pub fn rest(book: &Book, ask: &Ask<'_>, share: &Share, node: &Node, cells: Stretch) -> i64 {
    let taken: Vec<&Booking> = by(book, ask, share, cells).collect();
    let each = |booking: &Booking| match node.facts().kind {
        Kind::Shared => booking.load,
        Kind::Exclusive | Kind::Pool => 1,
    };
    let at = |cell: Stretch| -> i64 {
        let here = taken.iter().filter(|booking| booking.stretch().meets(cell));
        here.map(|booking| each(booking)).sum()
    };
    let most = cells.each().map(at).max().unwrap_or(0);
    share.places - most
}

/// The cells in which a slot takes places of a resource.
fn cells_of(node: &Node, (start, end): Times) -> Stretch {
    let (from, to) = Booking::load_times(&node.resource, start, end);
    Stretch::of(from, to)
}

/// Of the places that are free in a resource throughout the times that somebody asks for, those for
/// whoever asks.
pub fn left_for<'a>(book: &'a Book, ask: &'a Ask<'_>, node: &'a Node, free: i64) -> Left<'a> {
    let all = Left {
        places: free,
        share: None,
    };
    let near = node.above.iter().chain(&node.below).filter_map(|id| book.node(*id));
    if node.shares.is_empty() && !near.clone().any(|other| !other.shares.is_empty()) {
        return all;
    }
    let of_each = slots(ask).map(|slot| left_in(book, ask, slot, node, free));
    of_each.min_by_key(|left| left.places).unwrap_or(all)
}

fn left_in<'a>(book: &'a Book, ask: &'a Ask<'_>, slot: Times, node: &'a Node, free: i64) -> Left<'a> {
    let others = |of: &'a Node| -> Vec<&'a Share> {
        let shares = in_force(book, slot, of);
        shares.filter(|share| !admits(book, ask, share)).collect()
    };
    let first = |kept: &[&'a Share]| {
        let first = kept.iter().max_by_key(|share| share.release_seconds);
        first.map(|share| (*share, share.released_at(slot.0)))
    };
    let cells = cells_of(node, slot);
    let relatives = node.above.iter().chain(&node.below).filter_map(|id| book.node(*id));
    for other in relatives.filter(|other| !other.shares.is_empty()) {
        let kept = others(other);
        if kept.is_empty() {
            continue;
        }
        let none = Left {
            places: 0,
            share: first(&kept),
        };
        if other.facts().kind != Kind::Pool {
            return none;
        }
        let parts = candidates(book, other).into_iter();
        let open = parts.filter(|part| book.free(part, cells, ask.except) > 0 && !is_closed(book, part, ask));
        let withheld: i64 = kept
            .iter()
            .map(|share| rest(book, ask, share, other, Stretch::of(slot.0, slot.1)).max(0))
            .sum();
        if open.count() as i64 <= withheld {
            return none;
        }
    }
    let kept = others(node);
    if kept.is_empty() {
        return Left {
            places: free,
            share: None,
        };
    }
    if node.facts().kind != Kind::Shared {
        return Left {
            places: 0,
            share: first(&kept),
        };
    }
    let taken: Vec<(&Share, Vec<&Booking>)> = kept
        .iter()
        .map(|share| (*share, by(book, ask, share, cells).collect()))
        .collect();
    let at = |cell: Stretch| -> i64 {
        let withheld: i64 = taken
            .iter()
            .map(|(share, bookings)| {
                let here = bookings.iter().filter(|booking| booking.stretch().meets(cell));
                (share.places - here.map(|booking| booking.load).sum::<i64>()).max(0)
            })
            .sum();
        node.facts().capacity - book.most(node.resource.id, cell, ask.except) - withheld
    };
    let places = cells.each().map(at).min().unwrap_or(free).clamp(0, free.max(0));
    Left {
        places,
        share: first(&kept).filter(|_| places < free),
    }
}

/// How many parts of the pool that somebody asks for are withheld for others.
pub fn parts_kept(book: &Book, ask: &Ask<'_>) -> i64 {
    let node = ask.node;
    if node.facts().kind != Kind::Pool || node.shares.is_empty() {
        return 0;
    }
    let of_each = slots(ask).map(|slot| {
        let others = in_force(book, slot, node).filter(|share| !admits(book, ask, share));
        let cells = Stretch::of(slot.0, slot.1);
        others.map(|share| rest(book, ask, share, node, cells).max(0)).sum()
    });
    of_each.max().unwrap_or(0)
}

/// The shares that are for whoever asks and withhold something of a slot, each with its resource.
fn own_in<'a>(
    book: &'a Book,
    ask: &'a Ask<'_>,
    slot: Times,
    node: &'a Node,
) -> impl Iterator<Item = (&'a Node, &'a Share)> {
    let near = node.above.iter().filter_map(|id| book.node(*id));
    let nodes = std::iter::once(node).chain(near.map(|node| &**node));
    nodes
        .flat_map(move |of| in_force(book, slot, of).map(move |share| (of, share)))
        .filter(|(_, share)| admits(book, ask, share))
}

/// Whether in each of the slots that somebody asks for there is enough of a share that is for them; of
/// what is not shared by several at once one part is enough.
pub fn has_share_throughout(book: &Book, ask: &Ask<'_>, node: &Node) -> bool {
    slots(ask).all(|slot| {
        own_in(book, ask, slot, node).any(|(of, share)| {
            let needed = match of.facts().kind {
                Kind::Shared => ask.party,
                Kind::Exclusive | Kind::Pool => 1,
            };
            rest(book, ask, share, of, Stretch::of(slot.0, slot.1)) >= needed
        })
    })
}

/// The share of which whoever asks takes: the first that is for them and has something left.
pub fn share_of<'a>(book: &'a Book, ask: &'a Ask<'_>, node: &'a Node) -> Option<&'a Share> {
    slots(ask).find_map(|slot| {
        let mut own = own_in(book, ask, slot, node);
        own.find(|(of, share)| rest(book, ask, share, of, Stretch::of(slot.0, slot.1)) > 0)
            .map(|(_, share)| share)
    })
}
