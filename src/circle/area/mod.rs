//! The ground around the streets that a walk reaches, as polygons: one for each
//! band of minutes.
//!
//! The ground is a lattice of points some metres apart. Each belongs to the
//! street that is nearest to it on foot, without crossing a wall, water, a railway
//! or a motorway, and has that street's seconds; a band is the points that have
//! at most so many, and its outline runs between them ([`contour`]). So whatever
//! is nearer to a street that was not reached stays out, the far bank stays out,
//! and a band contains every smaller one, since it has all its points and more.
//!
//! Ground further off than [`AROUND_M`] belongs to nobody, except between streets
//! that enclose it. Streets themselves always lie within their band.
//!
//! [`ground`] gathers the lines, [`bands`] draws them: no HTTP, no input or output.

mod barred;
mod contour;
mod disc;
mod field;
pub mod ground;
mod lattice;
pub mod routes;
#[cfg(test)]
mod tests;
mod view;

pub use disc::discs;

use crate::coordinates::Point;
use barred::Barred;
use field::Field;
use lattice::Lattice;

/// How far the ground reaches from a street, in metres.
pub const AROUND_M: f64 = 25.0;

/// A closed ring of positions, longitude first, the first repeated at the end.
pub type Ring = Vec<[f64; 2]>;

/// Polygons as RFC 7946 has them: of each the outer ring, counter-clockwise, then
/// its holes, clockwise.
pub type MultiPolygon = Vec<Vec<Ring>>;

/// A stretch of street, or a straight leg off the street or over a square, that the
/// walk reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct ReachedStreet {
    /// At least two points.
    pub line: Vec<Point>,
    /// Seconds of walking at each of them; between two they grow evenly.
    pub seconds: Vec<f32>,
    /// Whether there is no ground beside it: a bridge, a tunnel, a pier.
    pub narrow: bool,
}

/// A stretch of street that the walk does not reach.
#[derive(Debug, Clone, PartialEq)]
pub struct UnreachedStreet {
    /// At least two points.
    pub line: Vec<Point>,
    /// As in [`ReachedStreet`].
    pub narrow: bool,
}

/// What lies in a [`Window`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ground {
    /// All that is reached, in any band.
    pub reached: Vec<ReachedStreet>,
    /// All other streets.
    pub unreached: Vec<UnreachedStreet>,
    /// What nobody crosses off the street: pieces of walls, shores, rails.
    pub barriers: Vec<[Point; 2]>,
}

/// A box in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Its south-western corner.
    pub min: Point,
    /// Its north-eastern corner.
    pub max: Point,
}

impl Window {
    /// The box around all that is reached and the ground beside it; `None` where
    /// nothing is.
    #[must_use]
    pub fn around(reached: &[ReachedStreet]) -> Option<Self> {
        let points = || reached.iter().flat_map(|street| &street.line).filter(|p| p.is_valid());
        let first = *points().next()?;
        let mut window = Self { min: first, max: first };
        for point in points() {
            window.min.lat = window.min.lat.min(point.lat);
            window.min.lon = window.min.lon.min(point.lon);
            window.max.lat = window.max.lat.max(point.lat);
            window.max.lon = window.max.lon.max(point.lon);
        }
        let [lat, lon] = lattice::degrees_of(2.0 * AROUND_M, window.min.lat.abs().max(window.max.lat.abs()));
        window.min = Point::new(window.min.lat - lat, window.min.lon - lon);
        window.max = Point::new(window.max.lat + lat, window.max.lon + lon);
        Some(window)
    }
}

/// The ground that is reached within each of `limits_s` seconds, in their order.
/// Nothing where nothing is reached.
///
/// The work is bounded whatever the lines are: the lattice has at most some
/// hundred thousand points, and is coarser where there is more to draw.
#[must_use]
pub fn bands(ground: &Ground, limits_s: &[f32]) -> Vec<MultiPolygon> {
    let Some(window) = Window::around(&ground.reached) else {
        return vec![Vec::new(); limits_s.len()];
    };
    let lattice = Lattice::over(&window, metres_of_lines(ground));
    let barred = Barred::of(&lattice, &ground.barriers);
    let field = Field::of(&lattice, &barred, ground);
    limits_s
        .iter()
        .map(|limit_s| contour::outline(&lattice, &barred, &field, *limit_s))
        .collect()
}

/// How much there is to draw, in metres.
fn metres_of_lines(ground: &Ground) -> f64 {
    let of_line = |line: &[Point]| -> f64 { line.windows(2).map(|pair| pair[0].metres_to(pair[1])).sum() };
    let reached: f64 = ground.reached.iter().map(|street| of_line(&street.line)).sum();
    let unreached: f64 = ground.unreached.iter().map(|street| of_line(&street.line)).sum();
    let barriers: f64 = ground.barriers.iter().map(|barrier| of_line(barrier)).sum();
    reached + unreached + barriers
}
