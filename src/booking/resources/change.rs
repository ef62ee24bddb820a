//! What becomes of resources, and what that leaves of the bookings that there are.

use std::collections::HashSet;

use super::model::{Closure, Facts, Resource, ResourceId};
use super::store;
use crate::booking::book::{Book, Node};
use crate::booking::fit::conflicts;
use crate::booking::lane::{Booker, serve_instead, serve_waiting};
use crate::booking::model::{Booking, BookingId};
use crate::booking::store as bookings;
use crate::circle::places::PlaceId;
use crate::clock;
use crate::db::{Conn, Tx};
use crate::error::{Error, FieldError, Reason, Result};
use crate::grid::UnitId;

/// So many resources are one whole at the most.
const MOST_IN_A_WHOLE: usize = 200;

/// What a change leaves of the bookings to come.
#[derive(Debug, Default)]
pub struct Left {
    /// Those that do not fit any more: they stay, and nothing new is taken there.
    pub excess: Vec<Booking>,
    /// Those at times that are not offered any more: they stay.
    pub outside: Vec<Booking>,
}

/// What the resource is to be part of, with its whole locked.
fn whole_of(
    tx: &mut Tx<'_>,
    facts: &Facts,
    own: Option<&Resource>,
    place: (PlaceId, UnitId),
) -> Result<Option<Resource>> {
    let Some(parent) = facts.part_of else {
        return Ok(None);
    };
    let fault =
        |code, zh: &'static str, en: &'static str| Err(Error::field(FieldError::body("/part_of", code, zh, en)));
    let Some(parent) = store::load_one(tx, parent)? else {
        return fault("unknown_resource", "没有这个资源。", "There is no such resource.");
    };
    if (parent.place_id, parent.unit_id) != place {
        return fault(
            "elsewhere",
            "整体与部分须在同一服务点、属同一单元。",
            "The parts of a whole are at one place and of one unit.",
        );
    }
    if let Some(own) = own {
        let tree = store::load_trees(tx, &[own.root_id])?;
        let mut line = Some(parent.id);
        while let Some(id) = line {
            if id == own.id {
                return fault(
                    "circle",
                    "资源不能是自己的一部分。",
                    "A resource is not part of itself.",
                );
            }
            line = tree.iter().find(|one| one.id == id).and_then(|one| one.facts.part_of);
        }
    }
    if store::load_trees(tx, &[parent.root_id])?.len() >= MOST_IN_A_WHOLE {
        return fault(
            "maximum",
            "一个整体最多 200 个资源。",
            "A whole is of 200 resources at the most.",
        );
    }
    Ok(Some(parent))
}

/// Enters a resource; what that leaves of the bookings of its whole.
pub fn enter(tx: &mut Tx<'_>, booker: &Booker, mut one: Resource) -> Result<(Resource, Left)> {
    if let Some(parent) = one.facts.part_of {
        store::lock_roots(tx, &[parent])?;
    }
    if let Some(parent) = whole_of(tx, &one.facts, None, (one.place_id, one.unit_id))? {
        one.root_id = parent.root_id;
    }
    store::insert(tx, &one)?;
    let left = left(tx, booker, &one)?;
    // One more court is somebody's who waits.
    serve_waiting(tx, booker, one.id)?;
    Ok((one, left))
}

/// Writes other facts about a resource, which is locked with its whole; what that leaves of
/// the bookings to come.
pub fn change(tx: &mut Tx<'_>, booker: &Booker, mut one: Resource, facts: Facts) -> Result<(Resource, Left)> {
    let ids: Vec<ResourceId> = facts.part_of.into_iter().chain([one.id]).collect();
    store::lock_roots(tx, &ids)?;
    let parent = whole_of(tx, &facts, Some(&one), (one.place_id, one.unit_id))?;
    let now = clock::now();
    if facts.kind != one.facts.kind && !bookings::taking_from(tx, &[one.id], now)?.is_empty() {
        return Err(Error::because(
            Reason::StateConflict,
            "还有未结束的预约，不能更改共享方式。",
            "How it is shared cannot be changed while there are bookings to come.",
        ));
    }
    let root = parent.map_or(one.id, |parent| parent.root_id);
    let old_root = one.root_id;
    if root != one.root_id || facts.part_of != one.facts.part_of {
        let mut moved = below(tx, &one)?;
        moved.push(one.id);
        store::set_root(tx, &moved, root)?;
        one.root_id = root;
    }
    one.facts = facts;
    store::update(tx, &mut one)?;
    let left = left(tx, booker, &one)?;
    // What that freed goes to those who wait.
    serve_waiting(tx, booker, one.id)?;
    if old_root != one.root_id && old_root != one.id {
        serve_waiting(tx, booker, old_root)?;
    }
    Ok((one, left))
}

/// What is part of a resource, directly or not.
fn below(conn: &mut Conn, one: &Resource) -> Result<Vec<ResourceId>> {
    let tree = store::load_trees(conn, &[one.root_id])?;
    let mut found: Vec<ResourceId> = Vec::new();
    let mut open = vec![one.id];
    while let Some(id) = open.pop() {
        let parts = tree.iter().filter(|other| other.facts.part_of == Some(id));
        for part in parts {
            found.push(part.id);
            open.push(part.id);
        }
    }
    Ok(found)
}

/// What is left of the bookings to come: which do not fit, and which are outside of what is
/// offered. Those that do not fit since now are marked.
fn left(tx: &mut Tx<'_>, booker: &Booker, one: &Resource) -> Result<Left> {
    let left = look(tx, booker, one)?;
    let new: HashSet<BookingId> = left
        .excess
        .iter()
        .filter(|booking| !booking.is_excess)
        .map(|booking| booking.id)
        .collect();
    if !new.is_empty() {
        bookings::mark_excess(tx, &new)?;
    }
    Ok(left)
}

/// The same, marking nothing: for the staff to look at.
pub fn look(conn: &mut Conn, booker: &Booker, one: &Resource) -> Result<Left> {
    let now = clock::now();
    let mut book = Book::new(now, std::sync::Arc::clone(booker.calendar()));
    booker.trees.know(conn, &mut book, &[one.root_id])?;
    let ids: Vec<ResourceId> = book.nodes().map(|node| node.resource.id).collect();
    let to_come = bookings::taking_from(conn, &ids, now)?;
    let found = conflicts(book.nodes().map(|node| &**node), &to_come);
    let over: HashSet<BookingId> = found
        .iter()
        .filter(|conflict| conflict.to > now)
        .flat_map(|conflict| conflict.bookings.iter().copied())
        .collect();
    let of_this = |booking: &&Booking| {
        let node = book.node(booking.resource_id);
        booking.resource_id == one.id || node.is_some_and(|node| node.above.contains(&one.id))
    };
    let is_outside = |booking: &&Booking| {
        let node = book.node(booking.asked_id).or_else(|| book.node(booking.resource_id));
        booking.state.is_live() && node.is_some_and(|node| !is_offered(&book, node, booking))
    };
    Ok(Left {
        excess: to_come.iter().filter(|one| over.contains(&one.id)).cloned().collect(),
        outside: to_come.iter().filter(of_this).filter(is_outside).cloned().collect(),
    })
}

/// Whether the times of a booking are offered, whatever the length of slots is by now.
fn is_offered(book: &Book, node: &Node, booking: &Booking) -> bool {
    let (first, last) = (book.date(booking.start_at), book.date(booking.end_at));
    let offer = node.offer(&book.calendar, first.pred_opt().unwrap_or(first), last);
    offer.is_open(booking.start_at, booking.end_at) && offer.closed(booking.start_at, booking.end_at).is_none()
}

/// So many whom a closure meets are offered another time.
const MOST_INSTEAD: usize = 500;

/// Enters a closure of a resource, whose whole is locked; the bookings to come that it meets. The
/// next free time is offered to each of their persons.
pub fn close(tx: &mut Tx<'_>, booker: &Booker, one: &Resource, closure: &Closure, actor: &str) -> Result<Left> {
    let before: HashSet<BookingId> = look(tx, booker, one)?
        .outside
        .iter()
        .map(|booking| booking.id)
        .collect();
    store::insert_closure(tx, closure, actor)?;
    let left = look(tx, booker, one)?;
    let met = left.outside.iter().map(|booking| booking.id);
    let met: Vec<BookingId> = met.filter(|id| !before.contains(id)).take(MOST_INSTEAD).collect();
    if !met.is_empty() {
        serve_instead(tx, booker, one.id, met)?;
    }
    Ok(left)
}
