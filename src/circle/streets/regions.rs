//! Regions: what hangs together on the map, closed gates and ferries included.
//!
//! Where the region differs, nothing mapped leads from one street to the other,
//! and a point near both may use either. Where it is the same, there is a way,
//! or one that is closed for a reason.

use super::boxes::Boxes;
use super::components::Sets;
use super::graph::Graph;
use super::layout::{Box2, Position, Run};
use super::snap::{ISLAND_M, SNAP_AT_MOST_M};
use super::tags::{flag, node_flag};
use crate::coordinates::LocalMetres;
use std::collections::HashMap;

/// For each junction its region.
pub(super) fn regions(graph: &Graph) -> Vec<u32> {
    let mut sets = Sets::new(graph.junctions.len());
    for edge in &graph.edges {
        sets.join(edge.from, edge.to);
    }
    // A closed gate is a junction for each of its edges, of one node.
    let mut first_of_node = HashMap::new();
    for (junction, number) in graph.junctions.iter().zip(0_u32..) {
        if junction.flags & node_flag::BLOCKED != 0 {
            let first = *first_of_node.entry(junction.node_id).or_insert(number);
            sets.join(first, number);
        }
    }
    (0..graph.junctions.len() as u32)
        .map(|junction| sets.root(junction))
        .collect()
}

/// The region with most metres of street, the first of equals.
pub(super) fn longest(graph: &Graph, regions: &[u32]) -> Option<u32> {
    let metres = metres(graph, regions);
    let mut best = None;
    for (region, length) in (0_u32..).zip(&metres) {
        if *length > best.map_or(0.0, |(_, most)| most) {
            best = Some((region, *length));
        }
    }
    best.map(|(region, _)| region)
}

/// Metres of street by region.
fn metres(graph: &Graph, regions: &[u32]) -> Vec<f64> {
    let mut metres = vec![0.0; regions.len()];
    for edge in &graph.edges {
        metres[regions[edge.from as usize] as usize] += edge.street_m();
    }
    metres
}

/// Marks the edges that have another region so near that a point may be snapped
/// to both, so that snapping need not look for one everywhere.
pub(super) fn mark_neighbours(graph: &mut Graph, regions: &[u32], runs: &[Run], boxes: &[Box2]) {
    let Some(tree) = Boxes::new(boxes, runs.len()) else {
        return;
    };
    let region_of = |graph: &Graph, run: &Run| regions[graph.edges[run.edge as usize].from as usize] as usize;
    let metres = metres(graph, regions);
    let longest = longest(graph, regions).map(|region| region as usize);
    for (run, own_box) in runs.iter().zip(boxes) {
        let own = region_of(graph, run);
        // Every pair of neighbours has one that is not the longest.
        if Some(own) == longest || metres[own] < ISLAND_M {
            continue;
        }
        let mut met = Vec::new();
        tree.each_in(&widened(own_box), |leaf| {
            let other = &runs[leaf];
            let region = region_of(graph, other);
            if region != own && metres[region] >= ISLAND_M {
                met.push(other.edge);
            }
            true
        });
        if !met.is_empty() {
            met.push(run.edge);
        }
        for edge in met {
            graph.edges[edge as usize].flags |= flag::REGIONS_MEET;
        }
    }
}

/// A box and all within two legs of it.
fn widened(one: &Box2) -> Box2 {
    let legs_m = 2.0 * SNAP_AT_MOST_M;
    let corner = |position: Position, sign: f64| {
        let frame = LocalMetres::around(position.point());
        Position::of(frame.point([sign * legs_m, sign * legs_m]))
    };
    Box2 {
        min: corner(one.min, -1.0),
        max: corner(one.max, 1.0),
    }
}
