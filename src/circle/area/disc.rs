//! The circle where there is no street: a disc.

use super::{MultiPolygon, lattice::degrees_of};
use crate::coordinates::Point;

/// Corners of a disc. At 30 minutes a side stays within three metres of the arc.
const CORNERS: u32 = 72;

/// The disc of `radius_m` metres around a point; nothing barred in it is left out.
/// Discs around the same point contain the smaller ones.
#[must_use]
pub fn disc(centre: Point, radius_m: f64) -> MultiPolygon {
    let [lat, lon] = degrees_of(radius_m, centre.lat);
    let round = |degrees: f64, at_most: f64| ((degrees * 1e7).round() / 1e7).clamp(-at_most, at_most);
    let mut ring: Vec<[f64; 2]> = (0..CORNERS)
        .map(|corner| {
            let (sine, cosine) = (f64::from(corner) / f64::from(CORNERS) * std::f64::consts::TAU).sin_cos();
            [
                round(centre.lon + lon * cosine, 180.0),
                round(centre.lat + lat * sine, 90.0),
            ]
        })
        .collect();
    ring.dedup();
    if ring.len() < 3 {
        return Vec::new();
    }
    ring.push(ring[0]);
    vec![vec![ring]]
}
