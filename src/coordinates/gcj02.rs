//! The shift of GCJ-02 and Baidu's on top of it, without regard to borders.

use super::{PI, Point};

/// Semi-major axis of the Krasovsky 1940 ellipsoid, metres.
const KRASOVSKY_A_M: f64 = 6_378_245.0;
/// Its first eccentricity, squared.
const KRASOVSKY_E2: f64 = 0.006_693_421_622_965_943;
/// Where the polynomials have their origin.
const ORIGIN: Point = Point { lat: 35.0, lon: 105.0 };

/// WGS-84 to GCJ-02.
pub(super) fn shift(point: Point) -> Point {
    let (east_m, north_m) = offset_m(point.lon - ORIGIN.lon, point.lat - ORIGIN.lat);
    let latitude = point.lat.to_radians();
    let w2 = 1.0 - KRASOVSKY_E2 * latitude.sin().powi(2);
    let w = w2.sqrt();
    // Radii of curvature along the meridian and across it.
    let meridian_m = KRASOVSKY_A_M * (1.0 - KRASOVSKY_E2) / (w2 * w);
    let parallel_m = KRASOVSKY_A_M / w * latitude.cos();
    Point {
        lat: point.lat + (north_m / meridian_m).to_degrees(),
        lon: point.lon + (east_m / parallel_m).to_degrees(),
    }
}

/// Metres east and north, `x` degrees east and `y` degrees north of [`ORIGIN`].
fn offset_m(x: f64, y: f64) -> (f64, f64) {
    let root = x.abs().sqrt();
    let fine = waves(x, &[(20.0, 6.0), (20.0, 2.0)]);
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + fine
        + waves(
            y,
            &[(20.0, 1.0), (40.0, 1.0 / 3.0), (160.0, 1.0 / 12.0), (320.0, 1.0 / 30.0)],
        );
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + fine
        + waves(
            x,
            &[(20.0, 1.0), (40.0, 1.0 / 3.0), (150.0, 1.0 / 12.0), (300.0, 1.0 / 30.0)],
        );
    (east, north)
}

/// Two thirds of the sum of sines, each of an amplitude in metres and a
/// frequency in half-turns a degree.
fn waves(degrees: f64, terms: &[(f64, f64)]) -> f64 {
    let sum: f64 = terms
        .iter()
        .map(|(amplitude, frequency)| amplitude * (degrees * frequency * PI).sin())
        .sum();
    sum * 2.0 / 3.0
}

/// WGS-84 to BD-09: GCJ-02, turned and stretched by a ripple about the origin
/// of coordinates, then moved.
pub(super) fn shift_baidu(point: Point) -> Point {
    const RIPPLE: f64 = PI * 3000.0 / 180.0;
    let Point { lat: y, lon: x } = shift(point);
    let radius = x.hypot(y) + 0.000_02 * (y * RIPPLE).sin();
    let angle = y.atan2(x) + 0.000_003 * (x * RIPPLE).cos();
    Point {
        lat: radius * angle.sin() + 0.006,
        lon: radius * angle.cos() + 0.006_5,
    }
}
