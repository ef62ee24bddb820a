//! Rings are compared in whole units of 1e-7 degrees, where all is exact.

mod cases;
mod cities;
mod properties;

use super::{Ground, MultiPolygon, ReachedStreet, Ring, UnreachedStreet, bands};
use crate::coordinates::{LocalMetres, Point};

const MIDDLE: Point = Point::new(31.2, 112.6);

/// The point so many metres east and north of the middle.
fn at([east, north]: [f64; 2]) -> Point {
    LocalMetres::around(MIDDLE).point([east, north])
}

fn line(points: &[[f64; 2]]) -> Vec<Point> {
    points.iter().map(|point| at(*point)).collect()
}

/// A street with its seconds.
fn reached(points: &[([f64; 2], f32)]) -> ReachedStreet {
    ReachedStreet {
        line: points.iter().map(|(point, _)| at(*point)).collect(),
        seconds: points.iter().map(|(_, seconds)| *seconds).collect(),
        narrow: false,
    }
}

fn unreached(points: &[[f64; 2]]) -> UnreachedStreet {
    UnreachedStreet {
        line: line(points),
        narrow: false,
    }
}

fn barriers(points: &[[f64; 2]]) -> Vec<[Point; 2]> {
    points.windows(2).map(|pair| [at(pair[0]), at(pair[1])]).collect()
}

type Units = [i64; 2];

fn units(position: [f64; 2]) -> Units {
    position.map(|degrees| (degrees * 1e7).round() as i64)
}

fn unit_rings(area: &MultiPolygon) -> Vec<Vec<Units>> {
    area.iter()
        .flatten()
        .map(|ring| ring.iter().map(|position| units(*position)).collect())
        .collect()
}

/// Which side of a → b is c: positive left, zero on it.
fn side(a: Units, b: Units, c: Units) -> i128 {
    let of = |units: Units| units.map(i128::from);
    let ([ax, ay], [bx, by], [cx, cy]) = (of(a), of(b), of(c));
    (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
}

fn sides_of(rings: &[Vec<Units>]) -> Vec<[Units; 2]> {
    rings
        .iter()
        .flat_map(|ring| ring.windows(2).map(|pair| [pair[0], pair[1]]))
        .collect()
}

fn is_on([a, b]: [Units; 2], p: Units) -> bool {
    side(a, b, p) == 0 && (0..2).all(|axis| a[axis].min(b[axis]) <= p[axis] && p[axis] <= a[axis].max(b[axis]))
}

/// 1 inside, 0 on a ring, -1 outside: by how many sides a ray to the east crosses.
fn place(sides: &[[Units; 2]], p: Units) -> i32 {
    let mut is_in = false;
    for [a, b] in sides {
        if a[1].min(b[1]) > p[1] || a[1].max(b[1]) < p[1] {
            continue;
        }
        if is_on([*a, *b], p) {
            return 0;
        }
        if (a[1] > p[1]) != (b[1] > p[1]) && (side(*a, *b, p) > 0) == (b[1] > a[1]) {
            is_in = !is_in;
        }
    }
    if is_in { 1 } else { -1 }
}

/// Whether two sides cross in the middle of both.
fn cross([a, b]: [Units; 2], [c, d]: [Units; 2]) -> bool {
    let opposite = |s: i128, t: i128| (s > 0 && t < 0) || (s < 0 && t > 0);
    opposite(side(a, b, c), side(a, b, d)) && opposite(side(c, d, a), side(c, d, b))
}

fn west_end(side: &[Units; 2]) -> i64 {
    side[0][0].min(side[1][0])
}

/// That an area is what RFC 7946 wants and that its rings are simple and apart.
fn is_sound(area: &MultiPolygon) -> Result<(), String> {
    for polygon in area {
        for (number, ring) in polygon.iter().enumerate() {
            is_closed(ring)?;
            let rings: Vec<Units> = ring.iter().map(|position| units(*position)).collect();
            let doubled: i128 = rings
                .windows(2)
                .map(|pair| {
                    i128::from(pair[0][0]) * i128::from(pair[1][1]) - i128::from(pair[1][0]) * i128::from(pair[0][1])
                })
                .sum();
            if (doubled > 0) != (number == 0) || doubled == 0 {
                return Err(format!("ring {number} runs the wrong way round"));
            }
        }
        let outer = sides_of(&[polygon[0].iter().map(|position| units(*position)).collect()]);
        for hole in &polygon[1..] {
            if place(&outer, units(hole[0])) != 1 {
                return Err("a hole outside its polygon".into());
            }
        }
    }
    let rings = unit_rings(area);
    let mut corners: Vec<Units> = rings.iter().flat_map(|ring| ring[1..].to_vec()).collect();
    let count = corners.len();
    corners.sort_unstable();
    corners.dedup();
    if corners.len() != count {
        return Err("rings touch".into());
    }
    let mut sides = sides_of(&rings);
    sides.sort_unstable_by_key(west_end);
    for (number, one) in sides.iter().enumerate() {
        let east_end = one[0][0].max(one[1][0]);
        for other in sides[number + 1..]
            .iter()
            .take_while(|other| west_end(other) <= east_end)
        {
            let joined = one[1] == other[0] || one[0] == other[1];
            let touch = [other[0], other[1]].into_iter().any(|end| is_on(*one, end))
                || [one[0], one[1]].into_iter().any(|end| is_on(*other, end));
            if cross(*one, *other) || (touch && !joined) {
                return Err(format!("sides {one:?} and {other:?} meet"));
            }
        }
    }
    Ok(())
}

fn is_closed(ring: &Ring) -> Result<(), String> {
    (ring.len() >= 4 && ring.first() == ring.last())
        .then_some(())
        .ok_or_else(|| format!("no closed ring: {ring:?}"))
}

/// That every point of the smaller area is one of the larger, exactly.
fn contains(larger: &MultiPolygon, smaller: &MultiPolygon) -> Result<(), String> {
    let (mut large, small) = (sides_of(&unit_rings(larger)), sides_of(&unit_rings(smaller)));
    large.sort_unstable_by_key(west_end);
    for one in &small {
        if place(&large, one[0]) < 0 {
            return Err(format!("{:?} is not in the larger band", one[0]));
        }
        let east_end = one[0][0].max(one[1][0]);
        let mut near = large.iter().take_while(|other| west_end(other) <= east_end);
        if let Some(other) = near.find(|other| cross(*one, **other)) {
            return Err(format!("{one:?} crosses {other:?}"));
        }
    }
    match large.iter().find(|other| place(&small, other[0]) > 0) {
        Some(other) => Err(format!("{:?} of the larger band is inside the smaller", other[0])),
        None => Ok(()),
    }
}

fn holds(area: &MultiPolygon, point: Point) -> bool {
    place(&sides_of(&unit_rings(area)), units([point.lon, point.lat])) > 0
}

fn holds_at(area: &MultiPolygon, metres: [f64; 2]) -> bool {
    holds(area, at(metres))
}

/// Square metres.
fn size_m2(area: &MultiPolygon) -> f64 {
    let frame = LocalMetres::around(MIDDLE);
    area.iter()
        .flatten()
        .map(|ring| {
            let metres: Vec<[f64; 2]> = ring
                .iter()
                .map(|[lon, lat]| frame.east_north(Point::new(*lat, *lon)))
                .collect();
            metres
                .windows(2)
                .map(|pair| pair[0][0] * pair[1][1] - pair[1][0] * pair[0][1])
                .sum::<f64>()
                / 2.0
        })
        .sum()
}

fn one_band(ground: &Ground, limit_s: f32) -> MultiPolygon {
    let area = bands(ground, &[limit_s]).remove(0);
    is_sound(&area).unwrap();
    area
}
