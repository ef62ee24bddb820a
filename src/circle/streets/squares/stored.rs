//! Squares as they lie in a map file, so that who stands on one is known to.

use super::join::RawSquare;
use super::vertices::VERTICES;
use crate::circle::streets::boxes::{self, Boxes};
use crate::circle::streets::file::MapError;
use crate::circle::streets::graph::Graph;
use crate::circle::streets::layout::{Box2, Position};
use crate::circle::streets::records::View;
use crate::circle::streets::tags::flag;
use bytemuck::{Pod, Zeroable};
use std::collections::HashMap;
use std::ops::Range;

/// A square with more corners is kept as streets only: looking at all of them
/// would take too long for a lookup.
const CORNERS: usize = 2_000;

/// Where the rings and vertices of a square start; they end where the next
/// square's start.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub(in crate::circle::streets) struct Standing {
    pub first_ring: u32,
    pub first_vertex: u32,
}

/// A vertex of a square: an end of an edge.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
pub(in crate::circle::streets) struct StandingVertex {
    /// Twice the number of an edge of the square, plus one where the vertex is at
    /// the edge's end.
    pub edge_and_end: u32,
    /// 1 where one comes here only to go round the two `arms`.
    pub is_corner: u32,
    pub arms: [Position; 2],
}

/// The squares of a map before it is written.
#[derive(Debug, Default)]
pub(in crate::circle::streets) struct SquareParts {
    squares: Vec<Standing>,
    boxes: Vec<Box2>,
    ring_starts: Vec<u32>,
    corners: Vec<Position>,
    vertices: Vec<StandingVertex>,
}

/// The sections of a file that hold squares, in their order.
pub(in crate::circle::streets) type SquareSections<'a> = [&'a [u8]; 5];

impl SquareParts {
    /// Numbers the vertices by the edges of the finished graph.
    pub fn new(graph: &Graph) -> Self {
        let mut parts = Self::default();
        let ends = Ends::of(graph);
        let window = |square: &RawSquare| {
            let outer = square.rings.first().into_iter().flatten();
            outer.fold(Box2::EMPTY, |all, corner| all.with(*corner))
        };
        let mut order: Vec<u32> = (0_u32..)
            .zip(&graph.squares)
            .filter(|(_, square)| square.rings.iter().map(Vec::len).sum::<usize>() <= CORNERS)
            .map(|(number, _)| number)
            .collect();
        parts.boxes = boxes::pack(&mut order, |number| window(&graph.squares[*number as usize]));
        for number in order {
            let square = &graph.squares[number as usize];
            parts.squares.push(Standing {
                first_ring: parts.ring_starts.len() as u32,
                first_vertex: parts.vertices.len() as u32,
            });
            for ring in &square.rings {
                parts.ring_starts.push(parts.corners.len() as u32);
                parts.corners.extend_from_slice(ring);
            }
            for vertex in &square.vertices {
                let Some(edge_and_end) = ends.of_square(graph, square, vertex.node_id) else {
                    continue;
                };
                parts.vertices.push(StandingVertex {
                    edge_and_end,
                    is_corner: u32::from(vertex.arms.is_some()),
                    arms: vertex.arms.unwrap_or_default(),
                });
            }
        }
        parts
    }

    pub fn sections(&self) -> SquareSections<'_> {
        [
            bytemuck::cast_slice(&self.squares),
            bytemuck::cast_slice(&self.boxes),
            bytemuck::cast_slice(&self.ring_starts),
            bytemuck::cast_slice(&self.corners),
            bytemuck::cast_slice(&self.vertices),
        ]
    }
}

/// The ends of edges at the vertices of squares, by node.
struct Ends(HashMap<i64, Vec<u32>>);

impl Ends {
    fn of(graph: &Graph) -> Self {
        let vertices = graph.squares.iter().flat_map(|square| &square.vertices);
        let mut ends: HashMap<i64, Vec<u32>> = vertices.map(|vertex| (vertex.node_id, Vec::new())).collect();
        if ends.is_empty() {
            return Self(ends);
        }
        for (edge, number) in graph.edges.iter().zip(0_u32..) {
            for (junction, end) in [(edge.from, 0), (edge.to, 1)] {
                let node = graph.junctions[junction as usize].node_id;
                if let Some(ends) = ends.get_mut(&node)
                    && edge.flags & flag::NO_FOOT == 0
                {
                    ends.push(number * 2 + end);
                }
            }
        }
        Self(ends)
    }

    /// An end of an edge of the square itself, else of one as private as it.
    fn of_square(&self, graph: &Graph, square: &RawSquare, node: i64) -> Option<u32> {
        let edge_of = |end: &u32| &graph.edges[*end as usize / 2];
        let ends = self.0.get(&node)?;
        let own = |end: &&u32| edge_of(end).way_id == square.way_id && edge_of(end).flags & flag::AREA != 0;
        let alike = |end: &&u32| (edge_of(end).flags & flag::PRIVATE != 0) == square.is_private;
        ends.iter().find(own).or_else(|| ends.iter().find(alike)).copied()
    }
}

/// The squares of a map.
#[derive(Debug, Clone, Copy)]
pub(in crate::circle::streets) struct SquareView<'a> {
    squares: &'a [Standing],
    boxes: &'a [Box2],
    ring_starts: &'a [u32],
    corners: &'a [Position],
    vertices: &'a [StandingVertex],
}

impl<'a> SquareView<'a> {
    /// No squares.
    pub const NONE: Self = Self {
        squares: &[],
        boxes: &[],
        ring_starts: &[],
        corners: &[],
        vertices: &[],
    };

    /// `None` where a section does not hold whole records.
    pub fn new(sections: SquareSections<'a>) -> Option<Self> {
        let [squares, boxes, ring_starts, corners, vertices] = sections;
        Some(Self {
            squares: bytemuck::try_cast_slice(squares).ok()?,
            boxes: bytemuck::try_cast_slice(boxes).ok()?,
            ring_starts: bytemuck::try_cast_slice(ring_starts).ok()?,
            corners: bytemuck::try_cast_slice(corners).ok()?,
            vertices: bytemuck::try_cast_slice(vertices).ok()?,
        })
    }

    /// Calls `found` with each square whose box holds `position`, until it returns
    /// `false`.
    pub(super) fn each_at(&self, position: Position, found: impl FnMut(usize) -> bool) {
        if self.squares.is_empty() {
            return;
        }
        Boxes::of_checked(self.boxes, self.squares.len()).each_in(&Box2::EMPTY.with(position), found);
    }

    fn range(&self, square: usize, first: impl Fn(&Standing) -> u32, all: usize) -> Range<usize> {
        let end = self.squares.get(square + 1).map_or(all, |next| first(next) as usize);
        first(&self.squares[square]) as usize..end
    }

    pub(super) fn vertices(&self, square: usize) -> &'a [StandingVertex] {
        &self.vertices[self.range(square, |square| square.first_vertex, self.vertices.len())]
    }

    fn ring(&self, ring: usize) -> &'a [Position] {
        let end = self
            .ring_starts
            .get(ring + 1)
            .map_or(self.corners.len(), |end| *end as usize);
        &self.corners[self.ring_starts[ring] as usize..end]
    }

    /// The lines of all rings of a square.
    pub(super) fn lines(&self, square: usize) -> impl Iterator<Item = [Position; 2]> + Clone {
        self.range(square, |square| square.first_ring, self.ring_starts.len())
            .flat_map(|ring| {
                let ring = self.ring(ring);
                ring.iter().zip(ring.iter().cycle().skip(1)).map(|(a, b)| [*a, *b])
            })
    }
}

/// Looks at every record of the squares once.
///
/// # Errors
/// `MapError::Corrupt` says what is wrong.
pub(in crate::circle::streets) fn check(view: &View<'_>) -> Result<(), MapError> {
    let ensure = |holds: bool, what: &'static str| {
        if holds { Ok(()) } else { Err(MapError::Corrupt(what)) }
    };
    let squares = &view.squares;
    let in_rows = |starts: &mut dyn Iterator<Item = u32>, all: usize, fewest: usize, most: usize| {
        let mut before: Option<u32> = None;
        let fits = |start: u32, end: usize| {
            let count = end.checked_sub(start as usize);
            count.is_some_and(|count| (fewest..=most).contains(&count))
        };
        for start in starts {
            if before.map_or(start != 0, |before| !fits(before, start as usize)) {
                return false;
            }
            before = Some(start);
        }
        before.map_or(all == 0, |before| fits(before, all))
    };
    ensure(
        Boxes::new(squares.boxes, squares.squares.len()).is_some()
            && in_rows(
                &mut squares.squares.iter().map(|square| square.first_ring),
                squares.ring_starts.len(),
                1,
                CORNERS,
            )
            && in_rows(
                &mut squares.squares.iter().map(|square| square.first_vertex),
                squares.vertices.len(),
                0,
                VERTICES,
            )
            && in_rows(
                &mut squares.ring_starts.iter().copied(),
                squares.corners.len(),
                3,
                CORNERS,
            ),
        "the squares are out of order",
    )?;
    ensure(
        (0..squares.squares.len()).all(|square| squares.lines(square).take(CORNERS + 1).count() <= CORNERS),
        "a square has too many corners",
    )?;
    ensure(
        squares.corners.iter().all(|corner| corner.is_valid())
            && squares.vertices.iter().all(|vertex| {
                ((vertex.edge_and_end >> 1) as usize) < view.edges.len()
                    && vertex.is_corner <= 1
                    && vertex.arms.iter().all(|arm| arm.is_valid())
            }),
        "a corner of a square is wrong",
    )
}
