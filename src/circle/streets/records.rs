//! The records of an open map, as searches read them.

use super::boxes::Boxes;
use super::conditions::Rule;
use super::graph::NAME_PART;
use super::layout::{Arc, BarrierSegment, Box2, Cohesion, Edge, Junction, Particulars, Position, Run};
use super::squares::SquareView;
use super::tags::node_flag;
use std::ops::Range;

/// Runs of edges and the tree over them.
#[derive(Debug, Clone, Copy)]
pub struct RunIndex<'a> {
    pub runs: &'a [Run],
    pub tree: Boxes<'a>,
}

/// The records of a map.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    pub junctions: &'a [Junction],
    pub first_arcs: &'a [u32],
    pub arcs: &'a [Arc],
    pub edges: &'a [Edge],
    pub corners: &'a [Position],
    /// The index over the edges of the longest region.
    pub main_runs: RunIndex<'a>,
    /// The index over those of all others.
    pub minor_runs: RunIndex<'a>,
    pub barriers: &'a [BarrierSegment],
    pub barrier_tree: Boxes<'a>,
    pub cohesions: &'a [Cohesion],
    /// Metres of each component.
    pub components: &'a [f32],
    /// Metres of each component of what can be used without stairs.
    pub step_free_components: &'a [f32],
    /// The longest component of each kind.
    pub main_component: u32,
    pub step_free_main_component: u32,
    pub particulars: &'a [Particulars],
    /// All names in a row. Whether they are text is checked when a map is opened, and
    /// again for a name that is asked for: of all at once it would be dear.
    pub names: &'a [u8],
    pub name_starts: &'a [u32],
    pub(super) rules: &'a [Rule],
    /// The squares that one may stand on.
    pub(super) squares: SquareView<'a>,
    /// The box that the data covers, where it is told.
    pub covered: Option<Box2>,
}

/// The name of a street.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreetName<'a> {
    /// As it is written there, in Chinese where it has a Chinese name.
    pub local: &'a str,
    /// In English.
    pub english: Option<&'a str>,
}

impl<'a> View<'a> {
    /// The edges that leave a junction.
    #[must_use]
    pub fn arcs_at(&self, junction: u32) -> &'a [Arc] {
        let junction = junction as usize;
        &self.arcs[self.first_arcs[junction] as usize..self.first_arcs[junction + 1] as usize]
    }

    /// What an edge hangs together with.
    #[must_use]
    pub fn cohesion_of(&self, edge: &Edge) -> Cohesion {
        self.cohesions[self.junctions[edge.from as usize].cohesion as usize]
    }

    /// What is particular about an edge.
    #[must_use]
    pub fn particulars_of(&self, edge: &Edge) -> Particulars {
        let number = (edge.particulars as usize).checked_sub(1);
        number
            .and_then(|number| self.particulars.get(number))
            .copied()
            .unwrap_or_default()
    }

    /// The name of an edge's street.
    #[must_use]
    pub fn edge_name(&self, edge: u32) -> Option<StreetName<'a>> {
        let number = (self.edges.get(edge as usize)?.name as usize).checked_sub(1)?;
        let start = *self.name_starts.get(number)? as usize;
        let end = self
            .name_starts
            .get(number + 1)
            .map_or(self.names.len(), |end| *end as usize);
        let text = std::str::from_utf8(self.names.get(start..end)?).ok()?;
        Some(match text.split_once(NAME_PART) {
            Some((local, english)) => StreetName {
                local,
                english: Some(english),
            },
            None => StreetName {
                local: text,
                english: None,
            },
        })
    }

    /// Whether the map ends at a junction though the street may go on.
    #[must_use]
    pub fn is_cut(&self, junction: u32) -> bool {
        self.junctions[junction as usize].flags & node_flag::CUT != 0
    }

    /// Whether the data covers a position, as far as it is told.
    #[must_use]
    pub fn covers(&self, position: Position) -> bool {
        self.covered
            .is_none_or(|covered| covered.meets(&Box2::EMPTY.with(position)))
    }

    /// Which part of the way from a position to another the data covers: 0 where it does
    /// not cover the first, 1 where it covers all.
    #[must_use]
    pub fn covered_share(&self, from: Position, to: Position) -> f64 {
        let Some(covered) = self.covered.filter(|_| self.covers(from)) else {
            return if self.covers(from) { 1.0 } else { 0.0 };
        };
        let share = |from: i32, to: i32, min: i32, max: i32| {
            let border = if to > max { max } else { to.max(min) };
            let whole = f64::from(to) - f64::from(from);
            if border == to {
                1.0
            } else {
                (f64::from(border) - f64::from(from)) / whole
            }
        };
        let lat = share(from.lat, to.lat, covered.min.lat, covered.max.lat);
        lat.min(share(from.lon, to.lon, covered.min.lon, covered.max.lon))
    }

    /// Where the corners of an edge lie in the list of all.
    #[must_use]
    pub fn corner_range(&self, edge: u32) -> Range<usize> {
        let edge = edge as usize;
        let end = self
            .edges
            .get(edge + 1)
            .map_or(self.corners.len(), |next| next.first_corner as usize);
        self.edges[edge].first_corner as usize..end
    }
}
