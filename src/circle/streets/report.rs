//! What a build took, left out and finds worth a mapper's look.

use super::tags::Unreadable;
use crate::circle::osm::{Point, Skipped};
use std::fmt;

/// How many examples of a finding are kept; all are counted. More than any
/// city's map has: the bound is for data that is one great fault.
const EXAMPLES: usize = 100_000;

/// A finding: how often, and where, up to a hundred thousand of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Finding {
    /// How often.
    pub count: u64,
    /// The node or way, and where it is.
    pub examples: Vec<(i64, Point)>,
}

impl Finding {
    /// Notes one at `point`, on the node or way `id`.
    pub(super) fn note(&mut self, id: i64, point: Point) {
        self.count += 1;
        if self.examples.len() < EXAMPLES {
            self.examples.push((id, point));
        }
    }
}

/// The report of [`super::build`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BuildReport {
    /// What the reader left out.
    pub skipped: Skipped,
    /// Ways that a pedestrian may use.
    pub walkable_ways: u64,
    /// Walkable ways of which nothing could be kept: fewer than two nodes.
    pub empty_ways: u64,
    /// References to nodes that the data does not have.
    pub missing_nodes: u64,
    /// Ways that the box cuts.
    pub cut_ways: u64,
    /// Junctions, and nodes that change the way.
    pub junctions: u64,
    /// Stretches between two junctions.
    pub edges: u64,
    /// Points that draw the edges.
    pub corners: u64,
    /// Metres of street in all.
    pub street_m: f64,
    /// Lines that no leg off the street may cross.
    pub barrier_segments: u64,
    /// Parts of the network that hang together.
    pub components: u64,
    /// Those of them under 200 m, by a node of each.
    pub islands: Finding,
    /// Public ways that can only be reached over private ones or through
    /// private gates, and therefore count as private.
    pub enclosed_edges: u64,
    /// Walkable areas that can be walked across.
    pub squares: u64,
    /// Lines of sight across them.
    pub sights: u64,
    /// Those of them that are too large to be walked across as they are: their
    /// least corners, or all but the outline, are left out.
    pub squares_cut_short: u64,
    /// Walkable areas whose outline does not close.
    pub broken_squares: Finding,
    /// Ends of ways within 2 m of another way without a node in common.
    pub near_misses: Finding,
    /// Crossings that lie across a way without a node in common.
    pub unjoined_crossings: Finding,
    /// Values that could not be read, by key.
    pub unreadable: Unreadable,
}

/// Without the findings, which whoever shows them names with examples.
impl fmt::Display for BuildReport {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "{} walkable ways, {:.1} km: {} junctions, {} edges, {} corners, {} components",
            self.walkable_ways,
            self.street_m / 1_000.0,
            self.junctions,
            self.edges,
            self.corners,
            self.components
        )?;
        writeln!(out, "{} barrier segments", self.barrier_segments)?;
        let mut count = |what: &str, number: u64| {
            if number == 0 {
                Ok(())
            } else {
                writeln!(out, "{what}: {number}")
            }
        };
        count("ways without two nodes", self.empty_ways)?;
        count("references to missing nodes", self.missing_nodes)?;
        count("ways cut at the box", self.cut_ways)?;
        count("elements marked deleted", self.skipped.deleted)?;
        count("duplicate elements", self.skipped.duplicates)?;
        count("nodes without a position", self.skipped.unplaced_nodes)?;
        count("squares walked across", self.squares)?;
        count("lines of sight across squares", self.sights)?;
        count("squares cut short", self.squares_cut_short)?;
        count("edges behind private ways", self.enclosed_edges)?;
        for (key, number) in &self.unreadable.0 {
            writeln!(out, "unreadable {key}: {number}")?;
        }
        Ok(())
    }
}
