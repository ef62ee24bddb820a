//! Doors tied to the streets: once per door by the snapping rule, then listed by
//! edge so that a search gathers them as it walks.

use super::file::{StreetMap, View};
use super::model::Pace;
use super::snap::{Foot, Snap, Snapper};
use crate::coordinates::Point;

/// A door with its feet on the streets.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoorTie {
    /// Where the door is.
    pub point: Point,
    /// For those who use stairs.
    pub walked: Snap,
    /// For those who do not.
    pub step_free: Snap,
}

impl DoorTie {
    /// Ties the door at `point`, for a pace that uses stairs and one that does
    /// not.
    pub fn new(snapper: &mut Snapper, view: &View<'_>, point: Point, walking: &Pace, step_free: &Pace) -> Self {
        Self {
            point,
            walked: snapper.snap(view, point, walking),
            step_free: snapper.snap(view, point, step_free),
        }
    }
}

/// A foot of a door, as listed under its edge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DoorFoot {
    pub door: u32,
    pub along_m: f32,
    pub snap_m: f32,
}

/// Door feet by edge, as compressed rows.
#[derive(Debug, Clone, Default, PartialEq)]
struct Rows {
    first: Vec<u32>,
    feet: Vec<DoorFoot>,
}

impl Rows {
    fn new<'a>(edges: usize, doors: impl Iterator<Item = &'a Snap> + Clone) -> Self {
        let in_range = |foot: &&Foot| (foot.edge as usize) < edges;
        let mut first = vec![0_u32; edges + 1];
        for foot in doors.clone().flat_map(Snap::feet).filter(in_range) {
            first[foot.edge as usize + 1] += 1;
        }
        for edge in 0..edges {
            first[edge + 1] += first[edge];
        }
        let nothing = DoorFoot {
            door: 0,
            along_m: 0.0,
            snap_m: 0.0,
        };
        let mut feet = vec![nothing; first.last().map_or(0, |all| *all as usize)];
        let mut next = first.clone();
        for (snap, door) in doors.zip(0_u32..) {
            for foot in snap.feet().filter(in_range) {
                let slot = &mut next[foot.edge as usize];
                feet[*slot as usize] = DoorFoot {
                    door,
                    along_m: foot.along_m,
                    snap_m: foot.snap_m,
                };
                *slot += 1;
            }
        }
        Self { first, feet }
    }

    fn on_edge(&self, edge: u32) -> &[DoorFoot] {
        let edge = edge as usize;
        match (self.first.get(edge), self.first.get(edge + 1)) {
            (Some(start), Some(end)) => self.feet.get(*start as usize..*end as usize).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// All doors, by edge. A door's number is its place among the ties.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DoorIndex {
    walked: Rows,
    step_free: Rows,
    points: Vec<Point>,
}

impl DoorIndex {
    /// Lists `ties`, which were made on `map`, by edge.
    #[must_use]
    pub fn build(map: &StreetMap, ties: &[DoorTie]) -> Self {
        let edges = map.view().edges.len();
        Self {
            walked: Rows::new(edges, ties.iter().map(|tie| &tie.walked)),
            step_free: Rows::new(edges, ties.iter().map(|tie| &tie.step_free)),
            points: ties.iter().map(|tie| tie.point).collect(),
        }
    }

    /// How many doors there are, tied or not.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Where each door is.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// The feet on an edge that count for `pace`.
    #[must_use]
    pub fn on_edge(&self, edge: u32, pace: &Pace) -> &[DoorFoot] {
        if pace.is_step_free() {
            self.step_free.on_edge(edge)
        } else {
            self.walked.on_edge(edge)
        }
    }
}
