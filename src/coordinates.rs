//! Points on the earth, and the coordinate systems that Chinese maps use.
//!
//! Inside OneGrid everything is WGS-84. What comes in or goes out in another
//! system is converted here:
//!
//! - **CGCS2000**, the national system, agrees with WGS-84 within decimetres
//!   (both are geocentric and differ in epoch and reference frame), less than
//!   any map knows: it is taken as equal.
//! - **GCJ-02** is the shift that public maps of China must carry (GB 20263).
//!   The formula was never issued; the one used here is what is known of it,
//!   a sum of sines on the Krasovsky 1940 ellipsoid, and what every published
//!   converter computes.
//! - **BD-09** is Baidu's further shift of GCJ-02.
//!
//! Outside China there is no shift; [`SHIFTED`] says where that is.

use serde::{Deserialize, Serialize};
use std::f64::consts::PI;
use std::fmt;
use std::str::FromStr;

mod gcj02;
mod local;

pub use local::LocalMetres;

/// Mean radius of WGS-84, (2a + b) / 3, in metres: the sphere on which lengths are measured.
pub const EARTH_RADIUS_M: f64 = 6_371_008.771_4;

/// A point in WGS-84, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Latitude, −90 to 90.
    pub lat: f64,
    /// Longitude, −180 to 180.
    pub lon: f64,
}

impl Point {
    /// The point at `lat`, `lon` degrees.
    pub const fn new(lat: f64, lon: f64) -> Self {
        Self { lat, lon }
    }

    /// Whether both numbers are finite and on the earth.
    pub fn is_valid(self) -> bool {
        in_range(self.lat, self.lon)
    }

    /// The great-circle distance in metres (haversine on the mean radius):
    /// within 0.6 % of the geodesic, and exact enough at walking distances.
    pub fn metres_to(self, other: Point) -> f64 {
        let (lat_1, lat_2) = (self.lat.to_radians(), other.lat.to_radians());
        let half_lat = (lat_2 - lat_1) / 2.0;
        let half_lon = (other.lon - self.lon).to_radians() / 2.0;
        let chord = half_lat.sin().powi(2) + lat_1.cos() * lat_2.cos() * half_lon.sin().powi(2);
        2.0 * EARTH_RADIUS_M * chord.sqrt().min(1.0).asin()
    }
}

/// Whether `lat` and `lon` are finite and within −90 to 90 and −180 to 180.
pub fn in_range(lat: f64, lon: f64) -> bool {
    // A comparison with NaN is false, so that no separate check is needed.
    lat.abs() <= 90.0 && lon.abs() <= 180.0
}

/// A coordinate reference system that a client may speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Crs {
    /// What GPS receivers give, and what OneGrid keeps.
    #[default]
    Wgs84,
    /// The national system; the same within decimetres.
    Cgcs2000,
    /// The shifted system of Amap, Tencent and other public maps.
    Gcj02,
    /// Baidu's system.
    Bd09,
}

/// A name that is none of the four systems.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not one of wgs84, cgcs2000, gcj02, bd09")]
pub struct UnknownCrs(pub String);

impl Crs {
    /// All four, in the order in which documents list them.
    pub const ALL: [Crs; 4] = [Crs::Wgs84, Crs::Cgcs2000, Crs::Gcj02, Crs::Bd09];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Crs::Wgs84 => "wgs84",
            Crs::Cgcs2000 => "cgcs2000",
            Crs::Gcj02 => "gcj02",
            Crs::Bd09 => "bd09",
        }
    }

    /// From this system to WGS-84. Good to a millimetre against
    /// [`Crs::from_wgs84`]. What is not [`in_range`] comes back as it is.
    pub fn to_wgs84(self, lat: f64, lon: f64) -> Point {
        let at = Point { lat, lon };
        if !in_range(lat, lon) {
            return at;
        }
        match self {
            Crs::Wgs84 | Crs::Cgcs2000 => at,
            Crs::Gcj02 => solve(gcj02::shift, at),
            Crs::Bd09 => solve(gcj02::shift_baidu, at),
        }
    }

    /// From WGS-84 to this system, as latitude and longitude in degrees.
    /// What is not [`in_range`] comes back as it is.
    pub fn from_wgs84(self, point: Point) -> (f64, f64) {
        if !SHIFTED.contains(point) {
            return (point.lat, point.lon);
        }
        let shifted = match self {
            Crs::Wgs84 | Crs::Cgcs2000 => point,
            Crs::Gcj02 => gcj02::shift(point),
            Crs::Bd09 => gcj02::shift_baidu(point),
        };
        (shifted.lat, shifted.lon)
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Crs {
    type Err = UnknownCrs;

    fn from_str(name: &str) -> Result<Self, UnknownCrs> {
        Crs::ALL
            .into_iter()
            .find(|crs| crs.name() == name)
            .ok_or_else(|| UnknownCrs(name.to_owned()))
    }
}

/// Solves `shift(p) = target` for `p`. The shift bends by less than one part
/// in a hundred, so each round of the fixed point gains two digits.
///
/// A target that no shifted point reaches lies outside China: it is its own
/// answer, as it is where it lies outside itself (an unshifted point and a
/// shifted one may share a coordinate within a kilometre of the border).
fn solve(shift: fn(Point) -> Point, target: Point) -> Point {
    const ROUNDS: usize = 30;
    const ENOUGH_DEGREES: f64 = 1e-11;
    if !SHIFTED.contains(target) && !SHIFTED.near(target) {
        return target;
    }
    let mut guess = target;
    for _ in 0..ROUNDS {
        let reached = shift(guess);
        let (d_lat, d_lon) = (target.lat - reached.lat, target.lon - reached.lon);
        guess = Point {
            lat: guess.lat + d_lat,
            lon: guess.lon + d_lon,
        };
        if d_lat.abs() < ENOUGH_DEGREES && d_lon.abs() < ENOUGH_DEGREES {
            break;
        }
    }
    if SHIFTED.contains(guess) { guess } else { target }
}

/// Where GCJ-02 and BD-09 are shifted.
///
/// The algorithm's own rule is a box, longitude 72.004 to 137.8347 and
/// latitude 0.8293 to 55.8271, which would shift Seoul, Hanoi and Ulaanbaatar
/// too. These are the rectangles widely published as `isInsideChina` for the
/// same purpose, six within and six taken out again, with three corrections
/// where they would leave a Chinese city unshifted: Heihe (the Amur's
/// rectangle began south of it), Dongxing (the one of Quảng Ninh reached over
/// it) and Yongxing Island. Hong Kong and Macau are inside, as on Amap; Taiwan
/// is left out by the published list, since maps carry no shift there.
const SHIFTED: Area = Area {
    within: &[
        Rectangle::new(42.889_900, 49.220_400, 79.446_200, 96.330_000),
        Rectangle::new(39.374_200, 54.141_500, 109.687_200, 135.000_200),
        Rectangle::new(29.529_700, 42.889_900, 73.124_600, 124.143_255),
        Rectangle::new(26.718_600, 29.529_700, 82.968_400, 97.035_200),
        Rectangle::new(20.414_096, 29.529_700, 97.025_300, 124.367_395),
        Rectangle::new(17.871_542, 20.414_096, 107.975_793, 111.744_104),
        Rectangle::new(15.700_000, 17.871_542, 110.900_000, 113.000_000),
    ],
    without: &[
        Rectangle::new(21.785_006, 25.398_623, 119.921_265, 122.497_559),
        Rectangle::new(20.098_800, 22.284_000, 101.865_200, 106.665_000),
        Rectangle::new(20.487_800, 21.542_200, 106.452_500, 107.940_000),
        Rectangle::new(50.325_700, 55.817_500, 109.032_300, 119.127_000),
        Rectangle::new(50.275_000, 55.817_500, 127.456_800, 137.022_700),
        Rectangle::new(49.700_000, 50.275_000, 128.200_000, 137.022_700),
        Rectangle::new(42.569_200, 44.892_200, 131.266_200, 137.022_700),
    ],
};

/// Rectangles, less other rectangles.
struct Area {
    within: &'static [Rectangle],
    without: &'static [Rectangle],
}

impl Area {
    fn contains(&self, point: Point) -> bool {
        self.within.iter().any(|r| r.contains(point)) && !self.without.iter().any(|r| r.contains(point))
    }

    /// Whether a point of the area could be shifted to `point`: a shift is
    /// well under 0.03 degrees.
    fn near(&self, point: Point) -> bool {
        const REACH: f64 = 0.03;
        [(-REACH, 0.0), (REACH, 0.0), (0.0, -REACH), (0.0, REACH)]
            .into_iter()
            .any(|(d_lat, d_lon)| {
                self.contains(Point {
                    lat: point.lat + d_lat,
                    lon: point.lon + d_lon,
                })
            })
    }
}

/// A rectangle in degrees.
struct Rectangle {
    south: f64,
    north: f64,
    west: f64,
    east: f64,
}

impl Rectangle {
    const fn new(south: f64, north: f64, west: f64, east: f64) -> Self {
        Rectangle {
            south,
            north,
            west,
            east,
        }
    }

    fn contains(&self, point: Point) -> bool {
        (self.south..=self.north).contains(&point.lat) && (self.west..=self.east).contains(&point.lon)
    }
}

#[cfg(test)]
mod tests;
