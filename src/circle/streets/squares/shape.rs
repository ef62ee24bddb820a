//! A square as the ground that one may walk on: inside its rings, round the walls
//! and the water that stand in it.

use super::fence::{Doubled, Fence, Where, side};
use crate::circle::streets::layout::Position;
use std::cmp::Ordering;
use std::collections::HashMap;

/// Lines looked at for a square, by its corners: enough for any that is drawn
/// after the ground, and an end for any that is not.
const EFFORT: u64 = 100_000;
const EFFORT_A_LINE: u64 = 1_000;
const EFFORT_AT_MOST: u64 = 5_000_000;

pub(super) struct Shape {
    rings: Fence,
    walls: Fence,
    /// The far ends of the lines that meet in a position.
    arms: HashMap<Position, Vec<Position>>,
    /// How many lines may still be looked at.
    effort: u64,
    /// How many that were at first.
    effort_at_first: u64,
}

impl Shape {
    pub fn new<'a>(
        rings: impl Iterator<Item = &'a Vec<u32>>,
        walls: &[[Position; 2]],
        position: impl Fn(u32) -> Position,
    ) -> Self {
        let mut fence = Fence::default();
        for (ring, number) in rings.zip(0_u32..) {
            let ring: Vec<Position> = ring.iter().map(|place| position(*place)).collect();
            fence.add_ring(&ring, number);
        }
        fence.index();
        let mut wall_fence = Fence::default();
        for [a, b] in walls {
            wall_fence.add(*a, *b, 0);
        }
        wall_fence.index();
        let mut arms: HashMap<Position, Vec<Position>> = HashMap::new();
        for [a, b] in fence.lines().chain(wall_fence.lines()) {
            arms.entry(a).or_default().push(b);
            arms.entry(b).or_default().push(a);
        }
        let lines = (fence.len() + wall_fence.len()) as u64;
        let effort = (EFFORT + lines.saturating_mul(EFFORT_A_LINE)).min(EFFORT_AT_MOST);
        Self {
            rings: fence,
            walls: wall_fence,
            arms,
            effort,
            effort_at_first: effort,
        }
    }

    /// Whether the effort that such a square is worth is spent.
    pub fn is_spent(&self) -> bool {
        self.effort == 0
    }

    /// How many lines have been looked at.
    pub fn spent(&self) -> u64 {
        self.effort_at_first - self.effort
    }

    pub fn contains(&self, place: Position) -> bool {
        self.rings.locate(place.into()) == Where::Inside
    }

    /// Whether one can walk straight from `u` to `v`, both in the square or on
    /// its rings. A way past a corner is none: it goes over the corner.
    pub fn sees(&mut self, u: Position, v: Position) -> bool {
        u != v
            && !self.rings.blocks(u, v, &mut self.effort)
            && !self.walls.blocks(u, v, &mut self.effort)
            && self.rings.locate(Doubled::middle(u, v)) != Where::Outside
    }

    /// Whether a walk from `from` may turn at `corner`: all lines that meet there
    /// lie to one side, so that it goes round them and not through them.
    pub fn turns_round(&self, from: Position, corner: Position) -> bool {
        turns_round(from, corner, self.arms_at(corner))
    }

    /// The far ends of the lines that meet in a position.
    pub fn arms_at(&self, corner: Position) -> &[Position] {
        self.arms.get(&corner).map_or(&[], Vec::as_slice)
    }
}

/// Whether the line that comes from `from` leaves all `arms` of `corner` on one
/// side.
pub(super) fn turns_round(from: Position, corner: Position, arms: &[Position]) -> bool {
    let mut sides = arms
        .iter()
        .map(|arm| side(from, corner, *arm))
        .filter(|side| side.is_ne());
    let first = sides.next().unwrap_or(Ordering::Equal);
    sides.all(|side| side == first)
}
