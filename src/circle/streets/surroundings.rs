//! What lies around a walk: streets as lines, and all streets and barriers in a box.

use super::file::StreetMap;
use super::layout::{Box2, Position};
use super::path::{Stretch, drawn};
use super::tags::flag;
use crate::coordinates::Point;

/// What is beside a street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beside {
    /// Ground on which one may stand.
    Ground,
    /// Nothing: one is above it, below it or in a shaft.
    Nothing,
    /// Water all around, since this is a ferry.
    Water,
}

impl StreetMap {
    /// A stretch as a line, each point with its metres along the edge.
    #[must_use]
    pub fn line_of(&self, stretch: Stretch) -> Vec<(Point, f32)> {
        let view = self.view();
        match view.edges.get(stretch.edge as usize) {
            Some(_) => drawn(&view, stretch),
            None => Vec::new(),
        }
    }

    /// Metres of an edge; 0 where there is no such edge.
    #[must_use]
    pub fn edge_metres(&self, edge: u32) -> f32 {
        self.view().edges.get(edge as usize).map_or(0.0, |edge| edge.length_m)
    }

    /// What is beside an edge.
    #[must_use]
    pub fn beside(&self, edge: u32) -> Beside {
        match self.view().edges.get(edge as usize).map_or(0, |edge| edge.flags) {
            flags if flags & flag::FERRY != 0 => Beside::Water,
            flags if flags & (flag::BRIDGE | flag::TUNNEL | flag::LIFT) != 0 => Beside::Nothing,
            _ => Beside::Ground,
        }
    }

    /// Whether an edge runs under ground, so that what is above it tells nothing.
    #[must_use]
    pub fn is_below(&self, edge: u32) -> bool {
        let edge = self.view().edges.get(edge as usize);
        edge.is_some_and(|edge| edge.flags & flag::TUNNEL != 0)
    }

    /// Whether an edge is a line of sight across a square, which nobody paved.
    #[must_use]
    pub fn is_sight(&self, edge: u32) -> bool {
        let edge = self.view().edges.get(edge as usize);
        edge.is_some_and(|edge| edge.flags & flag::SIGHT != 0)
    }

    /// The numbers of the edges in a box from its south-western to its north-eastern
    /// corner, ascending; some that are near it may be among them.
    #[must_use]
    pub fn edges_in(&self, min: Point, max: Point) -> Vec<u32> {
        let view = self.view();
        let window = box_of(min, max);
        let mut found = Vec::new();
        for index in [view.main_runs, view.minor_runs] {
            index.tree.each_in(&window, |leaf| {
                found.extend(index.runs.get(leaf).map(|run| run.edge));
                true
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The barriers in a box, in the order of the file.
    #[must_use]
    pub fn barriers_in(&self, min: Point, max: Point) -> Vec<[Point; 2]> {
        let view = self.view();
        let mut found = Vec::new();
        view.barrier_tree.each_in(&box_of(min, max), |leaf| {
            found.push(leaf);
            true
        });
        found.sort_unstable();
        let segment = |leaf: usize| {
            view.barriers
                .get(leaf)
                .map(|segment| [segment.a, segment.b].map(Position::point))
        };
        found.into_iter().filter_map(segment).collect()
    }
}

fn box_of(min: Point, max: Point) -> Box2 {
    Box2::EMPTY.with(Position::of(min)).with(Position::of(max))
}
