//! Which places are kept from somebody, since they are withheld for others. Pure.

use super::model::{Share, Standing};
use crate::booking::book::{Book, Node};
use crate::booking::cells::Stretch;
use crate::booking::model::Booking;
use crate::booking::resources::Kind;
use crate::booking::whether::{Ask, candidates};
use crate::calendar::Hours;

/// What is for whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left<'a> {
    /// So many places.
    pub places: i64,
    /// The share that keeps the rest from them; of several the one that is released first.
    pub share: Option<&'a Share>,
}

/// Whether a share withholds anything of these times, for whomever.
fn is_in_force(book: &Book, ask: &Ask<'_>, share: &Share, hours: Option<&Hours>) -> bool {
    if share.released_at(ask.start) <= book.now {
        return false;
    }
    let Some(hours) = hours else { return true };
    let first = book.date(ask.start);
    let open = book
        .calendar
        .open_between(hours, first.pred_opt().unwrap_or(first), book.date(ask.end));
    let (start, end) = (ask.start.to_utc(), ask.end.to_utc());
    open.iter().any(|(from, to)| *from < end && start < *to)
}

/// The shares of a resource that withhold something of these times.
pub fn in_force<'a>(book: &'a Book, ask: &'a Ask<'_>, node: &'a Node) -> impl Iterator<Item = &'a Share> {
    let shares = node.shares.iter();
    shares
        .filter(|(share, hours)| is_in_force(book, ask, share, hours.as_ref()))
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
    if node.facts().kind != Kind::Shared {
        return share.places - i64::try_from(taken.len()).unwrap_or(i64::MAX);
    }
    let at = |cell: Stretch| -> i64 {
        let here = taken.iter().filter(|booking| booking.stretch().meets(cell));
        here.map(|booking| booking.load).sum()
    };
    let most = cells.each().map(at).max().unwrap_or(0);
    share.places - most
}

/// Of the places that are free in a resource throughout some cells, those for whoever asks.
pub fn left_for<'a>(book: &'a Book, ask: &'a Ask<'_>, node: &'a Node, cells: Stretch, free: i64) -> Left<'a> {
    let all = Left {
        places: free,
        share: None,
    };
    let none = |share| Left {
        places: 0,
        share: Some(share),
    };
    let relatives = node.above.iter().chain(&node.below).filter_map(|id| book.node(*id));
    for other in relatives.filter(|other| !other.shares.is_empty()) {
        let kept: Vec<&Share> = in_force(book, ask, other)
            .filter(|share| !admits(book, ask, share))
            .collect();
        let Some(first) = kept.iter().max_by_key(|share| share.release_seconds) else {
            continue;
        };
        if other.facts().kind != Kind::Pool {
            return none(first);
        }
        let parts = candidates(book, other).into_iter();
        let free = parts.filter(|part| book.free(part, cells, ask.except) > 0).count() as i64;
        let kept: i64 = kept
            .iter()
            .map(|share| rest(book, ask, share, other, cells).max(0))
            .sum();
        if free <= kept {
            return none(first);
        }
    }
    if node.shares.is_empty() {
        return all;
    }
    let kept: Vec<&Share> = in_force(book, ask, node)
        .filter(|share| !admits(book, ask, share))
        .collect();
    let Some(first) = kept.iter().copied().max_by_key(|share| share.release_seconds) else {
        return all;
    };
    if node.facts().kind != Kind::Shared {
        return none(first);
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
        share: (places < free).then_some(first),
    }
}

/// How many parts of the pool that somebody asks for are withheld for others.
pub fn parts_kept(book: &Book, ask: &Ask<'_>, cells: Stretch) -> i64 {
    let node = ask.node;
    if node.facts().kind != Kind::Pool || node.shares.is_empty() {
        return 0;
    }
    let others = in_force(book, ask, node).filter(|share| !admits(book, ask, share));
    others.map(|share| rest(book, ask, share, node, cells).max(0)).sum()
}

/// The share of which whoever asks takes: the first that is for them and has something left.
pub fn share_of<'a>(book: &'a Book, ask: &'a Ask<'_>, node: &'a Node, cells: Stretch) -> Option<&'a Share> {
    let near = node.above.iter().filter_map(|id| book.node(*id));
    let nodes = std::iter::once(node).chain(near.map(|node| &**node));
    nodes.filter(|node| !node.shares.is_empty()).find_map(|node| {
        let mut own = in_force(book, ask, node).filter(|share| admits(book, ask, share));
        own.find(|share| rest(book, ask, share, node, cells) > 0)
    })
}
