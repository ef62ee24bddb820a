//! Who stands on a square walks straight to what can be seen from there.

use super::fence::Doubled;
use super::fence::{Where, blocks, locate_among};
use super::shape::turns_round;
use crate::circle::streets::layout::{Edge, Position};
use crate::circle::streets::records::View;
use crate::circle::streets::snap::{Foot, SNAP_AT_MOST_M};
use crate::coordinates::Point;

/// No point gets more feet than this on squares.
const FEET: usize = 12;
/// So many of the nearest vertices are looked at, and so many squares, found among
/// so many whose box holds the point.
const LOOKED_AT: usize = 36;
const SQUARES: usize = 4;
const BOXES: usize = 32;

/// A foot at each of the nearest vertices of the squares that `point` stands on,
/// where the straight line to it stays on the square and `is_good` takes it, given
/// where the vertex is: the nearest first.
pub(in crate::circle::streets) fn feet(
    view: &View<'_>,
    point: Point,
    is_good: &mut dyn FnMut(&Edge, &Foot, Position) -> bool,
) -> Option<Box<[Foot]>> {
    let here = Position::of(point);
    let mut squares = Vec::new();
    let mut boxes = 0;
    view.squares.each_at(here, |square| {
        boxes += 1;
        if locate_among(view.squares.lines(square), here.into()) != Where::Outside {
            squares.push(square);
        }
        squares.len() < SQUARES && boxes < BOXES
    });
    let mut found: Vec<Foot> = Vec::new();
    for square in squares {
        let mut near: Vec<(Foot, Position, Option<[Position; 2]>)> = Vec::new();
        for vertex in view.squares.vertices(square) {
            let number = vertex.edge_and_end >> 1;
            let edge = &view.edges[number as usize];
            let (junction, along_m) = if vertex.edge_and_end & 1 == 0 {
                (edge.from, 0.0)
            } else {
                (edge.to, edge.length_m)
            };
            let there = view.junctions[junction as usize].position;
            let across_m = point.metres_to(there.point());
            if across_m <= SNAP_AT_MOST_M {
                let foot = Foot {
                    edge: number,
                    along_m,
                    point,
                    snap_m: 0.0,
                    across_m: across_m as f32,
                };
                near.push((foot, there, (vertex.is_corner == 1).then_some(vertex.arms)));
            }
        }
        near.sort_unstable_by(|a, b| a.0.across_m.total_cmp(&b.0.across_m).then(a.0.edge.cmp(&b.0.edge)));
        let mut taken = 0;
        for (foot, there, arms) in near.into_iter().take(LOOKED_AT) {
            let sees = || {
                here == there
                    || (arms.is_none_or(|arms| turns_round(here, there, &arms))
                        && !view.squares.lines(square).any(|[a, b]| blocks(a, b, here, there))
                        && locate_among(view.squares.lines(square), Doubled::middle(here, there)) != Where::Outside)
            };
            if taken < FEET && sees() && is_good(&view.edges[foot.edge as usize], &foot, there) {
                found.push(foot);
                taken += 1;
            }
        }
    }
    found.sort_by(|a, b| a.across_m.total_cmp(&b.across_m));
    found.truncate(FEET);
    (!found.is_empty()).then(|| found.into_boxed_slice())
}
