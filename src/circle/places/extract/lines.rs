//! Lines on the ground, found by where they are, and the little geometry that
//! doors need.

use crate::circle::streets::{Box2, Boxes, Position, pack};
use crate::coordinates::{LocalMetres, Point};

/// A straight piece of something.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<T> {
    pub a: Point,
    pub b: Point,
    /// What it is a piece of.
    pub of: T,
}

/// Lines with a tree over them.
#[derive(Debug)]
pub(super) struct Lines<T> {
    lines: Vec<Line<T>>,
    boxes: Vec<Box2>,
}

impl<T: Copy> Lines<T> {
    pub fn new(mut lines: Vec<Line<T>>) -> Self {
        let boxes = pack(&mut lines, |line| box_of(&[line.a, line.b]));
        Self { lines, boxes }
    }

    /// Calls `found` with each line that may lie within `metres` of the box
    /// around `points`, until it returns `false`.
    pub fn each_near(&self, points: &[Point], metres: f64, mut found: impl FnMut(&Line<T>) -> bool) {
        if points.is_empty() {
            return;
        }
        let tree = Boxes::of_checked(&self.boxes, self.lines.len());
        tree.each_in(&widened(points, metres), |at| self.lines.get(at).is_none_or(&mut found));
    }
}

/// The box around points.
pub(super) fn box_of(points: &[Point]) -> Box2 {
    points
        .iter()
        .fold(Box2::EMPTY, |all, point| all.with(Position::of(*point)))
}

/// The box around points and all within `metres` of it.
pub(super) fn widened(points: &[Point], metres: f64) -> Box2 {
    points.iter().fold(Box2::EMPTY, |all, point| {
        let frame = LocalMetres::around(*point);
        // At the poles a metre is any number of degrees.
        let of = |east_north| {
            let point = frame.point(east_north);
            Position::of(Point::new(point.lat, point.lon.clamp(-180.0, 180.0)))
        };
        all.with(of([-metres, -metres])).with(of([metres, metres]))
    })
}

/// The point of the line from `a` to `b` nearest to `to`, how many metres off it
/// is, and where on the line it lies, from 0 to 1.
pub(super) fn nearest_on(to: Point, a: Point, b: Point) -> (Point, f64, f64) {
    let frame = LocalMetres::around(to);
    let ([ax, ay], [bx, by]) = (frame.east_north(a), frame.east_north(b));
    let (dx, dy) = (bx - ax, by - ay);
    let squared = dx * dx + dy * dy;
    let share = if squared > 0.0 {
        (-(ax * dx + ay * dy) / squared).clamp(0.0, 1.0)
    } else {
        0.0
    };
    let at = [ax + share * dx, ay + share * dy];
    (along(a, b, share), at[0].hypot(at[1]), share)
}

/// The point at `share` of the line from `a` to `b`.
pub(super) fn along(a: Point, b: Point, share: f64) -> Point {
    if share <= 0.0 {
        return a;
    }
    if share >= 1.0 {
        return b;
    }
    Point::new(a.lat + share * (b.lat - a.lat), a.lon + share * (b.lon - a.lon))
}

/// Where on the line from `a` to `b` (0 to 1) the one from `c` to `d` meets it.
/// None for lines side by side.
pub(super) fn meeting(a: Point, b: Point, c: Point, d: Point) -> Option<f64> {
    let (ux, uy) = (b.lon - a.lon, b.lat - a.lat);
    let (vx, vy) = (d.lon - c.lon, d.lat - c.lat);
    let (wx, wy) = (c.lon - a.lon, c.lat - a.lat);
    let cross = ux * vy - uy * vx;
    if cross == 0.0 {
        return None;
    }
    let on_first = (wx * vy - wy * vx) / cross;
    let on_second = (wx * uy - wy * ux) / cross;
    let on = 0.0..=1.0;
    (on.contains(&on_first) && on.contains(&on_second)).then_some(on_first)
}

/// At most `most` of the items, as far from one another as they come; the first
/// is among them.
pub(super) fn spread<T>(items: Vec<T>, most: usize, point: impl Fn(&T) -> Point) -> Vec<T> {
    if items.len() <= most {
        return items;
    }
    let mut distance_m = vec![f64::INFINITY; items.len()];
    let mut kept = vec![false; items.len()];
    let mut next = 0;
    for _ in 0..most {
        let Some((chosen, slot)) = items.get(next).zip(kept.get_mut(next)) else {
            break;
        };
        *slot = true;
        let from = point(chosen);
        let mut farthest = (0, -1.0);
        for (at, (item, least_m)) in items.iter().zip(&mut distance_m).enumerate() {
            *least_m = least_m.min(point(item).metres_to(from));
            if *least_m > farthest.1 {
                farthest = (at, *least_m);
            }
        }
        next = farthest.0;
    }
    let mut kept = kept.into_iter();
    items.into_iter().filter(|_| kept.next() == Some(true)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_point_of_a_line_is_its_foot_or_its_end() {
        let (a, b) = (Point::new(0.0, 0.0), Point::new(0.0, 0.002));
        let (foot, metres, share) = nearest_on(Point::new(0.0001, 0.001), a, b);
        // 0.0001 degrees of latitude are 11.12 m.
        assert!(
            (metres - 11.12).abs() < 0.01 && (share - 0.5).abs() < 1e-9,
            "{metres} {share}"
        );
        assert!((foot.lon - 0.001).abs() < 1e-9);
        assert_eq!(nearest_on(Point::new(0.0, 0.003), a, b).0, b);
        assert_eq!(nearest_on(Point::new(0.0, 0.003), a, a).0, a);
    }

    #[test]
    fn lines_meet_where_they_cross_or_touch() {
        let p = Point::new;
        assert_eq!(meeting(p(0.0, 0.0), p(0.0, 2.0), p(-1.0, 1.0), p(1.0, 1.0)), Some(0.5));
        assert_eq!(meeting(p(0.0, 0.0), p(0.0, 2.0), p(0.0, 1.0), p(1.0, 1.0)), Some(0.5));
        assert_eq!(meeting(p(0.0, 0.0), p(0.0, 2.0), p(0.1, 1.0), p(1.0, 1.0)), None);
        assert_eq!(meeting(p(0.0, 0.0), p(0.0, 2.0), p(0.0, 0.0), p(0.0, 2.0)), None);
    }

    #[test]
    fn what_is_too_much_is_thinned_evenly() {
        let points: Vec<Point> = (0..100).map(|at| Point::new(0.0, f64::from(at) * 0.001)).collect();
        let kept = spread(points, 4, |point| *point);
        let lons: Vec<f64> = kept.iter().map(|point| (point.lon * 1000.0).round()).collect();
        // The first, the farthest from it, the middle, then the middle of a half.
        assert_eq!(lons.len(), 4);
        assert_eq!((lons[0], lons[3]), (0.0, 99.0));
        assert!(lons[1] >= 24.0 && lons[2] <= 75.0, "{lons:?}");
    }
}
