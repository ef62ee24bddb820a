//! Where bookings do not fit their resources: what a change leaves behind, and what
//! `onegrid verify bookings` looks for. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::book::Node;
use super::cells::{Cell, Stretch};
use super::model::{Booking, BookingId};
use super::resources::{Kind, ResourceId};
use crate::clock::Timestamp;

/// A time at which bookings do not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// On which resource.
    pub resource_id: ResourceId,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub to: Timestamp,
    /// All bookings that take places then, in the order of their ids.
    pub bookings: Vec<BookingId>,
}

/// All times at which the bookings of a whole do not fit.
pub fn conflicts<'a>(nodes: impl Iterator<Item = &'a Node>, bookings: &[Booking]) -> Vec<Conflict> {
    let nodes: HashMap<ResourceId, &Node> = nodes.map(|node| (node.resource.id, node)).collect();
    let mut edges: BTreeMap<Cell, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
    for (index, booking) in bookings.iter().enumerate() {
        let Stretch { from, to } = booking.stretch();
        if booking.load > 0 && from < to {
            edges.entry(from).or_default().0.push(index);
            edges.entry(to).or_default().1.push(index);
        }
    }
    let mut found: Vec<Conflict> = Vec::new();
    let mut present: BTreeSet<usize> = BTreeSet::new();
    let cells: Vec<Cell> = edges.keys().copied().collect();
    for (place, (begin, end)) in edges.values().enumerate() {
        for index in end {
            present.remove(index);
        }
        present.extend(begin);
        let (Some(from), Some(to)) = (cells.get(place), cells.get(place + 1)) else {
            continue;
        };
        let mut by_resource: BTreeMap<ResourceId, Vec<&Booking>> = BTreeMap::new();
        for booking in present.iter().filter_map(|index| bookings.get(*index)) {
            by_resource.entry(booking.resource_id).or_default().push(booking);
        }
        for (id, own) in &by_resource {
            let Some(node) = nodes.get(id) else { continue };
            let relatives = node.above.iter().chain(&node.below);
            let others: Vec<&Booking> = relatives
                .filter_map(|other| by_resource.get(other))
                .flatten()
                .copied()
                .collect();
            let taken: i64 = own.iter().map(|booking| booking.load).sum();
            let fits = match node.facts().kind {
                Kind::Shared => taken <= node.facts().capacity,
                Kind::Exclusive => own.len() == 1 && taken <= node.facts().capacity,
                Kind::Pool => false,
            };
            if fits && others.is_empty() {
                continue;
            }
            let mut all: Vec<BookingId> = own.iter().chain(&others).map(|booking| booking.id).collect();
            all.sort_unstable();
            let (from, to) = (from.begins(), to.begins());
            match found.last_mut() {
                Some(last) if last.resource_id == *id && last.to == from && last.bookings == all => last.to = to,
                _ => found.push(Conflict {
                    resource_id: *id,
                    from,
                    to,
                    bookings: all,
                }),
            }
        }
    }
    found
}
