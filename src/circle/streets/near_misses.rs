//! Where a mapper probably meant two ways to meet: ends within two metres of
//! another way, and crossings that lie across a way without a node in common.
//! Nothing is joined; the report says where to look.

use super::boxes::Boxes;
use super::graph::{Graph, RawEdge};
use super::layout::{Box2, Position, Run, SEGMENTS_A_RUN};
use super::report::BuildReport;
use super::tags::{flag, node_flag};
use crate::coordinates::{LocalMetres, Point};

/// Ends nearer than this to another way are reported.
const NEAR_MISS_M: f64 = 2.0;

/// The index over the edges of a graph, before they lie in a file. A run's first
/// corner counts from the edge's own first.
pub(super) struct GraphIndex<'a> {
    pub graph: &'a Graph,
    pub runs: &'a [Run],
    pub boxes: Boxes<'a>,
}

pub(super) fn find(index: &GraphIndex<'_>, report: &mut BuildReport) {
    let mut degree = vec![0_u32; index.graph.junctions.len()];
    for edge in &index.graph.edges {
        for end in [edge.from, edge.to] {
            degree[end as usize] += 1;
        }
    }
    for edge in &index.graph.edges {
        for end in [edge.from, edge.to] {
            let junction = index.graph.junctions[end as usize];
            let known_end = node_flag::CUT | node_flag::BLOCKED;
            if degree[end as usize] == 1
                && junction.flags & known_end == 0
                && edge.flags & flag::FERRY == 0
                && index.misses(edge, junction.position)
            {
                report.near_misses.note(junction.node_id, junction.position.point());
            }
        }
        if edge.flags & (flag::CROSSING | flag::SIGHT) == flag::CROSSING
            && let Some(point) = index.crossed_without_node(edge)
        {
            report.unjoined_crossings.note(edge.way_id, point);
        }
    }
}

impl GraphIndex<'_> {
    /// Whether the dead end of `edge` at `position` comes close to an edge that
    /// it does not meet.
    fn misses(&self, edge: &RawEdge, position: Position) -> bool {
        let frame = LocalMetres::around(position.point());
        let mut missed = false;
        self.boxes.each_in(&window(&frame, NEAR_MISS_M), |leaf| {
            let run = self.runs[leaf];
            let other = &self.graph.edges[run.edge as usize];
            // A stub that is itself that short meets its street anyway.
            let meets = [other.from, other.to]
                .iter()
                .any(|end| *end == edge.from || *end == edge.to);
            if meets || other.layer != edge.layer || other.flags & flag::SIGHT != 0 {
                return true;
            }
            missed = segments(other, run)
                .any(|(a, b)| distance_to_segment(frame.east_north(a), frame.east_north(b)) < NEAR_MISS_M);
            !missed
        });
        missed
    }

    /// Where the crossing `edge` lies across an edge that it shares no junction
    /// with.
    fn crossed_without_node(&self, edge: &RawEdge) -> Option<Point> {
        let window = edge.corners.iter().fold(Box2::EMPTY, |all, corner| all.with(*corner));
        let mut crossed = None;
        self.boxes.each_in(&window, |leaf| {
            let run = self.runs[leaf];
            let other = &self.graph.edges[run.edge as usize];
            let meets = [other.from, other.to]
                .iter()
                .any(|end| *end == edge.from || *end == edge.to);
            if meets || other.layer != edge.layer || other.flags & (flag::CROSSING | flag::SIGHT) != 0 {
                return true;
            }
            for pair in edge.corners.windows(2) {
                let (a, b) = (pair[0].point(), pair[1].point());
                let frame = LocalMetres::around(a);
                let end = frame.east_north(b);
                let cuts =
                    segments(other, run).any(|(c, d)| cross_properly(end, frame.east_north(c), frame.east_north(d)));
                if cuts {
                    crossed = Some(a);
                    return false;
                }
            }
            true
        });
        crossed
    }
}

fn segments(edge: &RawEdge, run: Run) -> impl Iterator<Item = (Point, Point)> {
    let first = run.first_corner as usize;
    let last = (first + SEGMENTS_A_RUN).min(edge.corners.len() - 1);
    edge.corners[first..=last]
        .windows(2)
        .map(|pair| (pair[0].point(), pair[1].point()))
}

fn window(frame: &LocalMetres, radius_m: f64) -> Box2 {
    Box2::EMPTY
        .with(Position::of(frame.point([-radius_m, -radius_m])))
        .with(Position::of(frame.point([radius_m, radius_m])))
}

/// Metres from (0, 0) to the segment from `a` to `b`.
fn distance_to_segment(a: [f64; 2], b: [f64; 2]) -> f64 {
    super::snap::nearest_on_segment(a, b).0
}

/// Whether the segment from (0, 0) to `end` and the one from `a` to `b` cross in
/// the inside of both.
fn cross_properly(end: [f64; 2], a: [f64; 2], b: [f64; 2]) -> bool {
    let cross = |u: [f64; 2], v: [f64; 2]| u[0] * v[1] - u[1] * v[0];
    let (side_a, side_b) = (cross(end, a), cross(end, b));
    let along = [b[0] - a[0], b[1] - a[1]];
    let side_start = cross(along, [-a[0], -a[1]]);
    let side_end = cross(along, [end[0] - a[0], end[1] - a[1]]);
    side_a * side_b < 0.0 && side_start * side_end < 0.0
}
