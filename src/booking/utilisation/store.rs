//! Reading what is counted.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::count::{Count, count};
use crate::booking::book::Book;
use crate::booking::offer::Times;
use crate::booking::resources::{self, Resource, ResourceId};
use crate::booking::store::{self, Whose};
use crate::booking::trees::Trees;
use crate::db::Conn;
use crate::error::Result;
use crate::grid::{Tree, UnitId};

/// So many wholes are read in one go.
const AT_ONCE: usize = 100;

/// Where there are more units than these all resources are read.
const MOST_UNITS: usize = 10_000;

/// What was used of the resources of a unit and of those below it between two times.
pub(super) fn used(
    conn: &mut Conn,
    trees: &Trees,
    tree: &Tree,
    unit: UnitId,
    span: Times,
) -> Result<Vec<(Resource, Count)>> {
    let wanted = resources::Wanted {
        units: tree.subtree_with_merged(unit, MOST_UNITS),
        ..resources::Wanted::default()
    };
    let mut all: Vec<Resource> = resources::list(conn, &wanted, None, i64::MAX)?;
    all.retain(|one| wanted.units.is_some() || tree.is_within(one.unit_id, unit));
    let mut roots: Vec<ResourceId> = all.iter().map(|one| one.root_id).collect();
    roots.sort_unstable();
    roots.dedup();
    let mut counts: BTreeMap<ResourceId, Count> = BTreeMap::new();
    for some in roots.chunks(AT_ONCE) {
        let mut book = Book::new(span.0, Arc::clone(trees.calendar()));
        trees.know(conn, &mut book, some)?;
        let ids: Vec<ResourceId> = book.nodes().map(|node| node.resource.id).collect();
        let bookings = store::list(conn, &Whose::Resources(ids, span.0, span.1), &[], None, i64::MAX)?;
        counts.extend(count(&book, &bookings, span));
    }
    let found = all.into_iter().map(|one| {
        let count = counts.remove(&one.id).unwrap_or_default();
        (one, count)
    });
    Ok(found.collect())
}
