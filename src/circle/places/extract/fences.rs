//! Gates in the fence of a place, where the fence is a way of its own.
//!
//! A fence or wall is the place's where it runs along its outline, or encloses it
//! closely. A fence around a whole estate is not that of a shop in it.

use std::collections::{BTreeMap, BTreeSet};

use crate::circle::osm::{OsmData, Point, Tags};

use super::areas::Shape;
use super::doors::{OsmDoor, Standing, door_at, standing};
use super::lines::{Line, Lines, nearest_on};
use super::nodes::Nodes;
use super::outline::{Outline, assemble};

/// As near as this a fence runs along an outline.
const ALONG_M: f64 = 5.0;
/// Nowhere farther than this is a fence that encloses a place closely.
const AROUND_M: f64 = 30.0;

/// The gates in the fence of one area.
#[derive(Debug, Default)]
pub(super) struct FenceGates {
    /// In a fence along the outline: as good as a gate on it.
    pub along: Vec<OsmDoor>,
    /// In one that encloses the place: doors where it has none of its own.
    pub around: Vec<OsmDoor>,
}

/// Whether a way with these tags is a fence or wall.
pub(super) fn is_fence(tags: &Tags) -> bool {
    matches!(
        tags.get("barrier"),
        Some("fence" | "wall" | "hedge" | "city_wall" | "wire_fence" | "guard_rail")
    )
}

/// A fence put together from its ways.
struct Fence {
    points: Vec<Point>,
    closed: bool,
    gates: Vec<OsmDoor>,
}

/// The fences of the data that have a gate.
fn fences(data: &OsmData, nodes: &Nodes<'_>) -> Vec<Fence> {
    let ways: Vec<&[i64]> = data
        .ways
        .iter()
        .filter(|way| is_fence(&way.tags))
        .map(|way| way.nodes.as_slice())
        .collect();
    let rings = assemble(&ways);
    let chains = rings.closed.into_iter().map(|chain| (chain, true));
    let chains = chains.chain(rings.open.into_iter().map(|chain| (chain, false)));
    let fence = |(chain, closed): (Vec<i64>, bool)| {
        let nodes: Vec<_> = chain.iter().filter_map(|id| nodes.get(*id)).collect();
        let mut seen = BTreeSet::new();
        let gates = nodes.iter().filter_map(|node| match standing(&node.tags) {
            Standing::Stated(kind) if seen.insert(node.id) => Some(door_at(node, kind)),
            _ => None,
        });
        Fence {
            gates: gates.collect(),
            points: nodes.iter().map(|node| node.point).collect(),
            closed,
        }
    };
    chains.map(fence).filter(|fence| !fence.gates.is_empty()).collect()
}

/// The gates in the fences of `areas`, by the area's number; areas without any
/// are not named.
pub(super) fn gates(data: &OsmData, nodes: &Nodes<'_>, areas: &[Shape]) -> BTreeMap<u32, FenceGates> {
    let sides = (0_u32..).zip(areas).flat_map(|(area, shape)| {
        let sides = shape.outline.outer_sides();
        sides.map(move |(a, b)| Line { a, b, of: area })
    });
    let sides = Lines::new(sides.collect());
    let mut found: BTreeMap<u32, FenceGates> = BTreeMap::new();
    for fence in fences(data, nodes) {
        let mut near = BTreeSet::new();
        for gate in &fence.gates {
            sides.each_near(&[gate.point], AROUND_M, |side| {
                near.insert(side.of);
                true
            });
        }
        for number in near {
            let Some(shape) = areas.get(number as usize) else {
                continue;
            };
            fence.give_to(number, shape, &sides, &mut found);
        }
    }
    found
}

impl Fence {
    fn give_to(&self, number: u32, shape: &Shape, sides: &Lines<u32>, found: &mut BTreeMap<u32, FenceGates>) {
        let metres_off = |point: Point| {
            let mut least = f64::INFINITY;
            sides.each_near(&[point], AROUND_M, |side| {
                if side.of == number {
                    least = least.min(nearest_on(point, side.a, side.b).1);
                }
                true
            });
            least
        };
        let off: Vec<f64> = self.points.iter().map(|point| metres_off(*point)).collect();
        let along = off.iter().filter(|metres| **metres <= ALONG_M).count();
        let gates_within = |metres: f64| {
            let gates = self.gates.iter().filter(move |gate| {
                let is_on_outline = gate.osm_node.is_some_and(|id| shape.corners.contains(&id));
                !is_on_outline && metres_off(gate.point) <= metres
            });
            gates.cloned()
        };
        if along >= 2 {
            // Where most of it runs elsewhere it is a neighbour's as well.
            let is_own = 2 * along >= off.len();
            let gates = gates_within(if is_own { AROUND_M } else { ALONG_M });
            found.entry(number).or_default().along.extend(gates);
            return;
        }
        let ring = Outline {
            outer: vec![self.points.clone()],
            inner: Vec::new(),
        };
        let encloses = self.closed
            && off.iter().all(|metres| *metres <= AROUND_M)
            && shape.point.is_some_and(|point| ring.contains(point));
        if encloses {
            found.entry(number).or_default().around.extend(gates_within(AROUND_M));
        }
    }
}
