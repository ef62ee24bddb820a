//! Lines in fixed point, asked exactly: whole numbers do not round, so that two
//! lines either meet or do not.

use crate::circle::streets::boxes::{self, Boxes};
use crate::circle::streets::layout::{Box2, Position};
use std::cmp::Ordering;

/// A place in half units, so that the middle between two positions is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Doubled {
    lat: i64,
    lon: i64,
}

impl Doubled {
    pub fn middle(a: Position, b: Position) -> Self {
        Self {
            lat: i64::from(a.lat) + i64::from(b.lat),
            lon: i64::from(a.lon) + i64::from(b.lon),
        }
    }
}

impl From<Position> for Doubled {
    fn from(at: Position) -> Self {
        Self::middle(at, at)
    }
}

/// On which side of the line from `a` to `b` the place lies: `Greater` to the left.
pub(super) fn side(a: Position, b: Position, place: impl Into<Doubled>) -> Ordering {
    let (a, b, place) = (Doubled::from(a), Doubled::from(b), place.into());
    let [along, up] = [b.lon - a.lon, b.lat - a.lat].map(i128::from);
    let [east, north] = [place.lon - a.lon, place.lat - a.lat].map(i128::from);
    (along * north).cmp(&(up * east))
}

/// How a place lies to rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Where {
    Inside,
    Outside,
    OnTheLine,
}

#[derive(Debug, Clone, Copy)]
struct Line {
    a: Position,
    b: Position,
    owner: u32,
}

impl Line {
    fn window(&self) -> Box2 {
        Box2::EMPTY.with(self.a).with(self.b)
    }

    fn blocks(&self, u: Position, v: Position) -> bool {
        blocks(self.a, self.b, u, v)
    }
}

/// Whether the line from `a` to `b` stands in the way of who walks from `u` to
/// `v`: crosses the walk, or has an end on it. What only touches an end of the
/// walk does not.
pub(super) fn blocks(a: Position, b: Position, u: Position, v: Position) -> bool {
    let (side_a, side_b) = (side(u, v, a), side(u, v, b));
    let between = |end: Position| {
        let window = Box2::EMPTY.with(u).with(v);
        end != u && end != v && window.meets(&Box2::EMPTY.with(end))
    };
    if side_a.is_eq() && between(a) || side_b.is_eq() && between(b) {
        return true;
    }
    let apart = |one: Ordering, other: Ordering| one.is_ne() && one == other.reverse();
    apart(side_a, side_b) && apart(side(a, b, u), side(a, b, v))
}

/// Into how many windows a line is cut at most, so that a long slanting one does
/// not ask for all within its box.
const PIECES: i64 = 16;

/// A set of lines with an index. Each has a number that says whose it is.
#[derive(Debug, Default)]
pub(super) struct Fence {
    lines: Vec<Line>,
    boxes: Vec<Box2>,
    /// How wide it is at most, in units.
    span: i64,
}

impl Fence {
    pub fn add(&mut self, a: Position, b: Position, owner: u32) {
        self.lines.push(Line { a, b, owner });
    }

    pub fn add_ring(&mut self, ring: &[Position], owner: u32) {
        for (a, b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
            self.add(*a, *b, owner);
        }
    }

    /// To be called when all lines are there, before anything is asked.
    pub fn index(&mut self) {
        self.boxes = boxes::pack(&mut self.lines, Line::window);
        let all = self.window();
        self.span = [(all.min.lat, all.max.lat), (all.min.lon, all.max.lon)]
            .map(|(low, high)| i64::from(high) - i64::from(low))
            .into_iter()
            .fold(1, i64::max);
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// The ends of each line.
    pub fn lines(&self) -> impl Iterator<Item = [Position; 2]> {
        self.lines.iter().map(|line| [line.a, line.b])
    }

    /// The box around all lines.
    pub fn window(&self) -> Box2 {
        self.boxes.last().copied().unwrap_or(Box2::EMPTY)
    }

    fn tree(&self) -> Boxes<'_> {
        Boxes::of_checked(&self.boxes, self.lines.len())
    }

    /// Whether a line stands in the way from `u` to `v`. Each line looked at is
    /// taken from `effort`; once there is none left the way counts as blocked.
    pub fn blocks(&self, u: Position, v: Position, effort: &mut u64) -> bool {
        let way = [(u.lat, v.lat), (u.lon, v.lon)].map(|(from, to)| i64::from(to) - i64::from(from));
        let longest = way.into_iter().map(i64::abs).fold(0, i64::max);
        let pieces = (longest.saturating_mul(PIECES) / self.span.max(1)).clamp(1, PIECES);
        let at = |piece: i64| Position {
            // Between two `i32`.
            lat: (i64::from(u.lat) + way[0] * piece / pieces) as i32,
            lon: (i64::from(u.lon) + way[1] * piece / pieces) as i32,
        };
        let mut blocked = false;
        for piece in 0..pieces {
            let window = Box2::EMPTY.with(at(piece)).with(at(piece + 1));
            self.tree().each_in(&widened(window), |leaf| {
                let left = effort.checked_sub(1);
                *effort = left.unwrap_or_default();
                blocked = left.is_none() || self.lines[leaf].blocks(u, v);
                !blocked
            });
            if blocked {
                return true;
            }
        }
        false
    }

    /// The owner of each line that a ray from `place` to the east meets.
    pub fn each_east_of(&self, place: Doubled, mut found: impl FnMut(u32)) {
        self.scan_east(place, |line| found(line.owner));
    }

    /// Whether `place` is inside, by the rings that the lines are.
    pub fn locate(&self, place: Doubled) -> Where {
        let mut inside = false;
        if self.scan_east(place, |_| inside = !inside) {
            Where::OnTheLine
        } else if inside {
            Where::Inside
        } else {
            Where::Outside
        }
    }

    /// Returns whether `place` lies on a line.
    fn scan_east(&self, place: Doubled, mut found: impl FnMut(&Line)) -> bool {
        // Halves of what came of `i32`, so that they fit again.
        let half = |units: i64| units.div_euclid(2) as i32;
        let window = Box2 {
            min: Position {
                lat: half(place.lat),
                lon: half(place.lon),
            },
            max: Position {
                lat: half(place.lat + 1),
                lon: i32::MAX,
            },
        };
        let mut on_a_line = false;
        self.tree().each_in(&window, |leaf| {
            let line = &self.lines[leaf];
            match ray(line.a, line.b, place) {
                Ray::Meets => found(line),
                Ray::StartsOnIt => on_a_line = true,
                Ray::Misses => {}
            }
            true
        });
        on_a_line
    }
}

/// How a ray to the east meets a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ray {
    Meets,
    Misses,
    StartsOnIt,
}

fn ray(a: Position, b: Position, from: Doubled) -> Ray {
    let (low, high) = if a.lat <= b.lat { (a, b) } else { (b, a) };
    let left = side(low, high, from);
    let [south, north] = [low, high].map(Doubled::from);
    let beside = (south.lat..=north.lat).contains(&from.lat)
        && (south.lon.min(north.lon)..=south.lon.max(north.lon)).contains(&from.lon);
    if left.is_eq() && beside {
        Ray::StartsOnIt
    } else if left.is_gt() && (south.lat..north.lat).contains(&from.lat) {
        // Of the two ends the lower counts, so that a corner is met once.
        Ray::Meets
    } else {
        Ray::Misses
    }
}

/// How `place` lies to rings, by a look at each of their lines.
pub(super) fn locate_among(lines: impl Iterator<Item = [Position; 2]>, place: Doubled) -> Where {
    let mut inside = false;
    for [a, b] in lines {
        match ray(a, b, place) {
            Ray::Meets => inside = !inside,
            Ray::StartsOnIt => return Where::OnTheLine,
            Ray::Misses => {}
        }
    }
    if inside { Where::Inside } else { Where::Outside }
}

/// A unit more on each side, for what was lost in dividing.
fn widened(window: Box2) -> Box2 {
    Box2 {
        min: Position {
            lat: window.min.lat.saturating_sub(1),
            lon: window.min.lon.saturating_sub(1),
        },
        max: Position {
            lat: window.max.lat.saturating_add(1),
            lon: window.max.lon.saturating_add(1),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::{Fence, Where};
    use crate::circle::streets::layout::Position;
    use proptest::prelude::*;

    fn at(lon: i32, lat: i32) -> Position {
        Position { lat, lon }
    }

    /// An L of 10 by 10 whose upper right quarter is missing.
    fn an_l() -> Fence {
        let mut fence = Fence::default();
        fence.add_ring(&[at(0, 0), at(10, 0), at(10, 5), at(5, 5), at(5, 10), at(0, 10)], 0);
        fence.index();
        fence
    }

    #[test]
    fn inside_outside_and_on_the_line() {
        let fence = an_l();
        let locate = |lon, lat| fence.locate(at(lon, lat).into());
        assert_eq!(locate(2, 2), Where::Inside);
        // At the height of a corner.
        assert_eq!(locate(2, 5), Where::Inside);
        assert_eq!(locate(-1, 5), Where::Outside);
        assert_eq!(locate(-1, 0), Where::Outside);
        assert_eq!(locate(7, 7), Where::Outside);
        assert_eq!(locate(7, 5), Where::OnTheLine);
        assert_eq!(locate(10, 5), Where::OnTheLine);
        assert_eq!(locate(0, 0), Where::OnTheLine);
    }

    #[test]
    fn a_line_is_blocked_by_what_it_crosses_and_by_corners_it_meets() {
        let fence = an_l();
        let blocks = |from, to| fence.blocks(from, to, &mut 1_000);
        assert!(!blocks(at(1, 1), at(4, 9)));
        assert!(blocks(at(9, 4), at(4, 9)));
        // Through the corner (5, 5), and only to it.
        assert!(blocks(at(8, 2), at(2, 8)));
        assert!(!blocks(at(8, 2), at(5, 5)));
        assert!(!blocks(at(1, 1), at(1, 2)));
        assert!(fence.blocks(at(1, 1), at(1, 2), &mut 0), "no effort is left");
    }

    proptest! {
        #![proptest_config(ProptestConfig {
        cases: 256,
        rng_seed: proptest::test_runner::RngSeed::Fixed(7),
        ..ProptestConfig::default()
    })]

        #[test]
        fn the_index_loses_no_line_that_is_in_the_way(
            lines in proptest::collection::vec(((-300..300_i32, -300..300_i32), (-300..300_i32, -300..300_i32)), 1..80),
            from in (-300..300_i32, -300..300_i32),
            to in (-300..300_i32, -300..300_i32),
        ) {
            let mut fence = Fence::default();
            for (a, b) in &lines {
                fence.add(at(a.0, a.1), at(b.0, b.1), 0);
            }
            fence.index();
            let (from, to) = (at(from.0, from.1), at(to.0, to.1));
            let looked_at_all = fence.lines.iter().any(|line| line.blocks(from, to));
            prop_assert_eq!(fence.blocks(from, to, &mut u64::MAX.clone()), looked_at_all);
            prop_assert_eq!(fence.blocks(to, from, &mut u64::MAX.clone()), looked_at_all);
        }
    }
}
