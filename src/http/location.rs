//! Coordinates as clients write them.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::Input;
use crate::coordinates::{Crs, Point};
use crate::error::FieldError;
use crate::language::Words;

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

/// In which system coordinates are given and taken.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CrsQuery {
    /// The system of coordinates in the body and in the answer.
    #[serde(default)]
    #[param(inline)]
    pub crs: Crs,
}

impl Input for CrsQuery {}

/// Says so where latitude and longitude look swapped: the latitude is too large
/// for one, and the longitude would do.
pub(super) fn hint_swapped(value: &Value, faults: &mut [FieldError]) {
    for fault in faults {
        let Some(at) = fault.pointer.strip_suffix("/lat") else {
            continue;
        };
        let number = |name: &str| value.pointer(&format!("{at}/{name}")).and_then(Value::as_f64);
        let (Some(lat), Some(lon)) = (number("lat"), number("lon")) else {
            continue;
        };
        if lat.abs() > 90.0 && lat.abs() <= 180.0 && lon.abs() <= 90.0 {
            fault.code = "swapped";
            fault.detail = Words::new(
                "不能超出 -90 到 90;lat 与 lon 可能写反了。",
                "It takes -90 to 90; lat and lon look swapped.",
            );
        }
    }
}
