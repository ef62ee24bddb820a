//! Metres around a point.

use super::{EARTH_RADIUS_M, Point};

/// A flat frame of metres east and north around one point, for distances of a
/// few kilometres (equirectangular: the error at 1 km is below a millimetre
/// at mid latitudes).
#[derive(Debug, Clone, Copy)]
pub struct LocalMetres {
    origin: Point,
    metres_per_degree_lat: f64,
    metres_per_degree_lon: f64,
}

impl LocalMetres {
    /// The frame whose (0, 0) is `origin`.
    #[must_use]
    pub fn around(origin: Point) -> Self {
        let metres_per_degree_lat = EARTH_RADIUS_M.to_radians();
        Self {
            origin,
            metres_per_degree_lat,
            metres_per_degree_lon: metres_per_degree_lat * origin.lat.to_radians().cos(),
        }
    }

    /// Metres east and north of the frame's origin.
    #[must_use]
    pub fn east_north(&self, point: Point) -> [f64; 2] {
        [
            (point.lon - self.origin.lon) * self.metres_per_degree_lon,
            (point.lat - self.origin.lat) * self.metres_per_degree_lat,
        ]
    }

    /// The position `east_north` metres from the frame's origin.
    #[must_use]
    pub fn point(&self, east_north: [f64; 2]) -> Point {
        Point::new(
            self.origin.lat + east_north[1] / self.metres_per_degree_lat,
            self.origin.lon + east_north[0] / self.metres_per_degree_lon,
        )
    }
}
