//! Coordinates as clients write them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::coordinates::{Crs, Point};

/// A position, in the system that the request's `crs` names.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// Degrees north, from -90 to 90.
    #[schema(minimum = -90, maximum = 90, example = 31.2304)]
    pub lat: f64,
    /// Degrees east, from -180 to 180.
    #[schema(minimum = -180, maximum = 180, example = 112.6021)]
    pub lon: f64,
}

impl Location {
    /// A point in that system, rounded to 1e-7 degrees (a centimetre).
    pub fn of(point: Point, crs: Crs) -> Self {
        let (lat, lon) = crs.from_wgs84(point);
        let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
        Self {
            lat: round(lat),
            lon: round(lon),
        }
    }

    /// The point that is meant.
    pub fn to_point(self, crs: Crs) -> Point {
        crs.to_wgs84(self.lat, self.lon)
    }
}
