//! Where the lines of sight of a square begin, turn and end.

use super::find::Square;
use super::rings::doubled_area;
use super::shape::Shape;
use crate::circle::osm::Tags;
use crate::circle::streets::graph::NodeTable;
use crate::circle::streets::layout::Position;
use crate::circle::streets::tags::{Unreadable, node_flag, node_use};
use crate::coordinates::LocalMetres;
use std::collections::HashMap;

/// No square has more than this many.
pub(super) const VERTICES: usize = 120;

/// What makes a node of a square a vertex, the most wanted first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// Another way meets the square here.
    Street,
    /// A door or gate.
    Door,
    /// The shortest walk round a hole, a wall or a bay turns here.
    Corner,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Vertex {
    pub place: u32,
    pub position: Position,
    pub reason: Reason,
    /// Whoever comes here may not go on across the square: a gate, a kerb.
    pub is_end: bool,
    /// How much a walk along the ring turns here, in degrees.
    turn: f64,
}

/// The vertices of a square, at most [`VERTICES`], and whether there were more.
/// `streets` are the nodes where other ways meet it, `walls` the nodes of walls
/// that stand in it.
pub(super) fn vertices(
    square: &Square<'_>,
    shape: &Shape,
    table: &NodeTable<'_>,
    streets: &[u32],
    walls: &[u32],
    is_inside_the_box: impl Fn(u32) -> bool,
) -> (Vec<Vertex>, bool) {
    let mut reasons: HashMap<u32, (Reason, f64)> = HashMap::new();
    let mut want = |place: u32, reason: Reason, turn: f64| {
        let known = reasons.entry(place).or_insert((reason, turn));
        *known = (known.0.min(reason), known.1.max(turn));
    };
    for place in streets {
        want(*place, Reason::Street, 0.0);
    }
    for (ring, number) in square.rings().zip(0..) {
        for (place, turn) in corners(ring, number > 0, table) {
            want(place, Reason::Corner, turn);
        }
        for place in ring.iter().filter(|place| is_door(&table.at(**place).tags)) {
            want(*place, Reason::Door, 0.0);
        }
    }
    for place in walls {
        let node = table.at(*place);
        if shape.contains(Position::of(node.point)) {
            // Whether a walk turns at it the lines of sight will tell.
            let reason = if is_door(&node.tags) {
                Reason::Door
            } else {
                Reason::Corner
            };
            want(*place, reason, 90.0);
        }
    }
    let mut found: Vec<Vertex> = reasons
        .into_iter()
        .filter(|(place, _)| is_inside_the_box(*place))
        .filter_map(|(place, (reason, turn))| {
            let node = table.at(place);
            let flags = node_use(&node.tags, &mut Unreadable::default()).flags;
            (flags & node_flag::BLOCKED == 0).then(|| Vertex {
                place,
                position: Position::of(node.point),
                reason,
                is_end: flags & !node_flag::ENTRANCE != 0,
                turn,
            })
        })
        .collect();
    found.sort_unstable_by(|a, b| {
        a.reason
            .cmp(&b.reason)
            .then(b.turn.total_cmp(&a.turn))
            .then(a.place.cmp(&b.place))
    });
    let is_cut_short = found.len() > VERTICES;
    found.truncate(VERTICES);
    (found, is_cut_short)
}

/// The nodes of a ring at which the free ground takes more than half a turn, with
/// the degrees by which the ring turns there.
fn corners(ring: &[u32], is_hole: bool, table: &NodeTable<'_>) -> Vec<(u32, f64)> {
    let points: Vec<Position> = ring.iter().map(|place| Position::of(table.at(*place).point)).collect();
    let runs_left = (doubled_area(&points) > 0) != is_hole;
    let count = ring.len();
    (0..count)
        .filter_map(|at| {
            let [before, here, after] = [at + count - 1, at, at + 1].map(|at| points[at % count]);
            let turn = turn_degrees(before, here, after);
            // With the free ground to the left, such a corner turns right.
            let turns_right = if runs_left { turn < 0.0 } else { turn > 0.0 };
            turns_right.then(|| (ring[at], turn.abs()))
        })
        .collect()
}

/// Degrees from −180 to 180, positive to the left.
fn turn_degrees(before: Position, here: Position, after: Position) -> f64 {
    let frame = LocalMetres::around(here.point());
    let [from, to] = [before, after].map(|point| frame.east_north(point.point()));
    let (u, v) = ([-from[0], -from[1]], to);
    (u[0] * v[1] - u[1] * v[0])
        .atan2(u[0] * v[0] + u[1] * v[1])
        .to_degrees()
}

/// Whether one goes in or out at a node with these tags.
fn is_door(tags: &Tags) -> bool {
    let is_told = |key: &str| tags.get(key).is_some_and(|value| value != "no");
    let flags = node_use(tags, &mut Unreadable::default()).flags;
    flags & (node_flag::ENTRANCE | node_flag::LIFT | node_flag::BARRIER) != 0
        || is_told("entrance")
        || is_told("door")
        || tags.is("railway", "subway_entrance")
}

/// Whether nobody passes a node with these tags.
pub(super) fn is_blocked(tags: &Tags) -> bool {
    node_use(tags, &mut Unreadable::default()).flags & node_flag::BLOCKED != 0
}
