//! The area as clients ask for it and read it.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::circle::places::PlaceId;
use crate::circle::question::view::{Direction, PaceName};
use crate::circle::view::{MapView, MethodView, ModelView, OriginView};
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::grid::UnitId;

/// The bands unless told, in minutes.
const USUAL: [u32; 3] = [5, 10, 15];

/// Which area is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AreaQuery {
    /// Degrees north of the origin.
    #[param(minimum = -90, maximum = 90, example = 31.2304)]
    pub lat: Option<f64>,
    /// Degrees east of the origin.
    #[param(minimum = -180, maximum = 180, example = 112.6021)]
    pub lon: Option<f64>,
    /// A unit with a location, in place of `lat` and `lon`; walks start at its doors where it has some.
    #[param(inline)]
    pub building: Option<UnitId>,
    /// A place, in place of `lat` and `lon`; walks start at its doors.
    #[param(inline)]
    pub place: Option<PlaceId>,
    /// The bands: one to six numbers of minutes from 1 to 30, with commas between; 5,10,15 unless told.
    #[param(pattern = "^[0-9]{1,2}(,[0-9]{1,2}){0,5}$", example = "5,10,15")]
    pub minutes: Option<String>,
    /// How one walks.
    #[serde(default)]
    #[param(inline)]
    pub pace: PaceName,
    /// The steepest slope that a wheelchair takes, in per cent; with `pace=wheelchair` only, 6 unless told.
    #[param(minimum = 1, maximum = 20)]
    pub max_incline: Option<f64>,
    /// From the origin, or to it.
    #[serde(default)]
    #[param(inline)]
    pub direction: Direction,
    /// For which instant (RFC 3339, the years 1970 to 2199); now unless told.
    #[param(value_type = Option<String>, format = "date-time")]
    pub at: Option<Timestamp>,
    /// Whether ferries are taken.
    #[serde(default)]
    pub ferry: bool,
    /// The system of coordinates; GeoJSON has `wgs84` only.
    #[serde(default)]
    #[param(inline)]
    pub crs: Crs,
}

impl AreaQuery {
    /// The bands in minutes, the largest first.
    pub fn bands(&self) -> Vec<u32> {
        let mut bands = self.minutes.as_deref().map_or_else(|| USUAL.to_vec(), read_minutes);
        bands.sort_unstable_by(|a, b| b.cmp(a));
        bands.dedup();
        bands
    }
}

/// The numbers of a list; the schema sees to its form.
pub fn read_minutes(text: &str) -> Vec<u32> {
    text.split(',').filter_map(|number| number.parse().ok()).collect()
}

/// A geometry.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", content = "coordinates")]
pub enum AreaGeometry {
    /// A band: of each polygon the outer ring, then its holes.
    MultiPolygon(Vec<Vec<Vec<[f64; 2]>>>),
    /// The streets.
    MultiLineString(Vec<Vec<[f64; 2]>>),
}

/// What a feature is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AreaKind {
    /// The ground within some minutes.
    Band,
    /// The streets within the minutes of the largest band.
    Streets,
}

/// What is said of a feature.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaProperties {
    /// What it is.
    pub kind: AreaKind,
    /// Within how many minutes.
    pub minutes: u32,
    /// How it was found: where there is no street, a band is a disc and nothing is cut out of it.
    pub method: MethodView,
}

/// A band, or the streets.
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaFeature {
    /// `Feature`.
    pub r#type: &'static str,
    /// Its geometry, WGS-84, longitude first.
    pub geometry: AreaGeometry,
    /// What is said of it.
    pub properties: AreaProperties,
}

/// The area as a FeatureCollection (RFC 7946).
#[derive(Debug, Serialize, ToSchema)]
pub struct AreaView {
    /// `FeatureCollection`.
    pub r#type: &'static str,
    /// The bands, the largest first, then the streets.
    pub features: Vec<AreaFeature>,
    /// The origin.
    pub origin: OriginView,
    /// From the origin, or to it.
    pub direction: Direction,
    /// How it was found.
    pub method: MethodView,
    /// By what figures.
    pub model: ModelView,
    /// On which map; null where this server has none.
    pub map: Option<MapView>,
    /// What must be shown with the answer.
    pub attribution: Vec<String>,
    /// The instant for which it holds.
    pub at: Timestamp,
    /// Whether all of it lies inside what the map covers.
    pub complete: bool,
    /// When a way or gate with hours that was met next opens or closes; null where none does.
    pub streets_change_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_come_largest_first_and_once() {
        assert_eq!(read_minutes("5,10,15"), [5, 10, 15]);
        let query = |minutes: Option<&str>| -> AreaQuery {
            serde_json::from_value(serde_json::json!({ "lat": 0.0, "lon": 0.0, "minutes": minutes })).expect("a query")
        };
        assert_eq!(query(None).bands(), [15, 10, 5]);
        assert_eq!(query(Some("7,30,7,1")).bands(), [30, 7, 1]);
    }
}
