//! The area where there is no street: a disc.

use super::{MultiPolygon, lattice::degrees_of};
use crate::coordinates::Point;

/// Corners of a disc. At 30 minutes a side stays within three metres of the arc.
const CORNERS: u32 = 72;
/// Units in a degree.
const UNITS: f64 = 1e7;

/// The disc of `radius_m` metres around a point, or what is enclosed by those
/// around several (the doors of a house). Nothing barred is left out. Larger discs
/// around the same points contain the smaller ones.
#[must_use]
pub fn discs(centres: &[Point], radius_m: f64) -> MultiPolygon {
    let corners = centres.iter().flat_map(|centre| {
        let [lat, lon] = degrees_of(radius_m, centre.lat);
        let units = |degrees: f64, at_most: f64| (degrees.clamp(-at_most, at_most) * UNITS).round() as i64;
        (0..CORNERS).map(move |corner| {
            let (sine, cosine) = (f64::from(corner) / f64::from(CORNERS) * std::f64::consts::TAU).sin_cos();
            [
                units(centre.lon + lon * cosine, 180.0),
                units(centre.lat + lat * sine, 90.0),
            ]
        })
    });
    let hull = hull(corners.collect());
    if hull.len() < 3 {
        return Vec::new();
    }
    let ring = hull.iter().chain(hull.first());
    vec![vec![
        ring.map(|corner| corner.map(|units| units as f64 / UNITS)).collect(),
    ]]
}

/// The corners of what encloses all points, counter-clockwise (Andrew's chain).
fn hull(mut points: Vec<[i64; 2]>) -> Vec<[i64; 2]> {
    points.sort_unstable();
    points.dedup();
    let mut chain = half(points.iter());
    let back = half(points.iter().rev());
    chain.pop();
    chain.extend(back);
    chain.pop();
    chain
}

/// The half of the hull to the right of the way from the first point to the last.
fn half<'a>(points: impl Iterator<Item = &'a [i64; 2]>) -> Vec<[i64; 2]> {
    let mut chain: Vec<[i64; 2]> = Vec::new();
    for point in points {
        while let [.., before, last] = chain.as_slice() {
            let of = |axis: usize, of: &[i64; 2]| i128::from(of[axis] - before[axis]);
            if of(0, last) * of(1, point) - of(1, last) * of(0, point) > 0 {
                break;
            }
            chain.pop();
        }
        chain.push(*point);
    }
    chain
}
