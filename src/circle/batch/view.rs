//! A batch as clients write and read it.

use actix_web::{HttpRequest, web};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::circle::lookup::{Asked, Circle, Circles};
use crate::circle::question::view::{BasisName, Direction, Origin, PaceName, ten, unit_fault, walking_faults};
use crate::circle::view::{
    CategorySummary, MapView, MethodView, ModelView, attribution, map_view, method_view, model_view, summary,
};
use crate::clock::Timestamp;
use crate::coordinates::Crs;
use crate::error::FieldError;
use crate::grid::{LiveTree, UnitId};
use crate::http::{Input, Location};

/// An origin of a batch: `lat` and `lon`, or `building`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchOrigin {
    /// Degrees north.
    #[schema(minimum = -90, maximum = 90, example = 31.2304)]
    pub lat: Option<f64>,
    /// Degrees east.
    #[schema(minimum = -180, maximum = 180, example = 112.6021)]
    pub lon: Option<f64>,
    /// A unit: walks begin at its doors, or at its location where it has none.
    pub building: Option<UnitId>,
}

/// The circles of many origins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchInput {
    /// Up to a thousand origins.
    #[schema(min_items = 1, max_items = 1000)]
    pub origins: Vec<BatchOrigin>,
    /// How many minutes one walks at the most; with `basis=gb50180` 5, 10 or 15.
    #[serde(default = "ten")]
    #[schema(minimum = 1, maximum = 30, default = 10)]
    pub minutes: u32,
    /// How one walks.
    #[serde(default)]
    pub pace: PaceName,
    /// What is counted.
    #[serde(default)]
    pub basis: BasisName,
    /// From the origins to the places, or from them to it.
    #[serde(default)]
    pub direction: Direction,
    /// Whether ferries are taken.
    #[serde(default)]
    pub ferry: bool,
    /// The steepest slope that a wheelchair takes, in per cent. Only with `pace=wheelchair`.
    #[schema(minimum = 1, maximum = 20)]
    pub max_incline: Option<f64>,
    /// Whether the nearest place up to 30 minutes is told of categories that are absent.
    #[serde(default)]
    pub beyond: bool,
    /// For which instant (RFC 3339, the years 1970 to 2199); now unless told.
    #[schema(value_type = Option<String>, format = "date-time")]
    pub at: Option<Timestamp>,
    /// The system of coordinates in the question and in the answer.
    #[serde(default)]
    pub crs: Crs,
}

impl Input for BatchInput {
    fn cross_check(value: &Value, request: &HttpRequest, faults: &mut Vec<FieldError>) {
        let fault = |name: &'static str, code, zh, en| FieldError::body(format!("/{name}"), code, zh, en);
        walking_faults(value, fault, faults);
        let origins = value["origins"].as_array().map_or(&[][..], Vec::as_slice);
        for (number, origin) in origins.iter().enumerate() {
            let given = |name: &str| origin.get(name).is_some_and(|value| !value.is_null());
            let position = [given("lat"), given("lon")];
            if given("building") == position.contains(&true) || position[0] != position[1] {
                faults.push(FieldError::body(
                    format!("/origins/{number}"),
                    "one_origin",
                    "请给出 lat 和 lon，或 building，只给一种。",
                    "Give lat and lon, or building, and one of them only.",
                ));
                continue;
            }
            let id = origin["building"].as_str().and_then(|text| text.parse::<UnitId>().ok());
            let tree = request.app_data::<web::Data<LiveTree>>();
            if let Some((code, zh, en)) = id.zip(tree).and_then(|(id, tree)| unit_fault(tree, id)) {
                faults.push(FieldError::body(format!("/origins/{number}/building"), code, zh, en));
            }
        }
    }
}

/// One circle of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchItem {
    /// Degrees north of the origin.
    pub lat: f64,
    /// Degrees east of the origin.
    pub lon: f64,
    /// The unit that was asked for.
    pub building: Option<UnitId>,
    /// How the walks were found.
    pub method: MethodView,
    /// Whether the streets around the origin hang together with little else.
    pub island: bool,
    /// Whether all of it lies inside what the map covers.
    pub complete: bool,
    /// What there is of each of the ten categories.
    pub summary: Vec<CategorySummary>,
}

impl BatchItem {
    /// The circle of one origin.
    pub fn of(origin: &Origin, building: Option<UnitId>, circle: &Circle, crs: Crs) -> Self {
        let at = Location::of(origin.point, crs);
        Self {
            lat: at.lat,
            lon: at.lon,
            building,
            method: method_view(circle.method),
            island: circle.island,
            complete: circle.complete,
            summary: summary(circle),
        }
    }
}

/// The circles, in the order of their origins.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchView {
    /// One for each origin.
    pub items: Vec<BatchItem>,
    /// By what figures.
    pub model: ModelView,
    /// On which map; null where this server has none.
    pub map: Option<MapView>,
    /// What must be shown with the answer: for the map, and for places of OpenStreetMap.
    pub attribution: Vec<String>,
    /// The instant for which they hold.
    pub at: Timestamp,
}

impl BatchView {
    /// The answer to a batch.
    pub fn of(
        circles: &Circles,
        input: &BatchInput,
        asked: &Asked<'_>,
        items: Vec<BatchItem>,
        of_places: Option<&'static str>,
    ) -> Self {
        Self {
            items,
            model: model_view(circles, asked.pace, input.pace),
            map: map_view(circles),
            attribution: attribution(circles, of_places),
            at: asked.at,
        }
    }
}
